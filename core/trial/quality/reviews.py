"""Reviews of the record: of the audit trail, of other people's statements, of the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.kernel.streams import require_key
from core.kernel.time import local_date
from core.trial.acts import act_in_words
from core.trial.context import Context, Decided, require_past_day
from core.trial.quality.events import (
    AuditTrailReviewed,
    Countersigned,
    MonitoringVisitRecorded,
    ReviewScope,
)
from core.trial.quality.remarks import require_remark
from core.trial.quality.scope import is_in_scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.trial.acts import Act
    from core.trial.facts import Facts
    from core.trial.quality.commands import Countersign, RecordMonitoringVisit, ReviewAuditTrail


def require_new_review(facts: Facts, review: str) -> None:
    """Refuse an id under which a review is recorded; no two reviews are decided unseen by each other.

    Raises: `BAD_IDENTIFIER`, `DUPLICATE_REVIEW`.
    """
    require_key(review, "a review's id")
    if facts.has_review(review):
        raise Refused("DUPLICATE_REVIEW", "a review is recorded under this id")
    facts.note_reviews()


def review_audit_trail(facts: Facts, command: ReviewAuditTrail, context: Context) -> tuple[Decided, ...]:
    """Record a review of the audit trail by somebody who signed, verified or countersigned nothing of it.

    Raises: `DUPLICATE_REVIEW`, `BAD_IDENTIFIER`, `BAD_SCOPE`, `UNKNOWN_SUBJECT`, `BAD_INTERVAL`,
    `BAD_SNAPSHOT`, `SOD_VIOLATION` (EU Annex 11 draft 12.6), `BAD_TEXT`, `PII_SUSPECTED`.
    """
    require_new_review(facts, command.review)
    if (command.subject_key is not None) is not (command.scope is ReviewScope.ONE_SUBJECT):
        raise Malformed("BAD_SCOPE", "a subject key belongs to a review of one subject", field="subject_key")
    if command.subject_key is not None:
        facts.known_subject(command.subject_key)
    if not 1 <= command.first <= command.last <= command.size:
        raise Malformed("BAD_INTERVAL", "a review goes from a position up to one of its head", field="last")
    context.checks.require_root(command.size, command.root)
    for act in facts.acts(context.person, command.first):
        _require_no_part(act, command)
    _require_findings(command.findings)
    event = AuditTrailReviewed(
        first=command.first,
        last=command.last,
        scope=command.scope,
        subject_key=command.subject_key,
        findings=command.findings,
        size=command.size,
        root=command.root,
    )
    return (Decided(command.target, event),)


def _require_no_part(act: Act, command: ReviewAuditTrail) -> None:
    """Refuse a review of what the reviewer signed, or of what that signature covers.

    Raises: `SOD_VIOLATION`.
    """
    reviewed = range(command.first, command.last + 1)
    if not is_in_scope(act, command.scope, command.subject_key):
        return
    if act.position in reviewed or any(position in reviewed for position in act.covers):
        raise Refused(
            "SOD_VIOLATION",
            f"what the reviewer signed at position {act.position} is, or is about, part of what is reviewed",
            position=act.position,
        )


def countersign(facts: Facts, command: Countersign, context: Context) -> tuple[Decided, ...]:
    """Sign statements of other people once more, each once; one that was changed together with its changes.

    Raises: `DUPLICATE_REVIEW`, `BAD_IDENTIFIER`, `NOTHING_TO_SIGN`, `DUPLICATE_FIELD`, `UNKNOWN_STATEMENT`,
    `SOD_VIOLATION`, `ALREADY_SIGNED`, `STALE_VERSION`.
    """
    require_new_review(facts, command.review)
    if not command.covers:
        raise Malformed("NOTHING_TO_SIGN", "name the statements that are countersigned", field="covers")
    if len(set(command.covers)) != len(command.covers):
        raise Malformed("DUPLICATE_FIELD", "name each statement once", field="covers")
    acts = [_countersignable(facts, digest, context.person) for digest in command.covers]
    _require_with_changes(facts, acts)
    signs = tuple(f"{act_in_words(act)}, signed by {act.by}" for act in acts)
    return (Decided(command.target, Countersigned(command.covers, signs)),)


def _countersignable(facts: Facts, digest: str, person: str) -> Act:
    act = facts.signed(digest)
    if act is None:
        raise Refused("UNKNOWN_STATEMENT", "no person signed a statement with this digest")
    if act.by == person:
        raise Refused("SOD_VIOLATION", "nobody countersigns a statement of their own")
    if person in facts.countersigners(digest):
        raise Refused("ALREADY_SIGNED", "the same person has countersigned this statement")
    return act


def _require_with_changes(facts: Facts, acts: Sequence[Act]) -> None:
    """Refuse a statement that was changed, unless what changed it is countersigned with it."""
    together = {act.position for act in acts}
    for act in acts:
        missing = [position for position in facts.changes_of(act) if position not in together]
        if missing:
            raise Refused(
                "STALE_VERSION",
                f"position {act.position} was changed at position {missing[0]}; sign both, or the change",
                position=missing[0],
            )


def record_monitoring_visit(
    facts: Facts, command: RecordMonitoringVisit, context: Context
) -> tuple[Decided, ...]:
    """Record a monitoring visit and up to where of the record it looked.

    Raises: `DUPLICATE_REVIEW`, `BAD_IDENTIFIER`, `END_BEFORE_START`, `FUTURE_TIME`, `DUPLICATE_FIELD`,
    `UNKNOWN_SUBJECT`, `BAD_SNAPSHOT`, `BAD_TEXT`, `PII_SUSPECTED`.
    """
    require_new_review(facts, command.review)
    if command.last_day < command.first_day:
        raise Malformed("END_BEFORE_START", "the last day is not before the first", field="last_day")
    require_past_day(command.last_day, local_date(context.now, context.zone), "last_day")
    if len(set(command.subjects)) != len(command.subjects):
        raise Malformed("DUPLICATE_FIELD", "name each subject once", field="subjects")
    for key in command.subjects:
        facts.known_subject(key)
    context.checks.require_root(command.size, command.root)
    _require_findings(command.findings)
    event = MonitoringVisitRecorded(
        kind=command.kind,
        first_day=command.first_day,
        last_day=command.last_day,
        subjects=command.subjects,
        findings=command.findings,
        size=command.size,
        root=command.root,
    )
    return (Decided(command.target, event),)


def _require_findings(findings: tuple[str, ...]) -> None:
    for finding in findings:
        require_remark(finding, "a finding", "findings")
