"""Facts about the instance itself: its birth, and what it refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from core.kernel.actors import Environment, Meaning, Role, Signers


@dataclass(frozen=True, slots=True)
class LegalSentence:
    """The frozen sentence that a meaning stands for: 21 CFR 11.50(a)(3)."""

    id: str
    meaning: Meaning
    text: str


@dataclass(frozen=True, slots=True)
class Grant:
    """One row of the authority table: who may sign which type with which meaning."""

    role: Role
    type: str
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Policy:
    """Authority as data in the log, so that a verifier judges it from the log alone."""

    legal: tuple[LegalSentence, ...]
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Officer:
    """A founding officer with the proof that they hold their key."""

    id: str
    name: str
    role: Role
    key: str
    proof: str


@dataclass(frozen=True, slots=True)
class InstanceCreated:
    """Position 1: what the log is, which keys speak for it, and who founded it."""

    TOPIC: ClassVar[str] = "instance.InstanceCreated/1"
    origin: str
    environment: Environment
    study: str
    service_key: str
    log_key: str
    policy: Policy
    officers: tuple[Officer, ...]


@dataclass(frozen=True, slots=True)
class GenesisConfirmed:
    """Positions 2 and 3: each founding officer confirms position 1."""

    TOPIC: ClassVar[str] = "instance.GenesisConfirmed/1"
    covers: str


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """The system refused a command; no submitted value is kept."""

    TOPIC: ClassVar[str] = "instance.CommandRefused/1"
    code: str
    command: str
    person: str
    target: str | None


InstanceEvent = InstanceCreated | GenesisConfirmed | CommandRefused

_APPROVED_BY_OFFICERS: Final = ((Role.ADM, Meaning.APPROVED), (Role.SEC, Meaning.APPROVED))
_SERVICE: Final = ((Role.SVC, Meaning.RECORDED),)

# Who signs each type, meaning what: the rows with which the policy of position 1 is born.
SIGNERS: Final[Signers] = {
    InstanceCreated: _SERVICE,
    CommandRefused: _SERVICE,
    GenesisConfirmed: _APPROVED_BY_OFFICERS,
}
