"""HTTP and the command line: no rule and no SQL here."""
