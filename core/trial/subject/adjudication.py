"""Decisions about dose-limiting toxicities: votes of the committee's members, and the end of the DLT window.

- Each member signs a judgement of their own; it takes effect when as many agree as the configuration asks.
- Who wrote anything of the adverse event never judges it (EU Annex 11 draft 12.6).
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from core.kernel.errors import Malformed, Refused
from core.kernel.time import local_date
from core.rules.ctcae_lab_terms import LAB_TERMS
from core.rules.dlt_exclusions import ExclusionRule, GradePeriod, ToxicityFacts, is_excluded
from core.trial.context import Context, Decided, require_reason
from core.trial.study.state import require_config
from core.trial.subject.adverse_events import AdverseEventOutcome, DltAdjudicated
from core.trial.subject.consent import require_window_consented
from core.trial.subject.events import DltWindowCompleted
from core.trial.subject.outcome import dosed_under, due_of, is_candidate, left_early, window_last_day
from core.trial.subject.safety import known_ae

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from core.trial.facts import Facts
    from core.trial.study.config import DltExclusion, ProtocolConfig
    from core.trial.subject.commands import AdjudicateDlt, CompleteDltWindow
    from core.trial.subject.course import TrackedAdverseEvent

RATIONALE_LIMIT = 2000
_LABORATORY = frozenset(term.name for term in LAB_TERMS)
_DAY = timedelta(days=1)


def adjudicate_dlt(facts: Facts, command: AdjudicateDlt, context: Context) -> tuple[Decided, ...]:
    """Judge an adverse event of a dosed subject, as one member of the committee.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_AE`, `ILLEGAL_SEQUENCE`, `SOD_VIOLATION`, `BAD_TEXT`,
    `NOT_A_DLT_CANDIDATE`, `NO_CHANGE`, `REASON_REQUIRED` for another judgement of what has not changed, and
    what `_require_exclusion` refuses.
    """
    subject = facts.known_subject(command.subject_key)
    tracked = known_ae(subject, command.ae_id)
    if subject.dose is None:
        raise Refused("ILLEGAL_SEQUENCE", "before dosing nothing is dose-limiting")
    if context.person in tracked.written_by | subject.treated_by:
        raise Refused("SOD_VIOLATION", "who treats the subject or entered the event does not adjudicate it")
    if not 1 <= len(command.rationale.strip()) <= RATIONALE_LIMIT:
        raise Malformed("BAD_TEXT", f"a rationale has 1 to {RATIONALE_LIMIT} characters", field="rationale")
    study = facts.study()
    if command.is_dlt and not is_candidate(tracked, subject.dose, study):
        raise Refused("NOT_A_DLT_CANDIDATE", "the event does not meet the protocol's definition of a DLT")
    config = dosed_under(subject.dose, study)
    _require_exclusion(command, tracked, config)
    _require_new_judgement(command, tracked, context)
    event = DltAdjudicated(
        command.ae_id, command.is_dlt, command.rationale, command.exclusion, config.dlt.adjudicators
    )
    return (Decided(command.target, event),)


def _require_new_judgement(command: AdjudicateDlt, tracked: TrackedAdverseEvent, context: Context) -> None:
    before = tracked.votes.get(context.person)
    if before is None:
        return
    if (before.event.is_dlt, before.event.exclusion) == (command.is_dlt, command.exclusion):
        raise Refused("NO_CHANGE", "this is how the member has already judged it")
    require_reason(context)


def _require_exclusion(command: AdjudicateDlt, tracked: TrackedAdverseEvent, config: ProtocolConfig) -> None:
    """Refuse an exclusion that the protocol does not name or the event's course does not meet.

    Raises: `EXCLUSION_OF_A_DLT`, `UNKNOWN_EXCLUSION`, `EXCLUSION_NOT_MET`.
    """
    if command.exclusion is None:
        return
    if command.is_dlt:
        raise Malformed("EXCLUSION_OF_A_DLT", "an exclusion says why it is no DLT", field="exclusion")
    named = {one.id: one for one in config.dlt.exclusions}
    if command.exclusion not in named:
        raise Refused("UNKNOWN_EXCLUSION", "the protocol names no such exclusion", known=sorted(named))
    if not is_excluded(_toxicity(tracked, config.zone), _rule(named[command.exclusion])):
        raise Refused("EXCLUSION_NOT_MET", "the event's course does not meet this exclusion")


def _rule(exclusion: DltExclusion) -> ExclusionRule:
    hours = exclusion.within_hours
    return ExclusionRule(
        terms=frozenset(exclusion.terms),
        laboratory_only=exclusion.laboratory_only,
        max_grade=exclusion.max_grade,
        back_to_grade=exclusion.back_to_grade,
        or_baseline=exclusion.or_baseline,
        within=None if hours is None else timedelta(hours=hours),
    )


def _toxicity(tracked: TrackedAdverseEvent, zone: str) -> ToxicityFacts:
    resolution = tracked.resolution
    recovered = resolution is not None and resolution.outcome is AdverseEventOutcome.RECOVERED
    ended = resolution.resolved_on if resolution is not None and recovered else None
    return ToxicityFacts(
        term=tracked.entry.term,
        is_laboratory=tracked.entry.term in _LABORATORY,
        baseline_grade=tracked.entry.baseline_grade,
        course=tuple(_periods(tracked, zone)),
        recovered_by=None if ended is None else _midnight(ended + _DAY, zone),
    )


def _periods(tracked: TrackedAdverseEvent, zone: str) -> Iterator[GradePeriod]:
    entry = tracked.entry
    instants = (entry.onset_at, *(one.changed_at for one in entry.regradings))
    for point, instant in zip(entry.course, instants, strict=True):
        first = instant or _midnight(point.day, zone)
        last = instant or _midnight(point.day + _DAY, zone)
        yield GradePeriod(first, last, point.grade)


def _midnight(day: date, zone: str) -> datetime:
    """Return the first moment of a day at the site."""
    return datetime.combine(day, time(), ZoneInfo(zone))


def complete_dlt_window(facts: Facts, command: CompleteDltWindow, context: Context) -> tuple[Decided, ...]:
    """Close the window on or after its last day if no candidate waits for the committee.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `DLT_WINDOW_OPEN`, `CONSENT_WITHDRAWN`,
    `OPEN_DLT_CANDIDATE`.
    """
    subject = facts.known_subject(command.subject_key)
    study = facts.study()
    if subject.dose is None or subject.window_completed or left_early(subject, study):
        raise Refused("ILLEGAL_SEQUENCE", "the subject has no open DLT window")
    last_day = window_last_day(subject.dose, study)
    if local_date(context.occurred_at, require_config(study).zone) < last_day:
        raise Refused("DLT_WINDOW_OPEN", f"the window runs through {last_day.isoformat()}")
    require_window_consented(subject, last_day, require_config(study))
    if due := due_of(subject, study):
        raise Refused("OPEN_DLT_CANDIDATE", "the committee has not judged every candidate", due=len(due))
    return (Decided(command.target, DltWindowCompleted(last_day)),)
