"""One person as their stream tells it: which key and which roles count now.

Validity is judged by position in the log, never by clocks: fold up to position P - 1 and ask.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from core.trial.people.events import (
    EnrolmentApproved,
    PeopleEvent,
    PersonInvited,
    RoleEnded,
    RoleGranted,
    SigningKeyEnrolled,
    SigningKeyRevoked,
)

if TYPE_CHECKING:
    from core.kernel.actors import Role
    from core.kernel.recorded import Recorded
    from core.trial.instance.events import Officer


@dataclass(frozen=True, slots=True)
class Held:
    """A key or a role with the positions between which it counts; `until` is open while None."""

    what: str
    since: int
    until: int | None = None

    def counts_at(self, position: int) -> bool:
        """Tell whether an event at the position could rest on it."""
        return self.since < position and (self.until is None or position <= self.until)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something one officer proposed and no second officer has approved yet."""

    digest: str
    proposer: str
    event: PersonInvited | SigningKeyEnrolled | RoleGranted


@dataclass(frozen=True, slots=True)
class Person:
    """A person: id, name as approved, keys and roles with their intervals, open proposals."""

    id: str
    name: str = ""
    organisation: str = ""
    keys: tuple[Held, ...] = ()
    roles: tuple[Held, ...] = ()
    proposals: tuple[Proposal, ...] = ()

    @property
    def active_key(self) -> str | None:
        """The one key that counts now, or None."""
        return next((k.what for k in self.keys if k.until is None), None)

    @property
    def active_roles(self) -> tuple[str, ...]:
        """The roles that count now."""
        return tuple(r.what for r in self.roles if r.until is None)

    def could_sign(self, key: str, role: Role, position: int) -> bool:
        """Tell whether key and role both counted at an earlier position."""
        return any(k.what == key and k.counts_at(position) for k in self.keys) and any(
            r.what == role and r.counts_at(position) for r in self.roles
        )

    def holds_role(self, role: Role) -> bool:
        """Tell whether the role counts now."""
        return role in self.active_roles


def founding_officer(officer: Officer, position: int) -> Person:
    """Return a founding officer, whose key and role count from position 1."""
    return Person(
        id=officer.id,
        name=officer.name,
        organisation="",
        keys=(Held(officer.key, position),),
        roles=(Held(officer.role, position),),
    )


def evolve(state: Person, recorded: Recorded) -> Person:
    """Return the person after one more event of their stream."""
    event: PeopleEvent = recorded.payload
    match event:
        case PersonInvited() | SigningKeyEnrolled() | RoleGranted():
            proposal = Proposal(recorded.digest, recorded.signer.id, event)
            return replace(state, proposals=(*state.proposals, proposal))
        case EnrolmentApproved():
            return _approved(state, event.covers, recorded.position)
        case RoleEnded():
            return replace(state, roles=_ended(state.roles, event.role, recorded.position))
        case SigningKeyRevoked():
            return replace(state, keys=_ended(state.keys, event.key, recorded.position))
        case _:
            assert_never(event)


def _approved(state: Person, covers: tuple[str, ...], position: int) -> Person:
    for proposal in state.proposals:
        if proposal.digest in covers:
            state = _effective(state, proposal.event, position)
    return replace(state, proposals=tuple(p for p in state.proposals if p.digest not in covers))


def _effective(
    state: Person, event: PersonInvited | SigningKeyEnrolled | RoleGranted, position: int
) -> Person:
    match event:
        case PersonInvited():
            return replace(state, name=event.name, organisation=event.organisation)
        case SigningKeyEnrolled():
            return replace(state, keys=(*state.keys, Held(event.key, position)))
        case RoleGranted():
            return replace(state, roles=(*state.roles, Held(event.role, position)))
        case _:
            assert_never(event)


def _ended(held: tuple[Held, ...], what: str, position: int) -> tuple[Held, ...]:
    return tuple(replace(h, until=position) if h.what == what and h.until is None else h for h in held)
