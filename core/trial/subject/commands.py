"""What can be asked for about a subject."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from core.kernel import streams
from core.kernel.quantities import Quantity
from core.rules.quantities import Sex
from core.rules.screening_facts import Group
from core.trial.subject.events import (
    AdverseEvent,
    Attested,
    FieldChange,
    Measured,
    Route,
)


@dataclass(frozen=True, slots=True)
class SubjectCommand:
    """A command about one subject."""

    subject_key: str

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.subject(self.subject_key)


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
    cells: Quantity
    route: Route


@dataclass(frozen=True, slots=True)
class ReportAdverseEvent(SubjectCommand):
    """Enter an adverse event."""

    adverse_event: AdverseEvent


@dataclass(frozen=True, slots=True)
class CorrectAdverseEvent(SubjectCommand):
    """Correct fields of an adverse event; each change names the value that it replaces."""

    ae_id: str
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class AdjudicateDlt(SubjectCommand):
    """Judge whether an adverse event is dose-limiting."""

    ae_id: str
    is_dlt: bool


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
