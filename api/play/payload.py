"""A script's payload, read field by field; what nobody asked for is refused, not dropped.

A field that the player does not know must not vanish between the script and the signed record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from core.kernel.errors import Malformed
from core.kernel.time import read_date
from core.rules import case_reading as reading

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from decimal import Decimal
    from enum import StrEnum

_Word = TypeVar("_Word", bound="StrEnum")


class Payload:
    """A JSON object that remembers which of its fields were read.

    Every reading method raises `FIELD_MISSING` or `FIELD_MALFORMED`.
    """

    def __init__(self, given: Mapping[str, object]) -> None:
        self.given = given
        self._read: set[str] = set()
        self._parts: list[Payload] = []

    def __contains__(self, name: str) -> bool:
        return self.given.get(name) is not None

    def value(self, name: str) -> object:
        """Return a field that has to be there."""
        self._read.add(name)
        return reading.field(self.given, name)

    def optional(self, name: str) -> object | None:
        """Return a field, None where it is absent or null."""
        self._read.add(name)
        return self.given.get(name)

    def text(self, name: str) -> str:
        """Return a text."""
        return reading.text(self.value(name), name)

    def optional_text(self, name: str) -> str | None:
        """Return a text, None where it is absent or null."""
        value = self.optional(name)
        return None if value is None else reading.text(value, name)

    def number(self, name: str) -> Decimal:
        """Return a decimal number."""
        return reading.number(self.value(name), name)

    def whole(self, name: str, lowest: int = 0, highest: int = 1_000_000_000) -> int:
        """Return a whole number within bounds."""
        return reading.whole(self.value(name), name, lowest, highest)

    def optional_whole(self, name: str) -> int | None:
        """Return a whole number, None where it is absent or null."""
        return None if self.optional(name) is None else self.whole(name)

    def truth(self, name: str) -> bool:
        """Return true or false."""
        return reading.truth(self.value(name), name)

    def truth_or_false(self, name: str) -> bool:
        """Return true or false, false where the script is silent."""
        return self.optional(name) is not None and self.truth(name)

    def word(self, kind: type[_Word], name: str) -> _Word:
        """Return one word of a closed list."""
        return reading.word(kind, self.value(name), name)

    def instant(self, name: str) -> datetime:
        """Return an instant, in UTC."""
        return reading.instant(self.value(name), name)

    def day(self, name: str) -> date:
        """Return a calendar date; also raises `BAD_DATE`."""
        return read_date(self.text(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(reading.text(one, name) for one in _listed(self.value(name), name))

    def words(self, kind: type[_Word], name: str) -> tuple[_Word, ...]:
        """Return a list of words of a closed list."""
        return tuple(reading.word(kind, one, name) for one in _listed(self.value(name), name))

    def numbers(self, name: str) -> tuple[Decimal, ...]:
        """Return a list of decimal numbers."""
        return tuple(reading.number(one, name) for one in _listed(self.value(name), name))

    def part(self, name: str) -> Payload:
        """Return an inner object, whose fields are accounted for as well."""
        part = Payload(reading.mapping(self.value(name), name))
        self._parts.append(part)
        return part

    def part_or_empty(self, name: str) -> Payload:
        """Return an inner object, an empty one where it is absent or null."""
        return Payload({}) if self.optional(name) is None else self.part(name)

    def read_all(self) -> None:
        """Say that somebody else has accounted for every field."""
        self._read.update(self.given)

    def require_all_read(self) -> None:
        """Refuse fields that nobody has asked for.

        Raises: `FIELD_UNKNOWN`.
        """
        if unknown := sorted(self.given.keys() - self._read):
            raise Malformed("FIELD_UNKNOWN", f"the payload has no {', '.join(unknown)}")
        for part in self._parts:
            part.require_all_read()


def pair(value: object, name: str) -> tuple[object, object]:
    """Return the two values of an `[old, new]` list.

    Raises: `FIELD_MALFORMED`.
    """
    values = _listed(value, name)
    if len(values) != 2:
        raise Malformed("FIELD_MALFORMED", f"{name} is not a list of two", field=name)
    return values[0], values[1]


def _listed(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise Malformed("FIELD_MALFORMED", f"{name} is not a list", field=name)
    return value
