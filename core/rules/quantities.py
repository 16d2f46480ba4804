"""What is measured on a subject, as the calculators take it: value and unit as received, and when.

- Values are decimals; a binary float never enters a calculator.
- Units are written in UCUM's ASCII form: `umol/L`, `10*9/L`, `mm[Hg]`, `1`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal


class Sex(StrEnum):
    """Sex as the formulas and the pregnancy rule know it."""

    MALE = "M"
    FEMALE = "F"


class HasQuantity(Protocol):
    """Anything with a value and the unit it was received in."""

    @property
    def value(self) -> Decimal:
        """Return the value as received."""

    @property
    def unit(self) -> str:
        """Return the unit as received."""


class HasTimes(Protocol):
    """Anything drawn at one instant and resulted at another, perhaps from a named specimen set."""

    @property
    def drawn_at(self) -> datetime:
        """Return the instant of the draw."""

    @property
    def resulted_at(self) -> datetime:
        """Return the instant at which the laboratory released the result."""

    @property
    def specimen_set(self) -> str | None:
        """Return the identifier of the draw, if it has one."""


class HasResult(HasQuantity, HasTimes, Protocol):
    """A laboratory result: quantity and times in one."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value with its unit."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class SpecimenTimes:
    """When a specimen was drawn and resulted; both instants carry a zone."""

    drawn_at: datetime
    resulted_at: datetime
    specimen_set: str | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A laboratory result: quantity and times in one."""

    value: Decimal
    unit: str
    drawn_at: datetime
    resulted_at: datetime
    specimen_set: str | None = None
