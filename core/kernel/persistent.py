"""A map that never changes: setting a key gives a new map, which shares all but one path with the old one.

* `with_item` costs a few small copies, however many keys there are: states of long streams stay cheap.
* Iteration is in order of first insertion and sorts; it is for readers, not for every event.
* The tree is a hash trie: leaves hold up to `_LEAF` entries, branches have `_WIDTH` children.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast, overload

if TYPE_CHECKING:
    from collections.abc import Iterable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")

_BITS: Final = 4
_WIDTH: Final = 1 << _BITS
_LEAF: Final = 8
# Beyond it the hash has no bits left, and keys of one hash share a leaf of any size.
_DEEPEST: Final = 60 // _BITS

_EMPTY: Final[dict[Any, Any]] = {}


class PersistentMap(Mapping[K, V], Generic[K, V]):
    """An immutable map from hashable keys; equal to any mapping with the same items."""

    __slots__ = ("_next", "_root", "_size")

    def __init__(self, items: Iterable[tuple[K, V]] = ()) -> None:
        self._root: Any = _EMPTY
        self._size = self._next = 0
        for key, value in items:
            grown: PersistentMap[K, V] = self.with_item(key, value)
            self._root, self._size, self._next = grown._root, grown._size, grown._next

    def with_item(self, key: K, value: V) -> PersistentMap[K, V]:
        """Return the map with the value under the key; a key that was there keeps its place in the order."""
        place = self._place(key)
        twin: PersistentMap[K, V] = PersistentMap.__new__(PersistentMap)
        twin._root = _set(self._root, 0, key, (self._next if place is None else place, value))
        twin._size = self._size + (place is None)
        twin._next = self._next + (place is None)
        return twin

    def __getitem__(self, key: K) -> V:
        """Return the value under the key, or raise `KeyError`."""
        return cast("V", _leaf_of(self._root, key)[key][1])

    @overload
    def get(self, key: K, /) -> V | None: ...

    @overload
    def get(self, key: K, /, default: V | T) -> V | T: ...

    def get(self, key: K, /, default: V | T | None = None) -> V | T | None:
        """Return the value under the key, or the default; nothing is raised on the way."""
        entry: tuple[int, V] | None = _leaf_of(self._root, key).get(key)
        return default if entry is None else entry[1]

    def __contains__(self, key: object) -> bool:
        """Tell whether the key is there."""
        return key in _leaf_of(self._root, key)

    def __iter__(self) -> Iterator[K]:
        """Go through the keys in order of first insertion."""
        entries = sorted(_entries(self._root), key=lambda entry: entry[1][0])
        return (key for key, _ in entries)

    def __len__(self) -> int:
        """Return the number of keys."""
        return self._size

    def __repr__(self) -> str:
        """Return the items as they read."""
        return f"PersistentMap({list(self.items())!r})"

    def __hash__(self) -> int:
        """Refuse: maps are compared by their items."""
        raise TypeError("a persistent map is no key")

    def _place(self, key: K) -> int | None:
        entry = _leaf_of(self._root, key).get(key)
        return None if entry is None else entry[0]


def _leaf_of(node: Any, key: object) -> dict[Any, tuple[int, Any]]:  # noqa: ANN401 - a leaf or a branch
    bits = hash(key)
    while type(node) is tuple:
        node = node[bits & _WIDTH - 1]
        bits >>= _BITS
    leaf: dict[Any, tuple[int, Any]] = node
    return leaf


def _set(node: Any, depth: int, key: object, entry: tuple[int, Any]) -> Any:  # noqa: ANN401 - a leaf or a branch
    if type(node) is tuple:
        slot = hash(key) >> depth * _BITS & _WIDTH - 1
        return (*node[:slot], _set(node[slot], depth + 1, key, entry), *node[slot + 1 :])
    leaf = {**node, key: entry}
    return leaf if len(leaf) <= _LEAF or depth >= _DEEPEST else _split(leaf, depth)


def _split(leaf: dict[Any, tuple[int, Any]], depth: int) -> Any:  # noqa: ANN401 - a branch
    node: Any = (_EMPTY,) * _WIDTH
    for key, entry in leaf.items():
        node = _set(node, depth, key, entry)
    return node


def _entries(node: Any) -> Iterator[tuple[Any, tuple[int, Any]]]:  # noqa: ANN401 - a leaf or a branch
    if type(node) is tuple:
        for child in node:
            yield from _entries(child)
    else:
        yield from node.items()
