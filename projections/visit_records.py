"""What the record says of a dosed subject's visits: the one row that visits, deviations and casebook read.

* Which windows count is decided by `core/trial/casebook/schedule.py`; overdue and missed wait for the reader.
* Death, withdrawal and the end of consent to procedures end the schedule. A transplant ends no safety visit;
  a visit that carries an efficacy assessment is not asked for any more (domain 7).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from core.kernel import streams
from core.kernel.time import local_date, study_day
from core.rules.escalation import OutcomeStatus
from core.rules.visit_schedule import VisitStatus, visit_calendar
from core.trial.casebook.events import (
    ClinicalImprovementAssessed,
    HlaAntibodyReported,
    LabPanelReported,
    SpecimenDrawn,
    VisitMissed,
    VisitRecorded,
    VitalStatusRecorded,
)
from core.trial.casebook.schedule import windows_of
from core.trial.casebook.state import IMPROVEMENT, Casebook
from core.trial.registry import events_of
from core.trial.subject.dosing import dose_deviation
from core.trial.subject.evidence import broken_rules
from core.trial.subject.outcome import dose_date, dosed_under, outcome_status, window_last_day
from projections.labs import version_at
from projections.projection import RowChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.kernel.recorded import Recorded
    from core.rules.visit_schedule import CalendarEntry
    from core.trial.casebook.state import VisitFacts
    from core.trial.study.config import VisitWindow
    from core.trial.study.state import Study
    from core.trial.subject.state import Dose, Subject
    from core.trial.trial import Trial

Row = dict[str, Any]

# The events that can change what the record says of visits.
VISIT_EVENTS: Final[frozenset[type]] = frozenset(
    {
        VisitRecorded,
        VisitMissed,
        SpecimenDrawn,
        LabPanelReported,
        HlaAntibodyReported,
        VitalStatusRecorded,
        ClinicalImprovementAssessed,
    }
) | events_of("subject", "study")


class _Window(NamedTuple):
    """A window as a row has stored it."""

    day: int
    first: int
    last: int


def visit_changes(event: Recorded, before: Any, trial: Trial) -> Iterable[RowChange]:  # noqa: ANN401 - a state
    """Return the rows of the subjects of whose visits an event changes anything."""
    kind, _, key = event.stream.partition("/")
    if kind == "subject":
        yield from _row_change(key, trial)
    elif kind == "casebook":
        if (before or _NOTHING).visits is not trial.casebooks[key].visits:
            yield from _row_change(key, trial)
    elif kind == streams.STUDY:
        for subject_key in trial.subjects:
            yield from _row_change(subject_key, trial)


_NOTHING = Casebook()


def _row_change(key: str, trial: Trial) -> Iterable[RowChange]:
    subject = trial.subjects[key]
    if subject.dose is not None:
        casebook = trial.casebooks.get(key, _NOTHING)
        yield RowChange(key, _record(key, subject, subject.dose, casebook, trial.study))


def _record(key: str, subject: Subject, dose: Dose, casebook: Casebook, study: Study) -> Row:
    windows = windows_of(dose, casebook, study)
    zone = dosed_under(dose, study).zone
    pending = outcome_status(subject, study) is OutcomeStatus.PENDING
    return {
        "kind": "subject",
        "subject_key": key,
        "zone": zone,
        "day_zero": dose_date(dose, study),
        "windows": [
            {
                "day": window.day,
                "first": window.first,
                "last": window.last,
                "assessments": window.assessments,
                **_held(casebook.visit(window.day), window, zone, study),
            }
            for window in windows
        ],
        "left_on": _left_on(subject, zone),
        "transplanted_on": subject.transplanted.date if subject.transplanted else None,
        "dlt_window_open_until": window_last_day(dose, study) if pending else None,
        "dose_deviation": dose_deviation(dose, study),
        "broken_rules": broken_rules(subject),
    }


def _left_on(subject: Subject, zone: str) -> date | None:
    consent = subject.consent.procedures_ended_at if subject.consent else None
    days = [event.date for event in (subject.withdrawn, subject.died) if event is not None]
    if consent is not None:
        days.append(local_date(consent, zone))
    return min(days, default=None)


def _held(facts: VisitFacts, window: VisitWindow, zone: str, study: Study) -> Row:
    visited_on = _visited_on(facts, zone)
    missing = [one for one in window.assessments if one not in facts.assessments]
    return {
        "visited_on": visited_on,
        "has_form": facts.form is not None,
        "missing": missing if visited_on is not None else [],
        "missed_cause": facts.missed.cause if facts.missed else None,
        "entered_late": _is_late(facts, zone, study),
    }


def _visited_on(facts: VisitFacts, zone: str) -> date | None:
    """Return the day of the visit: what its form says, else the first draw under its name."""
    if facts.form is not None:
        return facts.form.visited_on
    return None if facts.first_drawn is None else local_date(facts.first_drawn, zone)


def _is_late(facts: VisitFacts, zone: str, study: Study) -> bool:
    """Tell whether the visit was entered later than the protocol allows without a reason."""
    if facts.entered_at is None:
        return False
    hours = study.version(version_at(study, facts.entered_at)).data.late_entry_hours
    due = facts.entry_due
    if due is None and facts.form is not None:
        due = datetime.combine(facts.form.visited_on + timedelta(days=1), time(), ZoneInfo(zone))
    return due is not None and facts.entered_at - due > timedelta(hours=hours)


# -- reading --------------------------------------------------------------------------------------------


def calendar_of(row: Row, moment: datetime) -> list[tuple[CalendarEntry, Row]]:
    """Return each scheduled visit as it stands at a moment, with what the row has stored of it."""
    windows = [_Window(w["day"], w["first"], w["last"]) for w in row["windows"]]
    held = {w["day"]: date.fromisoformat(w["visited_on"]) for w in row["windows"] if w["visited_on"]}
    day_zero, left_on = date.fromisoformat(row["day_zero"]), row["left_on"]
    entries = visit_calendar(
        windows,
        day_zero,
        held,
        local_date(moment, row["zone"]),
        None if left_on is None else date.fromisoformat(left_on),
    )
    stored = {w["day"]: w for w in row["windows"]}
    transplant = row["transplanted_on"]
    gone = None if transplant is None else study_day(date.fromisoformat(transplant), day_zero)
    return [(_without_efficacy(e, stored[e.visit], gone), stored[e.visit]) for e in entries]


def _without_efficacy(entry: CalendarEntry, stored: Row, transplant_day: int | None) -> CalendarEntry:
    if transplant_day is None or entry.actual_day is not None or IMPROVEMENT not in stored["assessments"]:
        return entry
    if transplant_day > entry.last:
        return entry
    return replace(entry, status=VisitStatus.NOT_APPLICABLE)


def missing_at(entry: CalendarEntry, stored: Row, row: Row) -> list[str]:
    """Return the assessments that a held visit lacks; after a transplant improvement is none of them."""
    transplant = row["transplanted_on"]
    if transplant is None or entry.actual_day is None:
        return list(stored["missing"])
    gone = study_day(date.fromisoformat(transplant), date.fromisoformat(row["day_zero"]))
    return [one for one in stored["missing"] if one != IMPROVEMENT or gone > entry.actual_day]


def visit_rows(rows: Sequence[Row], moment: datetime) -> list[Row]:
    """Return one row a subject and scheduled visit."""
    return [
        {
            "subject_key": row["subject_key"],
            "visit": entry.visit,
            "window": [entry.first, entry.last],
            "planned_on": entry.planned_on.isoformat(),
            "first_on": entry.first_on.isoformat(),
            "last_on": entry.last_on.isoformat(),
            "actual_day": entry.actual_day,
            "visited_on": stored["visited_on"],
            "status": str(entry.status),
            "missing_assessments": missing_at(entry, stored, row),
            "missed_cause": stored["missed_cause"],
            "entered_late": stored["entered_late"],
        }
        for row in rows
        for entry, stored in calendar_of(row, moment)
    ]
