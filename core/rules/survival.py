"""Survival against a historical control: Kaplan-Meier, one-sample log-rank, comparison at the horizon.

- The historical curve is exponential through its signed survival at the horizon: S0(t) = exp(-lambda t).
- The sign of Z follows deaths in the log-rank test and on the log(-log) scale (negative is better), and
  survival in the comparison at the horizon (positive is better).
- Where no death was seen, or less than one expected, a p-value of the normal approximation is withheld
  (None); the exact Poisson tail and the number of subjects are always given.
- What cannot be estimated is None.

Source: domain 6. One-sample log-rank: Breslow 1975 (Int Stat Rev 43:45); Finkelstein 2003 (JNCI 95:1434).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from core.kernel.errors import Malformed
from core.rules.estimates import ESTIMATION, decimal_of, normal_cdf, poisson_lower_tail, two_sided_p
from core.rules.life_table import EndKind, life_table_of, loglog_error, require_follow_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.rules.life_table import Followed, LifeTableRow


class HasHistoricalControl(Protocol):
    """A historical control as it was signed: survival at the horizon, and how many subjects it came from."""

    @property
    def survival(self) -> Decimal:
        """Return the share alive at the horizon, between 0 and 1."""

    @property
    def subjects(self) -> int | None:
        """Return the number of historical subjects, None where the curve is taken as known."""


@dataclass(frozen=True, slots=True)
class OneSampleLogRank:
    """Deaths seen against deaths expected under the historical curve, unrounded.

    `exact_only` tells that the normal approximation does not hold and its p-values are withheld.
    """

    subjects: int
    person_days: int
    rate_per_day: Decimal
    observed: int
    expected: Decimal
    z: Decimal | None
    p_one_sided: Decimal | None
    p_two_sided: Decimal | None
    mortality_ratio: Decimal | None
    poisson_p_lower: Decimal

    @property
    def exact_only(self) -> bool:
        """Tell whether only the exact version may be quoted: no death, or less than one expected."""
        return self.observed == 0 or self.expected < 1


@dataclass(frozen=True, slots=True)
class HorizonComparison:
    """Z of the actuarial survival at the horizon: curve known, curve estimated, on the log(-log) scale."""

    z_fixed: Decimal | None
    p_two_sided: Decimal | None
    z_estimated: Decimal | None
    z_loglog: Decimal | None


@dataclass(frozen=True, slots=True)
class HistoricalComparison:
    """Everything that is said of the trial against its historical control."""

    horizon: int
    historical_survival: Decimal
    historical_subjects: int | None
    log_rank: OneSampleLogRank
    at_horizon: HorizonComparison


def kaplan_meier(followed: Iterable[Followed], day: int) -> Fraction | None:
    """Return the product-limit estimate of the survival at a study day, or None if nobody reached it.

    A subject censored on the day of a death was at risk of it.

    Raises: `BAD_FOLLOW_UP`. Source: Kaplan and Meier 1958 (JASA 53:457).
    """
    subjects = tuple(followed)
    require_follow_up(subjects, day)
    days = sorted(one.day for one in subjects)
    deaths = Counter(one.day for one in subjects if one.end is EndKind.DEATH and one.day <= day)
    survival = Fraction(1)
    for died_on, number in deaths.items():
        survival *= 1 - Fraction(number, len(days) - bisect_left(days, died_on))
    reached = bool(days) and days[-1] >= day
    return survival if reached or survival == 0 else None


def compare_with_history(
    followed: Iterable[Followed], ends: Sequence[int], control: HasHistoricalControl
) -> HistoricalComparison:
    """Compare the subjects with the historical control at the end of the last interval.

    Raises: `BAD_INTERVALS`, `BAD_FOLLOW_UP`, `BAD_HISTORICAL_CONTROL`.
    """
    subjects = tuple(followed)
    _require_control(control)
    last = life_table_of(subjects, ends)[-1]
    log_rank = one_sample_log_rank(subjects, last.end, control.survival)
    at_horizon = _at_horizon(last, control, exact_only=log_rank.exact_only)
    return HistoricalComparison(last.end, control.survival, control.subjects, log_rank, at_horizon)


def one_sample_log_rank(followed: Sequence[Followed], horizon: int, survival: Decimal) -> OneSampleLogRank:
    """Return the test against an exponential curve through this survival at the horizon (0 < S0 < 1).

    E is the cumulative hazard that the subjects lived through, each up to the horizon; Z = (O - E)/sqrt(E).
    """
    person_days = sum(min(one.day, horizon) for one in followed)
    observed = sum(one.end is EndKind.DEATH and one.day <= horizon for one in followed)
    with localcontext(ESTIMATION):
        rate = -survival.ln() / horizon
        expected = rate * person_days
        z = (observed - expected) / expected.sqrt() if expected else None
        approximate = z if observed and expected >= 1 else None
        return OneSampleLogRank(
            subjects=len(followed),
            person_days=person_days,
            rate_per_day=rate,
            observed=observed,
            expected=expected,
            z=z,
            p_one_sided=None if approximate is None else normal_cdf(approximate),
            p_two_sided=None if approximate is None else two_sided_p(approximate),
            mortality_ratio=observed / expected if expected else None,
            poisson_p_lower=poisson_lower_tail(observed, expected),
        )


def _require_control(control: HasHistoricalControl) -> None:
    if not 0 < control.survival < 1:
        raise Malformed("BAD_HISTORICAL_CONTROL", "the historical survival lies between 0 and 1")
    if control.subjects is not None and control.subjects < 1:
        raise Malformed("BAD_HISTORICAL_CONTROL", "a historical curve comes from one subject at least")


def _at_horizon(last: LifeTableRow, control: HasHistoricalControl, *, exact_only: bool) -> HorizonComparison:
    if last.survival is None or not last.standard_error:
        return HorizonComparison(None, None, None, None)
    with localcontext(ESTIMATION):
        difference = decimal_of(last.survival) - control.survival
        z = difference / last.standard_error
        return HorizonComparison(
            z_fixed=z,
            p_two_sided=None if exact_only else two_sided_p(z),
            z_estimated=_z_estimated(difference, last.standard_error, control),
            z_loglog=_z_loglog(last.survival, last.standard_error, control.survival),
        )


def _z_estimated(difference: Decimal, error: Decimal, control: HasHistoricalControl) -> Decimal | None:
    """Return Z where the historical survival has a binomial error of its own."""
    if control.subjects is None:
        return None
    variance = control.survival * (1 - control.survival) / control.subjects
    return difference / (error * error + variance).sqrt()


def _z_loglog(survival: Fraction, error: Decimal, historical: Decimal) -> Decimal:
    centre = (-decimal_of(survival).ln()).ln()
    return (centre - (-historical.ln()).ln()) / loglog_error(survival, error)
