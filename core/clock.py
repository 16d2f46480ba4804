"""The one place that asks the time and makes identifiers."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from core.kernel.time import whole_milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def wall_time() -> datetime:
    """Return what the machine's clock says, UTC; anybody may set it, in either direction."""
    return datetime.now(UTC)


def steady_time() -> timedelta:
    """Return the time since the machine started, asleep or not; nobody can set it."""
    which = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return timedelta(seconds=time.clock_gettime(which))


class ServerClock:
    """The server's time in UTC, whole milliseconds; it never goes back, nor behind what it is told.

    Nor does it stand still: while the machine's clock is behind, time passes at half pace until that clock
    has caught up. Whether the time can be trusted at all, `core/clock_watch.py` judges.
    """

    def __init__(
        self, wall: Callable[[], datetime] = wall_time, steady: Callable[[], timedelta] = steady_time
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._last = EPOCH
        self._last_steady = steady()
        self._lock = threading.Lock()

    def never_before(self, moment: datetime) -> None:
        """Start no earlier than this: the last receipt of a log that is opened again."""
        with self._lock:
            self._last = max(self._last, moment)

    def __call__(self) -> datetime:
        """Return the time."""
        with self._lock:
            steady = self._steady()
            passed = max(steady - self._last_steady, timedelta())
            self._last_steady = steady
            self._last = max(self._wall(), self._last + passed / 2)
            return whole_milliseconds(self._last)


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
