"""Amended visit windows count from where they were approved, never backwards."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.kernel import streams
from core.trial.casebook.events import HlaAntibodyReported, VisitRecorded
from core.trial.casebook.schedule import windows_of
from core.trial.casebook.state import Casebook
from core.trial.study.config import VisitWindow
from core.trial.study.events import VisitWindowsAmended
from tests.golden.strategies import example
from tests.support.given import NCT05727722, PI, SC, START, Past, dosed, given, on

DAY = timedelta(days=1)
BUILT_IN = {window.day: window for window in NCT05727722.visits}
WIDER = tuple(VisitWindow(7, 5, 9, w.assessments) if w.day == 7 else w for w in NCT05727722.visits)
WITHOUT_3_WITH_21 = tuple(
    sorted(
        (*(w for w in NCT05727722.visits if w.day != 3), VisitWindow(21, 20, 22, ("labs",))),
        key=lambda w: w.day,
    )
)


def amended(visits: tuple[VisitWindow, ...], at: datetime, number: int = 2) -> Past:
    return Past(streams.STUDY, VisitWindowsAmended(number, "digest", visits), PI, at)


def windows(*events: Any) -> dict[int, VisitWindow]:
    trial = given([*dosed("S01"), *events]).trial
    dose = trial.subjects["S01"].dose
    assert dose is not None
    casebook = trial.casebooks.get("S01", Casebook())
    return {window.day: window for window in windows_of(dose, casebook, trial.study)}


def test_without_amendments_the_windows_of_the_dose_count() -> None:
    assert windows() == BUILT_IN


def test_a_visit_to_come_has_the_new_window() -> None:
    assert windows(amended(WIDER, START + DAY))[7] == VisitWindow(7, 5, 9, BUILT_IN[7].assessments)


def test_the_window_changes_up_to_its_last_day_at_the_site_and_not_after_it() -> None:
    """Dosed on 2024-03-01; the old window of visit 7 ends with 2024-03-09, 24:00 at the site."""
    last_moment = datetime(2024, 3, 9, 15, 59, 59, 999000, tzinfo=UTC)
    assert windows(amended(WIDER, last_moment))[7].last == 9
    assert windows(amended(WIDER, last_moment + timedelta(milliseconds=1)))[7].last == 8


def test_a_visit_in_the_record_keeps_the_window_under_which_it_was_recorded() -> None:
    held = on("S01", VisitRecorded(7, date(2024, 3, 6), (), None), by=SC, at=START + 5 * DAY)
    assert windows(held, amended(WIDER, START + 5 * DAY + timedelta(milliseconds=1)))[7].first == 6
    # Recorded at the same instant or later, it falls under the amendment.
    assert windows(amended(WIDER, START + 5 * DAY), held)[7].first == 5


def test_a_form_without_a_date_settles_nothing() -> None:
    undated = on("S01", example(HlaAntibodyReported), by=SC, at=START + DAY)  # of visit 7
    assert windows(undated, amended(WIDER, START + 2 * DAY))[7].last == 9


def test_a_visit_is_added_or_dropped_only_for_the_future() -> None:
    early, late = (
        windows(amended(WITHOUT_3_WITH_21, START + DAY)),
        windows(amended(WITHOUT_3_WITH_21, START + 23 * DAY)),
    )
    assert (3 in early, 21 in early) == (False, True)
    assert (3 in late, 21 in late) == (True, False)


@pytest.mark.parametrize("order", [(WIDER, NCT05727722.visits), (NCT05727722.visits, WIDER)])
def test_of_two_amendments_the_later_counts(order: tuple[tuple[VisitWindow, ...], ...]) -> None:
    first, second = order
    found = windows(amended(first, START + DAY), amended(second, START + 2 * DAY, number=3))
    assert tuple(found.values()) == second


def test_who_is_dosed_under_an_amendment_starts_with_it() -> None:
    before = Past(streams.STUDY, VisitWindowsAmended(2, "digest", WIDER), PI, START)
    trial = given([before, *dosed("S01")]).trial
    dose = trial.subjects["S01"].dose
    assert dose is not None
    # The example dose names configuration 1; the amendment counts all the same, as nothing was recorded yet.
    assert {w.day: w for w in windows_of(dose, Casebook(), trial.study)}[7].last == 9
