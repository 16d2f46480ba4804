"""Values of every payload class, built from its annotations alone: one fixed example, and any at all."""

from __future__ import annotations

import unicodedata
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from core.kernel.codec import may_be_absent
from core.kernel.quantities import read_decimal
from core.kernel.time import whole_milliseconds

MAX_INT = 2**53 - 1
EARLIEST = datetime(1000, 1, 1)  # noqa: DTZ001 - the strategy adds the zone
LATEST = datetime(9999, 12, 31)  # noqa: DTZ001 - the strategy adds the zone

_EXAMPLES: dict[Any, Any] = {
    str: "text",
    int: 7,
    bool: True,
    Decimal: Decimal("12.50"),
    date: date(2024, 3, 4),
    datetime: datetime(2024, 3, 4, 1, 0, tzinfo=UTC),
    object: {"any": ["JSON", 1, None]},
}


def example(hint: Any) -> Any:
    """Return the one fixed example of an annotation: every optional given, every list with one item.

    What is absent unless it is said stays absent: the form is the one from before such a field came.
    """
    if get_origin(hint) in (Union, UnionType):
        return example(next(arm for arm in get_args(hint) if arm is not NoneType))
    if get_origin(hint) is tuple:
        return (example(get_args(hint)[0]),)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return next(iter(hint))
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        said = [f.name for f in fields(hint) if f.name not in may_be_absent(hint)]
        return hint(**{name: example(hints[name]) for name in said})  # type: ignore[operator]
    return _EXAMPLES[hint]


def _is_plain(text: str) -> bool:
    return unicodedata.is_normalized("NFC", text) and all(
        unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"} for c in text
    )


_TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=12).filter(
    _is_plain
)
_DECIMALS = st.from_regex(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,12})?", fullmatch=True).filter(
    lambda text: not (text.startswith("-") and not text.strip("-0."))
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INT, MAX_INT) | _TEXT,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,5}", fullmatch=True), inner, max_size=2)
    ),
    max_leaves=4,
)
_SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: st.integers(-MAX_INT, MAX_INT),
    bool: st.booleans(),
    Decimal: _DECIMALS.map(read_decimal),
    date: st.dates(min_value=date(1000, 1, 1)),
    datetime: st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC)).map(whole_milliseconds),
    object: _JSON,
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Return the strategy of an annotation."""
    if get_origin(hint) in (Union, UnionType):
        arm = next(arm for arm in get_args(hint) if arm is not NoneType)
        return st.none() | values(arm)
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=3).map(tuple)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(hint, **{f.name: values(hints[f.name]) for f in fields(hint)})  # type: ignore[arg-type]
    return _SCALARS[hint]
