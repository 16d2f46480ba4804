"""Subscriptions on SQLite: woken at once by appends of this process, within 20 ms by those of others.

Each subscription reads pages from the store itself, so a slow reader holds nobody up and misses nothing.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

from eventsourcing.persistence import ListenNotifySubscription

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventsourcing.sqlite import SQLiteApplicationRecorder


OTHER_PROCESS_POLL_SECONDS = 0.02


class Wakers:
    """Who wants to know that the log has grown; forgotten ones fall out by themselves."""

    def __init__(self) -> None:
        self._events: weakref.WeakSet[threading.Event] = weakref.WeakSet()
        self._lock = threading.Lock()

    def add(self, event: threading.Event) -> None:
        """Set the event at every append from now on."""
        with self._lock:
            self._events.add(event)

    def wake(self) -> None:
        """Set all events."""
        with self._lock:
            events = list(self._events)
        for event in events:
            event.set()


class LogSubscription(ListenNotifySubscription[Any]):
    """The engine's pull loop with two sources of wake-ups; stop it or leave its context to end it."""

    def __init__(
        self,
        recorder: SQLiteApplicationRecorder,
        wakers: Wakers,
        gt: int | None = None,
        topics: Sequence[str] = (),
    ) -> None:
        self._stopping = threading.Event()
        # Made before the engine starts its own thread, which may stop the subscription at once.
        self._poller = threading.Thread(target=self._poll_other_processes, daemon=True)
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        wakers.add(self._has_been_notified)
        # An append between the first pull and the line above would wake nobody: look once more.
        self._has_been_notified.set()
        self._poller.start()

    def stop(self) -> None:
        """End the iteration and both threads; when this returns, neither uses the store any more.

        SQLite crashes the process where a connection is closed under a thread that still uses it.
        """
        self._stopping.set()
        super().stop()
        for thread in (self._pull_thread, self._poller):
            if thread is not threading.current_thread() and thread.ident is not None:
                thread.join()

    def _poll_other_processes(self) -> None:
        try:
            with self._recorder.datastore.get_connection(commit=False) as connection:
                cursor, seen = connection.cursor(), None
                while not self._stopping.wait(OTHER_PROCESS_POLL_SECONDS):
                    cursor.execute("PRAGMA data_version")
                    version = cursor.fetchone()[0]
                    if version != seen:
                        seen = version
                        self._has_been_notified.set()
        except BaseException as error:  # noqa: BLE001 - the reader of the subscription must learn of it
            if not self._stopping.is_set():
                self._thread_error = error
                self.stop()
