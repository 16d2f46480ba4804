"""Data quality: source verification, queries, freeze and lock, sign-off, reviews of the record."""
