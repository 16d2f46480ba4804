"""Outcome estimates as they are printed: names of the golden trial, six decimals, half-even.

- The rate per day has eight decimals, because six would leave four digits of it.
- Null is what could not be estimated, or a p-value that is withheld; the number of subjects is always there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.rules.estimates import rounded, rounded_or_none
from core.rules.life_table import loglog_interval

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal
    from fractions import Fraction

    from core.rules.life_table import LifeTableRow
    from core.rules.survival import HistoricalComparison

_RATE_PLACES: Final = 8


def reported_row(row: LifeTableRow) -> dict[str, int | Decimal | None]:
    """Return one interval of a life table."""
    return {
        "start": row.start,
        "end": row.end,
        "n_enter": row.entering,
        "deaths": row.deaths,
        "withdrawn": row.withdrawn,
        "n_effective": rounded(row.n_effective),
        "q": rounded_or_none(row.q),
        "p": rounded_or_none(row.p),
        "S": rounded_or_none(row.survival),
        "se": rounded_or_none(row.standard_error),
        "hazard": rounded_or_none(row.hazard),
    }


def reported_survival(
    table: Sequence[LifeTableRow], kaplan_meier: Fraction | None
) -> dict[str, Decimal | list[Decimal] | None]:
    """Return survival at the horizon: S, its error and 95 % limits, and Kaplan-Meier beside it."""
    last = table[-1]
    limits = loglog_interval(last)
    return {
        f"S{last.end}": rounded_or_none(last.survival),
        "se": rounded_or_none(last.standard_error),
        "ci95_loglog": None if limits is None else [rounded(limit) for limit in limits],
        f"km_S{last.end}": rounded_or_none(kaplan_meier),
    }


def reported_comparison(compared: HistoricalComparison) -> dict[str, int | str | Decimal | None]:
    """Return the comparison with the historical control; `n` is the number of subjects."""
    test, at, day = compared.log_rank, compared.at_horizon, f"day{compared.horizon}"
    figures: dict[str, int | str | Decimal | None] = {
        "n": test.subjects,
        f"S0_{day}": compared.historical_survival,
        "model": "exponential",
        "person_days": test.person_days,
        "lambda_per_day": rounded(test.rate_per_day, _RATE_PLACES),
        "expected_deaths": rounded(test.expected),
        "observed_deaths": test.observed,
        "z_one_sample_logrank": rounded_or_none(test.z),
        "p_one_sided": rounded_or_none(test.p_one_sided),
        "p_two_sided": rounded_or_none(test.p_two_sided),
        "smr": rounded_or_none(test.mortality_ratio),
        "poisson_p_lower": rounded(test.poisson_p_lower),
        f"z_{day}_fixed_S0": rounded_or_none(at.z_fixed),
        f"p_two_sided_{day}": rounded_or_none(at.p_two_sided),
        f"z_{day}_loglog": rounded_or_none(at.z_loglog),
    }
    if compared.historical_subjects is not None:
        name = f"z_{day}_S0_estimated_n0_{compared.historical_subjects}"
        figures[name] = rounded_or_none(at.z_estimated)
    return figures
