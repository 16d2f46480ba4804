"""Scheduled visits as of a date: done, out of window, missed, due, not yet, not applicable.

- Study days count from the dose, day 0; both ends of a window are in (domain 7).
- A visit is missed only when its window has passed without a record, seen from an explicit date.
- Death and withdrawal end the schedule: a visit whose window had not passed by then is not applicable.
- A transplant ends nothing here: safety visits continue, only efficacy is censored (domain 7).
- A record wins over everything else: a visit that took place is never missed and always applicable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from core.kernel.errors import Malformed
from core.kernel.time import study_day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class HasVisitWindow(Protocol):
    """A scheduled visit and the first and last study day on which it is on time."""

    @property
    def day(self) -> int:
        """Return the nominal study day, which names the visit."""

    @property
    def first(self) -> int:
        """Return the first study day of the window."""

    @property
    def last(self) -> int:
        """Return the last study day of the window."""


class VisitStatus(StrEnum):
    """What there is to say of a scheduled visit on a date."""

    DONE = "done"
    OUT_OF_WINDOW = "out_of_window"
    MISSED = "missed"
    DUE = "due"
    NOT_YET = "not_yet"
    NOT_APPLICABLE = "not_applicable"


class VisitDeviation(StrEnum):
    """Deviations from the schedule."""

    OUT_OF_WINDOW = "OUT_OF_WINDOW"
    MISSED_VISIT = "MISSED_VISIT"


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One scheduled visit of a subject; dates are local to the site, `actual_day` is a study day."""

    visit: int
    first: int
    last: int
    planned_on: date
    first_on: date
    last_on: date
    actual_day: int | None
    status: VisitStatus

    @property
    def deviation(self) -> VisitDeviation | None:
        """Return the deviation that the status amounts to, if it is one."""
        match self.status:
            case VisitStatus.OUT_OF_WINDOW:
                return VisitDeviation.OUT_OF_WINDOW
            case VisitStatus.MISSED:
                return VisitDeviation.MISSED_VISIT
            case _:
                return None


def visit_calendar(
    windows: Sequence[HasVisitWindow],
    day_zero: date,
    recorded: Mapping[int, date],
    as_of: date,
    left_on: date | None = None,
) -> tuple[CalendarEntry, ...]:
    """Return every scheduled visit in order, as it stands on a date.

    `recorded` is the local date of each visit that took place, by its nominal day; `left_on` the local date
    of death or withdrawal, never of a transplant. Records off the schedule are left out.

    Raises: `BAD_VISIT_WINDOWS`.
    """
    _require_windows(windows)
    today = study_day(as_of, day_zero)
    left = None if left_on is None else study_day(left_on, day_zero)
    return tuple(
        _entry(window, day_zero, recorded.get(window.day), today, left)
        for window in sorted(windows, key=lambda window: window.day)
    )


def _require_windows(windows: Sequence[HasVisitWindow]) -> None:
    if not windows or len({window.day for window in windows}) < len(windows):
        raise Malformed("BAD_VISIT_WINDOWS", "a schedule has visits, and one window for each")
    if not all(window.first <= window.day <= window.last for window in windows):
        raise Malformed("BAD_VISIT_WINDOWS", "a visit lies in its window")


def _entry(
    window: HasVisitWindow, day_zero: date, took_place: date | None, today: int, left: int | None
) -> CalendarEntry:
    actual = None if took_place is None else study_day(took_place, day_zero)
    planned_on, first_on, last_on = (
        day_zero + timedelta(days=day) for day in (window.day, window.first, window.last)
    )
    status = _status(window, actual, today, left)
    return CalendarEntry(window.day, window.first, window.last, planned_on, first_on, last_on, actual, status)


def _status(window: HasVisitWindow, actual: int | None, today: int, left: int | None) -> VisitStatus:
    if actual is not None:
        return VisitStatus.DONE if window.first <= actual <= window.last else VisitStatus.OUT_OF_WINDOW
    if left is not None and left <= window.last:
        return VisitStatus.NOT_APPLICABLE
    if today < window.first:
        return VisitStatus.NOT_YET
    return VisitStatus.DUE if today <= window.last else VisitStatus.MISSED
