"""What can be entered into a casebook."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from core.kernel import streams
from core.kernel.quantities import Quantity
from core.trial.casebook.events import (
    AntibodyClass,
    DeviationCategory,
    DeviationSeverity,
    LabFinding,
    LabResult,
    MedicationClass,
)


@dataclass(frozen=True, slots=True)
class CasebookCommand:
    """A command about one subject's casebook."""

    subject_key: str

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.casebook(self.subject_key)


@dataclass(frozen=True, slots=True)
class RecordVisit(CasebookCommand):
    """Record that a visit took place and which assessments were done; `visit` null if unscheduled."""

    visit: int | None
    visited_on: dt.date
    assessments: tuple[str, ...]
    notes: str | None


@dataclass(frozen=True, slots=True)
class RecordMissedVisit(CasebookCommand):
    """Record why a scheduled visit did not take place."""

    visit: int
    cause: str


@dataclass(frozen=True, slots=True)
class RecordSpecimen(CasebookCommand):
    """Record the draw of a specimen set."""

    visit: int | None
    specimen_set: str
    drawn_at: dt.datetime
    received_at: dt.datetime | None
    kind: str


@dataclass(frozen=True, slots=True)
class ReportLabPanel(CasebookCommand):
    """Enter the results of a specimen set; `visit` null if unscheduled."""

    visit: int | None
    specimen_set: str
    drawn_at: dt.datetime
    resulted_at: dt.datetime
    results: tuple[LabResult, ...]
    dialysis_twice_in_7d: bool
    cvvhd_24h_in_7d: bool


@dataclass(frozen=True, slots=True)
class ReportLateResult(CasebookCommand):
    """Enter one more analyte of a panel that was reported before."""

    visit: int | None
    specimen_set: str
    result: LabResult


@dataclass(frozen=True, slots=True)
class RepeatLabResult(CasebookCommand):
    """Enter the repeat of a measurement; it counts instead of `old`, the value that stands there."""

    visit: int | None
    specimen_set: str
    old: Quantity
    result: LabResult


@dataclass(frozen=True, slots=True)
class CorrectLabResult(CasebookCommand):
    """Replace a wrong value; `old` is the value that stands there, `source` shows the new one."""

    visit: int | None
    specimen_set: str
    analyte: str
    old: Quantity
    new: Quantity
    source: str


@dataclass(frozen=True, slots=True)
class ReviewLab(CasebookCommand):
    """Judge results of a panel; significant ones need an action."""

    visit: int | None
    specimen_set: str
    findings: tuple[LabFinding, ...]
    action: str | None


@dataclass(frozen=True, slots=True)
class RecordMedication(CasebookCommand):
    """Record a concomitant medication; `end` null while it goes on."""

    medication_id: str
    name: str
    medication_class: MedicationClass
    start: dt.date
    end: dt.date | None


@dataclass(frozen=True, slots=True)
class EndMedication(CasebookCommand):
    """Record the last day of a medication."""

    medication_id: str
    end: dt.date


@dataclass(frozen=True, slots=True)
class ReportHlaAntibodies(CasebookCommand):
    """Enter HLA antibodies of a visit."""

    visit: int
    assay: str
    laboratory: str | None
    kit_lot: str | None
    threshold_mfi: Decimal
    class_i: AntibodyClass
    class_ii: AntibodyClass


@dataclass(frozen=True, slots=True)
class RecordVitalStatus(CasebookCommand):
    """Record whether the subject was alive on a study day."""

    study_day: int
    alive: bool


@dataclass(frozen=True, slots=True)
class AssessClinicalImprovement(CasebookCommand):
    """Attest to the clinical parts of improvement at a visit, with what they rest on."""

    visit: int
    guideline: str
    symptoms_improved: bool | None
    encephalopathy_resolved: bool | None
    jaundice_and_ascites_improved: bool | None
    evidence: str


@dataclass(frozen=True, slots=True)
class RecordDeviation(CasebookCommand):
    """Record a protocol deviation that was found."""

    deviation_id: str
    category: DeviationCategory
    description: str
    found_on: dt.date
    severity: DeviationSeverity


@dataclass(frozen=True, slots=True)
class AssessDeviation(CasebookCommand):
    """Judge a recorded deviation: its severity, what it meant, what is done about it."""

    deviation_id: str
    severity: DeviationSeverity
    impact: str
    action: str
