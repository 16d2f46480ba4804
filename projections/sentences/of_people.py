"""Sentences about the people of the trial: who they are, what they may do, with which key."""

from __future__ import annotations

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
    PersonDisabled,
    PersonInvited,
    PolicyAccepted,
    RoleEnded,
    RoleGranted,
    SignaturesReaffirmed,
    SigningKeyEnrolled,
    SigningKeyRevoked,
    SigningKeyRotated,
    TrainingRecorded,
)

if TYPE_CHECKING:
    from datetime import datetime
    from typing import TypeAlias

    from core.trial.people.events import PeopleEvent

    KeyEvent: TypeAlias = (
        SigningKeyEnrolled
        | SigningKeyRevoked
        | SigningKeyRotated
        | KeyCompromiseDeclared
        | CredentialResetProposed
        | PasswordChanged
        | SignaturesReaffirmed
    )


def of_person(event: PeopleEvent, person: str) -> str:  # noqa: C901, PLR0911, PLR0912 - one case an event
    """Return the sentence of an event about the person with this id."""
    match event:
        case PersonInvited():
            return f"{person} ({event.name}, {event.organisation}) was proposed."
        case EnrolmentApproved():
            return f"A second officer approved what was proposed for {person}."
        case EnrolmentRejected():
            return f"{len(event.covers)} of the proposals about {person} were rejected."
        case IdentityVerified():
            return f"The identity of {person} was verified: {_words(event.evidence)}."
        case TrainingRecorded():
            course, day = event.course, event.expires_on
            return f"{person} completed {course} on {event.completed_on}; it counts to {day}."
        case PolicyAccepted():
            return f"{person} accepted to be held accountable under {event.policy}."
        case RoleGranted():
            dates = _dates(event.valid_from, event.valid_until)
            return f"The role {event.role} was proposed for {person}{dates}."
        case DutiesDelegated():
            duties, dates = ", ".join(event.duties), _dates(event.valid_from, event.valid_until)
            return f"To {person} as {event.role} was delegated: {duties}{dates}."
        case DelegationEnded():
            return f"A delegation to {person} ended."
        case RoleEnded():
            return f"The role {event.role} of {person} ended."
        case PersonDisabled():
            return f"{person} was disabled: every role and delegation ended."
        case LockedOut():
            return f"{person} was locked out after {event.attempts} failed attempts."
        case LockoutLifted():
            return f"The lock-out of {person} was lifted."
        case _:
            return _of_key(event, person)


def _of_key(event: KeyEvent, person: str) -> str:  # noqa: PLR0911 - one case an event
    match event:
        case SigningKeyEnrolled():
            return f"A signing key of {person} was proposed."
        case SigningKeyRevoked():
            return f"A signing key of {person} was revoked."
        case SigningKeyRotated():
            return f"{person} replaced their signing key."
        case KeyCompromiseDeclared():
            since = event.suspected_from
            return f"A key of {person} was compromised: what it signed from position {since} on is in doubt."
        case CredentialResetProposed():
            return f"To destroy the signing key of {person} was proposed."
        case PasswordChanged():
            return f"{person} changed the password of their signing key."
        case SignaturesReaffirmed():
            return f"{person} stood by {len(event.covers)} signatures that were in doubt."
        case _:
            assert_never(event)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _dates(start: datetime | None, end: datetime | None) -> str:
    since = f" from {start.isoformat()}" if start else ""
    return since + (f" until {end.isoformat()}" if end else "")
