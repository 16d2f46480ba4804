"""What the writer adds inside the transaction: the seal of a leaf, and the checkpoint over the head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from eventsourcing.persistence import StoredEvent

from core.audit import leaf
from core.audit.checkpoint import Checkpoint, sign_note
from core.audit.leaf import Leaf, Seal
from core.kernel.errors import Unavailable
from core.kernel.time import read_instant, write_instant

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.audit.dsse import Envelope
    from core.kernel.actors import Auth


@dataclass(frozen=True)
class SignedEvent(StoredEvent):
    """A signed statement on its way into the log; `state` is filled when it is sealed."""

    envelope: Envelope
    auth: Auth


class Sealer(Protocol):
    """What the recorder needs to know of formats and clocks; tests inject an identity."""

    def now(self) -> str:
        """Return the time of receipt, in the one written form."""

    def seal(self, event: StoredEvent, index: int, received_at: str) -> bytes:
        """Return the bytes to store at the index."""

    def checkpoint(self, size: int, root: bytes) -> bytes:
        """Return the signed checkpoint over the head."""


class LeafSealer:
    """The sealer of a real log: leaves of record 1, checkpoints signed by the log key."""

    def __init__(
        self,
        origin: str | None,
        log_key: bytes,
        sign: Callable[[bytes], bytes],
        clock: Callable[[], datetime],
    ) -> None:
        self._origin = origin
        self._log_key = log_key
        self._sign = sign
        self._clock = clock

    def name_log(self, origin: str) -> None:
        """Say which log this is, once position 1 is known."""
        self._origin = origin

    def now(self) -> str:
        """Return the server's time."""
        return write_instant(self._clock())

    def seal(self, event: StoredEvent, index: int, received_at: str) -> bytes:
        """Return the leaf bytes of a signed event."""
        if not isinstance(event, SignedEvent):
            raise TypeError("only signed events enter the log")
        return leaf.encode(Leaf(event.envelope, Seal(event.auth, index, read_instant(received_at))))

    def checkpoint(self, size: int, root: bytes) -> bytes:
        """Return the C2SP note over the head, signed by the log key."""
        if self._origin is None:
            raise Unavailable("LOG_UNNAMED", "the log has no origin yet")
        body = Checkpoint(self._origin, size, root).body()
        return sign_note(body, self._origin, self._log_key, self._sign)
