"""What officers can ask for about people."""

from __future__ import annotations

from dataclasses import dataclass

from core.kernel import streams
from core.kernel.actors import Role


@dataclass(frozen=True, slots=True)
class EnrolPerson:
    """Propose a person with their public key, the proof that they hold it, and a first role."""

    person: str
    name: str
    organisation: str
    key: str
    proof: str
    role: Role

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.person(self.person)


@dataclass(frozen=True, slots=True)
class ApproveEnrolment:
    """Approve open proposals about a person; `covers` are the digests that the officer was shown."""

    person: str
    covers: tuple[str, ...]

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.person(self.person)


@dataclass(frozen=True, slots=True)
class EndRole:
    """End a role of a person, at once."""

    person: str
    role: Role

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.person(self.person)


@dataclass(frozen=True, slots=True)
class RevokeSigningKey:
    """Revoke a person's key, at once."""

    person: str
    key: str

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.person(self.person)
