"""Stopping dosing and letting it go on: holds that people place, and the lifting of any hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.trial.context import Context, Decided
from core.trial.escalation.events import SafetyHoldLifted, SafetyHoldPlaced
from core.trial.escalation.holds import HoldKind, holds_in_force
from core.trial.escalation.meetings import require_text
from core.trial.study.state import require_config

if TYPE_CHECKING:
    from core.trial.escalation.commands import LiftSafetyHold, PlaceSafetyHold
    from core.trial.facts import Facts


def place_safety_hold(facts: Facts, command: PlaceSafetyHold, _context: Context) -> tuple[Decided, ...]:
    """Stop dosing at all levels.

    Raises: `NO_PROTOCOL_CONFIG`, `BAD_TEXT`.
    """
    require_config(facts.study())
    require_text(command.cause, "cause")
    number = len(facts.escalation().placed) + 1
    return (Decided(command.target, SafetyHoldPlaced(f"{HoldKind.MANUAL}:{number}", command.cause)),)


def lift_safety_hold(facts: Facts, command: LiftSafetyHold, _context: Context) -> tuple[Decided, ...]:
    """Lift holds that are in force, each named.

    Raises: `NO_CHANGE`, `DUPLICATE_FIELD`, `NOT_IN_FORCE`, `BAD_TEXT`.
    """
    require_text(command.rationale, "rationale")
    if not command.triggers:
        raise Malformed("NO_CHANGE", "a lifting names the holds that it lifts", field="triggers")
    if len(set(command.triggers)) != len(command.triggers):
        raise Malformed("DUPLICATE_FIELD", "each hold is named once", field="triggers")
    standing = {one.id for one in holds_in_force(facts.raised(), facts.escalation())}
    for trigger in command.triggers:
        if trigger not in standing:
            raise Refused("NOT_IN_FORCE", "no hold of this id stops dosing now")
    return (Decided(command.target, SafetyHoldLifted(command.triggers, command.rationale)),)
