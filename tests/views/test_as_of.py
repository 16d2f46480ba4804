"""From an instant to the position that it means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from core.store.trial_log import open_row
from projections.as_of import position_at, rows_as_rebuilt

if TYPE_CHECKING:
    from core.store.trial_log import TrialLog
    from projections.views import Views

A_MILLISECOND = timedelta(milliseconds=1)


def test_an_instant_means_the_last_position_received_by_then(golden_log: TrialLog) -> None:
    received = [open_row(row).recorded().recorded_at for row in golden_log.rows()]
    for instant in {t + shift for t in received for shift in (-A_MILLISECOND, timedelta(), A_MILLISECOND)}:
        assert position_at(golden_log, instant) == sum(t <= instant for t in received)


def test_before_the_birth_there_is_nothing(golden_log: TrialLog, golden_views: Views) -> None:
    position = position_at(golden_log, datetime(1999, 1, 1, tzinfo=UTC))
    assert position == 0
    assert golden_views.rows("trail", position) == []
    assert not any(rows_as_rebuilt(golden_log, position).values())


def test_the_cohort_of_june_is_read_as_it_was_known_in_june(
    golden_log: TrialLog, golden_views: Views
) -> None:
    before_the_late_dlt = position_at(golden_log, datetime(2024, 6, 1, tzinfo=UTC))
    levels = {row["level"]: row["dlt"] for row in golden_views.rows("cohorts", before_the_late_dlt)}
    assert levels == {1: 0, 2: 0}
    assert {row["level"]: row["dlt"] for row in golden_views.rows("cohorts")} == {1: 0, 2: 1, 3: 2}
