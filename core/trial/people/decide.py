"""Decisions about people: nobody enters on one officer's word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused
from core.kernel.texts import require_text
from core.kernel.time import local_date
from core.trial.authority import SERVICE
from core.trial.context import Context, Decided, require_past_day, require_reason
from core.trial.people import commands, delegation, events, keys
from core.trial.people.conflicts import require_compatible
from core.trial.people.events import (
    EnrolmentApproved,
    EnrolmentRejected,
    IdentityVerified,
    LockoutLifted,
    PersonDisabled,
    PersonInvited,
    PolicyAccepted,
    RoleEnded,
    RoleGranted,
    SigningKeyEnrolled,
    TrainingRecorded,
)
from core.trial.people.officers import (
    OFFICERS,
    require_another_officer,
    require_dispensable,
    require_undoubted,
)
from core.trial.people.time_boxes import require_time_box
from core.trial.people.words import proposed_in_words

if TYPE_CHECKING:
    from core.trial.deciding import CommandRow
    from core.trial.facts import Facts
    from core.trial.people.person import Person

NAME_LIMIT = 120


def enrol_person(facts: Facts, command: commands.EnrolPerson, context: Context) -> tuple[Decided, ...]:
    """Propose a person, their key and a role.

    Raises: `PERSON_EXISTS` (ids are never used again, 21 CFR 11.100(a)), `KEY_IN_USE`, `BAD_NAME`,
    `BAD_TEXT`, `BAD_ROLE`, `SOD_VIOLATION`, `BAD_INTERVAL`, `TIME_BOX_REQUIRED`, and what the key checks
    raise.
    """
    _require_unused_id(facts, command.person)
    name = command.name
    if not 1 <= len(name) <= NAME_LIMIT or name != " ".join(name.split()) or not any(map(str.isalpha, name)):
        raise Malformed(
            "BAD_NAME", f"a printed name is one line of 1 to {NAME_LIMIT} characters", field="name"
        )
    require_text(command.organisation, "an organisation", "organisation", NAME_LIMIT)
    if command.person == context.person:
        raise Refused("SOD_VIOLATION", "nobody enrols themselves")
    require_compatible(facts.person(command.person), command.role)
    delegation.require_interval(None, command.valid_until, context)
    require_time_box(facts.instance(), command.role, context.now, command.valid_until)
    keys.require_new_key(facts, command.person, command.key, command.proof, context)
    return (
        Decided(command.target, PersonInvited(command.name, command.organisation)),
        Decided(command.target, SigningKeyEnrolled(command.key, command.proof)),
        Decided(command.target, RoleGranted(command.role, None, command.valid_until)),
    )


def _require_unused_id(facts: Facts, wanted: str) -> None:
    """Ids that differ only in case are one id: nobody is to be taken for somebody else.

    Raises: `PERSON_EXISTS`.
    """
    taken = {person.id.casefold() for person in facts.people_ever()} | {SERVICE}
    if wanted.casefold() in taken:
        raise Refused("PERSON_EXISTS", "this id belongs to somebody and is never given again")


def propose_role(facts: Facts, command: commands.ProposeRole, context: Context) -> tuple[Decided, ...]:
    """Propose a further role.

    Raises: `UNKNOWN_PERSON`, `SOD_VIOLATION`, `ROLE_HELD` also where the dates overlap, `CONFLICTING_ROLES`,
    `BAD_ROLE`, `PROPOSAL_OPEN`, `BAD_INTERVAL`, `BACKDATED`, `TIME_BOX_REQUIRED`.
    """
    person = facts.enrolled_person(command.person)
    if command.person == context.person:
        raise Refused("SOD_VIOLATION", "nobody proposes a role for themselves")
    delegation.require_interval(command.valid_from, command.valid_until, context)
    starts = command.valid_from or context.now
    require_time_box(facts.instance(), command.role, starts, command.valid_until)
    standing = [h for h in person.roles if h.what == command.role and h.until is None]
    if any(h.valid_until is None or h.valid_until > starts for h in standing):
        raise Refused("ROLE_HELD", "the person holds this role already; end it first to change its dates")
    require_compatible(person, command.role)
    if any(isinstance(p.event, RoleGranted) and p.event.role == command.role for p in person.proposals):
        raise Refused("PROPOSAL_OPEN", "this role waits for its approval already")
    granted = RoleGranted(command.role, command.valid_from, command.valid_until)
    return (Decided(command.target, granted),)


def approve_enrolment(
    facts: Facts, command: commands.ApproveEnrolment, context: Context
) -> tuple[Decided, ...]:
    """Approve exactly the open proposals about a person.

    Raises: `NOTHING_TO_APPROVE`, `STALE_PROPOSAL`, `SOD_VIOLATION` (21 CFR 11.200(a)(3)),
    `IDENTITY_NOT_VERIFIED` (11.100(b)), `CONFLICTING_ROLES`, `KEY_ACTIVE`, `KEY_NOT_ACTIVE`, `LAST_OFFICER`,
    `PROPOSAL_IN_DOUBT`.
    """
    person = facts.person(command.person)
    require_second_officer(person, command.covers, context.person)
    require_undoubted(facts, [proposal.digest for proposal in person.proposals])
    for proposal in person.proposals:
        match proposal.event:
            case PersonInvited() | SigningKeyEnrolled():
                if person.identity_verified_by is None:
                    raise Refused("IDENTITY_NOT_VERIFIED", "a registrar verifies first who the person is")
                if isinstance(proposal.event, SigningKeyEnrolled):
                    keys.require_no_key(person)
            case RoleGranted():
                require_compatible(person, proposal.event.role, proposal)
            case events.CredentialResetProposed():
                keys.require_resettable(facts, person, proposal.event.key, context)
    approved = EnrolmentApproved(command.covers, proposed_in_words(person, command.covers, context.zone))
    return (Decided(command.target, approved),)


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


def reject_enrolment(
    facts: Facts, command: commands.RejectEnrolment, context: Context
) -> tuple[Decided, ...]:
    """Reject some or all open proposals: a mistaken one would stand in the way of every other.

    The enrolment of a person is rejected whole: without their name nobody could sign with key and role.

    Raises: `NOTHING_TO_APPROVE`, `STALE_PROPOSAL`, `ENROLMENT_WHOLE`, `REASON_REQUIRED`.
    """
    person = facts.person(command.person)
    proposed = {p.digest for p in person.proposals}
    if not proposed:
        raise Refused("NOTHING_TO_APPROVE", "no proposal about this person is open")
    if not command.covers or not proposed.issuperset(command.covers):
        raise Refused("STALE_PROPOSAL", "one of these is no open proposal about this person")
    if not person.name and proposed != set(command.covers):
        raise Refused("ENROLMENT_WHOLE", "name, key and role of a new person are rejected together")
    require_reason(context)
    rejected = EnrolmentRejected(command.covers, proposed_in_words(person, command.covers, context.zone))
    return (Decided(command.target, rejected),)


def verify_identity(facts: Facts, command: commands.VerifyIdentity, context: Context) -> tuple[Decided, ...]:
    """Record that the registrar has seen who a proposed person is: 21 CFR 11.100(b).

    Once more whenever a key is reset, revoked or compromised: the next one needs evidence of its own.
    The founding officers confirm each other with position 1; a registrar verifies them before any new key.

    Raises: `UNKNOWN_PERSON`, `SOD_VIOLATION` for the owner and for who proposed them, `ALREADY_RECORDED`,
    `BAD_DIGEST`.
    """
    person = facts.person(command.person)
    if not (person.proposals or person.name):
        raise Refused("UNKNOWN_PERSON", "nobody is proposed or enrolled under this id")
    if context.person == command.person or any(p.proposer == context.person for p in person.proposals):
        raise Refused("SOD_VIOLATION", "identity is verified by another person than owner and proposer")
    if person.identity_verified_by is not None:
        raise Refused("ALREADY_RECORDED", "the identity of this person was verified before")
    keys.require_digest(command.document, "document")
    return (Decided(command.target, IdentityVerified(command.evidence, command.document)),)


def record_training(facts: Facts, command: commands.RecordTraining, context: Context) -> tuple[Decided, ...]:
    """Record a completed course: 21 CFR 11.10(i).

    Raises: `UNKNOWN_PERSON`, `SOD_VIOLATION`, `BAD_TEXT`, `FUTURE_TIME`, `BAD_INTERVAL`.
    """
    facts.enrolled_person(command.person)
    if context.person == command.person:
        raise Refused("SOD_VIOLATION", "nobody records their own training")
    require_text(command.course, "a course", "course", NAME_LIMIT)
    require_past_day(command.completed_on, local_date(context.now, context.zone), "completed_on")
    if command.expires_on < command.completed_on:
        raise Malformed(
            "BAD_INTERVAL", "a training ends on or after the day of completion", field="expires_on"
        )
    recorded = TrainingRecorded(command.course, command.completed_on, command.expires_on)
    return (Decided(command.target, recorded),)


def accept_policy(facts: Facts, command: commands.AcceptPolicy, context: Context) -> tuple[Decided, ...]:
    """Accept the accountability policy in force: 21 CFR 11.10(j).

    Raises: `SOD_VIOLATION`, `POLICY_DIFFERS`, `ALREADY_RECORDED`.
    """
    keys.require_owner(command.person, context)
    policy = facts.instance().accountability
    if policy is None or (policy.id, policy.digest) != (command.policy, command.digest):
        raise Refused("POLICY_DIFFERS", "this is not the accountability policy in force")
    if command.digest in facts.person(command.person).accepted:
        raise Refused("ALREADY_RECORDED", "the person has accepted this policy before")
    return (Decided(command.target, PolicyAccepted(command.policy, command.digest, policy.text)),)


def end_role(facts: Facts, command: commands.EndRole, context: Context) -> tuple[Decided, ...]:
    """End a role.

    Raises: `ROLE_NOT_HELD`, `REASON_REQUIRED`, `LAST_OFFICER`.
    """
    if command.role not in facts.person(command.person).open_roles:
        raise Refused("ROLE_NOT_HELD", "the person does not hold this role")
    require_reason(context)
    if command.role in OFFICERS:
        require_another_officer(facts, command.person, command.role, context)
    return (Decided(command.target, RoleEnded(command.role)),)


def disable_person(facts: Facts, command: commands.DisablePerson, context: Context) -> tuple[Decided, ...]:
    """End every role of a person: 21 CFR 11.10(d), 11.300(c).

    Raises: `UNKNOWN_PERSON`, `ROLE_NOT_HELD`, `REASON_REQUIRED`, `LAST_OFFICER`.
    """
    person = facts.enrolled_person(command.person)
    if not person.open_roles:
        raise Refused("ROLE_NOT_HELD", "the person holds no role any more")
    require_reason(context)
    require_dispensable(facts, command.person, context)
    return (Decided(command.target, PersonDisabled()),)


def lift_lockout(facts: Facts, command: commands.LiftLockout, context: Context) -> tuple[Decided, ...]:
    """Let a person in again; never oneself: 21 CFR 11.300(d).

    Either kind of officer does, so that failed attempts in the name of the only registrar lock nobody out for
    good.

    Raises: `NOT_LOCKED_OUT`, `SOD_VIOLATION`, `REASON_REQUIRED`.
    """
    if facts.person(command.person).locked_at is None:
        raise Refused("NOT_LOCKED_OUT", "the person is not locked out")
    if context.person == command.person:
        raise Refused("SOD_VIOLATION", "another person lifts a lock-out")
    require_reason(context)
    return (Decided(command.target, LockoutLifted()),)


COMMANDS: Final[tuple[CommandRow, ...]] = (
    (commands.EnrolPerson, enrol_person, (events.PersonInvited,)),
    (commands.ProposeRole, propose_role, (events.RoleGranted,)),
    (commands.ApproveEnrolment, approve_enrolment, (events.EnrolmentApproved,)),
    (commands.RejectEnrolment, reject_enrolment, (events.EnrolmentRejected,)),
    (commands.VerifyIdentity, verify_identity, (events.IdentityVerified,)),
    (commands.RecordTraining, record_training, (events.TrainingRecorded,)),
    (commands.AcceptPolicy, accept_policy, (events.PolicyAccepted,)),
    (commands.EndRole, end_role, (events.RoleEnded,)),
    (commands.DisablePerson, disable_person, (events.PersonDisabled,)),
    (commands.LiftLockout, lift_lockout, (events.LockoutLifted,)),
    *delegation.COMMANDS,
    *keys.COMMANDS,
)
