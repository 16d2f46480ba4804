"""What comes with a command, and what its sender takes away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from core.kernel.actors import Meaning, Role
    from core.kernel.recorded import Reason
    from core.trial.catalogue import Command


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, as what, when it happened, and why; `txn` makes the command happen once.

    `expected_version` is the version of the target stream that the person looked at, if they say so.
    """

    person: str
    role: Role
    occurred_at: datetime
    zone: str
    txn: str
    reason: Reason | None = None
    meaning: Meaning | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A command with what comes with it; a series has several."""

    command: Command
    request: Request


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement that the client signed with a key of their own."""

    statement: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the person takes away: where the record stands, and the signed head that covers it."""

    txn: str
    stream: str
    version: int
    positions: tuple[int, ...]
    leaf_hashes: tuple[bytes, ...]
    checkpoint: bytes
    replayed: bool = False
