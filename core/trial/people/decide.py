"""Decisions about people: nobody enters on one officer's word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.actors import Role
from core.kernel.errors import Malformed, Refused
from core.trial.authority import SERVICE
from core.trial.context import Context, Decided, require_reason
from core.trial.people import commands, events
from core.trial.people.events import (
    EnrolmentApproved,
    PersonInvited,
    RoleEnded,
    RoleGranted,
    SigningKeyEnrolled,
    SigningKeyRevoked,
)

if TYPE_CHECKING:
    from core.trial.context import CommandRow
    from core.trial.facts import Facts
    from core.trial.people.commands import ApproveEnrolment, EndRole, EnrolPerson, RevokeSigningKey
    from core.trial.people.state import Person

NAME_LIMIT = 120
OFFICERS = (Role.SEC, Role.ADM)


def enrol_person(facts: Facts, command: EnrolPerson, context: Context) -> tuple[Decided, ...]:
    """Propose a person, their key and a role.

    Raises: `PERSON_EXISTS` (ids are never used again, 21 CFR 11.100(a)), `KEY_IN_USE`, `BAD_NAME`,
    `SOD_VIOLATION`, and what the key checks raise.
    """
    person = facts.person(command.person)
    if command.person == SERVICE or person.name or person.proposals or person.keys:
        raise Refused("PERSON_EXISTS", "this id belongs to somebody and is never given again")
    name = command.name
    if not 1 <= len(name) <= NAME_LIMIT or name != " ".join(name.split()) or not any(map(str.isalpha, name)):
        raise Malformed(
            "BAD_NAME", f"a printed name is one line of 1 to {NAME_LIMIT} characters", field="name"
        )
    if command.person == context.person:
        raise Refused("SOD_VIOLATION", "nobody enrols themselves")
    if facts.key_owner(command.key) is not None:
        raise Refused("KEY_IN_USE", "a key belongs to one person for ever")
    context.checks.require_possession(command.person, command.key, command.proof)
    return (
        Decided(command.target, PersonInvited(command.name, command.organisation)),
        Decided(command.target, SigningKeyEnrolled(command.key, command.proof)),
        Decided(command.target, RoleGranted(command.role)),
    )


def approve_enrolment(facts: Facts, command: ApproveEnrolment, context: Context) -> tuple[Decided, ...]:
    """Approve exactly the open proposals about a person.

    Raises: `NOTHING_TO_APPROVE`, `STALE_PROPOSAL`, `SOD_VIOLATION` (21 CFR 11.200(a)(3)).
    """
    require_second_officer(facts.person(command.person), command.covers, context.person)
    return (Decided(command.target, EnrolmentApproved(command.covers)),)


def require_second_officer(person: Person, covers: tuple[str, ...], approver: str) -> None:
    """Refuse unless the approver is somebody else and approves exactly the open proposals.

    Raises: `NOTHING_TO_APPROVE`, `STALE_PROPOSAL`, `SOD_VIOLATION`.
    """
    if not person.proposals:
        raise Refused("NOTHING_TO_APPROVE", "no proposal about this person is open")
    if sorted(p.digest for p in person.proposals) != sorted(covers):
        raise Refused("STALE_PROPOSAL", "the open proposals are not those that were shown")
    if approver == person.id or any(p.proposer == approver for p in person.proposals):
        raise Refused("SOD_VIOLATION", "another officer than the proposer must approve")


def end_role(facts: Facts, command: EndRole, context: Context) -> tuple[Decided, ...]:
    """End a role.

    Raises: `ROLE_NOT_HELD`, `REASON_REQUIRED`, `LAST_OFFICER`.
    """
    if not facts.person(command.person).holds_role(command.role):
        raise Refused("ROLE_NOT_HELD", "the person does not hold this role")
    require_reason(context)
    if command.role in OFFICERS:
        _require_another_officer(facts, command.person, command.role)
    return (Decided(command.target, RoleEnded(command.role)),)


def revoke_signing_key(facts: Facts, command: RevokeSigningKey, context: Context) -> tuple[Decided, ...]:
    """Revoke a key.

    Raises: `KEY_NOT_ACTIVE`, `REASON_REQUIRED`, `LAST_OFFICER`.
    """
    person = facts.person(command.person)
    if person.active_key != command.key:
        raise Refused("KEY_NOT_ACTIVE", "this is not the person's active key")
    require_reason(context)
    for role in OFFICERS:
        if person.holds_role(role):
            _require_another_officer(facts, command.person, role)
    return (Decided(command.target, SigningKeyRevoked(command.key)),)


def _require_another_officer(facts: Facts, leaving: str, role: Role) -> None:
    """Refuse to leave the trial without an officer of a kind: nobody could ever bring one in again."""
    if not any(
        person.id != leaving and person.holds_role(role) and person.active_key for person in facts.people()
    ):
        raise Refused("LAST_OFFICER", f"nobody else could act as {role}; enrol another one first")


COMMANDS: Final[tuple[CommandRow, ...]] = (
    (commands.EnrolPerson, enrol_person, (events.PersonInvited,)),
    (commands.ApproveEnrolment, approve_enrolment, (events.EnrolmentApproved,)),
    (commands.EndRole, end_role, (events.RoleEnded,)),
    (commands.RevokeSigningKey, revoke_signing_key, (events.SigningKeyRevoked,)),
)
