"""PURE. A subject from screening to disposition."""
