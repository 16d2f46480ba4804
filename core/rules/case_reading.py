"""Reading of parsed JSON cases: typed fields or a refusal with a stable code.

- Numbers are `int` or `Decimal`; a binary float is refused, because it has already lost digits.
- `FIELD_MISSING` names a field that is absent, `FIELD_MALFORMED` one of another type or range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from core.kernel.errors import Malformed
from core.kernel.time import parse_offset_time

if TYPE_CHECKING:
    from datetime import datetime

_Word = TypeVar("_Word", bound=StrEnum)


def _malformed(name: str, expected: str) -> Malformed:
    return Malformed("FIELD_MALFORMED", f"{name} is not {expected}", field=name)


def field(case: Mapping[str, object], name: str) -> object:
    """Return a field that has to be there.

    Raises: `FIELD_MISSING`.
    """
    if name not in case:
        raise Malformed("FIELD_MISSING", f"{name} is missing", field=name)
    return case[name]


def mapping(value: object, name: str) -> Mapping[str, object]:
    """Return the value as a JSON object.

    Raises: `FIELD_MALFORMED`.
    """
    if not isinstance(value, Mapping):
        raise _malformed(name, "an object")
    return value


def objects(value: object, name: str) -> list[Mapping[str, object]]:
    """Return the value as a list of JSON objects.

    Raises: `FIELD_MALFORMED`.
    """
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise _malformed(name, "a list")
    return [mapping(one, name) for one in value]


def number(value: object, name: str) -> Decimal:
    """Return the value as a finite decimal.

    Raises: `FIELD_MALFORMED`.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _malformed(name, "a decimal number")
    decimal = Decimal(value)
    if not decimal.is_finite():
        raise _malformed(name, "a finite number")
    return decimal


def whole(value: object, name: str, lowest: int, highest: int) -> int:
    """Return the value as a whole number of the closed range.

    Raises: `FIELD_MALFORMED`.
    """
    decimal = number(value, name)
    if decimal != decimal.to_integral_value() or not lowest <= decimal <= highest:
        raise _malformed(name, f"a whole number from {lowest} to {highest}")
    return int(decimal)


def truth(value: object, name: str) -> bool:
    """Return the value as true or false.

    Raises: `FIELD_MALFORMED`.
    """
    if not isinstance(value, bool):
        raise _malformed(name, "true or false")
    return value


def text(value: object, name: str) -> str:
    """Return the value as a text.

    Raises: `FIELD_MALFORMED`.
    """
    if not isinstance(value, str):
        raise _malformed(name, "a text")
    return value


def word(kind: type[_Word], value: object, name: str) -> _Word:
    """Return the value as one word of a closed list.

    Raises: `FIELD_MALFORMED`.
    """
    if value not in set(kind):
        raise _malformed(name, "one of " + ", ".join(kind))
    return kind(text(value, name))


def instant(value: object, name: str) -> datetime:
    """Return the value as an instant in UTC.

    Raises: `FIELD_MALFORMED`, `NAIVE_TIME`, `BAD_TIME`.
    """
    return parse_offset_time(text(value, name))
