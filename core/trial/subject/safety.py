"""Decisions about adverse events: entry, correction, changes of grade, outcome.

Fatal, grade 5 and the criterion death go together (domain 4); an outcome that is not known is never refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.kernel.streams import require_key
from core.kernel.time import local_date
from core.rules.dlt import FATAL_GRADE
from core.trial.context import Context, Decided, require_past_day, require_reason
from core.trial.study.state import require_config
from core.trial.subject.adverse_events import (
    AdverseEventCorrected,
    AdverseEventOutcome,
    AdverseEventRegraded,
    AdverseEventReported,
    AdverseEventResolved,
)
from core.trial.subject.coherence import require_coherent
from core.trial.subject.consent import require_onset_after_consent
from core.trial.subject.corrections import corrected, require_correction
from core.trial.subject.course import on_course, regraded

if TYPE_CHECKING:
    from datetime import date

    from core.trial.facts import Facts
    from core.trial.subject.commands import (
        CorrectAdverseEvent,
        RegradeAdverseEvent,
        ReportAdverseEvent,
        ResolveAdverseEvent,
    )
    from core.trial.subject.course import CourseOfAdverseEvent, TrackedAdverseEvent
    from core.trial.subject.state import Subject

SOURCE_LIMIT = 300
# What a correction never changes: whose event it is, and with it its place in the record.
_FIXED = frozenset({"ae_id"})


def report_adverse_event(facts: Facts, command: ReportAdverseEvent, context: Context) -> tuple[Decided, ...]:
    """Enter an adverse event.

    Raises: `UNKNOWN_SUBJECT`, `BAD_IDENTIFIER`, `DUPLICATE_AE`, `ONSET_BEFORE_CONSENT`, and what
    `require_coherent` refuses.
    """
    subject = facts.consented_subject(command.subject_key)
    entry = command.adverse_event
    require_key(entry.ae_id, "an adverse event's id")
    if entry.ae_id in subject.adverse_events:
        raise Refused("DUPLICATE_AE", "an adverse event with this id is already entered")
    config = require_config(facts.study())
    require_coherent(on_course(entry), config, context)
    require_onset_after_consent(subject, entry.onset, config)
    return (Decided(command.target, AdverseEventReported(entry)),)


def known_ae(subject: Subject, ae_id: str) -> TrackedAdverseEvent:
    """Return an adverse event of the subject.

    Raises: `UNKNOWN_AE`.
    """
    tracked = subject.adverse_events.get(ae_id)
    if tracked is None:
        raise Refused("UNKNOWN_AE", "the subject has no adverse event with this id")
    return tracked


def correct_adverse_event(
    facts: Facts, command: CorrectAdverseEvent, context: Context
) -> tuple[Decided, ...]:
    """Correct fields of the entry or of its course, each from the value that really stands there.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_AE`, `REASON_REQUIRED`, `NO_CHANGE`, `DUPLICATE_FIELD`,
    `UNKNOWN_FIELD`, `STALE_VALUE`, `BAD_PAYLOAD`, `BAD_TEXT`, `ONSET_BEFORE_CONSENT`, and what
    `require_coherent` and `_require_matching_outcome` refuse.
    """
    subject = facts.consented_subject(command.subject_key)
    tracked = known_ae(subject, command.ae_id)
    require_correction(tracked.entry, command.changes, context, fixed=_FIXED)
    if command.source is not None and not 1 <= len(command.source.strip()) <= SOURCE_LIMIT:
        raise Malformed("BAD_TEXT", f"a source is named in 1 to {SOURCE_LIMIT} characters", field="source")
    entry, config = corrected(tracked.entry, command.changes), require_config(facts.study())
    require_coherent(entry, config, context)
    require_onset_after_consent(subject, entry.onset, config)
    _require_matching_outcome(tracked, entry)
    event = AdverseEventCorrected(command.ae_id, command.changes, command.source)
    return (Decided(command.target, event, corrects=tracked.digest),)


def _require_matching_outcome(tracked: TrackedAdverseEvent, entry: CourseOfAdverseEvent) -> None:
    """Refuse a course that an outcome already recorded contradicts.

    Raises: `OUTCOME_MISMATCH`, `COURSE_OUT_OF_ORDER`.
    """
    resolution = tracked.resolution
    if resolution is None or not resolution.outcome.ends_the_event:
        return
    _require_fatal_as_graded(resolution.outcome, entry)
    if resolution.resolved_on is not None:
        _require_after_course(resolution.resolved_on, entry)


def regrade_adverse_event(
    facts: Facts, command: RegradeAdverseEvent, context: Context
) -> tuple[Decided, ...]:
    """Enter a change of grade, from the grade at which the course stands.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_AE`, `ALREADY_RESOLVED`, `STALE_VALUE`, `NO_CHANGE`, `BAD_GRADE`, and
    what `require_coherent` refuses.
    """
    tracked = known_ae(facts.consented_subject(command.subject_key), command.ae_id)
    if tracked.resolution is not None and tracked.resolution.outcome.ends_the_event:
        raise Refused("ALREADY_RESOLVED", "the event has ended; what comes later is an event of its own")
    if not 1 <= command.to_grade <= FATAL_GRADE:
        raise Malformed("BAD_GRADE", "a CTCAE grade is 1 to 5", field="to_grade")
    if tracked.current_grade != command.from_grade:
        raise Refused("STALE_VALUE", "the event no longer has the grade that the change starts from")
    if command.from_grade == command.to_grade:
        raise Malformed("NO_CHANGE", "a change of grade changes it", field="to_grade")
    event = AdverseEventRegraded(
        command.ae_id,
        command.from_grade,
        command.to_grade,
        command.changed_on,
        command.changed_at,
        command.criteria_met,
        command.aware_at,
    )
    require_coherent(regraded(tracked.entry, event), require_config(facts.study()), context)
    return (Decided(command.target, event, corrects=tracked.digest),)


def resolve_adverse_event(
    facts: Facts, command: ResolveAdverseEvent, context: Context
) -> tuple[Decided, ...]:
    """Enter how the event stands or ended; to take back an outcome that ended it needs a reason.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_AE`, `NO_CHANGE`, `REASON_REQUIRED`, `OUTCOME_MISMATCH`,
    `RESOLUTION_DATE`, `FUTURE_TIME`, `COURSE_OUT_OF_ORDER`.
    """
    tracked = known_ae(facts.consented_subject(command.subject_key), command.ae_id)
    event = AdverseEventResolved(command.ae_id, command.outcome, command.resolved_on)
    before = tracked.resolution
    if before == event:
        raise Refused("NO_CHANGE", "this outcome is already recorded")
    if before is not None and before.outcome.ends_the_event:
        require_reason(context)
    _require_fatal_as_graded(command.outcome, tracked.entry)
    _require_end(command, tracked, require_config(facts.study()).zone, context)
    return (Decided(command.target, event, corrects=tracked.resolution_digest),)


def _require_fatal_as_graded(outcome: AdverseEventOutcome, entry: CourseOfAdverseEvent) -> None:
    fatal = outcome is AdverseEventOutcome.FATAL
    if outcome is not AdverseEventOutcome.UNKNOWN and fatal != (entry.worst_grade == FATAL_GRADE):
        raise Refused("OUTCOME_MISMATCH", "the outcome fatal and grade 5 go together")


def _require_end(
    command: ResolveAdverseEvent, tracked: TrackedAdverseEvent, zone: str, context: Context
) -> None:
    if command.outcome.ends_the_event != (command.resolved_on is not None):
        raise Malformed("RESOLUTION_DATE", "an outcome that ends the event has its day, no other has one")
    if command.resolved_on is not None:
        require_past_day(command.resolved_on, local_date(context.now, zone), "resolved_on")
        _require_after_course(command.resolved_on, tracked.entry)


def _require_after_course(day: date, entry: CourseOfAdverseEvent) -> None:
    if day < entry.course[-1].day:
        raise Refused("COURSE_OUT_OF_ORDER", "an event does not end before its last change of grade")
