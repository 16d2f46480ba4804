"""The instance as its stream tells it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, assert_never

from core.trial.instance.events import (
    ClockDiscrepancyDetected,
    CommandRefused,
    GenesisConfirmed,
    InstanceCreated,
    InstanceEvent,
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
    from core.trial.instance.events import Accountability, LegalSentence

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


@dataclass(frozen=True)
class Instance:
    """Origin, keys and policy; `confirmed_by` names the officers who stood by position 1."""

    created: InstanceCreated | None = None
    genesis: str | None = None
    confirmed_by: tuple[str, ...] = ()
    clock: ClockStanding | None = None
    tokens: Mapping[str, ServiceToken] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Tell whether both officers confirmed; until then nothing else is accepted (record 2)."""
        return len(self.confirmed_by) >= CONFIRMATIONS_NEEDED

    @cached_property
    def grants(self) -> dict[tuple[str, Role], tuple[Meaning, ...]]:
        """Meanings allowed per (type, role)."""
        table: dict[tuple[str, Role], tuple[Meaning, ...]] = {}
        for grant in self.created.policy.grants if self.created else ():
            table[grant.type, grant.role] = (*table.get((grant.type, grant.role), ()), grant.meaning)
        return table

    @cached_property
    def duties(self) -> dict[str, Duty]:
        """The duty that a delegated role needs, by type."""
        return {row.type: row.duty for row in self.created.policy.duties} if self.created else {}

    @property
    def accountability(self) -> Accountability | None:
        """What everybody accepts before they sign anything."""
        return self.created.policy.accountability if self.created else None

    @cached_property
    def legal(self) -> dict[Meaning, LegalSentence]:
        """The legal sentence of each meaning."""
        return {s.meaning: s for s in self.created.policy.legal} if self.created else {}

    def may_sign(self, topic: str, role: Role, meaning: Meaning) -> bool:
        """Tell whether the policy allows the role to sign the type with the meaning."""
        return meaning in self.grants.get((topic, role), ())


def evolve(state: Instance, recorded: Recorded) -> Instance:
    """Return the instance after one more event of its stream."""
    event: InstanceEvent = recorded.payload
    match event:
        case InstanceCreated():
            return Instance(created=event, genesis=recorded.digest)
        case GenesisConfirmed():
            return replace(state, confirmed_by=(*state.confirmed_by, recorded.signer.id))
        case CommandRefused() | RefusalsRepeated() | UnknownSignInsRefused() | SessionMisused():
            return state
        case ServiceTokenIssued():
            return replace(state, tokens={**state.tokens, event.token: ServiceToken(event)})
        case ServiceTokenRevoked():
            ended = replace(state.tokens[event.token], revoked=True)
            return replace(state, tokens={**state.tokens, event.token: ended})
        case TimeSourceChecked() | ClockDiscrepancyDetected():
            trusted = isinstance(event, TimeSourceChecked)
            return replace(state, clock=ClockStanding(trusted, recorded.recorded_at))
        case _:
            assert_never(event)
