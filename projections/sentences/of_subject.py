"""Sentences about a subject: consent to disposition."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from core.trial.subject.adverse_events import (
    AdverseEventCorrected,
    AdverseEventRegraded,
    AdverseEventReported,
    AdverseEventResolved,
    DltAdjudicated,
    SaeDeclared,
    SaeSubmitted,
)
from core.trial.subject.events import (
    ConsentGiven,
    ConsentReconfirmed,
    ConsentWithdrawn,
    DeathRecorded,
    DispositionCorrected,
    DltWindowCompleted,
    DoseAdministered,
    DoseCorrected,
    DoseWitnessed,
    EligibilityConfirmed,
    LiverTransplantRecorded,
    LostToFollowUpRecorded,
    ScreeningCorrected,
    SubjectEnrolled,
    SubjectScreened,
    SubjectScreenFailed,
    SubjectWithdrawn,
)

if TYPE_CHECKING:
    from core.trial.subject.events import SubjectEvent


def of_subject(event: SubjectEvent, key: str) -> str:  # noqa: C901, PLR0911, PLR0912 - one case an event
    """Return the sentence of an event in the stream of the subject with this key."""
    match event:
        case ConsentGiven():
            return f"{key} consented on form {event.version} ({event.language})."
        case ConsentReconfirmed():
            return f"{key} consented again, on form {event.version} ({event.language})."
        case ConsentWithdrawn():
            return f"{key} withdrew consent: {_words(event.scope)}."
        case SubjectScreened():
            return f"{key} was screened for {event.group}: {_eligible(eligible=event.eligible)}."
        case ScreeningCorrected():
            return f"The screening of {key} was corrected: {_eligible(eligible=event.eligible)}."
        case EligibilityConfirmed():
            return f"The investigator confirmed that {key} is eligible for {event.group}."
        case SubjectScreenFailed():
            return f"{key} failed screening by {', '.join(event.failed_rules)}."
        case SubjectEnrolled():
            replaced = f" in place of {event.replaces}" if event.replaces else ""
            return f"{key} was enrolled at dose level {event.level}{replaced}."
        case DoseAdministered():
            given = f"{event.cells.value} {event.cells.unit}"
            return f"{key} received {given} of lot {event.lot} at dose level {event.level}."
        case DoseCorrected():
            return f"The dose of {key} was corrected: {_fields(event.changes)}."
        case DoseWitnessed():
            return f"The dose of {key} was given in the presence of a witness."
        case AdverseEventReported():
            entry = event.adverse_event
            return f"{key} had {entry.term}, grade {entry.grade} ({entry.ae_id})."
        case AdverseEventCorrected():
            return f"{event.ae_id} of {key} was corrected: {_fields(event.changes)}."
        case AdverseEventRegraded():
            return f"{event.ae_id} of {key} went from grade {event.from_grade} to {event.to_grade}."
        case AdverseEventResolved():
            return f"{event.ae_id} of {key} ended: {_words(event.outcome)}."
        case SaeDeclared():
            return f"{event.ae_id} of {key} was declared serious."
        case SaeSubmitted():
            return f"{event.ae_id} of {key} was submitted to the {event.to}."
        case DltAdjudicated():
            judged = "dose-limiting" if event.is_dlt else "not dose-limiting"
            return f"A member of the committee judged {event.ae_id} of {key} {judged}."
        case DltWindowCompleted():
            return f"The DLT window of {key} was closed; it ran through {event.last_day}."
        case SubjectWithdrawn():
            return f"{key} left the study on {event.date}: {_words(event.cause)}."
        case DeathRecorded():
            return f"{key} died on {event.date}."
        case LiverTransplantRecorded():
            return f"{key} received a liver transplant on {event.date}."
        case LostToFollowUpRecorded():
            return f"{key} was lost to follow-up; last contact was on {event.last_contact}."
        case DispositionCorrected():
            return f"The date of the {_words(event.kind)} of {key} was corrected to {event.new}."
        case _:
            assert_never(event)


def _eligible(*, eligible: bool) -> str:
    return "every rule passes" if eligible else "not every rule passes"


def _fields(changes: tuple[object, ...]) -> str:
    return ", ".join(str(getattr(change, "field", "")) for change in changes)


def _words(code: str) -> str:
    return str(code).replace("_", " ")
