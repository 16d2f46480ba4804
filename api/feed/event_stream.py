"""Server-sent events: `id` is the position, so a reader that comes back misses and doubles nothing.

A stream is use of its session: it lives while the session does, and ends when the session, the role
or the key does. Where a filter keeps events back, a bare `id` moves the reader to what was scanned.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from core.kernel.errors import TrialError
from core.kernel.time import write_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from api.feed.feed import Event, Filter, Scan

MEDIA_TYPE: Final = "text/event-stream"
RETRY: Final = b"retry: 2000\n\n"
PAGE: Final = 100


class Source(Protocol):
    """What a stream reads: the log, or what is derived from it, by position."""

    @property
    def is_closed(self) -> bool:
        """Tell whether the server is going down."""

    def scan(self, after: int, limit: int, wanted: Filter) -> Scan:
        """Return up to `limit` wanted events after a position."""

    def head(self) -> int:
        """Return the position of the newest event of the log."""

    def wait_beyond(self, position: int, seconds: float) -> None:
        """Wait until the log has grown beyond a position."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One open stream: from where, for what, and how it asks whether it may go on."""

    feed: Source
    after: int
    wanted: Filter
    require_access: Callable[[], object]
    clock: Callable[[], datetime]
    heartbeat_seconds: float

    def frames(self) -> Iterator[bytes]:
        """Yield frames until the server goes down or the access ends."""
        yield RETRY
        # A stream has no status left to say why it ends; its reader comes back and is told.
        with suppress(TrialError):
            yield from self._pages()

    def _pages(self) -> Iterator[bytes]:
        position = self.after
        while not self.feed.is_closed:
            self.require_access()
            scan = self.feed.scan(position, PAGE, self.wanted)
            yield from _frames_of(scan, position)
            position = scan.scanned
            if position >= self.feed.head():
                yield from self._rest(position)

    def _rest(self, position: int) -> Iterator[bytes]:
        self.feed.wait_beyond(position, self.heartbeat_seconds)
        if (head := self.feed.head()) <= position:
            yield f": head={head} time={write_instant(self.clock())}\n\n".encode()


def _frames_of(scan: Scan, position: int) -> Iterator[bytes]:
    for event in scan.events:
        yield frame(event)
    last = scan.events[-1].position if scan.events else position
    if scan.scanned > last:
        yield f"id: {scan.scanned}\n\n".encode()


def frame(event: Event) -> bytes:
    """Return one event of the stream; JSON has no line breaks of its own."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.position, event.type.encode(), event.body)
