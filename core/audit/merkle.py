"""The tree over all leaves: SHA-256, RFC 9162 section 2.1.

* Sizes count leaves, indices start at 0; a hash is 32 bytes.
* `node(level, number)` means the root of the complete subtree over leaves number * 2**level and the
  2**level - 1 after it; only complete subtrees are ever asked for, so what it returns may be stored for ever.
* Provers refuse bad arguments; verifiers raise and never return a verdict.

Nothing here stores, signs or remembers a head; without a remembered head a tree proves little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NoReturn, Self, TypeAlias

from core.kernel.errors import IntegrityFinding, Malformed

Proof: TypeAlias = tuple[bytes, ...]
Node: TypeAlias = Callable[[int, int], bytes]

HASH_LENGTH = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf. Source: RFC 9162 2.1.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees side by side. Source: RFC 9162 2.1.1."""
    return sha256(b"\x01" + left + right).digest()


def fold_row(row: Sequence[bytes]) -> bytes:
    """Return the root over a row of a power of two of neighbouring nodes."""
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


class CompactRange:
    """The roots of the complete subtrees of a growing tree, large to small: all that appending needs."""

    __slots__ = ("_roots", "_size")

    def __init__(self) -> None:
        self._size = 0
        self._roots: list[bytes] = []

    @property
    def size(self) -> int:
        """Return the number of leaves."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf; one inner node is hashed on average."""
        roots, carry, full = self._roots, leaf, self._size
        # As in binary addition: each trailing one bit of the size is a subtree that is now joined.
        while full & 1:
            carry = sha256(b"\x01" + roots.pop() + carry).digest()
            full >>= 1
        roots.append(carry)
        self._size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add the hashes of many leaves, in order."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        return _fold(self._roots) if self._roots else EMPTY_ROOT

    def to_bytes(self) -> bytes:
        """Return the roots one after the other, 32 bytes each; the size is stored beside them."""
        return b"".join(self._roots)

    @classmethod
    def from_bytes(cls, size: int, blob: bytes) -> Self:
        """Take up a stored frontier of `size` leaves.

        Raises: `BAD_FRONTIER` where the length does not fit the size.
        """
        if size < 0 or len(blob) != size.bit_count() * HASH_LENGTH:
            raise IntegrityFinding("BAD_FRONTIER", "a frontier has one hash for each one bit of the size")
        frontier = cls()
        frontier._size = size
        frontier._roots = [blob[at : at + HASH_LENGTH] for at in range(0, len(blob), HASH_LENGTH)]
        return frontier


def root_at(size: int, node: Node) -> bytes:
    """Return the root over the first `size` leaves.

    Raises: `BAD_PROOF_REQUEST` for a negative size.
    """
    _require(size >= 0, "a tree has no fewer than 0 leaves")
    return _range_root(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: Node) -> Proof:
    """Return the proof that leaf `index` is in the tree of `size` leaves, nearest sibling first.

    Raises: `BAD_PROOF_REQUEST` unless 0 <= index < size. Source: RFC 9162 2.1.3.1.
    """
    _require(0 <= index < size, "the leaf lies outside the tree")
    return tuple(_siblings(index, size, 0, node))


def consistency_proof(old: int, new: int, node: Node) -> Proof:
    """Return the proof that the tree of `old` leaves is the beginning of that of `new` leaves.

    Raises: `BAD_PROOF_REQUEST` unless 0 < old <= new. Source: RFC 9162 2.1.4.1.
    """
    _require(0 < old <= new, "a proof leads from 1 or more leaves to at least as many")
    if old == new:
        return ()
    level = _trailing_zeros(old)
    number = (old >> level) - 1
    # A whole old tree is the first hash of its own proof, and the verifier has it already.
    first = (node(level, number),) if number else ()
    return (*first, *_siblings(old - 1, new, level, node))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with this hash is number `index` of the `size` leaves under `root`.

    Raises: `BAD_INCLUSION_PROOF`. Source: RFC 9162 2.1.3.2.
    """
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        _refuse_inclusion()
    place, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            _refuse_inclusion()
        if place & 1 or place == last:
            computed = node_hash(sibling, computed)
            # The last node of an odd row has no sibling and moves up until it has a left one.
            shift = 0 if place & 1 else _trailing_zeros(place)
            place, last = place >> shift, last >> shift
        else:
            computed = node_hash(computed, sibling)
        place, last = place >> 1, last >> 1
    if last or computed != root:
        _refuse_inclusion()


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `old` leaves under `old_root` is the beginning of that under `new_root`.

    A head of 0 leaves begins every tree and needs no proof: handle it before; here it is an error.

    Raises: `BAD_CONSISTENCY_PROOF`. Source: RFC 9162 2.1.4.2; size 0 as in transparency-dev/merkle.
    """
    if not 0 < old <= new:
        _refuse_consistency()
    if old == new:
        if proof or old_root != new_root:
            _refuse_consistency()
        return
    if not _are_hashes(old_root, new_root, *proof):
        _refuse_consistency()
    level = _trailing_zeros(old)
    whole = old >> level == 1
    path = (old_root, *proof) if whole else tuple(proof)
    if not path or _replay(path, (old - 1) >> level, (new - 1) >> level) != (old_root, new_root):
        _refuse_consistency()


def _replay(path: Proof, place: int, last: int) -> tuple[bytes, bytes]:
    """Return the old and the new root that a path leads to, from the last whole subtree of the old tree."""
    old_computed = new_computed = path[0]
    for sibling in path[1:]:
        if last == 0:
            _refuse_consistency()
        if place & 1 or place == last:
            old_computed = node_hash(sibling, old_computed)
            new_computed = node_hash(sibling, new_computed)
            shift = 0 if place & 1 else _trailing_zeros(place)
            place, last = place >> shift, last >> shift
        else:
            new_computed = node_hash(new_computed, sibling)
        place, last = place >> 1, last >> 1
    if last:
        _refuse_consistency()
    return old_computed, new_computed


def _siblings(index: int, size: int, level: int, node: Node) -> Iterator[bytes]:
    """Yield the siblings of a leaf's ancestors from `level` up; the rightmost may be an incomplete tree."""
    for height in range(level, (size - 1).bit_length()):
        begin = ((index >> height) ^ 1) << height
        if begin < size:
            yield _range_root(begin, min(begin + (1 << height), size), node)


def _range_root(begin: int, end: int, node: Node) -> bytes:
    """Return the root over leaves begin to end - 1; `begin` is a multiple of the next power of two."""
    roots = []
    for level in reversed(range((end - begin).bit_length())):
        if (end - begin) >> level & 1:
            roots.append(node(level, begin >> level))
            begin += 1 << level
    return _fold(roots)


def _fold(roots: Sequence[bytes]) -> bytes:
    total = roots[-1]
    for root in roots[-2::-1]:
        total = node_hash(root, total)
    return total


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_LENGTH for value in values)


def _require(holds: bool, detail: str) -> None:  # noqa: FBT001 - the condition itself
    if not holds:
        raise Malformed("BAD_PROOF_REQUEST", detail)


def _refuse_inclusion() -> NoReturn:
    raise IntegrityFinding("BAD_INCLUSION_PROOF", "the proof does not lead from the leaf to the root")


def _refuse_consistency() -> NoReturn:
    raise IntegrityFinding("BAD_CONSISTENCY_PROOF", "the proof does not lead from the old head to the new")
