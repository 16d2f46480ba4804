"""The scripted player: a trial written as a script, played through the one writer."""
