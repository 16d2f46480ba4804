"""The two ways of reading a payload agree, whatever is read; and order is that of declaration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the codec resolves annotations
from decimal import Decimal  # noqa: TC003 - the codec resolves annotations
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.kernel.codec import _class_codec, absent_unless_said, from_data, in_order, is_closed, to_data
from core.kernel.errors import Malformed
from core.trial.registry import EVENTS
from tests.golden.strategies import values


class Word(StrEnum):
    ONE = "one"
    TWO = "two"


@dataclass(frozen=True, slots=True)
class Part:
    word: Word
    size: Decimal | None


@dataclass(frozen=True, slots=True)
class Alone:
    flag: bool


@dataclass(frozen=True, slots=True)
class Whole:
    zebra: int
    parts: tuple[Part, ...]
    apple: str | None
    part: Part | None
    word: Word | None
    at: datetime
    flags: tuple[bool, ...]
    alone: tuple[Alone, ...]


@dataclass(frozen=True, slots=True)
class Open:
    name: str
    anything: object


@dataclass(frozen=True, slots=True)
class Grown:
    name: str
    older: str | None
    part: Part | None = absent_unless_said()
    count: int | None = absent_unless_said()


@dataclass(frozen=True, slots=True)
class HoldsGrown:
    several: tuple[Grown, ...]


@dataclass(frozen=True, slots=True)
class HoldsOpen:
    inner: tuple[Open | None, ...]


GOOD: dict[str, Any] = {
    "zebra": 1,
    "parts": [{"word": "one", "size": "1.50"}, {"word": "two", "size": None}],
    "apple": None,
    "part": {"word": "two", "size": "2"},
    "word": None,
    "at": "2024-03-04T01:00:00.000Z",
    "flags": [True, False],
    "alone": [{"flag": True}, {"flag": False}],
}


def quickly(cls: type, data: object) -> Any:
    """Return what the quick way reads, or None where it gives up."""
    quick = _class_codec(cls).quick
    assert quick is not None
    try:
        return quick(data)
    except (Malformed, LookupError, TypeError):
        return None


def strictly(cls: type, data: object) -> Any:
    try:
        return _class_codec(cls).read(data)
    except Malformed:
        return None


def test_the_quick_way_reads_what_is_right() -> None:
    assert quickly(Whole, GOOD) == strictly(Whole, GOOD) == from_data(Whole, GOOD)
    assert to_data(from_data(Whole, GOOD)) == GOOD


SCALARS = (None, True, False, 0, 1, -1, 1.0, "", "one", "ONE", "1.50", "1e3", GOOD["at"], "2024-03-04")
LISTS: tuple[list[Any], ...] = (
    [],
    [None],
    [1],
    [True],
    ["one"],
    [[]],
    [{"flag": 1}],
    [GOOD["part"], 1],
    [{**GOOD["part"], "x": 1}],
)
OBJECTS: tuple[dict[str, Any], ...] = ({}, {"word": "one"}, {"word": "one", "size": "1"}, {"flag": True})
ODD = st.sampled_from([*SCALARS, *LISTS, *OBJECTS])
ODD_FIELDS = st.dictionaries(st.sampled_from([*GOOD, "surprise"]), ODD, max_size=3)


@pytest.mark.slow
@settings(max_examples=1_500)
@given(ODD_FIELDS, st.sets(st.sampled_from([*GOOD]), max_size=1))
def test_both_ways_accept_the_same_and_read_it_the_same(odd: dict[str, Any], missing: set[str]) -> None:
    data = {name: value for name, value in {**GOOD, **odd}.items() if name not in missing}
    quick, strict = quickly(Whole, data), strictly(Whole, data)
    assert quick == strict
    if strict is not None:
        # 1 == True and 1 == 1.0: equality alone would not notice a value of another type.
        assert repr(quick) == repr(strict)


@pytest.mark.parametrize(
    "data", [None, [], "text", 1, True, ["flag"], {}, {"flag": 1}, {"flag": True, "b": 1}]
)
def test_what_is_no_object_of_the_class_is_refused_both_ways(data: object) -> None:
    assert quickly(Alone, data) is strictly(Alone, data) is None
    with pytest.raises(Malformed, match="BAD_PAYLOAD"):
        from_data(Alone, data)


def test_an_error_names_the_innermost_field() -> None:
    bad = {**GOOD, "parts": [{"word": "one", "size": "x"}]}
    with pytest.raises(Malformed, match="BAD_DECIMAL") as caught:
        from_data(Whole, bad)
    assert caught.value.facts["field"] == "size"


BEFORE: dict[str, Any] = {"name": "x", "older": None}
PART = {"word": "one", "size": None}


@pytest.mark.parametrize("more", [{}, {"part": PART}, {"count": 0}, {"part": PART, "count": 7}])
def test_what_is_absent_unless_said_does_not_stand_there(more: dict[str, Any]) -> None:
    data = {**BEFORE, **more}
    payload = from_data(Grown, data)
    assert [payload.part is None, payload.count is None] == ["part" not in more, "count" not in more]
    assert to_data(payload) == data
    assert list(to_data(payload)) == list(data)
    assert in_order(Grown, dict(sorted(data.items(), reverse=True))) == data
    several = {"several": [BEFORE, data]}
    assert to_data(from_data(HoldsGrown, several)) == several


@pytest.mark.parametrize("odd", [{"part": None}, {"count": None}, {"count": "7"}, {"surprise": 1}])
def test_what_may_be_absent_has_one_way_of_being_absent(odd: dict[str, Any]) -> None:
    for cls, data in ((Grown, {**BEFORE, **odd}), (HoldsGrown, {"several": [BEFORE, {**BEFORE, **odd}]})):
        assert quickly(cls, data) is strictly(cls, data) is None


def test_what_may_be_absent_costs_the_quick_way_nothing_while_it_is() -> None:
    assert quickly(HoldsGrown, {"several": [BEFORE, BEFORE]}) is not None


def test_a_class_is_closed_if_no_part_of_it_may_be_anything() -> None:
    assert [is_closed(cls) for cls in (Whole, Part, Open, HoldsOpen)] == [True, True, False, False]


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_ordering_what_was_read_gives_what_would_be_written(topic: str) -> None:
    @settings(max_examples=15, deadline=None)
    @given(values(EVENTS[topic]))
    def ordered(payload: Any) -> None:
        written = to_data(payload)
        found = in_order(type(payload), _sorted(written))
        assert found == written
        assert _names(found) == _names(written)

    ordered()


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return [_sorted(one) for one in value]
    return {k: _sorted(value[k]) for k in sorted(value)} if isinstance(value, dict) else value


def _names(value: Any) -> Any:
    """Return the names of an object in their order, with those of objects inside it, lists left out."""
    return [(name, _names(one)) for name, one in value.items()] if isinstance(value, dict) else None
