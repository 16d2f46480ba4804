"""Decisions about the protocol configuration: two people, strictly rising doses."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from core.kernel.codec import to_data
from core.kernel.errors import Refused
from core.kernel.time import require_zone
from core.rules.escalation import EscalationRules
from core.trial.context import Context, Decided
from core.trial.study.eligibility import criteria
from core.trial.study.events import ProtocolConfig, ProtocolConfigApproved, ProtocolConfigProposed

if TYPE_CHECKING:
    from core.trial.facts import Facts
    from core.trial.study.commands import ApproveProtocolConfig, ProposeProtocolConfig
    from core.trial.study.state import Study, WaitingConfig


LONGEST_DAYS = 3650


def propose_protocol_config(
    facts: Facts, command: ProposeProtocolConfig, _context: Context
) -> tuple[Decided, ...]:
    """Propose the next version.

    Raises: `CONFIG_ALREADY_ACTIVE` (amendments are not part of this version), `BAD_CONFIG`, `UNKNOWN_ZONE`.
    """
    study = facts.study()
    if study.config is not None:
        raise Refused("CONFIG_ALREADY_ACTIVE", "an approved configuration changes only by an amendment")
    require_sound(command.config)
    # A later proposal has a number of its own: nobody approves by number what they were not shown.
    newest = study.waiting.number if study.waiting else study.number
    return (Decided(command.target, ProtocolConfigProposed(newest + 1, command.config)),)


def approve_protocol_config(
    facts: Facts, command: ApproveProtocolConfig, context: Context
) -> tuple[Decided, ...]:
    """Approve the waiting version.

    Raises: `NOTHING_TO_APPROVE`, `SOD_VIOLATION`.
    """
    waiting = require_second_person(facts.study(), command.number, context.person)
    return (Decided(command.target, ProtocolConfigApproved(waiting.number, waiting.digest)),)


def require_second_person(study: Study, number: int, approver: str) -> WaitingConfig:
    """Return the waiting configuration if the approver is not its proposer.

    Raises: `NOTHING_TO_APPROVE`, `SOD_VIOLATION`.
    """
    waiting = study.waiting
    if waiting is None or waiting.number != number:
        raise Refused("NOTHING_TO_APPROVE", "no configuration with this number waits for approval")
    if waiting.proposer == approver:
        raise Refused("SOD_VIOLATION", "another person than the proposer must approve")
    return waiting


def require_sound(config: ProtocolConfig) -> None:
    """Refuse a configuration that contradicts itself.

    Raises: `BAD_CONFIG`, `ESCALATION_RULES_UNSUPPORTED`, `UNKNOWN_ZONE`.
    """
    require_zone(config.zone)
    levels = config.levels
    ordinals = [level.level for level in levels]
    _require(bool(levels) and ordinals == list(range(1, len(levels) + 1)), "levels count from 1 without gaps")
    rising = all(low.cells.value < high.cells.value for low, high in pairwise(levels))
    _require(rising and levels[0].cells.value > 0, "doses rise strictly")
    _require(len({level.cells.unit for level in levels}) == 1, "doses have one unit")
    _require(0 < config.dlt_window.days <= LONGEST_DAYS, "the DLT window has 1 to 3650 days")
    timely = all(0 <= v.first <= v.day <= v.last <= LONGEST_DAYS for v in config.visits)
    _require(timely, "a visit lies in its window, within 3650 days")
    EscalationRules(**to_data(config.escalation))
    criteria(config)


def _require(holds: bool, sentence: str) -> None:  # noqa: FBT001 - an assertion of a fact
    if not holds:
        raise Refused("BAD_CONFIG", sentence)
