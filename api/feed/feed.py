"""The feed of one process: one watcher wakes all who wait, each reads pages from its own position.

* Positions are dense and commit in order, so whoever has read to n has missed nothing before n.
* A filter keeps events back, never positions: `Scan.scanned` is a position really looked at.
* Whoever waits holds a thread; slots bound how many may, and shutting down wakes them all.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from api.feed.cloud_events import cloud_event, type_of
from api.feed.rights import is_secret
from core.kernel.errors import Refused, Unavailable
from core.trial.escalation.events import SrcVoteCast

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.instance import Instance
    from core.kernel.recorded import Recorded
    from core.store.subscription import LogSubscription

SCAN_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Filter:
    """What a subscriber wants of what they may read; a subject that ends with a slash is a prefix."""

    may_read: Callable[[str], bool]
    type: str | None = None
    subject: str | None = None

    def keeps(self, topic: str, stream: str) -> bool:
        """Tell whether an event is wanted."""
        if not self.may_read(stream) or (self.type is not None and type_of(topic) != self.type):
            return False
        wanted = self.subject
        return wanted is None or stream == wanted or (wanted.endswith("/") and stream.startswith(wanted))


@dataclass(frozen=True, slots=True)
class Event:
    """An event on its way out."""

    position: int
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Scan:
    """Events found, and the last position that was looked at."""

    events: tuple[Event, ...]
    scanned: int


class Feed:
    """The feed of an instance in this process."""

    def __init__(self, instance: Instance, slots: int) -> None:
        self._log = instance.log
        self._source = f"urn:nct:{_study(instance)}"
        self._slots = threading.BoundedSemaphore(max(slots, 1))
        self._moved = threading.Condition()
        self._head = 0
        self._closed = False
        self._subscription: LogSubscription | None = None
        self._watcher: threading.Thread | None = None

    # -- reading --------------------------------------------------------------------------------------

    def scan(self, after: int, limit: int, wanted: Filter) -> Scan:
        """Return up to `limit` wanted events after a position.

        Raises: `POSITION_AHEAD` where the log is shorter than what the subscriber has seen.
        """
        self.require_not_ahead(after)
        found: list[Event] = []
        for row in islice(self._log.rows(after), SCAN_LIMIT):
            after = row.id
            if wanted.keeps(row.topic, str(row.originator_id)):
                found.append(
                    Event(row.id, type_of(row.topic), cloud_event(row, self._source, self._is_withheld))
                )
            if len(found) == limit:
                break
        return Scan(tuple(found), after)

    def head(self) -> int:
        """Return the position of the newest event."""
        return self._log.size()

    def _is_withheld(self, event: Recorded) -> bool:
        if not isinstance(event.payload, SrcVoteCast):
            return False
        with self._log.lock:
            self._log.catch_up()
            return is_secret(event, self._log.trial)

    def require_not_ahead(self, after: int) -> None:
        """Refuse a reader who has seen more than there is.

        Raises: `POSITION_AHEAD`.
        """
        if after and after > (head := self._log.size()):
            # A subscriber that is ahead has seen events that a restored store no longer holds.
            raise Refused("POSITION_AHEAD", "the log is shorter than what you have seen", position=head)

    # -- waiting --------------------------------------------------------------------------------------

    @property
    def is_closed(self) -> bool:
        """Tell whether the server is going down."""
        return self._closed

    def take_slot(self) -> None:
        """Take one of the threads that may wait.

        Raises: `STREAM_SLOTS_TAKEN`.
        """
        if self._closed or not self._slots.acquire(blocking=False):
            raise Unavailable("STREAM_SLOTS_TAKEN", "as many streams are open as this server serves")

    def free_slot(self) -> None:
        """Give it back."""
        self._slots.release()

    def wait_beyond(self, position: int, seconds: float) -> None:
        """Wait until the log has grown beyond a position, the time is over, or the server goes down."""
        self._watch()
        until = time.monotonic() + seconds
        with self._moved:
            while self._head <= position and not self._closed and (left := until - time.monotonic()) > 0:
                self._moved.wait(left)

    def close(self) -> None:
        """Wake and end everything that waits; no signal handler calls it, it takes a lock."""
        self._closed = True
        if (subscription := self._subscription) is not None:
            subscription.stop()
        with self._moved:
            self._moved.notify_all()

    def _watch(self) -> None:
        """Start the watcher, or start it again if it has died."""
        with self._moved:
            if self._closed or (self._watcher is not None and self._watcher.is_alive()):
                return
            self._head = self._log.size()
            self._subscription = self._log.subscribe(self._head)
            self._watcher = threading.Thread(target=self._follow, args=(self._subscription,), daemon=True)
            self._watcher.start()

    def _follow(self, subscription: LogSubscription) -> None:
        with subscription:
            for row in subscription:
                with self._moved:
                    self._head = row.id
                    self._moved.notify_all()


def _study(instance: Instance) -> str:
    with instance.log.lock:
        instance.log.catch_up()
        created = instance.log.trial.instance.created
    return "unknown" if created is None else created.study
