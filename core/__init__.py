"""The write side and the trust: decisions, the signed log, keys, verification.

Knows nothing of HTTP, of the command line or of read models; see README.md in this folder.
"""
