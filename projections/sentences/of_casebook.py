"""Sentences about a subject's casebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from core.trial.casebook.events import (
    ClinicalImprovementAssessed,
    DeviationAssessed,
    DeviationRecorded,
    HlaAntibodyReported,
    LabPanelReported,
    LabResultCorrected,
    LabResultRepeated,
    LabReviewed,
    LateResultReported,
    MedicationEnded,
    MedicationRecorded,
    SpecimenDrawn,
    VisitMissed,
    VisitRecorded,
    VitalStatusRecorded,
)

if TYPE_CHECKING:
    from core.trial.casebook.events import CasebookEvent


def of_casebook(event: CasebookEvent, key: str) -> str:  # noqa: C901, PLR0911, PLR0912 - one case an event
    """Return the sentence of an event in the casebook of the subject with this key."""
    match event:
        case VisitRecorded():
            return f"{key} was seen on {event.visited_on} ({_visit(event.visit)})."
        case VisitMissed():
            return f"{key} missed the visit of day {event.visit}: {event.cause}."
        case SpecimenDrawn():
            return f"Specimen {event.specimen_set} was drawn from {key} ({_visit(event.visit)})."
        case LabPanelReported():
            found = len(event.results)
            return (
                f"{found} results of {key} were reported from {event.specimen_set} ({_visit(event.visit)})."
            )
        case LateResultReported():
            return f"{event.result.analyte} of {key} was reported late from {event.specimen_set}."
        case LabResultRepeated():
            return f"{event.result.analyte} of {key} in {event.specimen_set} was measured again."
        case LabResultCorrected():
            old, new = event.old, event.new
            return f"{event.analyte} of {key} was {old.value} {old.unit}, now {new.value} {new.unit}."
        case LabReviewed():
            return f"The results of {key} from {event.specimen_set} were reviewed."
        case MedicationRecorded():
            return f"{key} took {event.name} from {event.start} on."
        case MedicationEnded():
            return f"{key} took medication {event.medication_id} until {event.end}."
        case HlaAntibodyReported():
            return f"HLA antibodies of {key} were reported ({_visit(event.visit)})."
        case VitalStatusRecorded():
            return f"{key} was {'alive' if event.alive else 'not alive'} on day {event.study_day}."
        case ClinicalImprovementAssessed():
            return f"Clinical improvement of {key} was assessed ({_visit(event.visit)})."
        case DeviationRecorded():
            return f"Deviation {event.deviation_id} of {key} was recorded: {event.category}."
        case DeviationAssessed():
            return f"Deviation {event.deviation_id} of {key} was assessed as {event.severity}."
        case _:
            assert_never(event)


def _visit(day: int | None) -> str:
    return "unscheduled" if day is None else f"day {day}"
