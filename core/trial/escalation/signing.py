"""The committee's decision: what the protocol's table computes, or, of one mind and with a reason, another.

The signature closes the meeting. Where what is known now would have changed an earlier decision, the same
command says so, decision by decision.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from core.kernel.errors import Refused
from core.rules.escalation import Decision, DecisionKind
from core.trial.cohorts import computed_decision
from core.trial.context import Context, Decided, require_reason
from core.trial.escalation.events import DecisionSigned, DecisionSuperseded, LevelTally
from core.trial.escalation.meetings import (
    require_meeting,
    require_on_roster,
    require_same_facts,
    require_text,
    require_words,
)
from core.trial.escalation.overrides import require_permitted
from core.trial.hindsight import words
from core.trial.study.state import require_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.kernel.quantities import Quantity
    from core.trial.escalation.commands import SignDecision
    from core.trial.escalation.state import Escalation, Meeting
    from core.trial.facts import Facts
    from core.trial.hindsight import Remembered
    from core.trial.study.state import Study


def sign_decision(facts: Facts, command: SignDecision, context: Context) -> tuple[Decided, ...]:
    """Sign what the open meeting voted for, beside what the protocol computes.

    Raises: `NO_OPEN_MEETING`, `NOT_ON_ROSTER`, `SNAPSHOT_STALE`, `BAD_DECISION`, `NOTHING_TO_SIGN`,
    `LEVEL_UNKNOWN`, `ALREADY_SIGNED`, `VOTING_OPEN`, `NO_MAJORITY`, `OVERRIDE_NOT_UNANIMOUS`, and what
    `_require_override` refuses.
    """
    meeting = require_meeting(facts, command.meeting)
    require_on_roster(meeting, context.person)
    require_same_facts(facts, meeting)
    study, escalation = facts.study(), facts.escalation()
    kind = require_words(command.decision, command.level, len(require_config(study).levels))
    computed = computed_decision(facts.subjects(), study)
    overridden = words(computed) != (command.decision, command.level)
    if overridden or command.override is not None:
        _require_override(facts, command, kind, computed, context)
    event = _signed(command, computed, meeting, study)
    if escalation.decisions and _says(escalation.decisions[-1]) == _says(event):
        raise Refused("ALREADY_SIGNED", "this decision on these facts is already signed")
    _require_votes(meeting, command, unanimous=overridden)
    superseded = _superseded(facts.remembered(), escalation)
    return (Decided(command.target, event), *(Decided(command.target, one) for one in superseded))


def _require_override(
    facts: Facts, command: SignDecision, kind: DecisionKind, computed: Decision, context: Context
) -> None:
    """Refuse an override that is none, lacks its reason, or that no vote can justify.

    Raises: `DECISION_DIFFERS` without one, `NO_OVERRIDE` where the protocol says the same, `BAD_TEXT`,
    `REASON_REQUIRED`, and what `require_permitted` refuses.
    """
    if command.override is None:
        raise Refused(
            "DECISION_DIFFERS",
            f"the protocol gives {computed.decision} at level {computed.level}",
            decision=str(computed.decision),
            level=computed.level,
        )
    if words(computed) == (command.decision, command.level):
        raise Refused("NO_OVERRIDE", "this is what the protocol gives; it is signed without an override")
    require_text(command.override, "override")
    require_reason(context)
    require_permitted(kind, command.level, facts.subjects(), facts.study())


def _require_votes(meeting: Meeting, command: SignDecision, *, unanimous: bool) -> None:
    """Refuse what the votes do not carry; as long as somebody can still vote, nobody is told.

    Otherwise an attempt to sign would tell about the votes of the others before they are all cast (part 11
    section 6). That a quorum has voted is what ending the votes demands, or a roster.

    Raises: `VOTING_OPEN`, `NO_MAJORITY`, `OVERRIDE_NOT_UNANIMOUS`.
    """
    if meeting.takes_votes:
        raise Refused("VOTING_OPEN", "nothing is signed before every member has voted or the voting is ended")
    votes = Counter((vote.decision, vote.level) for vote in meeting.votes.values())
    cast, in_favour = votes.total(), votes[command.decision, command.level]
    if 2 * in_favour <= cast:
        raise Refused("NO_MAJORITY", "the votes do not carry this decision")
    if unanimous and in_favour < cast:
        raise Refused("OVERRIDE_NOT_UNANIMOUS", "against the protocol, every vote cast is for the decision")


def _signed(command: SignDecision, computed: Decision, meeting: Meeting, study: Study) -> DecisionSigned:
    declares = command.decision == DecisionKind.DECLARE_MTD
    return DecisionSigned(
        meeting=command.meeting,
        decision=command.decision,
        level=command.level,
        override=command.override,
        overridden=command.override is not None,
        mtd=command.level if declares else None,
        computed_decision=str(computed.decision),
        computed_level=computed.level,
        reason=str(computed.reason),
        row=computed.row,
        flags=computed.flags,
        slots=computed.slots,
        ceiling=computed.ceiling,
        config_number=study.number,
        facts=meeting.opened.facts,
        levels=tallies(computed),
    )


def _says(signed: DecisionSigned) -> tuple[object, ...]:
    return signed.decision, signed.level, signed.facts


def _superseded(remembered: tuple[Remembered, ...], escalation: Escalation) -> Iterator[DecisionSuperseded]:
    """Yield what has become known about earlier decisions and stands nowhere yet (domain 1.3)."""
    for one in remembered:
        touch = one.changed_by
        if touch is not None and (one.digest, touch.digest) not in escalation.acknowledged:
            would_be, level = words(one.decision)
            yield DecisionSuperseded(one.digest, touch.digest, would_be, level, _cells(level, one.study))


def _cells(level: int | None, study: Study) -> Quantity | None:
    return None if level is None else require_config(study).levels[level - 1].cells


def tallies(decision: Decision) -> tuple[LevelTally, ...]:
    """Return the counts per level that the decision rests on, lowest level first."""
    return tuple(
        LevelTally(level, c.dosed, c.evaluable, c.dlt, c.pending, c.withdrawn) for level, c in decision.levels
    )
