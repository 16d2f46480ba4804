"""Limits of CTCAE v5.0 grades: a comparison of a value with a number, a normal limit or the baseline.

- A limit belongs to the grade that it opens; grades nest, so the worst limit that is passed is the grade.
- "> a - b" means above a, up to and including b: each limit is one comparison, the next one ends it.
- A limit whose reference is not known is neither passed nor not passed.

Source: domain 4, boundary rule.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from core.rules.lab_units import ARITHMETIC

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Sign(StrEnum):
    """What is known of the subject beside the number, where a CTCAE criterion names it."""

    ANTICOAGULATED = "anticoagulated"
    BLEEDING = "bleeding"
    SYMPTOMATIC = "symptomatic"
    INTERVENTION = "intervention"
    HOSPITALISED = "hospitalised"
    TRANSFUSED = "transfused"


@dataclass(frozen=True, slots=True)
class LabValue:
    """A value to be graded with what it is compared to, all in the standard unit of the analyte.

    `baseline` is the last value before dosing; what is not known is None.
    """

    value: Decimal
    lln: Decimal | None = None
    uln: Decimal | None = None
    baseline: Decimal | None = None
    signs: frozenset[Sign] = frozenset()


class Reference(StrEnum):
    """What a limit is a multiple of, in the words of the criterion."""

    LLN = "LLN"
    ULN = "ULN"
    BASELINE = "baseline"


class Comparison(StrEnum):
    """How a value passes a limit."""

    ABOVE = ">"
    FROM = ">="
    BELOW = "<"
    DOWN_TO = "<="


_HOLDS: Final[Mapping[Comparison, Callable[[Decimal, Decimal], bool]]] = {
    Comparison.ABOVE: operator.gt,
    Comparison.FROM: operator.ge,
    Comparison.BELOW: operator.lt,
    Comparison.DOWN_TO: operator.le,
}


_REFERENCES: Final[Mapping[Reference, Callable[[LabValue], Decimal | None]]] = {
    Reference.LLN: lambda lab: lab.lln,
    Reference.ULN: lambda lab: lab.uln,
    Reference.BASELINE: lambda lab: lab.baseline,
}


@dataclass(frozen=True, slots=True)
class Limit:
    """Passed by a value, it makes the grade; the bound is `number`, or that many times `of`."""

    grade: int
    comparison: Comparison
    number: Decimal
    of: Reference | None = None

    @property
    def words(self) -> str:
        """Return the limit as a criterion, such as `> 3 x ULN`."""
        return f"{self.comparison} {self.number}" + (f" x {self.of}" if self.of else "")

    def passed_by(self, value: Decimal, lab: LabValue) -> bool | None:
        """Return whether a value passes the limit, None if the reference is not known."""
        bound = self._bound(lab)
        return None if bound is None else _HOLDS[self.comparison](value, bound)

    def _bound(self, lab: LabValue) -> Decimal | None:
        if self.of is None:
            return self.number
        reference = _REFERENCES[self.of](lab)
        if reference is None:
            return None
        with localcontext(ARITHMETIC):
            return self.number * reference


def above(*numbers: str, of: Reference | None = None, opens: int = 1) -> tuple[Limit, ...]:
    """Return limits that open one grade after the other upwards, the first of them grade `opens`."""
    return _ladder(Comparison.ABOVE, numbers, of, opens)


def below(*numbers: str, of: Reference | None = None, opens: int = 1) -> tuple[Limit, ...]:
    """Return limits that open one grade after the other downwards, the first of them grade `opens`."""
    return _ladder(Comparison.BELOW, numbers, of, opens)


def down_to(*numbers: str, of: Reference | None = None, opens: int = 1) -> tuple[Limit, ...]:
    """Return limits like those of `below` that are passed at the number itself."""
    return _ladder(Comparison.DOWN_TO, numbers, of, opens)


def _ladder(
    comparison: Comparison, numbers: tuple[str, ...], of: Reference | None, opens: int
) -> tuple[Limit, ...]:
    return tuple(Limit(grade, comparison, Decimal(n), of) for grade, n in enumerate(numbers, opens))
