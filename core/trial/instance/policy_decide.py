"""Decisions about the policy: one officer proposes it whole, the other kind approves it (record 3).

It counts from the position of the approval and never backwards; one policy is proposed at a time, so what is
approved is what becomes other than the policy in force.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused
from core.trial.context import Decided, require_reason
from core.trial.instance import commands, events
from core.trial.instance.policy_bounds import require_sound
from core.trial.instance.policy_differences import differences
from core.trial.people.officers import require_undoubted

if TYPE_CHECKING:
    from core.trial.context import Context
    from core.trial.deciding import CommandRow
    from core.trial.facts import Facts
    from core.trial.instance.events import Policy
    from core.trial.instance.state import Instance, PolicyProposal


def propose_policy_change(
    facts: Facts, command: commands.ProposePolicyChange, context: Context
) -> tuple[Decided, ...]:
    """Propose another policy.

    Raises: `PROPOSAL_OPEN`, `REASON_REQUIRED`, `NO_CHANGE`, and what `require_sound` raises: `BAD_POLICY`,
    `BAD_TEXT`, `UNKNOWN_TOPIC`, `SERVICE_FIXED`, `OFFICERS_LOCKED_OUT`, `OWN_ACCOUNT_FIXED`,
    `GRANT_OUT_OF_BOUNDS`, `NOT_DELEGABLE`, `SENTENCE_FROZEN`, `ACCOUNTABILITY_FROZEN`, `BAD_LOCKOUT`,
    `BAD_PASSWORD_DAYS`.
    """
    instance = facts.instance()
    if instance.proposal is not None:
        raise Refused("PROPOSAL_OPEN", "another policy waits for its approval; withdraw it first")
    require_reason(context)
    require_sound(instance, command.policy)
    changes = _in_words(instance, command.policy)
    if not changes:
        raise Malformed("NO_CHANGE", "this policy says what the one in force says")
    return (Decided(command.target, events.PolicyChangeProposed(command.policy, changes)),)


def approve_policy_change(
    facts: Facts, command: commands.ApprovePolicyChange, context: Context
) -> tuple[Decided, ...]:
    """Put the proposed policy in force.

    Raises: `NOTHING_TO_APPROVE`, `STALE_PROPOSAL`, `SOD_VIOLATION`, `OTHER_OFFICER_NEEDED`,
    `PROPOSAL_IN_DOUBT`, `REASON_REQUIRED`.
    """
    proposal = _proposal(facts, command.covers)
    if context.person == proposal.proposer:
        raise Refused("SOD_VIOLATION", "another officer than the proposer must approve")
    if context.role is proposal.role:
        raise Refused(
            "OTHER_OFFICER_NEEDED", f"what {proposal.role} proposes is approved by the other kind of officer"
        )
    require_undoubted(facts, [proposal.digest])
    require_reason(context)
    return (Decided(command.target, events.PolicyChanged(proposal.digest, proposal.proposed.changes)),)


def withdraw_policy_change(
    facts: Facts, command: commands.WithdrawPolicyChange, context: Context
) -> tuple[Decided, ...]:
    """Take the proposed policy off the table; any officer does, the proposer too.

    Raises: `NOTHING_TO_APPROVE`, `STALE_PROPOSAL`, `REASON_REQUIRED`.
    """
    proposal = _proposal(facts, command.covers)
    require_reason(context)
    return (
        Decided(command.target, events.PolicyChangeWithdrawn(proposal.digest, proposal.proposed.changes)),
    )


def _proposal(facts: Facts, covers: str) -> PolicyProposal:
    proposal = facts.instance().proposal
    if proposal is None:
        raise Refused("NOTHING_TO_APPROVE", "no policy is proposed")
    if proposal.digest != covers:
        raise Refused("STALE_PROPOSAL", "the proposed policy is not the one that was shown")
    return proposal


def _in_words(instance: Instance, new: Policy) -> tuple[str, ...]:
    old = instance.policy
    return tuple(one.in_words() for one in differences(old, new)) if old else ()


COMMANDS: Final[tuple[CommandRow, ...]] = (
    (commands.ProposePolicyChange, propose_policy_change, (events.PolicyChangeProposed,)),
    (commands.ApprovePolicyChange, approve_policy_change, (events.PolicyChanged,)),
    (commands.WithdrawPolicyChange, withdraw_policy_change, (events.PolicyChangeWithdrawn,)),
)
