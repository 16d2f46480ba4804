"""The instance as its stream tells it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, assert_never

from core.kernel.actors import Environment
from core.trial.instance.events import (
    ClockDiscrepancyDetected,
    CommandRefused,
    GenesisConfirmed,
    InstanceCreated,
    InstanceEvent,
    PolicyChanged,
    PolicyChangeProposed,
    PolicyChangeWithdrawn,
    RefusalsRepeated,
    ServiceTokenIssued,
    ServiceTokenRevoked,
    SessionMisused,
    TimeSourceChecked,
    UnknownSignInsRefused,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from core.kernel.actors import Duty, Meaning, Role
    from core.kernel.recorded import Recorded
    from core.trial.instance.events import Accountability, LegalSentence, Policy

CONFIRMATIONS_NEEDED = 2


@dataclass(frozen=True, slots=True)
class ClockStanding:
    """What the newest recorded check of the clock found."""

    trusted: bool
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ServiceToken:
    """A tool's right to read, as it was granted; it ends by its date or by an officer."""

    granted: ServiceTokenIssued
    revoked: bool = False

    def counts(self, moment: datetime) -> bool:
        """Tell whether the right counts at the moment."""
        return not self.revoked and moment < self.granted.expires_at


@dataclass(frozen=True, slots=True)
class Enacted:
    """A policy, its number among those ever proposed, and the position behind which it counts."""

    number: int
    since: int
    policy: Policy


@dataclass(frozen=True, slots=True)
class PolicyProposal:
    """The whole policy that one officer proposed, and which nobody has approved or withdrawn yet."""

    digest: str
    proposer: str
    role: Role
    proposed: PolicyChangeProposed


@dataclass(frozen=True)
class Instance:
    """Origin, keys and policy; `confirmed_by` names the officers who stood by position 1.

    `enacted` are the policies that ever counted, oldest first; `policies` counts those ever proposed, the
    first one too. `sentences` and `accountabilities` hold every text that ever counted, by its id: an id
    never gets another one.
    """

    created: InstanceCreated | None = None
    enacted: tuple[Enacted, ...] = ()
    policies: int = 0
    proposal: PolicyProposal | None = None
    sentences: Mapping[str, LegalSentence] = field(default_factory=dict)
    accountabilities: Mapping[str, Accountability] = field(default_factory=dict)
    genesis: str | None = None
    confirmed_by: tuple[str, ...] = ()
    clock: ClockStanding | None = None
    tokens: Mapping[str, ServiceToken] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Tell whether both officers confirmed; until then nothing else is accepted (record 2)."""
        return len(self.confirmed_by) >= CONFIRMATIONS_NEEDED

    @property
    def is_real(self) -> bool:
        """Tell whether this is the record of a real trial, not one for training."""
        return self.created is not None and self.created.environment is Environment.PRODUCTION

    @property
    def policy(self) -> Policy | None:
        """The policy in force: that of position 1 until another takes its place."""
        return self.enacted[-1].policy if self.enacted else None

    def policy_at(self, position: int) -> Policy | None:
        """Return the policy by which an event at the position is judged: never a later one."""
        return next((one.policy for one in reversed(self.enacted) if one.since < position), None)

    @cached_property
    def grants(self) -> dict[tuple[str, Role], tuple[Meaning, ...]]:
        """Meanings allowed per (type, role)."""
        table: dict[tuple[str, Role], tuple[Meaning, ...]] = {}
        for grant in self.policy.grants if self.policy else ():
            table[grant.type, grant.role] = (*table.get((grant.type, grant.role), ()), grant.meaning)
        return table

    @cached_property
    def duties(self) -> dict[str, Duty]:
        """The duty that a delegated role needs, by type."""
        return {row.type: row.duty for row in self.policy.duties} if self.policy else {}

    @property
    def accountability(self) -> Accountability | None:
        """What everybody accepts before they sign anything."""
        return self.policy.accountability if self.policy else None

    @cached_property
    def legal(self) -> dict[Meaning, LegalSentence]:
        """The legal sentence of each meaning."""
        return {s.meaning: s for s in self.policy.legal} if self.policy else {}

    def may_sign(self, topic: str, role: Role, meaning: Meaning) -> bool:
        """Tell whether the policy allows the role to sign the type with the meaning."""
        return meaning in self.grants.get((topic, role), ())


def evolve(state: Instance, recorded: Recorded) -> Instance:  # noqa: PLR0911 - one case a kind of event
    """Return the instance after one more event of its stream."""
    event: InstanceEvent = recorded.payload
    match event:
        case InstanceCreated():
            founded = Instance(created=event, genesis=recorded.digest, policies=1)
            return _under(founded, event.policy, recorded)
        case GenesisConfirmed():
            return replace(state, confirmed_by=(*state.confirmed_by, recorded.signer.id))
        case CommandRefused() | RefusalsRepeated() | UnknownSignInsRefused() | SessionMisused():
            return state
        case ServiceTokenIssued():
            return replace(state, tokens={**state.tokens, event.token: ServiceToken(event)})
        case ServiceTokenRevoked():
            ended = replace(state.tokens[event.token], revoked=True)
            return replace(state, tokens={**state.tokens, event.token: ended})
        case PolicyChangeProposed() | PolicyChanged() | PolicyChangeWithdrawn():
            return _changing_policy(state, event, recorded)
        case TimeSourceChecked() | ClockDiscrepancyDetected():
            trusted = isinstance(event, TimeSourceChecked)
            return replace(state, clock=ClockStanding(trusted, recorded.recorded_at))
        case _:
            assert_never(event)


def _changing_policy(
    state: Instance,
    event: PolicyChangeProposed | PolicyChanged | PolicyChangeWithdrawn,
    recorded: Recorded,
) -> Instance:
    """Raise `ValueError` for a second open proposal and for what is about another one: nobody decides so."""
    if isinstance(event, PolicyChangeProposed):
        if state.proposal is not None:
            raise ValueError("one policy is proposed at a time")
        proposal = PolicyProposal(recorded.digest, recorded.signer.id, recorded.signer.role, event)
        return replace(state, proposal=proposal, policies=state.policies + 1)
    if state.proposal is None or state.proposal.digest != event.covers:
        raise ValueError("this policy is not proposed")
    settled = replace(state, proposal=None)
    if isinstance(event, PolicyChangeWithdrawn):
        return settled
    return _under(settled, state.proposal.proposed.policy, recorded)


def _under(state: Instance, policy: Policy, recorded: Recorded) -> Instance:
    """Return the instance under a policy from here on, with its texts among those that ever counted."""
    return replace(
        state,
        enacted=(*state.enacted, Enacted(state.policies, recorded.position, policy)),
        sentences={**state.sentences, **{sentence.id: sentence for sentence in policy.legal}},
        accountabilities={**state.accountabilities, policy.accountability.id: policy.accountability},
    )
