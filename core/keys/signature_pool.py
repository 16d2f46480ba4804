"""Checks signatures in batches, on other cores where that pays.

Workers are processes: with threads, each short check waits for the interpreter lock that the reader of
leaves holds, and nothing is gained.
"""

from __future__ import annotations

from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final, TypeAlias

from core.kernel.errors import TrialError
from core.keys.checks import PossessionChecks
from core.keys.ed25519 import verify

Check: TypeAlias = tuple[int, str, bytes, bytes, bytes]

BATCH: Final = 256


class SignaturePool:
    """Collects signature checks and runs them beside the reader; `workers` 0 checks at once."""

    def __init__(self, workers: int) -> None:
        self._pool = ProcessPoolExecutor(workers, get_context("spawn")) if workers else None
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
        self._flush()
        for running in self._running:
            self._failed += running.result()
        self._running.clear()
        if self._pool is not None:
            self._pool.shutdown()
        return self._failed

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        if self._pool is None:
            self._failed += _failures(batch)
        else:
            self._running.append(self._pool.submit(_failures, batch))


def _failures(batch: list[Check]) -> list[tuple[int, str]]:
    failed = []
    for position, code, key, signature, message in batch:
        try:
            verify(key, signature, message)
        except TrialError:
            failed.append((position, code))
    return failed
