"""The envelope of one event as everything behind the log sees it: who, when, why, and the payload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from core.kernel.actors import Auth, Meaning, Role


class Event(Protocol):
    """A payload: frozen, pure, with the topic under which it is stored for ever."""

    TOPIC: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, frozen as of the signature: 21 CFR 11.50(a)(1)."""

    id: str
    name: str
    role: Role
    delegation: str | None
    key: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, where a rule asks for it: a short code and the person's own words."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Txn:
    """Which command an event came from: idempotency key, place and count."""

    id: str
    i: int
    n: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event of the log with its payload.

    `position` is dense from 1 over the log, `version` from 1 within the stream; `digest` is that of
    the signed statement; `recorded_at` is the server's clock, `occurred_at` the person's claim. `data` is
    the payload as JSON where it was read from a log; nobody changes it.
    """

    position: int
    stream: str
    version: int
    topic: str
    digest: str
    recorded_at: datetime
    occurred_at: datetime
    signed_at: datetime
    zone: str
    signer: Signer
    auth: Auth
    meaning: Meaning
    legal: str
    reason: Reason | None
    corrects: str | None
    txn: Txn
    payload: Any
    data: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)

    @property
    def originator_id(self) -> str:
        """The stream, under the name that the event store uses."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """The version, under the name that the event store uses."""
        return self.version
