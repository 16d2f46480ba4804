"""Facts about the people of the trial: identity, keys and roles.

Nothing here takes effect on one person's word: an enrolment counts from the position of its
`EnrolmentApproved`, signed by another officer (record 2.3). Taking rights away takes one officer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from core.kernel.actors import Meaning, Role, Signers


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
    """An officer proposes a role for the person."""

    TOPIC: ClassVar[str] = "people.RoleGranted/1"
    role: Role


@dataclass(frozen=True, slots=True)
class EnrolmentApproved:
    """A second officer approves what the covered statements propose; it counts from here."""

    TOPIC: ClassVar[str] = "people.EnrolmentApproved/1"
    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoleEnded:
    """An officer ends a role, at once."""

    TOPIC: ClassVar[str] = "people.RoleEnded/1"
    role: Role


@dataclass(frozen=True, slots=True)
class SigningKeyRevoked:
    """An officer revokes a key, at once; earlier signatures keep their verdict."""

    TOPIC: ClassVar[str] = "people.SigningKeyRevoked/1"
    key: str


PeopleEvent = (
    PersonInvited | SigningKeyEnrolled | RoleGranted | EnrolmentApproved | RoleEnded | SigningKeyRevoked
)

_APPROVED_BY_OFFICERS: Final = ((Role.ADM, Meaning.APPROVED), (Role.SEC, Meaning.APPROVED))

# Who signs each type, meaning what: the rows with which the policy of position 1 is born.
SIGNERS: Final[Signers] = {
    PersonInvited: ((Role.ADM, Meaning.APPROVED),),
    SigningKeyEnrolled: ((Role.ADM, Meaning.APPROVED),),
    RoleGranted: ((Role.ADM, Meaning.APPROVED),),
    EnrolmentApproved: ((Role.SEC, Meaning.APPROVED),),
    RoleEnded: _APPROVED_BY_OFFICERS,
    SigningKeyRevoked: _APPROVED_BY_OFFICERS,
}
