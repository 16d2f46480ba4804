"""Facts about the quality of the record: verified, questioned, frozen, locked, signed off, reviewed.

* Those about one casebook as a whole stand in the subject's stream; a query and a review have one each.
* What is named by its digest is also said in words: nobody signs what they cannot read (21 CFR 11.70).
* Nothing here changes a clinical value: who monitors or manages data never does (ISO 14155 9.2.4.5).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from core.kernel.actors import Meaning, Role, Signers


class SourceKind(StrEnum):
    """The kind of source document with which entries are compared."""

    HOSPITAL_RECORD = "hospital_record"
    LABORATORY_REPORT = "laboratory_report"
    PHARMACY_RECORD = "pharmacy_record"
    CONSENT_FORM = "consent_form"
    WORKSHEET = "worksheet"
    OTHER = "other"


class QueryKind(StrEnum):
    """What a query asks about an item."""

    MISSING = "missing"
    IMPLAUSIBLE = "implausible"
    INCONSISTENT = "inconsistent"
    SOURCE_DIFFERS = "source_differs"
    CLARIFICATION = "clarification"


class ReviewScope(StrEnum):
    """Which streams a review of the audit trail covers: a closed list."""

    ALL = "all"
    ONE_SUBJECT = "one_subject"
    SUBJECTS = "subjects"
    CASEBOOKS = "casebooks"
    LOTS = "lots"
    PEOPLE = "people"
    STUDY = "study"
    ESCALATION = "escalation"
    INSTANCE = "instance"
    QUERIES = "queries"


class VisitKind(StrEnum):
    """Why a monitor visited (ICH E6(R3) 3.11.4)."""

    INITIATION = "initiation"
    ROUTINE = "routine"
    FOR_CAUSE = "for_cause"
    CLOSE_OUT = "close_out"
    REMOTE = "remote"


@dataclass(frozen=True, slots=True)
class ItemVersion:
    """A field of a record as it stood: digests of the record and of the newest statement that set it."""

    record: str
    field: str
    version: str


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An item that does not agree with its source, and what the source says."""

    item: ItemVersion
    found: str


# -- about a casebook: in the subject's stream ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CasebookFrozen:
    """The monitor froze a casebook: it takes safety reports and withdrawals of consent, and nothing else."""

    TOPIC: ClassVar[str] = "quality.CasebookFrozen/1"


@dataclass(frozen=True, slots=True)
class CasebookUnfrozen:
    """Data are entered into the casebook again."""

    TOPIC: ClassVar[str] = "quality.CasebookUnfrozen/1"


@dataclass(frozen=True, slots=True)
class CasebookSigned:
    """The investigator signed the casebook as it stood at these heads of its two streams.

    A head is version and statement digest; a stream without an event has version 0 and no digest.
    """

    TOPIC: ClassVar[str] = "quality.CasebookSigned/1"
    subject_version: int
    subject_head: str
    casebook_version: int
    casebook_head: str | None
    exceptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CasebookLocked:
    """A casebook was locked: nothing at all is entered until two people unlock it.

    `plan` names the events of which every item had to be verified against its source.
    """

    TOPIC: ClassVar[str] = "quality.CasebookLocked/1"
    plan: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnlockProposed:
    """The data manager asked for a locked casebook to be opened, and said why."""

    TOPIC: ClassVar[str] = "quality.UnlockProposed/1"


@dataclass(frozen=True, slots=True)
class CasebookUnlocked:
    """A second person approved the proposal of this digest: the casebook is open again.

    `proposed_by` and `grounds` are the proposer and their reason in words.
    """

    TOPIC: ClassVar[str] = "quality.CasebookUnlocked/1"
    proposal: str
    proposed_by: str
    grounds: str


# -- about one question: in its own stream --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueryRaised:
    """Somebody asked the site about one version of an item, which `about` says in words."""

    TOPIC: ClassVar[str] = "quality.QueryRaised/1"
    subject_key: str
    item: ItemVersion
    about: str
    kind: QueryKind
    text: str


@dataclass(frozen=True, slots=True)
class QueryAnswered:
    """The site answered; `correction` is the digest of the statement that changed the item, if one did."""

    TOPIC: ClassVar[str] = "quality.QueryAnswered/1"
    text: str
    correction: str | None


@dataclass(frozen=True, slots=True)
class QueryClosed:
    """A query was settled by somebody who did not answer it."""

    TOPIC: ClassVar[str] = "quality.QueryClosed/1"
    outcome: str


@dataclass(frozen=True, slots=True)
class QueryReopened:
    """An answered or closed query was asked again."""

    TOPIC: ClassVar[str] = "quality.QueryReopened/1"
    text: str


# -- reviews: each in its own stream --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceVerified:
    """Items of a subject were compared with their source, in these versions, and agree.

    `compared` says each of them with its value in words, in the same order.
    """

    TOPIC: ClassVar[str] = "quality.SourceVerified/1"
    subject_key: str
    source: SourceKind
    items: tuple[ItemVersion, ...]
    compared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceMismatchFound:
    """Items of a subject were compared with their source, in these versions, and differ.

    `compared` says each of them with the value that was entered, in words and in the same order.
    """

    TOPIC: ClassVar[str] = "quality.SourceMismatchFound/1"
    subject_key: str
    source: SourceKind
    mismatches: tuple[Mismatch, ...]
    compared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditTrailReviewed:
    """The audit trail was reviewed from one position to another, by somebody who signed nothing of it.

    `size` and `root` are the signed head of the log on which it was done.
    """

    TOPIC: ClassVar[str] = "quality.AuditTrailReviewed/1"
    first: int
    last: int
    scope: ReviewScope
    subject_key: str | None
    findings: tuple[str, ...]
    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Countersigned:
    """Statements of other people, named by their digests and in words, were signed once more."""

    TOPIC: ClassVar[str] = "quality.Countersigned/1"
    covers: tuple[str, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MonitoringVisitRecorded:
    """A monitor visited the site; `size` and `root` are the signed head of the log that they saw last."""

    TOPIC: ClassVar[str] = "quality.MonitoringVisitRecorded/1"
    kind: VisitKind
    first_day: dt.date
    last_day: dt.date
    subjects: tuple[str, ...]
    findings: tuple[str, ...]
    size: int
    root: str


CasebookQualityEvent = (
    CasebookFrozen | CasebookUnfrozen | CasebookSigned | CasebookLocked | UnlockProposed | CasebookUnlocked
)
QueryEvent = QueryRaised | QueryAnswered | QueryClosed | QueryReopened
ReviewEvent = (
    SourceVerified | SourceMismatchFound | AuditTrailReviewed | Countersigned | MonitoringVisitRecorded
)

_MONITOR: Final = ((Role.CRA, Meaning.REVIEWED),)
_VERIFIED: Final = ((Role.CRA, Meaning.VERIFIED),)
_REVIEWERS: Final = ((Role.CRA, Meaning.REVIEWED), (Role.DM, Meaning.REVIEWED))
_SITE: Final = tuple((role, Meaning.AUTHORED) for role in (Role.SC, Role.SI, Role.LB, Role.PH))

# Who signs each type, meaning what: the rows with which the policy of position 1 is born.
SIGNERS: Final[Signers] = {
    CasebookFrozen: _MONITOR,
    CasebookUnfrozen: _REVIEWERS,
    CasebookSigned: ((Role.PI, Meaning.RESPONSIBILITY),),
    CasebookLocked: ((Role.DM, Meaning.APPROVED),),
    UnlockProposed: ((Role.DM, Meaning.AUTHORED),),
    CasebookUnlocked: ((Role.MM, Meaning.APPROVED),),
    QueryRaised: tuple((role, Meaning.AUTHORED) for role in (Role.CRA, Role.DM, Role.MM, Role.SRC)),
    QueryAnswered: (*_SITE, (Role.PI, Meaning.RESPONSIBILITY)),
    QueryClosed: _REVIEWERS,
    QueryReopened: ((Role.CRA, Meaning.AUTHORED), (Role.DM, Meaning.AUTHORED)),
    SourceVerified: _VERIFIED,
    SourceMismatchFound: _VERIFIED,
    AuditTrailReviewed: _REVIEWERS,
    Countersigned: (
        (Role.PI, Meaning.RESPONSIBILITY),
        (Role.SI, Meaning.REVIEWED),
        (Role.MM, Meaning.REVIEWED),
        *_REVIEWERS,
    ),
    MonitoringVisitRecorded: ((Role.CRA, Meaning.AUTHORED),),
}
