"""Slow twin of `core/audit/merkle.py`: the recursive definitions of RFC 9162 section 2.1, word for word."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _split(size: int) -> int:
    """Return k, the largest power of two smaller than the size."""
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """MTH, RFC 9162 2.1.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = _split(len(leaves))
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:])).digest()


def path(m: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """PATH, RFC 9162 2.1.3.1."""
    if len(leaves) == 1:
        return ()
    k = _split(len(leaves))
    if m < k:
        return (*path(m, leaves[:k]), tree_hash(leaves[k:]))
    return (*path(m - k, leaves[k:]), tree_hash(leaves[:k]))


def proof(m: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """PROOF, RFC 9162 2.1.4.1."""
    return _subproof(m, leaves, known=True)


def _subproof(m: int, leaves: Sequence[bytes], *, known: bool) -> tuple[bytes, ...]:
    if m == len(leaves):
        return () if known else (tree_hash(leaves),)
    k = _split(len(leaves))
    if m <= k:
        return (*_subproof(m, leaves[:k], known=known), tree_hash(leaves[k:]))
    return (*_subproof(m - k, leaves[k:], known=False), tree_hash(leaves[:k]))


def node_of(leaves: Sequence[bytes]) -> Callable[[int, int], bytes]:
    """Return the hashes of complete subtrees; asking for an incomplete one is an error."""

    def node(level: int, number: int) -> bytes:
        begin, end = number << level, (number + 1) << level
        assert 0 <= begin < end <= len(leaves), "only complete subtrees may be asked for"
        return tree_hash(leaves[begin:end])

    return node
