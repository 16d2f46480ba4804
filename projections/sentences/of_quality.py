"""Sentences about the quality of the record: casebooks as a whole, queries, reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from core.trial.quality.events import (
    AuditTrailReviewed,
    CasebookFrozen,
    CasebookLocked,
    CasebookSigned,
    CasebookUnfrozen,
    CasebookUnlocked,
    Countersigned,
    MonitoringVisitRecorded,
    QueryAnswered,
    QueryClosed,
    QueryRaised,
    QueryReopened,
    SourceMismatchFound,
    SourceVerified,
    UnlockProposed,
)

if TYPE_CHECKING:
    from core.trial.quality.events import CasebookQualityEvent, QueryEvent, ReviewEvent


def of_casebook_quality(event: CasebookQualityEvent, key: str) -> str:
    """Return the sentence of an event about the casebook of the subject with this key."""
    match event:
        case CasebookFrozen():
            return f"The casebook of {key} was frozen."
        case CasebookUnfrozen():
            return f"The casebook of {key} was unfrozen."
        case CasebookSigned():
            but = f", with {len(event.exceptions)} exceptions" if event.exceptions else ""
            return f"The casebook of {key} was signed off{but}."
        case CasebookLocked():
            return f"The casebook of {key} was locked."
        case UnlockProposed():
            return f"It was proposed to unlock the casebook of {key}."
        case CasebookUnlocked():
            return f"The casebook of {key} was unlocked."
        case _:
            assert_never(event)


def of_query(event: QueryEvent, query: str) -> str:
    """Return the sentence of an event of the query with this id."""
    match event:
        case QueryRaised():
            return (
                f'Query {query} about {event.item.field} of {event.subject_key} was raised: "{event.text}".'
            )
        case QueryAnswered():
            return f'Query {query} was answered: "{event.text}".'
        case QueryClosed():
            return f'Query {query} was closed: "{event.outcome}".'
        case QueryReopened():
            return f'Query {query} was asked again: "{event.text}".'
        case _:
            assert_never(event)


def of_review(event: ReviewEvent, review: str) -> str:
    """Return the sentence of the review with this id."""
    match event:
        case SourceVerified():
            found = len(event.items)
            return f"{found} items of {event.subject_key} agree with their source ({review})."
        case SourceMismatchFound():
            found = len(event.mismatches)
            return f"{found} items of {event.subject_key} differ from their source ({review})."
        case AuditTrailReviewed():
            of = event.subject_key or event.scope.replace("_", " ")
            covered = f"{event.first} to {event.last}"
            return f"The audit trail of {of} was reviewed, positions {covered} ({review})."
        case Countersigned():
            return f"{len(event.covers)} statements were countersigned ({review})."
        case MonitoringVisitRecorded():
            days = f"{event.first_day} to {event.last_day}"
            return f"Monitoring visit {review} ({event.kind.replace('_', ' ')}), {days}."
        case _:
            assert_never(event)
