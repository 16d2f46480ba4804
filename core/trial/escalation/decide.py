"""The committee's decision: signed only as the protocol's table computes it at that position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Refused
from core.rules.escalation import Decision, DecisionKind
from core.trial.cohorts import computed_decision
from core.trial.context import Context, Decided
from core.trial.escalation.events import DecisionSigned, LevelTally
from core.trial.study.state import require_config

if TYPE_CHECKING:
    from core.trial.escalation.commands import SignDecision
    from core.trial.facts import Facts

NOT_SIGNED = frozenset({DecisionKind.WAIT, DecisionKind.HOLD})


def sign_decision(facts: Facts, command: SignDecision, _context: Context) -> tuple[Decided, ...]:
    """Sign the computed decision together with the counts that it rests on.

    Raises: `NO_PROTOCOL_CONFIG`, `NOTHING_TO_SIGN`, `DECISION_DIFFERS`, `ALREADY_SIGNED`.
    """
    study = facts.study()
    escalation = facts.escalation()
    decision = computed_decision(facts.subjects(), require_config(study))
    if decision.decision in NOT_SIGNED:
        raise Refused("NOTHING_TO_SIGN", f"the protocol says {decision.decision} ({decision.reason})")
    if (command.decision, command.level) != (str(decision.decision), decision.level):
        raise Refused(
            "DECISION_DIFFERS",
            f"the protocol gives {decision.decision} at level {decision.level}",
            decision=str(decision.decision),
            level=decision.level,
        )
    event = _signed(decision, study.number)
    if escalation.decisions[-1:] == (event,):
        raise Refused("ALREADY_SIGNED", "this decision on these counts is already signed")
    return (Decided(command.target, event),)


def _signed(decision: Decision, config_number: int) -> DecisionSigned:
    return DecisionSigned(
        decision=str(decision.decision),
        level=decision.level,
        mtd=decision.mtd,
        reason=str(decision.reason),
        row=decision.row,
        flags=decision.flags,
        config_number=config_number,
        levels=tallies(decision),
    )


def tallies(decision: Decision) -> tuple[LevelTally, ...]:
    """Return the counts per level that the decision rests on, lowest level first."""
    return tuple(
        LevelTally(level, c.dosed, c.evaluable, c.dlt, c.pending, c.withdrawn) for level, c in decision.levels
    )
