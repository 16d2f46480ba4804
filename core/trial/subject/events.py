"""Facts about a subject that decisions are made from: screening to disposition."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Final

from core.kernel.actors import Meaning, Role, Signers
from core.kernel.quantities import Quantity
from core.rules.eligibility import RuleResult
from core.rules.quantities import Sex
from core.rules.screening_facts import Attestation, Group
from core.trial.subject.adverse_events import (
    AdverseEventCorrected,
    AdverseEventRegraded,
    AdverseEventReported,
    AdverseEventResolved,
    DltAdjudicated,
    SaeDeclared,
    SaeSubmitted,
)
from core.trial.subject.field_change import FieldChange


class ConsentGiver(StrEnum):
    """Who signed the consent form."""

    SUBJECT = "subject"
    LEGAL_REPRESENTATIVE = "legal_representative"


class ConsentScope(StrEnum):
    """What is withdrawn: further treatment, or every procedure of the trial."""

    TREATMENT_ONLY = "treatment_only"
    ALL_PROCEDURES = "all_procedures"


@dataclass(frozen=True, slots=True)
class Measured:
    """A screening value with its unit, its source, and when it was taken; null: at the screening itself."""

    analyte: str
    value: Decimal
    unit: str
    measured_at: dt.datetime | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Attested:
    """What no computer can judge, as the person attests it; null = not known; `note` names the source."""

    id: Attestation
    holds: bool | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """One eligibility rule and its result."""

    rule: str
    answer: RuleResult


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """Consent was given; it counts from the moment at which this occurred: the form was signed.

    `form_digest` is that of the approved text; `witness` is who saw a legal representative sign.
    """

    TOPIC: ClassVar[str] = "subject.ConsentGiven/1"
    version: str
    language: str
    form_digest: str
    given_by: ConsentGiver
    witness: str | None


@dataclass(frozen=True, slots=True)
class ConsentReconfirmed:
    """Consent was given again, under a newer form."""

    TOPIC: ClassVar[str] = "subject.ConsentReconfirmed/1"
    version: str
    language: str
    form_digest: str
    given_by: ConsentGiver
    witness: str | None


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    """Consent was withdrawn, in part or in whole, at the moment at which this occurred."""

    TOPIC: ClassVar[str] = "subject.ConsentWithdrawn/1"
    scope: ConsentScope


class IdentityCheck(StrEnum):
    """What shows at the bedside that the product is for this subject; two of them are checked."""

    SUBJECT_KEY = "subject_key"
    WRISTBAND = "wristband"
    STATED_NAME = "stated_name"
    BIRTH_DATE = "birth_date"


@dataclass(frozen=True, slots=True)
class Interruption:
    """A pause of the administration; `resumed_at` null where it was not taken up again."""

    at: dt.datetime
    resumed_at: dt.datetime | None
    cause: str


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
class ScreeningCorrected:
    """Entries of a screening were corrected from their source; every rule is answered again."""

    TOPIC: ClassVar[str] = "subject.ScreeningCorrected/1"
    changes: tuple[FieldChange, ...]
    source: str
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
    config_number: int
    level: int
    replaces: str | None


@dataclass(frozen=True, slots=True)
class DoseAdministered:
    """The one dose was given, out of a checked preparation: day 0, start of the DLT window."""

    TOPIC: ClassVar[str] = "subject.DoseAdministered/1"
    config_number: int
    level: int
    lot: str
    cells: Quantity
    volume: Quantity
    route: str
    started_at: dt.datetime
    ended_at: dt.datetime
    interruption: Interruption | None
    identity_checked: tuple[IdentityCheck, ...]


@dataclass(frozen=True, slots=True)
class DoseCorrected:
    """What was recorded of the dose was corrected, by the source named; the old values stay in the log.

    `reopens_window`: day 0 moved after the DLT window had been closed, which is therefore open again.
    """

    TOPIC: ClassVar[str] = "subject.DoseCorrected/1"
    changes: tuple[FieldChange, ...]
    source: str
    reopens_window: bool


@dataclass(frozen=True, slots=True)
class DoseWitnessed:
    """Somebody else was there and saw the dose given as the statement named by its digest says."""

    TOPIC: ClassVar[str] = "subject.DoseWitnessed/1"
    covers: str


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


@dataclass(frozen=True, slots=True)
class LostToFollowUpRecorded:
    """The subject could not be reached any more: last day known alive, and how often it was tried."""

    TOPIC: ClassVar[str] = "subject.LostToFollowUpRecorded/1"
    last_contact: dt.date
    attempts: int


class DispositionKind(StrEnum):
    """The ways in which a subject leaves."""

    WITHDRAWAL = "withdrawal"
    DEATH = "death"
    LIVER_TRANSPLANT = "liver_transplant"
    LOST_TO_FOLLOW_UP = "lost_to_follow_up"


@dataclass(frozen=True, slots=True)
class DispositionCorrected:
    """The day on which a subject left was recorded wrong; `source` shows the right one."""

    TOPIC: ClassVar[str] = "subject.DispositionCorrected/1"
    kind: DispositionKind
    old: dt.date
    new: dt.date
    source: str


SubjectEvent = (
    ConsentGiven
    | ConsentReconfirmed
    | ConsentWithdrawn
    | SubjectScreened
    | ScreeningCorrected
    | EligibilityConfirmed
    | SubjectScreenFailed
    | SubjectEnrolled
    | DoseAdministered
    | DoseCorrected
    | DoseWitnessed
    | AdverseEventReported
    | AdverseEventCorrected
    | AdverseEventRegraded
    | AdverseEventResolved
    | SaeDeclared
    | SaeSubmitted
    | DltAdjudicated
    | DltWindowCompleted
    | SubjectWithdrawn
    | DeathRecorded
    | LiverTransplantRecorded
    | LostToFollowUpRecorded
    | DispositionCorrected
)

_BY_INVESTIGATOR: Final = ((Role.PI, Meaning.RESPONSIBILITY),)
_DELEGABLE: Final = ((Role.PI, Meaning.RESPONSIBILITY), (Role.SI, Meaning.RESPONSIBILITY))
_OBSERVED: Final = ((Role.SC, Meaning.AUTHORED), (Role.SI, Meaning.AUTHORED))

# Who signs each type, meaning what: the rows with which the policy of position 1 is born.
SIGNERS: Final[Signers] = {
    ConsentGiven: _DELEGABLE,
    ConsentReconfirmed: _DELEGABLE,
    ConsentWithdrawn: _DELEGABLE,
    SubjectScreened: _OBSERVED,
    ScreeningCorrected: _OBSERVED,
    EligibilityConfirmed: _DELEGABLE,
    SubjectScreenFailed: _DELEGABLE,
    SubjectEnrolled: _DELEGABLE,
    DoseAdministered: _DELEGABLE,
    DoseCorrected: _BY_INVESTIGATOR,
    DoseWitnessed: ((Role.PH, Meaning.WITNESSED),),
    DltWindowCompleted: _BY_INVESTIGATOR,
    SubjectWithdrawn: _BY_INVESTIGATOR,
    DeathRecorded: _BY_INVESTIGATOR,
    LiverTransplantRecorded: _BY_INVESTIGATOR,
    LostToFollowUpRecorded: _BY_INVESTIGATOR,
    DispositionCorrected: _BY_INVESTIGATOR,
}
