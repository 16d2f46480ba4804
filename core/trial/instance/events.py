"""Facts about the instance itself: its birth, and what it refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar, Final

from core.kernel.actors import Duty, Environment, Meaning, Role, Signers
from core.kernel.codec import absent_unless_said


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
class DutyGrant:
    """A type that a delegated role signs only under a delegation of this duty."""

    duty: Duty
    type: str


@dataclass(frozen=True, slots=True)
class Accountability:
    """What everybody accepts before they sign anything: 21 CFR 11.10(j)."""

    id: str
    text: str

    @property
    def digest(self) -> str:
        """The digest of the text."""
        return f"sha256:{sha256(self.text.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Lockout:
    """After how many failed attempts within how many minutes a person is locked out: 21 CFR 11.300(d)."""

    attempts: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Authority as data in the log, so that a verifier judges it from the log alone.

    `trained` are the roles that sign only while a training counts, `delegated` those that sign the types of
    `duties` only under a delegation; a password is changed after `password_days`, where it is not None. The
    roles in `time_boxed` are granted until a date only (part 11 section 5).
    """

    legal: tuple[LegalSentence, ...]
    grants: tuple[Grant, ...]
    trained: tuple[Role, ...]
    delegated: tuple[Role, ...]
    duties: tuple[DutyGrant, ...]
    accountability: Accountability
    lockout: Lockout
    password_days: int | None
    time_boxed: tuple[Role, ...] | None = absent_unless_said()


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


@dataclass(frozen=True, slots=True)
class TimeSourceChecked:
    """The server's clock was held against a source of time and agrees.

    `offset_ms` is how far the clock is ahead of the source, in milliseconds: FDA 2024, question 14.
    """

    TOPIC: ClassVar[str] = "instance.TimeSourceChecked/1"
    source: str
    offset_ms: int
    tolerance_ms: int


@dataclass(frozen=True, slots=True)
class ClockDiscrepancyDetected:
    """The server's clock cannot be trusted: it differs from a source of time, or the source cannot say.

    From here on nobody signs until a check agrees again; `offset_ms` is None where the source cannot say.
    """

    TOPIC: ClassVar[str] = "instance.ClockDiscrepancyDetected/1"
    source: str
    offset_ms: int | None
    tolerance_ms: int


@dataclass(frozen=True, slots=True)
class RefusalsRepeated:
    """The system refused a person, by the same code, more often within a minute than it records one by one.

    `count` is how many refusals of the minute have no record of their own.
    """

    TOPIC: ClassVar[str] = "instance.RefusalsRepeated/1"
    code: str
    person: str
    minute: datetime
    count: int


@dataclass(frozen=True, slots=True)
class UnknownSignInsRefused:
    """Sign-ins of nobody who is enrolled, counted over a minute; nothing that was typed is kept."""

    TOPIC: ClassVar[str] = "instance.UnknownSignInsRefused/1"
    minute: datetime
    count: int


@dataclass(frozen=True, slots=True)
class SessionMisused:
    """A token that was ended, or that was never told, was brought again and again within a minute.

    `person` is whose session it was, None where there never was one; it is said once a minute.
    """

    TOPIC: ClassVar[str] = "instance.SessionMisused/1"
    person: str | None
    minute: datetime
    count: int


class Scope(StrEnum):
    """What a tool may read with its token; there is no scope that writes or signs."""

    EVENTS = "events:read"
    VIEWS = "views:read"
    LOG = "log:read"
    ALERTS = "alerts:read"


@dataclass(frozen=True, slots=True)
class ServiceTokenIssued:
    """A registrar lets a tool read in a person's care, within scopes and until a date; never sign."""

    TOPIC: ClassVar[str] = "instance.ServiceTokenIssued/1"
    token: str
    tool: str
    owner: str
    scopes: tuple[Scope, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ServiceTokenRevoked:
    """An officer ends the access of a tool, at once."""

    TOPIC: ClassVar[str] = "instance.ServiceTokenRevoked/1"
    token: str


@dataclass(frozen=True, slots=True)
class PolicyChangeProposed:
    """An officer proposes the whole policy that is to count; `changes` says in words what becomes other."""

    TOPIC: ClassVar[str] = "instance.PolicyChangeProposed/1"
    policy: Policy
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyChanged:
    """The other kind of officer approves the proposed policy, said in words; it counts from here."""

    TOPIC: ClassVar[str] = "instance.PolicyChanged/1"
    covers: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyChangeWithdrawn:
    """An officer takes a proposed policy off the table, said in words; the one in force stays."""

    TOPIC: ClassVar[str] = "instance.PolicyChangeWithdrawn/1"
    covers: str
    changes: tuple[str, ...]


# What is refused stands apart: nothing is decided from the stream of it.
RefusalEvent = CommandRefused | RefusalsRepeated | UnknownSignInsRefused | SessionMisused

InstanceEvent = (
    InstanceCreated
    | GenesisConfirmed
    | CommandRefused
    | TimeSourceChecked
    | ClockDiscrepancyDetected
    | RefusalsRepeated
    | UnknownSignInsRefused
    | SessionMisused
    | ServiceTokenIssued
    | ServiceTokenRevoked
    | PolicyChangeProposed
    | PolicyChanged
    | PolicyChangeWithdrawn
)

_APPROVED_BY_OFFICERS: Final = ((Role.ADM, Meaning.APPROVED), (Role.SEC, Meaning.APPROVED))
_SERVICE: Final = ((Role.SVC, Meaning.RECORDED),)

# Who signs each type, meaning what: the rows with which the policy of position 1 is born.
SIGNERS: Final[Signers] = {
    InstanceCreated: _SERVICE,
    CommandRefused: _SERVICE,
    TimeSourceChecked: _SERVICE,
    ClockDiscrepancyDetected: _SERVICE,
    RefusalsRepeated: _SERVICE,
    UnknownSignInsRefused: _SERVICE,
    SessionMisused: _SERVICE,
    ServiceTokenIssued: ((Role.SEC, Meaning.APPROVED),),
    ServiceTokenRevoked: _APPROVED_BY_OFFICERS,
    GenesisConfirmed: _APPROVED_BY_OFFICERS,
    PolicyChangeProposed: _APPROVED_BY_OFFICERS,
    PolicyChanged: _APPROVED_BY_OFFICERS,
    PolicyChangeWithdrawn: _APPROVED_BY_OFFICERS,
}
