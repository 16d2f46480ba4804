"""The instance as its stream tells it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, assert_never

from core.trial.instance.events import CommandRefused, GenesisConfirmed, InstanceCreated, InstanceEvent

if TYPE_CHECKING:
    from core.kernel.actors import Meaning, Role
    from core.kernel.recorded import Recorded

CONFIRMATIONS_NEEDED = 2


@dataclass(frozen=True)
class Instance:
    """Origin, keys and policy; `confirmed_by` names the officers who stood by position 1."""

    created: InstanceCreated | None = None
    genesis: str | None = None
    confirmed_by: tuple[str, ...] = ()

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
    def legal(self) -> dict[Meaning, str]:
        """The id of the legal sentence of each meaning."""
        return {s.meaning: s.id for s in self.created.policy.legal} if self.created else {}

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
        case CommandRefused():
            return state
        case _:
            assert_never(event)
