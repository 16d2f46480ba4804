"""Decisions about safety: adverse events, their adjudication, the DLT window."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.kernel.streams import require_key
from core.kernel.time import local_date
from core.trial.context import Context, Decided, require_past_day, require_reason
from core.trial.study.state import require_config
from core.trial.subject.events import (
    AdverseEvent,
    AdverseEventCorrected,
    AdverseEventReported,
    DltAdjudicated,
    DltWindowCompleted,
    Seriousness,
)
from core.trial.subject.outcome import due_of, is_candidate, left_early, window_last_day
from core.trial.subject.state import corrected, value_at

if TYPE_CHECKING:
    from core.trial.facts import Facts
    from core.trial.study.events import ProtocolConfig
    from core.trial.subject.commands import (
        AdjudicateDlt,
        CompleteDltWindow,
        CorrectAdverseEvent,
        ReportAdverseEvent,
    )
    from core.trial.subject.state import Subject, TrackedAdverseEvent

FATAL_GRADE = 5
TERM_LIMIT = 300


def report_adverse_event(facts: Facts, command: ReportAdverseEvent, context: Context) -> tuple[Decided, ...]:
    """Enter an adverse event.

    Raises: `UNKNOWN_SUBJECT`, `DUPLICATE_AE`, and what `require_coherent` refuses.
    """
    subject = facts.known_subject(command.subject_key)
    entry = command.adverse_event
    require_key(entry.ae_id, "an adverse event's id")
    if not entry.term.strip() or len(entry.term) > TERM_LIMIT:
        raise Malformed("BAD_TEXT", f"a term has 1 to {TERM_LIMIT} characters", field="term")
    if entry.ae_id in subject.adverse_events:
        raise Refused("DUPLICATE_AE", "an adverse event with this id is already entered")
    require_coherent(entry, require_config(facts.study()), context)
    return (Decided(command.target, AdverseEventReported(entry)),)


def require_coherent(entry: AdverseEvent, config: ProtocolConfig, context: Context) -> None:
    """Refuse an entry that contradicts itself (domain 4).

    Raises: `BAD_GRADE`, `CTCAE_VERSION`, `SERIOUSNESS_MISMATCH`, `GRADE_DEATH_MISMATCH`, `FUTURE_TIME`.
    """
    if not (1 <= entry.grade <= FATAL_GRADE and 0 <= entry.baseline_grade <= FATAL_GRADE):
        raise Malformed("BAD_GRADE", "a CTCAE grade is 1 to 5, a baseline grade 0 to 5", field="grade")
    if entry.ctcae_version != config.ctcae_version:
        raise Malformed("CTCAE_VERSION", f"grades follow CTCAE {config.ctcae_version}")
    if entry.serious != bool(entry.seriousness_criteria):
        raise Malformed("SERIOUSNESS_MISMATCH", "serious means that at least one criterion is met")
    if (entry.grade == FATAL_GRADE) != (Seriousness.DEATH in entry.seriousness_criteria):
        raise Malformed("GRADE_DEATH_MISMATCH", "grade 5 and the criterion death go together")
    require_past_day(entry.onset, local_date(context.now, config.zone), "onset")


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
    """Correct fields, each from the value that really stands there.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_AE`, `REASON_REQUIRED`, `NO_CHANGE`, `DUPLICATE_FIELD`,
    `UNKNOWN_FIELD`, `STALE_VALUE`, `BAD_PAYLOAD`, and what `require_coherent` refuses.
    """
    tracked = known_ae(facts.known_subject(command.subject_key), command.ae_id)
    require_reason(context)
    if not command.changes or any(c.old == c.new for c in command.changes):
        raise Malformed("NO_CHANGE", "a correction changes something", field="changes")
    names = sorted(change.field for change in command.changes)
    if any(later == name or later.startswith(f"{name}.") for name, later in pairwise(names)):
        raise Malformed("DUPLICATE_FIELD", "a correction names each field once", field="changes")
    for change in command.changes:
        exists, value = value_at(tracked.entry, change.field)
        if not exists or change.field == "ae_id":
            raise Malformed("UNKNOWN_FIELD", "an adverse event has no such field to correct")
        if type(value) is not type(change.old) or value != change.old:
            raise Refused("STALE_VALUE", f"{change.field} no longer reads as the correction says")
    require_coherent(corrected(tracked.entry, command.changes), require_config(facts.study()), context)
    event = AdverseEventCorrected(command.ae_id, command.changes)
    return (Decided(command.target, event, corrects=tracked.digest),)


def adjudicate_dlt(facts: Facts, command: AdjudicateDlt, context: Context) -> tuple[Decided, ...]:
    """Judge an adverse event of a dosed subject.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_AE`, `ILLEGAL_SEQUENCE`, `NOT_A_DLT_CANDIDATE`,
    `SOD_VIOLATION`, `NO_CHANGE`, `REASON_REQUIRED` for another judgement of what has not changed.
    """
    subject = facts.known_subject(command.subject_key)
    tracked = known_ae(subject, command.ae_id)
    if subject.dose is None:
        raise Refused("ILLEGAL_SEQUENCE", "before dosing nothing is dose-limiting")
    if context.person in tracked.written_by:
        raise Refused("SOD_VIOLATION", "who entered or corrected the adverse event does not adjudicate it")
    candidate = is_candidate(tracked, subject.dose, require_config(facts.study()))
    if command.is_dlt and not candidate:
        raise Refused("NOT_A_DLT_CANDIDATE", "a DLT is related, grade 3 or more, with onset in the window")
    if tracked.adjudicated is not None and not tracked.changed_since:
        if tracked.adjudicated is command.is_dlt:
            raise Refused("NO_CHANGE", "this is how the committee has already judged it")
        require_reason(context)
    return (Decided(command.target, DltAdjudicated(command.ae_id, command.is_dlt)),)


def complete_dlt_window(facts: Facts, command: CompleteDltWindow, context: Context) -> tuple[Decided, ...]:
    """Close the window on or after its last day if no candidate waits for the committee.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `DLT_WINDOW_OPEN`, `OPEN_DLT_CANDIDATE`.
    """
    subject = facts.known_subject(command.subject_key)
    config = require_config(facts.study())
    if subject.dose is None or subject.window_completed or left_early(subject, config):
        raise Refused("ILLEGAL_SEQUENCE", "the subject has no open DLT window")
    last_day = window_last_day(subject.dose, config)
    if local_date(context.occurred_at, config.zone) < last_day:
        raise Refused("DLT_WINDOW_OPEN", f"the window runs through {last_day.isoformat()}")
    if due := due_of(subject, config):
        raise Refused("OPEN_DLT_CANDIDATE", "the committee has not judged every candidate", due=len(due))
    return (Decided(command.target, DltWindowCompleted(last_day)),)
