"""Signatures checked beside the reader: each is checked once, by whoever is free."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import pytest

from core.keys import signature_pool
from core.keys.ed25519 import SigningKey, verify
from core.keys.signature_pool import AHEAD, BATCH, SignaturePool

if TYPE_CHECKING:
    from collections.abc import Callable

MESSAGE = b"a statement"
KEY = SigningKey(bytes(range(32)))
GOOD = KEY.sign(MESSAGE)
BAD = bytes(64)
CHECKS = BATCH * (AHEAD + 3) + 5


class Workers:
    """Workers who begin nothing before they are asked for the answer, or answer at once."""

    def __init__(self, *, idle: bool) -> None:
        self.idle = idle
        self.given = 0
        self.is_closed = False

    def submit(self, check: Callable[[Any], Any], batch: list[Any]) -> Future[Any]:
        self.given += len(batch)
        answer: Future[Any] = _Asked(check, batch)
        if not self.idle:
            answer.set_result(check(batch))
        return answer

    def shutdown(self) -> None:
        self.is_closed = True


class _Asked(Future[Any]):
    def __init__(self, check: Callable[[Any], Any], batch: list[Any]) -> None:
        super().__init__()
        self._answer: Callable[[], Any] = lambda: check(batch)

    def result(self, timeout: float | None = None) -> Any:
        return super().result(timeout) if self.done() else self._answer()


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Count what is checked."""
    signatures: list[bytes] = []

    def counted(key: bytes, signature: bytes, message: bytes) -> None:
        signatures.append(signature)
        verify(key, signature, message)

    monkeypatch.setattr(signature_pool, "verify", counted)
    return signatures


@pytest.mark.parametrize("idle", [True, False], ids=["workers that are late", "workers that are quick"])
def test_every_bad_signature_is_found_whoever_checks_it(
    monkeypatch: pytest.MonkeyPatch, checked: list[bytes], *, idle: bool
) -> None:
    workers = Workers(idle=idle)
    monkeypatch.setattr(signature_pool, "ProcessPoolExecutor", lambda *_: workers)
    bad = {1, BATCH, BATCH * AHEAD + 1, BATCH * (AHEAD + 1) + 7, CHECKS}

    found = _checked(SignaturePool(1), bad)

    assert found == [(position, "BAD_SIGNATURE") for position in sorted(bad)]
    assert len(checked) == CHECKS
    assert workers.given == (AHEAD if idle else CHECKS // BATCH) * BATCH
    assert workers.is_closed


@pytest.mark.parametrize(("threads", "method"), [(1, "fork"), (2, "spawn")])
def test_workers_are_copies_only_where_no_other_thread_runs_when_they_start(
    monkeypatch: pytest.MonkeyPatch, threads: int, method: str
) -> None:
    started: list[str] = []

    def start(_workers: int, context: Any) -> Workers:
        started.append(context.get_start_method())
        return Workers(idle=False)

    monkeypatch.setattr(signature_pool, "ProcessPoolExecutor", start)
    monkeypatch.setattr(signature_pool, "get_all_start_methods", lambda: ["fork", "spawn"])
    pool = SignaturePool(1)
    assert started == []
    monkeypatch.setattr(signature_pool, "active_count", lambda: threads)
    _checked(pool, set())
    assert started == [method]


def test_without_workers_the_reader_checks_everything() -> None:
    assert _checked(SignaturePool(0), {3, CHECKS}) == [(3, "BAD_SIGNATURE"), (CHECKS, "BAD_SIGNATURE")]


@pytest.mark.slow  # it starts a process
def test_a_process_beside_the_reader_finds_them_too() -> None:
    assert _checked(SignaturePool(1), {2, CHECKS - 9}) == [
        (2, "BAD_SIGNATURE"),
        (CHECKS - 9, "BAD_SIGNATURE"),
    ]


def _checked(pool: SignaturePool, bad: set[int]) -> list[tuple[int, str]]:
    for position in range(1, CHECKS + 1):
        pool.later(position, "BAD_SIGNATURE", KEY.public_key, BAD if position in bad else GOOD, MESSAGE)
    return sorted(pool.failures())
