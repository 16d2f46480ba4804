"""What officers, investigators and owners of keys can ask for about people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from core.kernel import streams
from core.kernel.actors import Duty, Role
from core.trial.people.events import IdentityEvidence


@dataclass(frozen=True, slots=True)
class PersonCommand:
    """What is asked about one person."""

    person: str

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.person(self.person)


@dataclass(frozen=True, slots=True)
class EnrolPerson(PersonCommand):
    """Propose a person with their public key, the proof that they hold it, and a first role until when."""

    name: str
    organisation: str
    key: str
    proof: str
    role: Role
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProposeRole(PersonCommand):
    """Propose a further role for an enrolled person, from and until when."""

    role: Role
    valid_from: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class ProposeSigningKey(PersonCommand):
    """Propose a new key for a person who has none that counts, with the owner's proof of possession."""

    key: str
    proof: str


@dataclass(frozen=True, slots=True)
class ProposeCredentialReset(PersonCommand):
    """Propose to destroy the key of a person who has lost the password; it gives no power to anybody."""

    key: str


@dataclass(frozen=True, slots=True)
class ApproveEnrolment(PersonCommand):
    """Approve open proposals about a person; `covers` are the digests that the officer was shown."""

    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RejectEnrolment(PersonCommand):
    """Reject open proposals about a person; `covers` are their digests."""

    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerifyIdentity(PersonCommand):
    """State that the registrar has seen who a proposed person is."""

    evidence: IdentityEvidence
    document: str | None


@dataclass(frozen=True, slots=True)
class RecordTraining(PersonCommand):
    """Record a course that the person completed, and to the end of which day it counts (UTC)."""

    course: str
    completed_on: date
    expires_on: date


@dataclass(frozen=True, slots=True)
class AcceptPolicy(PersonCommand):
    """Accept the accountability policy in force, named by its id and the digest of its text."""

    policy: str
    digest: str


@dataclass(frozen=True, slots=True)
class DelegateDuties(PersonCommand):
    """Delegate duties of the trial to a person in one of their roles, from and until when."""

    role: Role
    duties: tuple[Duty, ...]
    valid_from: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class EndDelegation(PersonCommand):
    """End a delegation, at once; it is named by the digest of its statement."""

    delegation: str


@dataclass(frozen=True, slots=True)
class EndRole(PersonCommand):
    """End a role of a person, at once."""

    role: Role


@dataclass(frozen=True, slots=True)
class DisablePerson(PersonCommand):
    """End every role and delegation of a person, at once."""


@dataclass(frozen=True, slots=True)
class RevokeSigningKey(PersonCommand):
    """Revoke a person's key, at once."""

    key: str


@dataclass(frozen=True, slots=True)
class DeclareKeyCompromise(PersonCommand):
    """Revoke a key, at once, and put in doubt what it signed from a position on."""

    key: str
    suspected_from: int


@dataclass(frozen=True, slots=True)
class RotateSigningKey(PersonCommand):
    """Replace one's own key; signed with the old one, with the proof that one holds the new one."""

    old: str
    key: str
    proof: str


@dataclass(frozen=True, slots=True)
class ChangePassword(PersonCommand):
    """Change the password under which one's own key is sealed."""

    key: str


@dataclass(frozen=True, slots=True)
class ReaffirmSignatures(PersonCommand):
    """Stand by signatures of one's own that a compromise has put in doubt; `covers` are their statements."""

    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LiftLockout(PersonCommand):
    """Let a person who was locked out in again."""
