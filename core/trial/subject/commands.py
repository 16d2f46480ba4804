"""What can be asked for about a subject."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from core.kernel import streams
from core.kernel.quantities import Quantity
from core.rules.quantities import Sex
from core.rules.screening_facts import Group
from core.trial.subject.adverse_events import (
    AdverseEvent,
    AdverseEventOutcome,
    SafetyRecipient,
    Seriousness,
)
from core.trial.subject.events import (
    Attested,
    ConsentGiver,
    ConsentScope,
    DispositionKind,
    IdentityCheck,
    Interruption,
    Measured,
)
from core.trial.subject.field_change import FieldChange


@dataclass(frozen=True, slots=True)
class SubjectCommand:
    """A command about one subject."""

    subject_key: str

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.subject(self.subject_key)


@dataclass(frozen=True, slots=True)
class GiveConsent(SubjectCommand):
    """Record that the subject or their representative signed the consent form; the first step of all."""

    version: str
    language: str
    given_by: ConsentGiver
    witness: str | None


@dataclass(frozen=True, slots=True)
class ReconfirmConsent(SubjectCommand):
    """Record that consent was given again under a newer form."""

    version: str
    language: str
    given_by: ConsentGiver
    witness: str | None


@dataclass(frozen=True, slots=True)
class WithdrawConsent(SubjectCommand):
    """Record that consent was withdrawn; leaving the study is a command of its own."""

    scope: ConsentScope


@dataclass(frozen=True, slots=True)
class ScreenSubject(SubjectCommand):
    """Enter the screening of a candidate; eligibility is computed from it."""

    group: Group
    sex: Sex
    age_years: int
    measurements: tuple[Measured, ...]
    days_of_prior_treatment: int | None
    attestations: tuple[Attested, ...]


@dataclass(frozen=True, slots=True)
class CorrectScreening(SubjectCommand):
    """Correct entries of a screening; each change names the value that it replaces."""

    changes: tuple[FieldChange, ...]
    source: str


@dataclass(frozen=True, slots=True)
class ConfirmEligibility(SubjectCommand):
    """Take responsibility for the candidate's eligibility."""

    group: Group


@dataclass(frozen=True, slots=True)
class RecordScreenFailure(SubjectCommand):
    """Record which rules the candidate failed."""

    failed_rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnrolSubject(SubjectCommand):
    """Enrol the subject at a dose level."""

    level: int
    replaces: str | None


@dataclass(frozen=True, slots=True)
class AdministerDose(SubjectCommand):
    """Record the one dose that was given."""

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
class CorrectDose(SubjectCommand):
    """Correct what was recorded of the dose; each change names the value that it replaces."""

    changes: tuple[FieldChange, ...]
    source: str


@dataclass(frozen=True, slots=True)
class ReportAdverseEvent(SubjectCommand):
    """Enter an adverse event."""

    adverse_event: AdverseEvent


@dataclass(frozen=True, slots=True)
class CorrectAdverseEvent(SubjectCommand):
    """Correct fields of an adverse event; each change names the value that it replaces."""

    ae_id: str
    changes: tuple[FieldChange, ...]
    source: str | None


@dataclass(frozen=True, slots=True)
class RegradeAdverseEvent(SubjectCommand):
    """Enter a change of an adverse event's grade; `criteria_met` are criteria of seriousness that it adds."""

    ae_id: str
    from_grade: int
    to_grade: int
    changed_on: dt.date
    changed_at: dt.datetime | None
    criteria_met: tuple[Seriousness, ...]
    aware_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class ResolveAdverseEvent(SubjectCommand):
    """Enter how an adverse event stands or ended."""

    ae_id: str
    outcome: AdverseEventOutcome
    resolved_on: dt.date | None


@dataclass(frozen=True, slots=True)
class DeclareSae(SubjectCommand):
    """Declare an adverse event serious, or follow its declaration up."""

    ae_id: str
    criteria: tuple[Seriousness, ...]
    aware_at: dt.datetime
    narrative: str
    expected: bool


@dataclass(frozen=True, slots=True)
class SubmitSae(SubjectCommand):
    """Record that the report of a serious adverse event went out."""

    ae_id: str
    to: SafetyRecipient
    submitted_at: dt.datetime


@dataclass(frozen=True, slots=True)
class AdjudicateDlt(SubjectCommand):
    """Judge whether an adverse event is dose-limiting; `exclusion` is that of the protocol which it meets."""

    ae_id: str
    is_dlt: bool
    rationale: str
    exclusion: str | None


@dataclass(frozen=True, slots=True)
class WitnessDose(SubjectCommand):
    """Witness the administration; `covers` is the digest of the statement that tells the dose now."""

    covers: str


@dataclass(frozen=True, slots=True)
class CompleteDltWindow(SubjectCommand):
    """Close the subject's DLT window."""


@dataclass(frozen=True, slots=True)
class WithdrawSubject(SubjectCommand):
    """Record that the subject left the study."""

    date: dt.date
    cause: str
    dlt_related: bool


@dataclass(frozen=True, slots=True)
class RecordDeath(SubjectCommand):
    """Record the subject's death."""

    date: dt.date
    cause_ae: str | None
    related: bool


@dataclass(frozen=True, slots=True)
class RecordLiverTransplant(SubjectCommand):
    """Record a liver transplant."""

    date: dt.date


@dataclass(frozen=True, slots=True)
class LoseToFollowUp(SubjectCommand):
    """Record that the subject cannot be reached: last day known alive, attempts made since."""

    last_contact: dt.date
    attempts: int


@dataclass(frozen=True, slots=True)
class CorrectDisposition(SubjectCommand):
    """Correct the day on which a subject left; `old` is the day that stands there."""

    kind: DispositionKind
    old: dt.date
    new: dt.date
    source: str
