"""Log-in by an OpenID provider: an extra beside password and key; no cookie, and no signature by it."""
