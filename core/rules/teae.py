"""Treatment-emergent adverse events: what began, or got worse than at baseline, at or after dosing.

- Days are local trial dates. An onset on the day of the dose counts as emergent: the form has dates, and
  whether it preceded the dose cannot be told from them.
- What was there before the dose is held against the grade that it had at the dose.

Source: domain 4; ICH E9 glossary (an event that emerges during treatment, absent before or worsened).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.kernel.time import study_day

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date


@dataclass(frozen=True, slots=True)
class GradeOnDay:
    """The CTCAE grade, 1 to 5, that an event has from this day on."""

    day: date
    grade: int


def grade_at_dose(course: Sequence[GradeOnDay], baseline_grade: int, dose_date: date) -> int:
    """Return the grade against which worsening is judged: at baseline, or the last one before the dose."""
    before = [point.grade for point in course if point.day < dose_date]
    return max(baseline_grade, before[-1]) if before else baseline_grade


def emergence(course: Sequence[GradeOnDay], baseline_grade: int, dose_date: date) -> date | None:
    """Return the day on which the event began, or first got worse, at or after dosing; None if neither.

    `course` begins with the onset and stands in order of days.
    """
    if course[0].day >= dose_date:
        return course[0].day
    known = grade_at_dose(course, baseline_grade, dose_date)
    return next((p.day for p in course if p.day >= dose_date and p.grade > known), None)


def is_treatment_emergent(
    course: Sequence[GradeOnDay], baseline_grade: int, dose_date: date, last_study_day: int
) -> bool:
    """Tell whether the event emerged between the dose and the last study day, both in."""
    day = emergence(course, baseline_grade, dose_date)
    return day is not None and study_day(day, dose_date) <= last_study_day
