"""The command line `dosetrail`: one module a command, no rule and no SQL."""
