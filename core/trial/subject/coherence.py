"""What an adverse event must not contradict: CTCAE, its own seriousness, and the order of its course.

The onset and every change of grade are points of one course; the same holds at each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused
from core.kernel.time import local_date
from core.rules.ctcae_terms import require_grade
from core.rules.dlt import FATAL_GRADE
from core.trial.context import require_past, require_past_day
from core.trial.subject.adverse_events import Seriousness

if TYPE_CHECKING:
    from datetime import date, datetime

    from core.trial.context import Context
    from core.trial.study.config import ProtocolConfig
    from core.trial.subject.adverse_events import AdverseEvent
    from core.trial.subject.course import CourseOfAdverseEvent

WORST_BASELINE: Final = FATAL_GRADE - 1
OPEN_TERM: Final = "Other, specify"
VERBATIM_LIMIT: Final = 300


@dataclass(frozen=True, slots=True)
class _Point:
    """One grade of the course: since which day, at which instant if known, serious by what, known when."""

    grade: int
    day: date
    at: datetime | None
    criteria: tuple[Seriousness, ...]
    aware_at: datetime | None


def require_coherent(entry: CourseOfAdverseEvent, config: ProtocolConfig, context: Context) -> None:
    """Refuse an adverse event that contradicts itself or CTCAE (domain 4).

    Raises: `BAD_GRADE`, `CTCAE_VERSION`, `SERIOUSNESS_MISMATCH`, `COURSE_OUT_OF_ORDER`, and what
    `_require_term` and `_require_point` refuse.
    """
    if not (1 <= entry.grade <= FATAL_GRADE and 0 <= entry.baseline_grade <= WORST_BASELINE):
        raise Malformed("BAD_GRADE", "a CTCAE grade is 1 to 5, a baseline grade 0 to 4", field="grade")
    if entry.ctcae_version != config.ctcae_version:
        raise Malformed("CTCAE_VERSION", f"grades follow CTCAE {config.ctcae_version}")
    if entry.serious != bool(entry.seriousness_criteria):
        raise Malformed("SERIOUSNESS_MISMATCH", "serious means that at least one criterion is met")
    points = _points(entry)
    _require_term(entry, points)
    for point in points:
        _require_point(point, config.zone, context)
    for before, after in pairwise(points):
        if after.day < before.day or _earlier(after, before) or before.grade == FATAL_GRADE:
            raise Refused("COURSE_OUT_OF_ORDER", "grades follow each other in time, and none follows death")


def _earlier(after: _Point, before: _Point) -> bool:
    return after.at is not None and before.at is not None and after.at < before.at


def _points(entry: CourseOfAdverseEvent) -> tuple[_Point, ...]:
    onset = _Point(entry.grade, entry.onset, entry.onset_at, entry.seriousness_criteria, entry.aware_at)
    later = (
        _Point(one.to_grade, one.changed_on, one.changed_at, one.criteria_met, one.aware_at)
        for one in entry.regradings
    )
    return (onset, *later)


def _require_term(entry: AdverseEvent, points: tuple[_Point, ...]) -> None:
    """Refuse a term, class or grade that CTCAE does not have.

    Raises: `UNKNOWN_TERM`, `GRADE_NOT_IN_TERM`, `SOC_MISMATCH`, `VERBATIM_REQUIRED`, `BAD_TEXT`.
    """
    for grade in (*(point.grade for point in points), entry.baseline_grade or points[0].grade):
        term = require_grade(entry.term, grade)
    if entry.soc != term.organ_class:
        raise Malformed("SOC_MISMATCH", f"CTCAE lists this term under {term.organ_class}", field="soc")
    if entry.verbatim is None:
        if OPEN_TERM in entry.term:
            raise Malformed(
                "VERBATIM_REQUIRED", "this CTCAE term asks to specify the event", field="verbatim"
            )
    elif not 1 <= len(entry.verbatim.strip()) <= VERBATIM_LIMIT:
        raise Malformed("BAD_TEXT", f"a verbatim term has 1 to {VERBATIM_LIMIT} characters", field="verbatim")


def _require_point(point: _Point, zone: str, context: Context) -> None:
    """Refuse a grade whose day, instant, seriousness and awareness do not go together.

    Raises: `FUTURE_TIME`, `TIME_NOT_ON_DAY`, `GRADE_DEATH_MISMATCH`, `AWARENESS_REQUIRED`, `BAD_AWARENESS`.
    """
    require_past_day(point.day, local_date(context.now, zone), "onset")
    if point.at is not None:
        require_past(point.at, context.now, "onset_at")
        if local_date(point.at, zone) != point.day:
            raise Malformed("TIME_NOT_ON_DAY", "the instant does not lie on the day beside it")
    if (point.grade == FATAL_GRADE) != (Seriousness.DEATH in point.criteria):
        raise Malformed("GRADE_DEATH_MISMATCH", "grade 5 and the criterion death go together")
    if point.aware_at is not None:
        require_aware(point.aware_at, point.day, zone, context)
    elif point.criteria:
        raise Malformed(
            "AWARENESS_REQUIRED", "a serious event needs the moment of awareness", field="aware_at"
        )


def require_aware(aware_at: datetime, day: date, zone: str, context: Context) -> None:
    """Refuse an awareness in the future or before the event itself.

    Raises: `FUTURE_TIME`, `BAD_AWARENESS`.
    """
    require_past(aware_at, context.now, "aware_at")
    if local_date(aware_at, zone) < day:
        raise Malformed("BAD_AWARENESS", "nobody is aware of an event before it begins", field="aware_at")
