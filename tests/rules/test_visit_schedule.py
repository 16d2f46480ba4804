from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.errors import Malformed
from core.rules.visit_schedule import CalendarEntry, VisitStatus, visit_calendar
from tests.rules.golden_outcomes import day_zero, endings
from tests.rules.vectors import golden_events, load

EXPECTED = load("golden_trial")["expected"]["protocol_deviations"]
DAY_ZERO = date(2024, 2, 1)

DONE, OUT, MISSED, DUE, NOT_YET, NOT_APPLICABLE = (
    VisitStatus.DONE,
    VisitStatus.OUT_OF_WINDOW,
    VisitStatus.MISSED,
    VisitStatus.DUE,
    VisitStatus.NOT_YET,
    VisitStatus.NOT_APPLICABLE,
)


@dataclass(frozen=True)
class Window:
    day: int
    first: int
    last: int


WINDOWS = [
    Window(int(day), *limits)
    for day, limits in golden_events("TrialConfigured")[0]["payload"]["visit_windows"].items()
]
VISIT_14 = [Window(14, 12, 16)]


def _on(day: int) -> date:
    return DAY_ZERO + timedelta(days=day)


def _status(today: int, *, actual: int | None = None, left: int | None = None) -> VisitStatus:
    recorded = {} if actual is None else {14: _on(actual)}
    left_on = None if left is None else _on(left)
    (entry,) = visit_calendar(VISIT_14, DAY_ZERO, recorded, _on(today), left_on)
    return entry.status


def _golden_calendar(subject: str, as_of: date) -> tuple[CalendarEntry, ...]:
    panels = [event["payload"] for event in golden_events("LabPanelRecorded") if event["subject"] == subject]
    recorded = {panel["visit"]: date.fromisoformat(panel["drawn_at"][:10]) for panel in panels}
    left_on = endings("SubjectDied", "SubjectWithdrawn").get(subject)
    return visit_calendar(WINDOWS, day_zero()[subject], recorded, as_of, left_on)


def test_golden_deviations() -> None:
    as_of = date.fromisoformat(golden_events()[-1]["at"][:10])
    found = []
    for subject in day_zero():
        for entry in _golden_calendar(subject, as_of):
            if entry.deviation is not None:
                row = {"subject": subject, "visit": entry.visit, "type": str(entry.deviation)}
                if entry.actual_day is not None:
                    row |= {"actual_day": entry.actual_day, "window": [entry.first, entry.last]}
                found.append(row)
    assert found == EXPECTED


@pytest.mark.parametrize(("as_of", "status"), [(date(2024, 9, 4), DUE), (date(2024, 9, 5), MISSED)])
def test_after_a_transplant_safety_visits_go_on(as_of: date, status: VisitStatus) -> None:
    # S008: dosed 2024-07-01, transplanted on day 40; day 65 is 2024-09-04.
    assert _golden_calendar("S008", as_of)[-1].status is status


def test_after_death_and_withdrawal_nothing_is_missed() -> None:
    late = date(2025, 1, 1)
    assert {entry.visit: entry.status for entry in _golden_calendar("S010", late)} == {
        1: DONE,
        3: DONE,
        7: DONE,
        14: DONE,
        28: NOT_APPLICABLE,
        60: NOT_APPLICABLE,
    }
    assert {entry.visit: entry.status for entry in _golden_calendar("S004", late)} == {
        1: DONE,
        3: DONE,
        7: DONE,
        14: NOT_APPLICABLE,
        28: NOT_APPLICABLE,
        60: NOT_APPLICABLE,
    }


@pytest.mark.parametrize(
    ("today", "status"), [(-1, NOT_YET), (11, NOT_YET), (12, DUE), (14, DUE), (16, DUE), (17, MISSED)]
)
def test_status_without_a_record_follows_the_date(today: int, status: VisitStatus) -> None:
    assert _status(today) is status


@pytest.mark.parametrize(("actual", "status"), [(11, OUT), (12, DONE), (14, DONE), (16, DONE), (17, OUT)])
def test_both_ends_of_the_window_are_in(actual: int, status: VisitStatus) -> None:
    assert _status(20, actual=actual) is status


@pytest.mark.parametrize(
    ("left", "today", "status"),
    [
        (0, 100, NOT_APPLICABLE),
        (13, 14, NOT_APPLICABLE),
        (16, 100, NOT_APPLICABLE),
        (17, 100, MISSED),
        (30, 14, DUE),
    ],
)
def test_leaving_ends_what_had_not_passed(left: int, today: int, status: VisitStatus) -> None:
    assert _status(today, left=left) is status


def test_a_visit_that_took_place_is_never_missed_or_inapplicable() -> None:
    assert _status(100, actual=14, left=10) is DONE
    assert _status(0, actual=18) is OUT


def test_days_are_shown_as_dates() -> None:
    (entry,) = visit_calendar(VISIT_14, DAY_ZERO, {14: date(2024, 2, 18)}, date(2024, 3, 1))
    assert (entry.planned_on, entry.first_on, entry.last_on) == (
        date(2024, 2, 15),
        date(2024, 2, 13),
        date(2024, 2, 17),
    )
    assert (entry.actual_day, entry.deviation) == (17, "OUT_OF_WINDOW")


def test_visits_come_in_order_and_strangers_are_left_out() -> None:
    entries = visit_calendar(WINDOWS[::-1], DAY_ZERO, {0: DAY_ZERO, 21: _on(21)}, DAY_ZERO)
    assert [entry.visit for entry in entries] == [1, 3, 7, 14, 28, 60]


@pytest.mark.parametrize(
    "windows",
    [
        [],
        [Window(14, 15, 16)],
        [Window(14, 12, 13)],
        [Window(14, 12, 16), Window(14, 13, 15)],
    ],
)
def test_schedules_that_contradict_themselves_are_refused(windows: list[Window]) -> None:
    with pytest.raises(Malformed) as refusal:
        visit_calendar(windows, DAY_ZERO, {}, DAY_ZERO)
    assert refusal.value.code == "BAD_VISIT_WINDOWS"


@given(
    st.sets(st.sampled_from([window.day for window in WINDOWS])),
    st.integers(0, 80),
    st.none() | st.integers(0, 80),
)
def test_time_only_moves_a_visit_forward(done: set[int], today: int, left: int | None) -> None:
    recorded = {day: _on(day) for day in done}
    left_on = None if left is None else _on(left)

    def statuses(day: int) -> list[VisitStatus]:
        return [entry.status for entry in visit_calendar(WINDOWS, DAY_ZERO, recorded, _on(day), left_on)]

    after = {NOT_YET: {NOT_YET, DUE, MISSED}, DUE: {DUE, MISSED}}
    for now, later in zip(statuses(today), statuses(today + 1), strict=True):
        assert later in after.get(now, {now})
