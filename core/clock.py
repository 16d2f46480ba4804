"""The one place that asks the time and makes identifiers."""

from __future__ import annotations

import secrets
import threading
import uuid
from datetime import UTC, datetime

from core.kernel.time import whole_milliseconds

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ServerClock:
    """The server's time in UTC, whole milliseconds; it never goes back, nor behind what it is told."""

    def __init__(self) -> None:
        self._last = EPOCH
        self._lock = threading.Lock()

    def never_before(self, moment: datetime) -> None:
        """Start no earlier than this: the last receipt of a log that is opened again."""
        with self._lock:
            self._last = max(self._last, moment)

    def __call__(self) -> datetime:
        """Return the time."""
        with self._lock:
            self._last = max(self._last, whole_milliseconds(datetime.now(UTC)))
            return self._last


class ScriptedClock:
    """A clock that a script moves forward; for training instances and tests only."""

    def __init__(self, start: datetime = EPOCH) -> None:
        self._now = whole_milliseconds(start)

    def __call__(self) -> datetime:
        """Return the time that the script has reached."""
        return self._now

    def advance_to(self, moment: datetime) -> None:
        """Move forward; a moment in the past changes nothing."""
        self._now = max(self._now, whole_milliseconds(moment))


def new_txn_id(now: datetime) -> str:
    """Return a UUID of version 7: 48 bits of milliseconds, then random bits (RFC 9562 5.7)."""
    milliseconds = (now - EPOCH).days * 86_400_000 + (now - EPOCH).seconds * 1000 + now.microsecond // 1000
    value = (milliseconds << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
