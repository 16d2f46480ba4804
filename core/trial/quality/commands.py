"""What can be asked for about the quality of the record."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from core.kernel import streams
from core.trial.quality.events import ItemVersion, Mismatch, QueryKind, ReviewScope, SourceKind, VisitKind


@dataclass(frozen=True, slots=True)
class WholeCasebookCommand:
    """A command about the casebook of one subject as a whole."""

    subject_key: str

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.subject(self.subject_key)


@dataclass(frozen=True, slots=True)
class QueryCommand:
    """A command about one query."""

    query: str

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.query(self.query)


@dataclass(frozen=True, slots=True)
class ReviewCommand:
    """A command that records one review under an id that is not used again."""

    review: str

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.review(self.review)


@dataclass(frozen=True, slots=True)
class FreezeCasebook(WholeCasebookCommand):
    """Stop entries while the casebook is cleaned."""


@dataclass(frozen=True, slots=True)
class UnfreezeCasebook(WholeCasebookCommand):
    """Let entries go on."""


@dataclass(frozen=True, slots=True)
class SignCasebook(WholeCasebookCommand):
    """Take responsibility for the casebook as it was shown: at these heads of its two streams."""

    subject_version: int
    subject_head: str
    casebook_version: int
    casebook_head: str | None
    exceptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LockCasebook(WholeCasebookCommand):
    """Lock a signed casebook; of the events that `plan` names every item has been verified."""

    plan: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProposeUnlock(WholeCasebookCommand):
    """Ask for a locked casebook to be opened; the reason says why."""


@dataclass(frozen=True, slots=True)
class ApproveUnlock(WholeCasebookCommand):
    """Open a locked casebook as somebody else proposed; `proposal` is the proposal's digest."""

    proposal: str


@dataclass(frozen=True, slots=True)
class RaiseQuery(QueryCommand):
    """Ask the site about an item as it stands."""

    subject_key: str
    item: ItemVersion
    kind: QueryKind
    text: str


@dataclass(frozen=True, slots=True)
class AnswerQuery(QueryCommand):
    """Answer a query; `correction` is the digest of the statement that corrected the item, if one did."""

    text: str
    correction: str | None


@dataclass(frozen=True, slots=True)
class CloseQuery(QueryCommand):
    """Settle a query that somebody else answered."""

    outcome: str


@dataclass(frozen=True, slots=True)
class ReopenQuery(QueryCommand):
    """Ask again."""

    text: str


@dataclass(frozen=True, slots=True)
class VerifySource(ReviewCommand):
    """State that items agree with their source."""

    subject_key: str
    source: SourceKind
    items: tuple[ItemVersion, ...]


@dataclass(frozen=True, slots=True)
class ReportSourceMismatch(ReviewCommand):
    """State that items do not agree with their source."""

    subject_key: str
    source: SourceKind
    mismatches: tuple[Mismatch, ...]


@dataclass(frozen=True, slots=True)
class ReviewAuditTrail(ReviewCommand):
    """State that the audit trail was reviewed, from position `first` to `last`, on a head of the log."""

    first: int
    last: int
    scope: ReviewScope
    subject_key: str | None
    findings: tuple[str, ...]
    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Countersign(ReviewCommand):
    """Sign statements of other people once more, each named by its digest."""

    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordMonitoringVisit(ReviewCommand):
    """Record a visit to the site and the head of the log up to which the monitor looked."""

    kind: VisitKind
    first_day: dt.date
    last_day: dt.date
    subjects: tuple[str, ...]
    findings: tuple[str, ...]
    size: int
    root: str
