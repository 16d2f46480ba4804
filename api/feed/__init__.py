"""The ordered feed of events for other tools."""
