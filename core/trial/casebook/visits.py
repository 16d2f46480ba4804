"""Decisions about visits, medication and deviations: each visit once, in the schedule, with its reasons."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused
from core.kernel.streams import require_key
from core.kernel.time import local_date
from core.trial.casebook.events import (
    DeviationAssessed,
    DeviationRecorded,
    MedicationEnded,
    MedicationRecorded,
    VisitMissed,
    VisitRecorded,
)
from core.trial.casebook.schedule import windows_of
from core.trial.casebook.state import HLA, IMPROVEMENT, LABS, VITAL_STATUS
from core.trial.context import Context, Decided, require_past_day
from core.trial.study.state import require_config
from core.trial.subject.consent import require_consent
from core.trial.subject.outcome import dose_date
from core.trial.subject.personal_data import require_no_personal_data

if TYPE_CHECKING:
    from datetime import date

    from core.trial.casebook.commands import (
        AssessDeviation,
        EndMedication,
        RecordDeviation,
        RecordMedication,
        RecordMissedVisit,
        RecordVisit,
    )
    from core.trial.facts import Facts
    from core.trial.study.config import VisitWindow
    from core.trial.subject.state import Dose, Subject

ASSESSMENTS: Final = (LABS, HLA, VITAL_STATUS, IMPROVEMENT)


def record_visit(facts: Facts, command: RecordVisit, context: Context) -> tuple[Decided, ...]:
    """Record a visit; outside its window it is taken, and shown as a deviation.

    Raises: `UNKNOWN_SUBJECT`, `CONSENT_MISSING`, `CONSENT_WITHDRAWN`, `ILLEGAL_SEQUENCE`, `UNKNOWN_VISIT`,
    `DUPLICATE_VISIT`, `UNKNOWN_ASSESSMENT`, `FUTURE_TIME`, `BEFORE_DOSE`, `CONTRADICTS_DEATH`,
    `PII_SUSPECTED`.
    """
    subject = facts.known_subject(command.subject_key)
    require_consent(subject, context.occurred_at)
    require_past_day(command.visited_on, _today(facts, context), "visited_on")
    if subject.died and command.visited_on > subject.died.date:
        raise Refused("CONTRADICTS_DEATH", "the subject had died before that day")
    if command.visit is not None:
        _require_scheduled(facts, subject, command.subject_key, command.visit, command.visited_on)
    unknown = set(command.assessments).difference(ASSESSMENTS)
    if unknown or len(set(command.assessments)) != len(command.assessments):
        raise Malformed(
            "UNKNOWN_ASSESSMENT", f"assessments are {', '.join(ASSESSMENTS)}, each once", field="assessments"
        )
    require_no_personal_data(command.notes, "notes")
    event = VisitRecorded(command.visit, command.visited_on, command.assessments, command.notes)
    return (Decided(command.target, event),)


def _require_scheduled(facts: Facts, subject: Subject, key: str, visit: int, visited_on: date) -> None:
    dose = require_dose(subject)
    require_window(facts, dose, key, visit)
    facts_of_visit = facts.casebook(key).visit(visit)
    if facts_of_visit.form or facts_of_visit.missed:
        raise Refused("DUPLICATE_VISIT", "this visit is already recorded, as held or as missed")
    if visited_on < dose_date(dose, facts.study()):
        raise Refused("BEFORE_DOSE", "scheduled visits count from the day of the dose")


def record_missed_visit(facts: Facts, command: RecordMissedVisit, context: Context) -> tuple[Decided, ...]:
    """Record why a visit did not take place, once its window is over.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `UNKNOWN_VISIT`, `DUPLICATE_VISIT`, `VISIT_WINDOW_OPEN`,
    `BAD_TEXT`, `PII_SUSPECTED`.
    """
    subject = facts.known_subject(command.subject_key)
    dose = require_dose(subject)
    window = require_window(facts, dose, command.subject_key, command.visit)
    held = facts.casebook(command.subject_key).visit(command.visit)
    if held.entered_at or held.missed:
        raise Refused("DUPLICATE_VISIT", "this visit is already recorded, as held or as missed")
    last_day = dose_date(dose, facts.study()) + timedelta(days=window.last)
    if _today(facts, context) <= last_day:
        raise Refused("VISIT_WINDOW_OPEN", "a visit is missed when its window is over")
    require_said(command.cause, "cause")
    return (Decided(command.target, VisitMissed(command.visit, command.cause)),)


def record_medication(facts: Facts, command: RecordMedication, context: Context) -> tuple[Decided, ...]:
    """Record a concomitant medication.

    Raises: `UNKNOWN_SUBJECT`, `BAD_IDENTIFIER`, `DUPLICATE_MEDICATION`, `BAD_TEXT`, `PII_SUSPECTED`,
    `FUTURE_TIME`, `END_BEFORE_START`.
    """
    facts.known_subject(command.subject_key)
    if require_key(command.medication_id, "a medication") in facts.casebook(command.subject_key).medications:
        raise Refused("DUPLICATE_MEDICATION", "this medication is already recorded")
    require_said(command.name, "name")
    require_past_day(command.start, _today(facts, context), "start")
    _require_end(command.start, command.end, _today(facts, context))
    event = MedicationRecorded(
        command.medication_id, command.name, command.medication_class, command.start, command.end
    )
    return (Decided(command.target, event),)


def end_medication(facts: Facts, command: EndMedication, context: Context) -> tuple[Decided, ...]:
    """Record the last day of a medication that goes on.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_MEDICATION`, `ILLEGAL_SEQUENCE`, `FUTURE_TIME`, `END_BEFORE_START`.
    """
    facts.known_subject(command.subject_key)
    taken = facts.casebook(command.subject_key).medications.get(command.medication_id)
    if taken is None:
        raise Refused("UNKNOWN_MEDICATION", "no such medication was recorded")
    if taken.end is not None:
        raise Refused("ILLEGAL_SEQUENCE", "the end of this medication is already recorded")
    _require_end(taken.start, command.end, _today(facts, context))
    event = MedicationEnded(command.medication_id, command.end)
    entered = facts.quality(command.subject_key).items.set_before(event)
    return (Decided(command.target, event, corrects=entered),)


def record_deviation(facts: Facts, command: RecordDeviation, context: Context) -> tuple[Decided, ...]:
    """Record a deviation from the protocol.

    Raises: `UNKNOWN_SUBJECT`, `BAD_IDENTIFIER`, `DUPLICATE_DEVIATION`, `BAD_TEXT`, `PII_SUSPECTED`,
    `FUTURE_TIME`.
    """
    facts.known_subject(command.subject_key)
    if require_key(command.deviation_id, "a deviation") in facts.casebook(command.subject_key).deviations:
        raise Refused("DUPLICATE_DEVIATION", "a deviation is already recorded under this id")
    require_said(command.description, "description")
    require_past_day(command.found_on, _today(facts, context), "found_on")
    event = DeviationRecorded(
        command.deviation_id, command.category, command.description, command.found_on, command.severity
    )
    return (Decided(command.target, event),)


def assess_deviation(facts: Facts, command: AssessDeviation, context: Context) -> tuple[Decided, ...]:
    """Assess a deviation, once, by somebody who did not record it.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_DEVIATION`, `ALREADY_RECORDED`, `SOD_VIOLATION`, `BAD_TEXT`,
    `PII_SUSPECTED`.
    """
    facts.known_subject(command.subject_key)
    found = facts.casebook(command.subject_key).deviations.get(command.deviation_id)
    if found is None:
        raise Refused("UNKNOWN_DEVIATION", "no deviation was recorded under this id")
    if found.assessed is not None:
        raise Refused("ALREADY_RECORDED", "this deviation is already assessed")
    if found.by == context.person:
        raise Refused("SOD_VIOLATION", "a deviation is assessed by somebody who did not record it")
    require_said(command.impact, "impact")
    require_said(command.action, "action")
    event = DeviationAssessed(command.deviation_id, command.severity, command.impact, command.action)
    return (Decided(command.target, event),)


def require_dose(subject: Subject) -> Dose:
    """Return the dose from which study days count.

    Raises: `ILLEGAL_SEQUENCE`.
    """
    if subject.dose is None:
        raise Refused("ILLEGAL_SEQUENCE", "study days count from the dose")
    return subject.dose


def require_window(facts: Facts, dose: Dose, subject_key: str, visit: int) -> VisitWindow:
    """Return the window that counts for a scheduled visit.

    Raises: `UNKNOWN_VISIT`.
    """
    schedule = windows_of(dose, facts.casebook(subject_key), facts.study())
    window = next((one for one in schedule if one.day == visit), None)
    if window is None:
        days = ", ".join(str(one.day) for one in schedule)
        raise Refused("UNKNOWN_VISIT", f"the protocol plans visits on study days {days}")
    return window


def require_said(text: str, field: str) -> None:
    """Refuse an empty text, and one that may tell who the subject is.

    Raises: `BAD_TEXT`, `PII_SUSPECTED`.
    """
    if not text.strip():
        raise Malformed("BAD_TEXT", "this needs words", field=field)
    require_no_personal_data(text, field)


def _require_end(start: date, end: date | None, today: date) -> None:
    if end is None:
        return
    if end < start:
        raise Malformed("END_BEFORE_START", "the last day is not before the first", field="end")
    require_past_day(end, today, "end")


def _today(facts: Facts, context: Context) -> date:
    return local_date(context.now, require_config(facts.study()).zone)
