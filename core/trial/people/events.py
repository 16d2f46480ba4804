"""Facts about the people of the trial: identity, training, roles, duties, keys.

What gives somebody power takes two officers: it counts from the position of its `EnrolmentApproved`,
signed by another officer than the proposer (record 2.3). Taking power away takes one, and counts at once.
What somebody may do with their own key alone is signed with that key. Where a statement is about others,
named by their digests, it also says in words what they are: nobody signs what they cannot read
(21 CFR 11.70).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Final

from core.kernel.actors import Duty, Meaning, Role, Signers


class IdentityEvidence(StrEnum):
    """What the registrar looked at: 21 CFR 11.100(b)."""

    PASSPORT = "passport"
    IDENTITY_CARD = "identity_card"
    PROFESSIONAL_LICENCE = "professional_licence"


@dataclass(frozen=True, slots=True)
class PersonInvited:
    """An officer proposes a person under an id that is never used again."""

    TOPIC: ClassVar[str] = "people.PersonInvited/1"
    name: str
    organisation: str


@dataclass(frozen=True, slots=True)
class SigningKeyEnrolled:
    """An officer brings the person's public key with the owner's proof of possession."""

    TOPIC: ClassVar[str] = "people.SigningKeyEnrolled/1"
    key: str
    proof: str


@dataclass(frozen=True, slots=True)
class RoleGranted:
    """An officer proposes a role for the person, from and until when."""

    TOPIC: ClassVar[str] = "people.RoleGranted/1"
    role: Role
    valid_from: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class CredentialResetProposed:
    """An officer proposes to destroy the person's key, whose password is lost."""

    TOPIC: ClassVar[str] = "people.CredentialResetProposed/1"
    key: str


@dataclass(frozen=True, slots=True)
class EnrolmentApproved:
    """A second officer approves what the covered statements propose, said in words; it counts from here."""

    TOPIC: ClassVar[str] = "people.EnrolmentApproved/1"
    covers: tuple[str, ...]
    approves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnrolmentRejected:
    """An officer rejects what the covered statements propose, said in words; id and key stay taken."""

    TOPIC: ClassVar[str] = "people.EnrolmentRejected/1"
    covers: tuple[str, ...]
    rejects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdentityVerified:
    """A registrar has seen who the person is; `document` is the digest of the kept evidence, if any."""

    TOPIC: ClassVar[str] = "people.IdentityVerified/1"
    evidence: IdentityEvidence
    document: str | None


@dataclass(frozen=True, slots=True)
class TrainingRecorded:
    """The person completed a course; it counts to the end of its last day (UTC)."""

    TOPIC: ClassVar[str] = "people.TrainingRecorded/1"
    course: str
    completed_on: date
    expires_on: date


@dataclass(frozen=True, slots=True)
class PolicyAccepted:
    """The person accepted to be held accountable for what is signed with their key."""

    TOPIC: ClassVar[str] = "people.PolicyAccepted/1"
    policy: str
    digest: str
    text: str


@dataclass(frozen=True, slots=True)
class DutiesDelegated:
    """The principal investigator delegated duties to a person in a role, from and until when."""

    TOPIC: ClassVar[str] = "people.DutiesDelegated/1"
    role: Role
    duties: tuple[Duty, ...]
    valid_from: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class DelegationEnded:
    """A delegation of duties in a role ended, at once; `delegation` is the digest of its statement."""

    TOPIC: ClassVar[str] = "people.DelegationEnded/1"
    delegation: str
    role: Role
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class RoleEnded:
    """An officer ends a role, at once."""

    TOPIC: ClassVar[str] = "people.RoleEnded/1"
    role: Role


@dataclass(frozen=True, slots=True)
class PersonDisabled:
    """An officer ends every role and delegation of a person, at once; two officers grant roles anew."""

    TOPIC: ClassVar[str] = "people.PersonDisabled/1"


@dataclass(frozen=True, slots=True)
class SigningKeyRevoked:
    """An officer revokes a key, at once; earlier signatures keep their verdict."""

    TOPIC: ClassVar[str] = "people.SigningKeyRevoked/1"
    key: str


@dataclass(frozen=True, slots=True)
class KeyCompromiseDeclared:
    """An officer revokes a key, at once; what it signed from a position on is in doubt until re-affirmed."""

    TOPIC: ClassVar[str] = "people.KeyCompromiseDeclared/1"
    key: str
    suspected_from: int


@dataclass(frozen=True, slots=True)
class SigningKeyRotated:
    """The person replaced their key, signing with the old one and proving to hold the new one."""

    TOPIC: ClassVar[str] = "people.SigningKeyRotated/1"
    old: str
    key: str
    proof: str


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """The person changed the password under which their key is sealed."""

    TOPIC: ClassVar[str] = "people.PasswordChanged/1"
    key: str


@dataclass(frozen=True, slots=True)
class SignaturesReaffirmed:
    """The person stands by signatures, each said in words, that a declared compromise had put in doubt."""

    TOPIC: ClassVar[str] = "people.SignaturesReaffirmed/1"
    covers: tuple[str, ...]
    reaffirms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LockedOut:
    """The system locked a person out after failed attempts in their name."""

    TOPIC: ClassVar[str] = "people.LockedOut/1"
    attempts: int


@dataclass(frozen=True, slots=True)
class LockoutLifted:
    """An officer let a person who was locked out in again."""

    TOPIC: ClassVar[str] = "people.LockoutLifted/1"


Proposable = PersonInvited | SigningKeyEnrolled | RoleGranted | CredentialResetProposed

PeopleEvent = (
    Proposable
    | EnrolmentApproved
    | EnrolmentRejected
    | IdentityVerified
    | TrainingRecorded
    | PolicyAccepted
    | DutiesDelegated
    | DelegationEnded
    | RoleEnded
    | PersonDisabled
    | SigningKeyRevoked
    | KeyCompromiseDeclared
    | SigningKeyRotated
    | PasswordChanged
    | SignaturesReaffirmed
    | LockedOut
    | LockoutLifted
)

_PEOPLE: Final = tuple(role for role in Role if role is not Role.SVC)
_PROPOSED: Final = ((Role.ADM, Meaning.APPROVED),)
_BY_REGISTRAR: Final = ((Role.SEC, Meaning.APPROVED),)
_BY_OFFICERS: Final = ((Role.ADM, Meaning.APPROVED), (Role.SEC, Meaning.APPROVED))
_BY_OWNER: Final = tuple((role, Meaning.APPROVED) for role in _PEOPLE)

# Who signs each type, meaning what: the rows with which the policy of position 1 is born.
SIGNERS: Final[Signers] = {
    PersonInvited: _PROPOSED,
    SigningKeyEnrolled: _PROPOSED,
    RoleGranted: _PROPOSED,
    CredentialResetProposed: _PROPOSED,
    EnrolmentApproved: _BY_REGISTRAR,
    EnrolmentRejected: _BY_OFFICERS,
    IdentityVerified: _BY_REGISTRAR,
    TrainingRecorded: _BY_OFFICERS,
    PolicyAccepted: tuple((role, Meaning.ACKNOWLEDGED) for role in _PEOPLE),
    DutiesDelegated: ((Role.PI, Meaning.RESPONSIBILITY),),
    DelegationEnded: ((Role.PI, Meaning.RESPONSIBILITY), *_BY_OFFICERS),
    RoleEnded: _BY_OFFICERS,
    PersonDisabled: _BY_OFFICERS,
    SigningKeyRevoked: _BY_OFFICERS,
    KeyCompromiseDeclared: _BY_OFFICERS,
    SigningKeyRotated: _BY_OWNER,
    PasswordChanged: _BY_OWNER,
    SignaturesReaffirmed: tuple((role, Meaning.REVIEWED) for role in _PEOPLE),
    LockedOut: ((Role.SVC, Meaning.RECORDED),),
    LockoutLifted: _BY_OFFICERS,
}
