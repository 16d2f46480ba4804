"""Survival of the dosed subjects: life table, sensitivity analyses, summary, historical comparison.

Each view stores the same follow-up of each subject and computes its figures when it is read.
Source: domain 6.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from core.rules.life_table import life_table_of
from core.rules.outcome_figures import reported_comparison, reported_row, reported_survival
from core.rules.survival import compare_with_history, kaplan_meier
from core.trial.study.config import HistoricalControl
from projections.follow_up import CENSORED, EVENT, FollowUpView, as_numbers, followed, protocol_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from projections.follow_up import Row


class Survival(FollowUpView):
    """Read: the life table of the primary analysis, one row an interval."""

    name = "survival"

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the life table."""
        del moment
        protocol = protocol_of(rows)
        return [] if protocol is None else _table(rows, protocol, protocol["transplant"], CENSORED)


class SurvivalSensitivity(FollowUpView):
    """Read: the life tables under other readings of transplant and withdrawal, each row named."""

    name = "survival-sensitivity"

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the life table of each other analysis, one after the other."""
        del moment
        protocol = protocol_of(rows)
        if protocol is None:
            return []
        primary = protocol["transplant"]
        other = CENSORED if primary == EVENT else EVENT
        analyses = ((f"transplant_as_{other}", other, CENSORED), ("withdrawal_as_event", primary, EVENT))
        return [
            {"analysis": name, **row}
            for name, transplant, withdrawal in analyses
            for row in _table(rows, protocol, transplant, withdrawal)
        ]


class SurvivalSummary(FollowUpView):
    """Read: one row with survival at the horizon, its error and limits, Kaplan-Meier beside it."""

    name = "survival-summary"

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the one row."""
        del moment
        protocol = protocol_of(rows)
        if protocol is None:
            return []
        ends = protocol["interval_ends"]
        subjects = followed(rows, ends[-1], transplant=protocol["transplant"])
        figures = reported_survival(life_table_of(subjects, ends), kaplan_meier(subjects, ends[-1]))
        return [{"n": len(subjects), "transplant": protocol["transplant"], **as_numbers(figures)}]


class HistoricalComparison(FollowUpView):
    """Read: one row against the signed historical control; none where no control was named."""

    name = "historical-control"

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the one row; the number of subjects is always in it."""
        del moment
        protocol = protocol_of(rows)
        if protocol is None or protocol["historical"] is None:
            return []
        ends, named = protocol["interval_ends"], protocol["historical"]
        control = HistoricalControl(Decimal(named["survival"]), named["subjects"], named["source"])
        subjects = followed(rows, ends[-1], transplant=protocol["transplant"])
        compared = compare_with_history(subjects, ends, control)
        return [{**as_numbers(dict(reported_comparison(compared))), "source": named["source"]}]


def _table(rows: Sequence[Row], protocol: Row, transplant: str, withdrawal: str) -> list[Row]:
    ends = protocol["interval_ends"]
    subjects = followed(rows, ends[-1], transplant=transplant, withdrawal=withdrawal)
    return [as_numbers(dict(reported_row(row))) for row in life_table_of(subjects, ends)]
