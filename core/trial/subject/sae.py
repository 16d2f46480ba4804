"""Decisions about serious adverse events: declaration with its clocks, follow-up, submission.

What the investigator declares are the criteria as the record has them: who finds another one corrects or
regrades the adverse event first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.rules.sae_deadline import SaeClocks, SaeFacts, regulator_deadline, sponsor_deadline
from core.trial.context import Context, Decided, require_past
from core.trial.study.state import require_config
from core.trial.subject.adverse_events import SaeDeclared, SaeSubmitted, Seriousness
from core.trial.subject.coherence import require_aware
from core.trial.subject.outcome import is_related_to_trial
from core.trial.subject.safety import known_ae

if TYPE_CHECKING:
    from core.trial.facts import Facts
    from core.trial.study.config import ProtocolConfig, SafetyRules
    from core.trial.subject.commands import DeclareSae, SubmitSae
    from core.trial.subject.course import TrackedAdverseEvent

NARRATIVE_LIMIT = 8000
_THREATENS_LIFE = frozenset({Seriousness.DEATH, Seriousness.LIFE_THREATENING})


def declare_sae(facts: Facts, command: DeclareSae, context: Context) -> tuple[Decided, ...]:
    """Declare an adverse event serious, or follow the declaration up; the clocks start at awareness.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_AE`, `NOT_SERIOUS`, `SERIOUSNESS_DIFFERS`, `BAD_TEXT`, `FUTURE_TIME`,
    `BAD_AWARENESS`, `AWARENESS_DIFFERS`, `ALREADY_DECLARED`.
    """
    tracked = known_ae(facts.consented_subject(command.subject_key), command.ae_id)
    study = facts.study()
    config = require_config(study)
    if not tracked.criteria:
        raise Refused("NOT_SERIOUS", "the adverse event meets no criterion of seriousness")
    if frozenset(command.criteria) != frozenset(tracked.criteria):
        raise Refused("SERIOUSNESS_DIFFERS", "the criteria are not those of the adverse event")
    if not 1 <= len(command.narrative.strip()) <= NARRATIVE_LIMIT:
        raise Malformed("BAD_TEXT", f"a narrative has 1 to {NARRATIVE_LIMIT} characters", field="narrative")
    require_aware(command.aware_at, tracked.entry.onset, config.zone, context)
    _require_awareness_of_record(command, tracked)
    clocks = sae_clocks(config.safety)
    event = SaeDeclared(
        ae_id=command.ae_id,
        criteria=command.criteria,
        aware_at=command.aware_at,
        narrative=command.narrative,
        expected=command.expected,
        config_number=study.number,
        sponsor_due=sponsor_deadline(command.aware_at, clocks),
        regulator_due=regulator_deadline(_clock_facts(command, tracked, config), clocks),
    )
    return (Decided(command.target, event),)


def _require_awareness_of_record(command: DeclareSae, tracked: TrackedAdverseEvent) -> None:
    """Refuse to let the first clock start late, and a follow-up that knew before what it follows.

    Raises: `AWARENESS_DIFFERS`, `ALREADY_DECLARED`.
    """
    if not tracked.declarations:
        if tracked.aware_at is not None and command.aware_at > tracked.aware_at:
            raise Refused("AWARENESS_DIFFERS", "the clock starts when the site first knew")
        return
    last = tracked.declarations[-1].event
    said = (command.criteria, command.aware_at, command.narrative, command.expected)
    if said == (last.criteria, last.aware_at, last.narrative, last.expected):
        raise Refused("ALREADY_DECLARED", "this is what was declared; a follow-up says something new")
    if command.aware_at < last.aware_at:
        raise Refused("AWARENESS_DIFFERS", "a follow-up does not precede what it follows")


def sae_clocks(safety: SafetyRules) -> SaeClocks:
    """Return the signed clocks as the rules take them."""
    return SaeClocks(safety.sponsor_hours, safety.susar_fatal_days, safety.susar_days)


def _clock_facts(command: DeclareSae, tracked: TrackedAdverseEvent, config: ProtocolConfig) -> SaeFacts:
    return SaeFacts(
        aware_at=command.aware_at,
        is_related=is_related_to_trial(tracked.entry, config),
        is_expected=command.expected,
        threatens_life=not _THREATENS_LIFE.isdisjoint(command.criteria),
    )


def submit_sae(facts: Facts, command: SubmitSae, context: Context) -> tuple[Decided, ...]:
    """Record that the report of a declared event went out, once to each recipient a declaration.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_AE`, `SAE_NOT_DECLARED`, `ALREADY_SUBMITTED`, `FUTURE_TIME`,
    `ILLEGAL_SEQUENCE`.
    """
    tracked = known_ae(facts.consented_subject(command.subject_key), command.ae_id)
    if not tracked.declarations:
        raise Refused("SAE_NOT_DECLARED", "the investigator has not declared the event serious")
    last = tracked.declarations[-1]
    if any(one.to is command.to for one in last.submissions):
        raise Refused("ALREADY_SUBMITTED", "this recipient has the report as it was last declared")
    require_past(command.submitted_at, context.now, "submitted_at")
    if command.submitted_at < last.event.aware_at:
        raise Refused("ILLEGAL_SEQUENCE", "a report does not go out before anybody knew of the event")
    event = SaeSubmitted(command.ae_id, command.to, command.submitted_at)
    return (Decided(command.target, event),)
