"""Facts about adverse events: entry, course, outcome, seriousness and adjudication.

A day is a calendar date at the site; the instant stands beside it where it is known.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Final

from core.kernel.actors import Meaning, Role, Signers
from core.trial.subject.field_change import FieldChange


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


class ActionTaken(StrEnum):
    """What was done with the product because of the event (ICH E2B(R3) G.k.8)."""

    WITHDRAWN = "withdrawn"
    DOSE_REDUCED = "dose_reduced"
    DOSE_INCREASED = "dose_increased"
    DOSE_NOT_CHANGED = "dose_not_changed"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


class AdverseEventOutcome(StrEnum):
    """How the event stands or ended (ICH E2B(R3) E.i.7)."""

    RECOVERED = "recovered"
    RECOVERING = "recovering"
    NOT_RECOVERED = "not_recovered"
    RECOVERED_WITH_SEQUELAE = "recovered_with_sequelae"
    FATAL = "fatal"
    UNKNOWN = "unknown"

    @property
    def ends_the_event(self) -> bool:
        """Tell whether nothing of the event's course comes after it."""
        return self in {self.RECOVERED, self.RECOVERED_WITH_SEQUELAE, self.FATAL}


class SafetyRecipient(StrEnum):
    """To whom a serious adverse event is reported."""

    SPONSOR = "sponsor"
    REGULATOR = "regulator"


@dataclass(frozen=True, slots=True)
class LabEvidence:
    """The laboratory value behind an adverse event's grade."""

    value: Decimal
    unit: str
    baseline: Decimal
    uln: Decimal


@dataclass(frozen=True, slots=True)
class AdverseEvent:
    """The entry of one adverse event; grade per CTCAE at onset, 1 to 5; baseline grade 0 to 4.

    `causality` is to the product; a causality or action that was not assessed is null. `aware_at` is when
    the site learnt that the event is serious; `verbatim` says what an "Other, specify" term leaves open.
    """

    ae_id: str
    ctcae_version: str
    term: str
    soc: str
    verbatim: str | None
    meddra_code: int | None
    grade: int
    baseline_grade: int
    onset: dt.date
    onset_at: dt.datetime | None
    causality: Causality
    procedure_causality: Causality | None
    disease_causality: Causality | None
    expected: bool | None
    action_taken: ActionTaken | None
    serious: bool
    seriousness_criteria: tuple[Seriousness, ...]
    aware_at: dt.datetime | None
    lab: LabEvidence | None


@dataclass(frozen=True, slots=True)
class AdverseEventReported:
    """An adverse event was entered."""

    TOPIC: ClassVar[str] = "subject.AdverseEventReported/1"
    adverse_event: AdverseEvent


@dataclass(frozen=True, slots=True)
class AdverseEventCorrected:
    """Fields of an adverse event were corrected; the old values stay in the log.

    `regradings.1.to_grade` is the first change of grade; `source` names the source document.
    """

    TOPIC: ClassVar[str] = "subject.AdverseEventCorrected/1"
    ae_id: str
    changes: tuple[FieldChange, ...]
    source: str | None


@dataclass(frozen=True, slots=True)
class AdverseEventRegraded:
    """The grade of an adverse event changed in its course; the worst grade is the one that counts.

    `criteria_met` are the criteria of seriousness that the event meets from here on, in addition.
    """

    TOPIC: ClassVar[str] = "subject.AdverseEventRegraded/1"
    ae_id: str
    from_grade: int
    to_grade: int
    changed_on: dt.date
    changed_at: dt.datetime | None
    criteria_met: tuple[Seriousness, ...]
    aware_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class AdverseEventResolved:
    """How an adverse event stands or ended; the last one counts."""

    TOPIC: ClassVar[str] = "subject.AdverseEventResolved/1"
    ae_id: str
    outcome: AdverseEventOutcome
    resolved_on: dt.date | None


@dataclass(frozen=True, slots=True)
class SaeDeclared:
    """The investigator declares an event serious, or follows it up; the clocks start at awareness.

    The due instants are computed from the configuration of that number; without a regulator's clock the
    event is no suspected unexpected serious adverse reaction (SUSAR, ICH E2A III.B).
    """

    TOPIC: ClassVar[str] = "subject.SaeDeclared/1"
    ae_id: str
    criteria: tuple[Seriousness, ...]
    aware_at: dt.datetime
    narrative: str
    expected: bool
    config_number: int
    sponsor_due: dt.datetime
    regulator_due: dt.datetime | None


@dataclass(frozen=True, slots=True)
class SaeSubmitted:
    """The report of a serious adverse event, as last declared, went out."""

    TOPIC: ClassVar[str] = "subject.SaeSubmitted/1"
    ae_id: str
    to: SafetyRecipient
    submitted_at: dt.datetime


@dataclass(frozen=True, slots=True)
class DltAdjudicated:
    """A member of the committee judged whether an adverse event is dose-limiting.

    Takes effect when `required` members agree since the event's last change; `exclusion` is the id of the
    protocol's exclusion by which it is not.
    """

    TOPIC: ClassVar[str] = "subject.DltAdjudicated/1"
    ae_id: str
    is_dlt: bool
    rationale: str
    exclusion: str | None
    required: int


AdverseEventFact = (
    AdverseEventReported
    | AdverseEventCorrected
    | AdverseEventRegraded
    | AdverseEventResolved
    | SaeDeclared
    | SaeSubmitted
    | DltAdjudicated
)

_BY_INVESTIGATOR: Final = ((Role.PI, Meaning.RESPONSIBILITY),)
_OBSERVED: Final = ((Role.SC, Meaning.AUTHORED), (Role.SI, Meaning.AUTHORED))
_COMMITTEE: Final = ((Role.SRC, Meaning.ADJUDICATED),)

# Who signs each type, meaning what: the rows with which the policy of position 1 is born.
SIGNERS: Final[Signers] = {
    AdverseEventReported: (*_OBSERVED, *_BY_INVESTIGATOR),
    AdverseEventCorrected: (*_OBSERVED, *_BY_INVESTIGATOR),
    AdverseEventRegraded: (*_OBSERVED, *_BY_INVESTIGATOR),
    AdverseEventResolved: (*_OBSERVED, *_BY_INVESTIGATOR),
    SaeDeclared: _BY_INVESTIGATOR,
    SaeSubmitted: _BY_INVESTIGATOR,
    DltAdjudicated: _COMMITTEE,
}
