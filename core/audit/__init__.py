"""PURE. Byte formats and proofs: canonical JSON, signed envelope, leaf, Merkle tree, checkpoint.

Signing and checking of signatures are handed in; nothing here knows a key, a clock or a store.
"""
