"""A persistent map reads as a dictionary grown step by step, and every step stays as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.persistent import PersistentMap


class Colliding:
    """A key whose hash every other one shares."""

    def __init__(self, name: int) -> None:
        self.name = name

    def __hash__(self) -> int:
        return 7

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Colliding) and self.name == other.name


# Small integers are their own hash: runs of them meet in one leaf, multiples of 16 in one branch.
_KEYS = st.one_of(st.integers(-40, 40), st.integers(0, 40).map(lambda n: n * 16**3), st.text(max_size=2))


@given(st.lists(st.tuples(_KEYS, st.integers()), max_size=120))
def test_it_reads_as_a_dictionary(items: list[tuple[object, int]]) -> None:
    plain: dict[object, int] = {}
    grown: PersistentMap[object, int] = PersistentMap()
    steps = [(grown, dict(plain))]
    for key, value in items:
        plain[key] = value
        grown = grown.with_item(key, value)
        steps.append((grown, dict(plain)))
    for step, then in steps:
        assert (list(step.items()), len(step)) == (list(then.items()), len(then))
        assert all((key in step, step.get(key)) == (key in then, then.get(key)) for key, _ in items)


@given(st.lists(st.integers(0, 30), max_size=60))
def test_keys_of_one_hash_are_told_apart(names: list[int]) -> None:
    grown = PersistentMap((Colliding(name), name) for name in names)
    assert [key.name for key in grown] == list(dict.fromkeys(names))
    assert all(grown[Colliding(name)] == name for name in names)


def test_a_key_that_is_not_there_is_said_so() -> None:
    grown = PersistentMap([("a", 1)])
    assert ("b" in grown, grown.get("b")) == (False, None)
    with pytest.raises(KeyError):
        grown["b"]


def test_two_maps_with_the_same_items_are_equal_and_no_keys() -> None:
    grown = PersistentMap([("a", 1), ("b", 2)])
    assert grown == PersistentMap([("b", 2), ("a", 1)]) == {"a": 1, "b": 2}
    assert repr(grown) == "PersistentMap([('a', 1), ('b', 2)])"
    with pytest.raises(TypeError, match="no key"):
        hash(grown)


def test_a_step_shares_nearly_everything_with_the_one_before() -> None:
    """The cost of a step is the path that it copies: a branch a level, not the map."""
    before = PersistentMap((f"set-{n}", n) for n in range(5000))
    after = before.with_item("one more", 0)
    shared = sum(one is other for one, other in zip(before._root, after._root, strict=True))
    assert shared == len(before._root) - 1
