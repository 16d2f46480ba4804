"""One person as their stream tells it: which key, roles and duties count now.

Validity is judged by position in the log, never by clocks: fold up to position P - 1 and ask. Dates that a
grant names are a second limit, judged by the time that is signed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from core.trial.people.events import (
    CredentialResetProposed,
    DelegationEnded,
    DutiesDelegated,
    EnrolmentApproved,
    EnrolmentRejected,
    IdentityVerified,
    KeyCompromiseDeclared,
    LockedOut,
    LockoutLifted,
    PasswordChanged,
    PeopleEvent,
    PersonDisabled,
    PersonInvited,
    PolicyAccepted,
    Proposable,
    RoleEnded,
    RoleGranted,
    SignaturesReaffirmed,
    SigningKeyEnrolled,
    SigningKeyRevoked,
    SigningKeyRotated,
    TrainingRecorded,
)
from core.trial.people.rights import (
    Delegation,
    Held,
    Proposal,
    Reaffirmation,
    Suspicion,
    Training,
    stamp_of,
)
from core.trial.people.suspicions import suspicions_by

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from core.kernel.actors import Duty, Role
    from core.kernel.recorded import Recorded
    from core.trial.instance.events import Officer


@dataclass(frozen=True, slots=True)
class Person:
    """A person: id, name as approved, keys, roles and duties with their intervals, open proposals.

    `credential_since` is when the key or the password that counts was last set; `locked_at` the position of
    a lock-out that stands.
    """

    id: str
    name: str = ""
    organisation: str = ""
    identity_verified_by: str | None = None
    keys: tuple[Held, ...] = ()
    roles: tuple[Held, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    trainings: tuple[Training, ...] = ()
    accepted: tuple[str, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
    reaffirmed: tuple[Reaffirmation, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    credential_since: datetime | None = None
    locked_at: int | None = None
    lockouts: tuple[Held, ...] = ()

    @property
    def active_key(self) -> str | None:
        """The one key that counts now, or None."""
        return next((k.what for k in self.keys if k.until is None), None)

    @property
    def can_sign(self) -> bool:
        """Tell whether the person signs in the roles that count: enrolled, with a key, not locked out."""
        return bool(self.name) and self.active_key is not None and self.locked_at is None

    @property
    def open_roles(self) -> tuple[str, ...]:
        """The roles that nobody has ended, each once; their own dates are not looked at."""
        return tuple(dict.fromkeys(r.what for r in self.roles if r.until is None))

    def active_roles(self, moment: datetime) -> tuple[str, ...]:
        """The roles that count at a moment."""
        return tuple(r.what for r in self.roles if r.counts_on(moment))

    def holds_role(self, role: Role, moment: datetime) -> bool:
        """Tell whether the role counts at the moment."""
        return role in self.active_roles(moment)

    def could_sign(self, key: str, role: Role, position: int) -> bool:
        """Tell whether key and role both counted at an earlier position."""
        return any(k.what == key and k.counts_at(position) for k in self.keys) and any(
            r.what == role and r.counts_at(position) for r in self.roles
        )

    def delegations_of(self, role: Role, duties: Collection[Duty]) -> tuple[Delegation, ...]:
        """Return the delegations, ended ones too, that each cover all of the duties in the role."""
        wanted = set(duties)
        return tuple(d for d in self.delegations if d.role == role and wanted <= set(d.duties))

    def delegation_of(self, role: Role, duties: Collection[Duty], moment: datetime) -> Delegation | None:
        """Return the one delegation under which the person does all of the duties in a role at the moment."""
        ever = self.delegations_of(role, duties)
        return next((d for d in ever if self._works_under(d, moment)), None)

    def _works_under(self, delegation: Delegation, moment: datetime) -> bool:
        """A delegation counts in the role as it was granted by then, and never in a later grant of it."""
        held = delegation.held
        given_in = (r for r in self.roles if r.what == delegation.role and r.since < held.since)
        return held.counts_on(moment) and any(role.counts_on(moment) for role in given_in)

    def is_trained(self, day: date) -> bool:
        """Tell whether a recorded training, so a completed one, counts on the day (UTC)."""
        return any(day <= t.expires_on for t in self.trainings)


def founding_officer(officer: Officer, recorded: Recorded) -> Person:
    """Return a founding officer, whose key and role count from position 1."""
    return Person(
        id=officer.id,
        name=officer.name,
        organisation="",
        keys=(_held(officer.key, recorded),),
        roles=(_held(officer.role, recorded),),
        credential_since=recorded.recorded_at,
    )


def evolve(state: Person, recorded: Recorded) -> Person:  # noqa: C901, PLR0911, PLR0912 - one case a kind of event
    """Return the person after one more event of their stream."""
    event: PeopleEvent = recorded.payload
    match event:
        case PersonInvited() | SigningKeyEnrolled() | RoleGranted() | CredentialResetProposed():
            proposal = Proposal(recorded.digest, recorded.signer.id, event)
            return replace(state, proposals=(*state.proposals, proposal))
        case EnrolmentApproved():
            return _approved(state, event.covers, recorded)
        case EnrolmentRejected():
            return _without_proposals(state, event.covers)
        case IdentityVerified():
            return replace(state, identity_verified_by=recorded.signer.id)
        case TrainingRecorded():
            training = Training(event.course, event.completed_on, event.expires_on, recorded.position)
            return replace(state, trainings=(*state.trainings, training))
        case PolicyAccepted():
            return replace(state, accepted=(*state.accepted, event.digest))
        case DutiesDelegated() | DelegationEnded():
            return _delegating(state, event, recorded)
        case RoleEnded() | PersonDisabled():
            return _losing_roles(state, event, recorded)
        case SigningKeyRevoked() | KeyCompromiseDeclared() | SigningKeyRotated() | PasswordChanged():
            return _changing_key(state, event, recorded)
        case SignaturesReaffirmed():
            return replace(state, reaffirmed=(*state.reaffirmed, _reaffirmation(event, recorded)))
        case LockedOut():
            lockouts = (*state.lockouts, _held(f"{event.attempts} attempts", recorded))
            return replace(state, locked_at=recorded.position, lockouts=lockouts)
        case LockoutLifted():
            return replace(state, locked_at=None, lockouts=_ended(state.lockouts, None, recorded))
        case _:
            assert_never(event)


def _approved(state: Person, covers: tuple[str, ...], recorded: Recorded) -> Person:
    for proposal in state.proposals:
        if proposal.digest in covers:
            state = _effective(state, proposal, recorded)
    return _without_proposals(state, covers)


def _without_proposals(state: Person, covers: tuple[str, ...]) -> Person:
    return replace(state, proposals=tuple(p for p in state.proposals if p.digest not in covers))


def _effective(state: Person, proposal: Proposal, recorded: Recorded) -> Person:
    event: Proposable = proposal.event
    match event:
        case PersonInvited():
            return replace(state, name=event.name, organisation=event.organisation)
        case SigningKeyEnrolled():
            return _with_key(state, event.key, recorded, proposal.proposer)
        case RoleGranted():
            held = _held(event.role, recorded, (event.valid_from, event.valid_until))
            granted = replace(held, proposed_by=proposal.proposer)
            return replace(state, roles=(*state.roles, granted))
        case CredentialResetProposed():
            return _without_key(state, event.key, recorded)
        case _:
            assert_never(event)


def _reaffirmation(event: SignaturesReaffirmed, recorded: Recorded) -> Reaffirmation:
    return Reaffirmation(frozenset(event.covers), recorded.position, recorded.signer.key, recorded.digest)


def _with_key(
    state: Person,
    key: str,
    recorded: Recorded,
    proposer: str | None = None,
    rotated_from: str | None = None,
) -> Person:
    """Give the person the one key that counts from here.

    Raises: `ValueError` beside a key that still counts, and for one that counted before: no decision leads
    there.
    """
    if state.active_key is not None or any(held.what == key for held in state.keys):
        raise ValueError("a person has one key that counts, and none of them twice")
    held = replace(_held(key, recorded), proposed_by=proposer, rotated_from=rotated_from)
    return replace(state, keys=(*state.keys, held), credential_since=recorded.recorded_at)


def _delegating(state: Person, event: DutiesDelegated | DelegationEnded, recorded: Recorded) -> Person:
    match event:
        case DutiesDelegated():
            held = _held(recorded.digest, recorded, (event.valid_from, event.valid_until))
            delegation = Delegation(held, event.role, event.duties, recorded.signer.id)
            return replace(state, delegations=(*state.delegations, delegation))
        case DelegationEnded():
            return replace(state, delegations=_without_delegation(state, event.delegation, recorded))
        case _:
            assert_never(event)


def _losing_roles(state: Person, event: RoleEnded | PersonDisabled, recorded: Recorded) -> Person:
    """A role that ends takes with it what was delegated in it, and its renewal; a disabled person loses all.

    No proposal of before stays open: else one officer could bring back what another has just ended.
    """
    role = event.role if isinstance(event, RoleEnded) else None
    renewals = (p for p in state.proposals if role is None or _grants(p, role))
    state = _without_proposals(state, tuple(proposal.digest for proposal in renewals))
    return replace(
        state,
        roles=_ended(state.roles, role, recorded),
        delegations=tuple(
            d if role not in (None, d.role) else replace(d, held=_end(d.held, recorded))
            for d in state.delegations
        ),
    )


def _grants(proposal: Proposal, role: Role) -> bool:
    return isinstance(proposal.event, RoleGranted) and proposal.event.role == role


def _changing_key(
    state: Person,
    event: SigningKeyRevoked | KeyCompromiseDeclared | SigningKeyRotated | PasswordChanged,
    recorded: Recorded,
) -> Person:
    match event:
        case PasswordChanged():
            return replace(state, credential_since=recorded.recorded_at)
        case SigningKeyRotated():
            without = replace(state, keys=_ended(state.keys, event.old, recorded))
            return _with_key(without, event.key, recorded, rotated_from=event.old)
        case SigningKeyRevoked():
            return _without_key(state, event.key, recorded)
        case KeyCompromiseDeclared():
            return _suspecting(state, event, recorded)
        case _:
            assert_never(event)


def _suspecting(state: Person, event: KeyCompromiseDeclared, recorded: Recorded) -> Person:
    """End the key and what it brought in while it was in doubt."""
    found = suspicions_by(state.keys, event.key, event.suspected_from, recorded.position)
    for suspicion in found:
        state = _without_key(state, suspicion.key, recorded)
    return replace(state, suspicions=(*state.suspicions, *found))


def _without_key(state: Person, key: str, recorded: Recorded) -> Person:
    """End a key; who loses the one that counts is identified again before the next (trust 2, T11)."""
    verified_by = None if key == state.active_key else state.identity_verified_by
    return replace(state, keys=_ended(state.keys, key, recorded), identity_verified_by=verified_by)


def _without_delegation(state: Person, digest: str, recorded: Recorded) -> tuple[Delegation, ...]:
    return tuple(
        replace(d, held=_end(d.held, recorded)) if d.digest == digest else d for d in state.delegations
    )


def _ended(held: tuple[Held, ...], what: str | None, recorded: Recorded) -> tuple[Held, ...]:
    """End the one that is named, or all."""
    return tuple(_end(h, recorded) if what in (None, h.what) else h for h in held)


def _end(held: Held, recorded: Recorded) -> Held:
    if held.until is not None:
        return held
    ended_by = type(recorded.payload).__name__
    return replace(held, until=recorded.position, ended_by=ended_by, ended=stamp_of(recorded))


def _held(
    what: str, recorded: Recorded, dates: tuple[datetime | None, datetime | None] = (None, None)
) -> Held:
    """Return what counts from the event on."""
    return Held(what, recorded.position, None, *dates, granted=stamp_of(recorded))
