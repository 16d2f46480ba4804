"""Checks signatures in batches, on other cores where that pays.

* Workers are processes: with threads, each short check waits for the interpreter lock that the reader of
  leaves holds, and nothing is gained.
* They begin as copies of this process where that is safe: to load the program anew takes them a second.
* The reader shares the work: a batch for which no worker will be free soon is checked by the reader itself,
  so no core waits for another, and what waits is bounded however long the log is.
"""

from __future__ import annotations

from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_all_start_methods, get_context
from threading import active_count
from typing import Final, TypeAlias

from core.kernel.errors import TrialError
from core.keys.checks import PossessionChecks
from core.keys.ed25519 import verify

Check: TypeAlias = tuple[int, str, bytes, bytes, bytes]

BATCH: Final = 128  # some 10 ms of work: long beside the way to a worker, short at the end of the log
AHEAD: Final = 4  # batches a worker that are handed over before it asks for them


class SignaturePool:
    """Collects signature checks and runs them beside the reader; `workers` 0 checks at once."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._batch: list[Check] = []
        self._running: list[Future[list[tuple[int, str]]]] = []
        self._failed: list[tuple[int, str]] = []
        self._possession = PossessionChecks("")

    def for_origin(self, origin: str) -> None:
        """Say which log's proofs of possession are checked."""
        self._possession = PossessionChecks(origin)

    def require_possession(self, person: str, key: str, proof: str) -> None:
        """Raise unless the proof shows that the person holds the key."""
        self._possession.require_possession(person, key, proof)

    def later(self, position: int, code: str, key: bytes, signature: bytes, message: bytes) -> None:
        """Check a signature when its batch is full."""
        self._batch.append((position, code, key, signature, message))
        if len(self._batch) >= BATCH:
            self._flush()

    def failures(self) -> list[tuple[int, str]]:
        """Wait for all checks and return position and code of the bad signatures."""
        self._failed += _failures(self._batch)
        self._batch = []
        for running in self._running:
            self._failed += running.result()
        self._running.clear()
        if self._pool is not None:
            self._pool.shutdown()
        return self._failed

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        self._collect()
        if len(self._running) < AHEAD * self._workers:
            self._running.append(self._started().submit(_failures, batch))
        else:
            self._failed += _failures(batch)

    def _started(self) -> ProcessPoolExecutor:
        """Return the workers; how they start is decided when they do, by the threads that there are then."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._workers, get_context(_start_method()))
        return self._pool

    def _collect(self) -> None:
        """Take over what the workers have found so far."""
        running, self._running = self._running, []
        for batch in running:
            if batch.done():
                self._failed += batch.result()
            else:
                self._running.append(batch)


def _start_method() -> str:
    """Return how workers start: a copy of several threads could wait for ever for one that is not there."""
    return "fork" if active_count() == 1 and "fork" in get_all_start_methods() else "spawn"


def _failures(batch: list[Check]) -> list[tuple[int, str]]:
    failed = []
    for position, code, key, signature, message in batch:
        try:
            verify(key, signature, message)
        except TrialError:
            failed.append((position, code))
    return failed
