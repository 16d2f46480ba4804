"""Facts of the casebook: visits, specimens, results, medication, assessments, deviations."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Final

from core.kernel.actors import Meaning, Role, Signers
from core.kernel.codec import absent_unless_said
from core.kernel.quantities import Quantity


class Significance(StrEnum):
    """Whether a result matters clinically, as the reviewer judges it."""

    SIGNIFICANT = "CS"
    NOT_SIGNIFICANT = "NCS"


class MedicationClass(StrEnum):
    """Classes of medication that a grade, a criterion or a safety question depends on."""

    ANTICOAGULANT = "anticoagulant"
    ANTIPLATELET = "antiplatelet"
    IMMUNOSUPPRESSANT = "immunosuppressant"
    INSULIN = "insulin"
    ORAL_ANTIDIABETIC = "oral_antidiabetic"
    ANTIMICROBIAL = "antimicrobial"
    DIURETIC = "diuretic"
    VASOPRESSOR = "vasopressor"
    ALBUMIN = "albumin"
    BLOOD_PRODUCT = "blood_product"
    OTHER = "other"


class DeviationCategory(StrEnum):
    """What a recorded protocol deviation is about."""

    CONSENT = "consent"
    ELIGIBILITY = "eligibility"
    DOSING = "dosing"
    PRODUCT = "product"
    VISIT = "visit"
    ASSESSMENT = "assessment"
    SAFETY_REPORTING = "safety_reporting"
    OTHER = "other"


class DeviationSeverity(StrEnum):
    """How grave a deviation is for subjects and for the reliability of the data."""

    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class MeasuredBy:
    """From which registered analyser a result came; `sent_at` is what its own clock said when it sent."""

    analyser: str
    sent_at: dt.datetime | None = absent_unless_said()


@dataclass(frozen=True, slots=True)
class LabResult:
    """One result; specimen and times are its own, as a re-draw may differ from the panel."""

    analyte: str
    value: Decimal
    unit: str
    specimen_set: str
    drawn_at: dt.datetime
    resulted_at: dt.datetime
    measured: MeasuredBy | None = absent_unless_said()


@dataclass(frozen=True, slots=True)
class LabFinding:
    """What the reviewer thinks of one result."""

    analyte: str
    significance: Significance


@dataclass(frozen=True, slots=True)
class AntibodyClass:
    """Strongest bead (MFI), panel-reactive share and specificities of one HLA class, such as `A*02:01`."""

    max_mfi: Decimal
    cpra_percent: Decimal
    specificities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VisitRecorded:
    """A visit took place: a scheduled one by its study day, an unscheduled one without; what was done."""

    TOPIC: ClassVar[str] = "casebook.VisitRecorded/1"
    visit: int | None
    visited_on: dt.date
    assessments: tuple[str, ...]
    notes: str | None


@dataclass(frozen=True, slots=True)
class VisitMissed:
    """Why a scheduled visit did not take place; that it did not follows from the record by itself."""

    TOPIC: ClassVar[str] = "casebook.VisitMissed/1"
    visit: int
    cause: str


@dataclass(frozen=True, slots=True)
class SpecimenDrawn:
    """A specimen set was drawn, and received by the laboratory once that is known."""

    TOPIC: ClassVar[str] = "casebook.SpecimenDrawn/1"
    visit: int | None
    specimen_set: str
    drawn_at: dt.datetime
    received_at: dt.datetime | None
    kind: str


@dataclass(frozen=True, slots=True)
class LabPanelReported:
    """The results of one specimen set; dialysis flags refer to the 7 days before the draw."""

    TOPIC: ClassVar[str] = "casebook.LabPanelReported/1"
    visit: int | None
    specimen_set: str
    drawn_at: dt.datetime
    resulted_at: dt.datetime
    results: tuple[LabResult, ...]
    dialysis_twice_in_7d: bool
    cvvhd_24h_in_7d: bool


@dataclass(frozen=True, slots=True)
class LateResultReported:
    """A result came after its panel had been reported: one more analyte."""

    TOPIC: ClassVar[str] = "casebook.LateResultReported/1"
    visit: int | None
    specimen_set: str
    result: LabResult


@dataclass(frozen=True, slots=True)
class LabResultRepeated:
    """A measurement was repeated; the repeat counts from now on and the earlier result is kept."""

    TOPIC: ClassVar[str] = "casebook.LabResultRepeated/1"
    visit: int | None
    specimen_set: str
    old: Quantity
    result: LabResult


@dataclass(frozen=True, slots=True)
class LabResultCorrected:
    """A wrong value was replaced; draw and release time stay those of the result (domain 3).

    `source` names the document that shows the new value (ICH E6(R3) 4.2.4).
    """

    TOPIC: ClassVar[str] = "casebook.LabResultCorrected/1"
    visit: int | None
    specimen_set: str
    analyte: str
    old: Quantity
    new: Quantity
    source: str


@dataclass(frozen=True, slots=True)
class LabReviewed:
    """An investigator has looked at results of a panel: which matter, and what is done about them."""

    TOPIC: ClassVar[str] = "casebook.LabReviewed/1"
    visit: int | None
    specimen_set: str
    findings: tuple[LabFinding, ...]
    action: str | None


@dataclass(frozen=True, slots=True)
class MedicationRecorded:
    """A concomitant medication, by days at the site; `end` null while it goes on."""

    TOPIC: ClassVar[str] = "casebook.MedicationRecorded/1"
    medication_id: str
    name: str
    medication_class: MedicationClass
    start: dt.date
    end: dt.date | None


@dataclass(frozen=True, slots=True)
class MedicationEnded:
    """The last day of a medication that was recorded as going on."""

    TOPIC: ClassVar[str] = "casebook.MedicationEnded/1"
    medication_id: str
    end: dt.date


@dataclass(frozen=True, slots=True)
class HlaAntibodyReported:
    """HLA antibodies at a visit, class I and class II; positive at or above the threshold."""

    TOPIC: ClassVar[str] = "casebook.HlaAntibodyReported/1"
    visit: int
    assay: str
    laboratory: str | None
    kit_lot: str | None
    threshold_mfi: Decimal
    class_i: AntibodyClass
    class_ii: AntibodyClass


@dataclass(frozen=True, slots=True)
class VitalStatusRecorded:
    """Whether the subject was alive on a study day."""

    TOPIC: ClassVar[str] = "casebook.VitalStatusRecorded/1"
    study_day: int
    alive: bool


@dataclass(frozen=True, slots=True)
class ClinicalImprovementAssessed:
    """The attested parts of clinical improvement at a visit; null is not known.

    The laboratory part is computed from the results of the visit and is no entry (domain 6).
    """

    TOPIC: ClassVar[str] = "casebook.ClinicalImprovementAssessed/1"
    visit: int
    guideline: str
    symptoms_improved: bool | None
    encephalopathy_resolved: bool | None
    jaundice_and_ascites_improved: bool | None
    evidence: str


@dataclass(frozen=True, slots=True)
class DeviationRecorded:
    """A departure from the protocol that somebody found."""

    TOPIC: ClassVar[str] = "casebook.DeviationRecorded/1"
    deviation_id: str
    category: DeviationCategory
    description: str
    found_on: dt.date
    severity: DeviationSeverity


@dataclass(frozen=True, slots=True)
class DeviationAssessed:
    """What a deviation meant and what is done so that it does not come back."""

    TOPIC: ClassVar[str] = "casebook.DeviationAssessed/1"
    deviation_id: str
    severity: DeviationSeverity
    impact: str
    action: str


CasebookEvent = (
    VisitRecorded
    | VisitMissed
    | SpecimenDrawn
    | LabPanelReported
    | LateResultReported
    | LabResultRepeated
    | LabResultCorrected
    | LabReviewed
    | MedicationRecorded
    | MedicationEnded
    | HlaAntibodyReported
    | VitalStatusRecorded
    | ClinicalImprovementAssessed
    | DeviationRecorded
    | DeviationAssessed
)

_BY_INVESTIGATOR: Final = ((Role.PI, Meaning.RESPONSIBILITY),)
_ENTERED: Final = ((Role.SC, Meaning.AUTHORED),)
_MEDICATION: Final = ((Role.SC, Meaning.AUTHORED), (Role.SI, Meaning.AUTHORED))
_LAB: Final = ((Role.SC, Meaning.AUTHORED), (Role.LB, Meaning.AUTHORED))
_REVIEW: Final = ((Role.SI, Meaning.REVIEWED), (Role.PI, Meaning.REVIEWED))

# Who signs each type, meaning what: the rows with which the policy of position 1 is born.
SIGNERS: Final[Signers] = {
    VisitRecorded: _ENTERED,
    VisitMissed: _ENTERED,
    SpecimenDrawn: _LAB,
    LabPanelReported: _LAB,
    LateResultReported: _LAB,
    LabResultRepeated: _LAB,
    LabResultCorrected: _LAB,
    LabReviewed: _REVIEW,
    MedicationRecorded: _MEDICATION,
    MedicationEnded: _MEDICATION,
    HlaAntibodyReported: _LAB,
    VitalStatusRecorded: _BY_INVESTIGATOR,
    ClinicalImprovementAssessed: (
        (Role.SI, Meaning.RESPONSIBILITY),
        (Role.PI, Meaning.RESPONSIBILITY),
    ),
    DeviationRecorded: (
        (Role.PI, Meaning.RESPONSIBILITY),
        *((role, Meaning.AUTHORED) for role in (Role.SC, Role.SI, Role.PH, Role.CRA, Role.DM)),
    ),
    DeviationAssessed: ((Role.PI, Meaning.REVIEWED), (Role.MM, Meaning.REVIEWED)),
}
