"""One person as their stream tells it: the fold of what gives and ends keys, roles and duties.

Who counted at position P is asked of the fold up to P - 1.
"""

from __future__ import annotations

from dataclasses import replace
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
from core.trial.people.key_changes import changing_key, with_key, without_key
from core.trial.people.person import Person
from core.trial.people.rights import (
    Delegation,
    Proposal,
    Reaffirmation,
    Training,
    ended,
    ended_among,
    held_from,
)

if TYPE_CHECKING:
    from core.kernel.actors import Role
    from core.kernel.recorded import Recorded
    from core.trial.instance.events import Officer


def founding_officer(officer: Officer, recorded: Recorded) -> Person:
    """Return a founding officer, whose key and role count from position 1."""
    return Person(
        id=officer.id,
        name=officer.name,
        organisation="",
        keys=(held_from(officer.key, recorded),),
        roles=(held_from(officer.role, recorded),),
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
            return changing_key(state, event, recorded)
        case SignaturesReaffirmed():
            return replace(state, reaffirmed=(*state.reaffirmed, _reaffirmation(event, recorded)))
        case LockedOut():
            lockouts = (*state.lockouts, held_from(f"{event.attempts} attempts", recorded))
            return replace(state, locked_at=recorded.position, lockouts=lockouts)
        case LockoutLifted():
            return replace(state, locked_at=None, lockouts=ended_among(state.lockouts, None, recorded))
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
            return with_key(state, event.key, recorded, proposal.proposer)
        case RoleGranted():
            held = held_from(event.role, recorded, (event.valid_from, event.valid_until))
            granted = replace(held, proposed_by=proposal.proposer)
            return replace(state, roles=(*state.roles, granted))
        case CredentialResetProposed():
            return without_key(state, event.key, recorded)
        case _:
            assert_never(event)


def _reaffirmation(event: SignaturesReaffirmed, recorded: Recorded) -> Reaffirmation:
    return Reaffirmation(frozenset(event.covers), recorded.position, recorded.signer.key, recorded.digest)


def _delegating(state: Person, event: DutiesDelegated | DelegationEnded, recorded: Recorded) -> Person:
    match event:
        case DutiesDelegated():
            held = held_from(recorded.digest, recorded, (event.valid_from, event.valid_until))
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
        roles=ended_among(state.roles, role, recorded),
        delegations=tuple(
            d if role not in (None, d.role) else replace(d, held=ended(d.held, recorded))
            for d in state.delegations
        ),
    )


def _grants(proposal: Proposal, role: Role) -> bool:
    return isinstance(proposal.event, RoleGranted) and proposal.event.role == role


def _without_delegation(state: Person, digest: str, recorded: Recorded) -> tuple[Delegation, ...]:
    return tuple(
        replace(d, held=ended(d.held, recorded)) if d.digest == digest else d for d in state.delegations
    )
