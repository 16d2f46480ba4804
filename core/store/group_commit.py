"""Concurrent appends share one commit: whoever comes first writes for all who queued behind.

An append waits at most for the commit that runs and then for its own. Each gets its own answer; the
failure of one never fails its neighbours, a failed commit fails all that were in it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

B = TypeVar("B")
A = TypeVar("A")


@dataclass(eq=False)
class Ticket(Generic[B, A]):
    """One append in the queue: its batch, and later its answer or its error."""

    batch: B
    answers: list[A] = field(default_factory=list)
    error: BaseException | None = None
    done: bool = False

    def result(self) -> A:
        """Return the answer, or raise what went wrong with this batch."""
        if self.error is not None:
            raise self.error
        return self.answers[0]


class GroupCommit(Generic[B, A]):
    """The queue before the one writer of this process."""

    def __init__(self, write: Callable[[Sequence[Ticket[B, A]]], None]) -> None:
        self._write = write
        self._queue: list[Ticket[B, A]] = []
        self._queue_lock = threading.Lock()
        self._turn = threading.Lock()

    def submit(self, batch: B) -> A:
        """Append the batch, alone or together with others; return its answer."""
        ticket: Ticket[B, A] = Ticket(batch)
        with self._queue_lock:
            self._queue.append(ticket)
        with self._turn:
            # A ticket is done iff an earlier leader took it along: it then left the queue before this turn.
            if not ticket.done:
                self._lead()
        return ticket.result()

    def _lead(self) -> None:
        with self._queue_lock:
            tickets, self._queue = self._queue, []
        try:
            self._write(tickets)
        except BaseException as error:  # noqa: BLE001 - every waiting request must learn of it
            for ticket in tickets:
                if ticket.error is None:
                    ticket.error = error
        finally:
            for ticket in tickets:
                ticket.done = True
