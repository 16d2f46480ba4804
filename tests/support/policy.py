"""Two officers change the policy of a world, in as many acts as it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.trial.instance.commands import ApprovePolicyChange, ProposePolicyChange
from tests.support.given import ADM, SEC

if TYPE_CHECKING:
    from core.handle import Receipt
    from core.trial.instance.events import Policy
    from tests.support.given import Member
    from tests.support.world import World

REASON = "the sponsor's procedure was revised"


def policy_of(world: World) -> Policy:
    """Return the policy in force."""
    policy = world.trial.instance.policy
    assert policy is not None
    return policy


def propose_policy(world: World, by: Member = ADM, **changes: Any) -> str:
    """Propose the policy in force with some items replaced; return the digest of the proposal."""
    world.do(ProposePolicyChange(replace(policy_of(world), **changes)), by, reason=REASON)
    proposal = world.trial.instance.proposal
    assert proposal is not None
    return proposal.digest


def change_policy(world: World, **changes: Any) -> Receipt:
    """Put the policy in force with some items replaced: proposed by one officer, approved by the other."""
    return world.do(ApprovePolicyChange(propose_policy(world, **changes)), SEC, reason=REASON)
