"""Facts about a subject that decisions are made from: screening to disposition."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from core.kernel.quantities import Quantity
from core.rules.eligibility import RuleResult
from core.rules.quantities import Sex
from core.rules.screening_facts import Attestation, Group


class Causality(StrEnum):
    """The five-step scale; which steps count as related is configuration."""

    DEFINITE = "definite"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    UNLIKELY = "unlikely"
    UNRELATED = "unrelated"


class Seriousness(StrEnum):
    """Criteria of ICH E2A II.B."""

    DEATH = "death"
    LIFE_THREATENING = "life_threatening"
    HOSPITALISATION = "hospitalisation"
    HOSPITALISATION_PROLONGED = "hospitalisation_prolonged"
    DISABILITY = "disability"
    CONGENITAL_ANOMALY = "congenital_anomaly"
    MEDICALLY_IMPORTANT = "medically_important"


class Route(StrEnum):
    """How the product was given."""

    INTRAPERITONEAL = "intraperitoneal"


@dataclass(frozen=True, slots=True)
class Measured:
    """A screening value with its unit."""

    analyte: str
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Attested:
    """What no computer can judge, as the person attests it; null = not known."""

    id: Attestation
    holds: bool | None


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """One eligibility rule and its result."""

    rule: str
    answer: RuleResult


@dataclass(frozen=True, slots=True)
class LabEvidence:
    """The laboratory value behind an adverse event's grade."""

    value: Decimal
    unit: str
    baseline: Decimal
    uln: Decimal


@dataclass(frozen=True, slots=True)
class AdverseEvent:
    """The entry of one adverse event; grade per CTCAE, 1 to 5."""

    ae_id: str
    ctcae_version: str
    term: str
    soc: str
    meddra_code: int | None
    grade: int
    baseline_grade: int
    onset: dt.date
    causality: Causality
    serious: bool
    seriousness_criteria: tuple[Seriousness, ...]
    lab: LabEvidence | None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One corrected field: a dotted name, the value that stood there and the one that replaces it."""

    field: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class SubjectScreened:
    """A candidate was screened; the result of every eligibility rule is part of the fact."""

    TOPIC: ClassVar[str] = "subject.SubjectScreened/1"
    group: Group
    sex: Sex
    age_years: int
    measurements: tuple[Measured, ...]
    days_of_prior_treatment: int | None
    attestations: tuple[Attested, ...]
    config_number: int
    eligible: bool
    rules: tuple[RuleAnswer, ...]


@dataclass(frozen=True, slots=True)
class EligibilityConfirmed:
    """The investigator takes responsibility for eligibility."""

    TOPIC: ClassVar[str] = "subject.EligibilityConfirmed/1"
    group: Group


@dataclass(frozen=True, slots=True)
class SubjectScreenFailed:
    """The investigator records a screen failure with the rules that failed."""

    TOPIC: ClassVar[str] = "subject.SubjectScreenFailed/1"
    failed_rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubjectEnrolled:
    """The subject takes a slot at a dose level, possibly replacing another."""

    TOPIC: ClassVar[str] = "subject.SubjectEnrolled/1"
    level: int
    replaces: str | None


@dataclass(frozen=True, slots=True)
class DoseAdministered:
    """The one dose was given: day 0, start of the DLT window."""

    TOPIC: ClassVar[str] = "subject.DoseAdministered/1"
    level: int
    cells: Quantity
    route: Route


@dataclass(frozen=True, slots=True)
class AdverseEventReported:
    """An adverse event was entered."""

    TOPIC: ClassVar[str] = "subject.AdverseEventReported/1"
    adverse_event: AdverseEvent


@dataclass(frozen=True, slots=True)
class AdverseEventCorrected:
    """Fields of an adverse event were corrected; the old values stay in the log."""

    TOPIC: ClassVar[str] = "subject.AdverseEventCorrected/1"
    ae_id: str
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class DltAdjudicated:
    """The committee judged whether an adverse event is dose-limiting."""

    TOPIC: ClassVar[str] = "subject.DltAdjudicated/1"
    ae_id: str
    is_dlt: bool


@dataclass(frozen=True, slots=True)
class DltWindowCompleted:
    """The DLT window was closed; `last_day` is the last calendar day that it covered."""

    TOPIC: ClassVar[str] = "subject.DltWindowCompleted/1"
    last_day: dt.date


@dataclass(frozen=True, slots=True)
class SubjectWithdrawn:
    """The subject left the study."""

    TOPIC: ClassVar[str] = "subject.SubjectWithdrawn/1"
    date: dt.date
    cause: str
    dlt_related: bool


@dataclass(frozen=True, slots=True)
class DeathRecorded:
    """The subject died."""

    TOPIC: ClassVar[str] = "subject.DeathRecorded/1"
    date: dt.date
    cause_ae: str | None
    related: bool


@dataclass(frozen=True, slots=True)
class LiverTransplantRecorded:
    """The subject received a liver transplant."""

    TOPIC: ClassVar[str] = "subject.LiverTransplantRecorded/1"
    date: dt.date


SubjectEvent = (
    SubjectScreened
    | EligibilityConfirmed
    | SubjectScreenFailed
    | SubjectEnrolled
    | DoseAdministered
    | AdverseEventReported
    | AdverseEventCorrected
    | DltAdjudicated
    | DltWindowCompleted
    | SubjectWithdrawn
    | DeathRecorded
    | LiverTransplantRecorded
)
