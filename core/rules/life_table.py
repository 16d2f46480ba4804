"""Actuarial life table: who enters, dies and withdraws in each interval, and the survival estimated from it.

- Intervals are right-closed and named by their ends in study days: ends 1, 3, 7 mean (0,1], (1,3], (3,7].
- A death on day 0 belongs to the first interval.
- The last end is the horizon. Whoever is known alive there is no withdrawal: follow-up was complete.
- What cannot be estimated is None: everything once nobody is left at risk, the standard error once
  all of an interval died. A survival of 0 stays 0.

Not here: which ends count as deaths. A transplant is censored in the primary analysis and a death in the
transplant-free one, and the caller says which. Source: domain 6.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed
from core.rules.estimates import ESTIMATION, Z_95, decimal_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_SURE: Final = Fraction(1)


class EndKind(StrEnum):
    """How the follow-up of a subject ended."""

    DEATH = "death"
    CENSORED = "censored"
    ALIVE = "alive_at_horizon"


@dataclass(frozen=True, slots=True)
class Followed:
    """The study day up to which a subject was followed, and how that ended; day 0 is the dose.

    A subject who is still followed at the moment of the analysis is censored on the last day known alive.
    """

    day: int
    end: EndKind


@dataclass(frozen=True, slots=True)
class LifeTableRow:
    """One interval: counts as entered, estimates unrounded.

    `q` is the conditional probability of death, `survival` the share alive at `end`, `standard_error`
    Greenwood's, `hazard` per day at the middle of the interval.
    """

    start: int
    end: int
    entering: int
    deaths: int
    withdrawn: int
    q: Fraction | None
    survival: Fraction | None
    standard_error: Decimal | None

    @property
    def n_effective(self) -> Fraction:
        """Return the number at risk, each withdrawal counted as half: n' = n - w/2."""
        return self.entering - Fraction(self.withdrawn, 2)

    @property
    def p(self) -> Fraction | None:
        """Return the conditional probability of surviving the interval."""
        return None if self.q is None else 1 - self.q

    @property
    def hazard(self) -> Fraction | None:
        """Return 2q / (h (2 - q)), h being the interval's length in days."""
        return None if self.q is None else 2 * self.q / ((self.end - self.start) * (2 - self.q))


def life_table(
    ends: Sequence[int], entering: int, deaths: Sequence[int], withdrawn: Sequence[int]
) -> tuple[LifeTableRow, ...]:
    """Return the life table of counts: so many entering the first interval, deaths and withdrawals in each.

    Raises: `BAD_INTERVALS`, `BAD_COUNTS`. Source: domain 6; Cutler and Ederer 1958 (J Chronic Dis 8:699).
    """
    _require_intervals(ends)
    _require_counts(len(ends), entering, deaths, withdrawn)
    return tuple(_rows(pairwise((0, *ends)), entering, zip(deaths, withdrawn, strict=True)))


def life_table_of(followed: Iterable[Followed], ends: Sequence[int]) -> tuple[LifeTableRow, ...]:
    """Return the life table of subjects; the order in which they come does not matter.

    An end after the horizon is one of a subject who was alive at the horizon.

    Raises: `BAD_INTERVALS`, `BAD_FOLLOW_UP`.
    """
    _require_intervals(ends)
    subjects = tuple(followed)
    require_follow_up(subjects, ends[-1])
    deaths, withdrawn = [0] * len(ends), [0] * len(ends)
    for one in subjects:
        if one.end is EndKind.DEATH and one.day <= ends[-1]:
            deaths[bisect_left(ends, one.day)] += 1
        elif one.end is EndKind.CENSORED and one.day < ends[-1]:
            withdrawn[bisect_left(ends, one.day)] += 1
    return life_table(ends, len(subjects), deaths, withdrawn)


def require_follow_up(followed: Iterable[Followed], horizon: int) -> None:
    """Refuse a follow-up that contradicts itself.

    Raises: `BAD_FOLLOW_UP`.
    """
    for one in followed:
        if one.day < 0:
            raise Malformed("BAD_FOLLOW_UP", "a subject is followed from the day of the dose on", field="day")
        if one.end is EndKind.ALIVE and one.day < horizon:
            raise Malformed("BAD_FOLLOW_UP", f"alive on day {horizon} is known on that day", field="day")


def loglog_error(survival: Fraction, standard_error: Decimal) -> Decimal:
    """Return the standard error of ln(-ln S), by the delta method; 0 < S < 1."""
    with localcontext(ESTIMATION):
        share = decimal_of(survival)
        return standard_error / (share * abs(share.ln()))


def loglog_interval(row: LifeTableRow) -> tuple[Decimal, Decimal] | None:
    """Return the 95 % confidence limits of the survival at the end of a row, on the log(-log) scale.

    None where survival is 0, 1 or not known: the scale has no place for it.
    """
    if row.survival is None or row.standard_error is None or not 0 < row.survival < 1:
        return None
    with localcontext(ESTIMATION):
        centre = (-decimal_of(row.survival).ln()).ln()
        reach = Z_95 * loglog_error(row.survival, row.standard_error)
        return (-(centre + reach).exp()).exp(), (-(centre - reach).exp()).exp()


def _require_intervals(ends: Sequence[int]) -> None:
    if not ends or any(start >= end for start, end in pairwise((0, *ends))):
        raise Malformed("BAD_INTERVALS", "intervals end on days that rise from above 0", field="intervals")


def _require_counts(intervals: int, entering: int, deaths: Sequence[int], withdrawn: Sequence[int]) -> None:
    if len(deaths) != intervals or len(withdrawn) != intervals:
        raise Malformed("BAD_COUNTS", "deaths and withdrawals are counted once for each interval")
    if min(entering, *deaths, *withdrawn) < 0:
        raise Malformed("BAD_COUNTS", "a count is not below zero")
    if sum(deaths) + sum(withdrawn) > entering:
        raise Malformed("BAD_COUNTS", "more subjects die or withdraw than enter")


def _rows(
    intervals: Iterable[tuple[int, int]], entering: int, ended: Iterable[tuple[int, int]]
) -> Iterator[LifeTableRow]:
    survival: Fraction | None = _SURE
    scatter: Decimal | None = Decimal(0)
    for (start, end), (deaths, withdrawn) in zip(intervals, ended, strict=True):
        q = Fraction(2 * deaths, 2 * entering - withdrawn) if entering else None
        survival = _surviving(survival, q)
        scatter = _scattered(scatter, q, entering - Fraction(withdrawn, 2))
        yield LifeTableRow(
            start, end, entering, deaths, withdrawn, q, survival, _greenwood(survival, scatter)
        )
        entering -= deaths + withdrawn


def _surviving(before: Fraction | None, q: Fraction | None) -> Fraction | None:
    if not before:
        return before
    return None if q is None else before * (1 - q)


def _scattered(before: Decimal | None, q: Fraction | None, n_effective: Fraction) -> Decimal | None:
    """Return Greenwood's sum with one more term q / (n' (1 - q)); None where a term has no value."""
    if before is None or q is None or q == 1:
        return None
    with localcontext(ESTIMATION):
        return before + decimal_of(q / (n_effective * (1 - q)))


def _greenwood(survival: Fraction | None, scatter: Decimal | None) -> Decimal | None:
    if survival is None or scatter is None:
        return None
    with localcontext(ESTIMATION):
        return decimal_of(survival) * scatter.sqrt()
