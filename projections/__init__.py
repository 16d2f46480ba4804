"""Everything that people look at: pure projections of the log, and the file that keeps their rows."""
