"""Threads share a commit, processes take turns, and what a decision read still stands when it is recorded."""

from __future__ import annotations

import subprocess
import sys
from threading import Barrier, Thread
from time import sleep
from typing import TYPE_CHECKING, Any

import pytest
from eventsourcing.persistence import IntegrityError, PersistenceError, StoredEvent
from eventsourcing.sqlite import SQLiteConnection

from api.verification import verify_store
from core.audit.checkpoint import open_note, parse_checkpoint
from core.kernel.errors import TrialError
from core.keys.ed25519 import verify
from core.keys.possession import prove_possession
from core.store.recorder import Appended, Batch
from core.trial.people.commands import EnrolPerson, RevokeSigningKey
from core.trial.subject.commands import EnrolSubject
from tests.store.test_engine_suites import make_recorder
from tests.support.given import ADM, MEMBERS, ORIGIN, PI, SC, SEC, cells, screening

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from core.store.recorder import LogRecorder
    from tests.support.world import World


def in_threads(*jobs: Callable[[], object]) -> list[object]:
    """Run the jobs at the same time; return what each returned or raised."""
    start = Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def run(number: int) -> None:
        start.wait()
        try:
            results[number] = jobs[number]()
        except (TrialError, IntegrityError, RuntimeError) as error:
            results[number] = error

    threads = [Thread(target=run, args=(number,)) for number in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def queued(recorder: LogRecorder, batches: Sequence[Batch]) -> list[object]:
    """Append batches so that all of them wait behind one turn, in this order, and share its commit."""
    commits = recorder._commits
    results: list[Any] = [None] * len(batches)

    def run(number: int) -> None:
        try:
            results[number] = recorder.append(batches[number])
        except Exception as error:  # noqa: BLE001 - it is the result
            results[number] = error

    threads = [Thread(target=run, args=(number,)) for number in range(len(batches))]
    with commits._turn:
        for number, thread in enumerate(threads, 1):
            thread.start()
            while len(commits._queue) < number:  # the queue tells nobody that it has grown
                sleep(0.0005)
    for thread in threads:
        thread.join()
    return results


def event(stream: str, version: int = 1) -> StoredEvent:
    return StoredEvent(stream, version, "topic", stream.encode())


@pytest.fixture
def recorder(tmp_path: Path) -> Any:
    made = make_recorder(str(tmp_path))
    made.datastore.originator_id_type = "text"
    yield made
    made.datastore.close()


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counted: list[int] = []
    commit = SQLiteConnection.commit

    def counting(connection: SQLiteConnection) -> None:
        counted.append(1)
        commit(connection)

    monkeypatch.setattr(SQLiteConnection, "commit", counting)
    return counted


# -- one commit for all -----------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 32])
def test_appends_that_wait_together_share_one_commit(
    recorder: LogRecorder, commits: list[int], count: int
) -> None:
    results = queued(recorder, [Batch([event(f"s{n}")]) for n in range(count)])
    assert len(commits) == 1
    assert [(n,) for n in range(1, count + 1)] == [r.positions for r in results if isinstance(r, Appended)]


def test_all_of_one_commit_get_the_checkpoint_that_covers_all(recorder: LogRecorder) -> None:
    results = queued(recorder, [Batch([event(f"s{n}")]) for n in range(8)])
    assert len({r.checkpoint for r in results if isinstance(r, Appended)}) == 1


BAD: dict[str, Batch] = {
    "an expectation that does not hold": Batch([event("new")], expects={"s0": 9}),
    "a stream born meanwhile": Batch([event("new")], births={"s": 0}),
    "a version that is taken": Batch([event("new"), event("s0")]),
    "an event that cannot be bound": Batch([event("new"), StoredEvent("x", object(), "t", b"")]),  # type: ignore[arg-type]
    "a builder that fails": Batch(lambda _view: 1 // 0),  # type: ignore[arg-type,return-value]
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_append_fails_alone(recorder: LogRecorder, what: str) -> None:
    good = [Batch([event(f"s{n}"), event(f"s{n}", 2)]) for n in range(6)]
    results = queued(recorder, [*good[:3], BAD[what], *good[3:]])
    assert isinstance(results.pop(3), (PersistenceError, ZeroDivisionError))
    assert [(n, n + 1) for n in range(1, 13, 2)] == [r.positions for r in results if isinstance(r, Appended)]
    assert recorder.select_events("new") == []


def test_the_head_does_not_remember_what_was_undone(recorder: LogRecorder, tmp_path: Path) -> None:
    queued(
        recorder, [Batch([event("a")]), BAD["a version that is taken"], Batch([event("s0"), event("s0", 2)])]
    )
    queued(recorder, [Batch([event("b")]), Batch([event("c"), event("s0")]), Batch([event("d")])])
    (tmp_path / "twin").mkdir()
    twin = make_recorder(str(tmp_path / "twin"))
    stored = list(recorder.select_notifications(None, 100))
    twin.append(Batch([StoredEvent(n.originator_id, n.originator_version, n.topic, n.state) for n in stored]))
    heads = []
    for one in (recorder, twin):
        with one.datastore.transaction(commit=False) as cursor:
            cursor.execute("SELECT size, frontier FROM log_head")
            heads.append(tuple(cursor.fetchone()))
    twin.datastore.close()
    assert heads[0] == heads[1]


@pytest.mark.parametrize("threads", [8, 32])
def test_threads_lose_nothing_and_leave_no_gap(
    recorder: LogRecorder, commits: list[int], threads: int
) -> None:
    def ten(name: int) -> list[tuple[int, ...]]:
        return [recorder.append(Batch([event(f"t{name}", v)])).positions for v in range(1, 11)]

    results = in_threads(*(lambda n=n: ten(n) for n in range(threads)))
    positions = sorted(p for mine in results for (p,) in mine)  # type: ignore[attr-defined]
    assert list(range(1, threads * 10 + 1)) == positions
    assert len(commits) < threads * 10


# -- guards -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("attempt", range(5))
def test_two_candidates_cannot_both_take_the_last_slot(world: World, attempt: int) -> None:
    """Write skew: each reads that the slot is free, on connections of their own."""
    other = world.sibling()
    one, two = world.candidate(f"A{attempt}"), world.candidate(f"B{attempt}")
    results = in_threads(
        lambda: world.do(EnrolSubject(one, 1, None), PI), lambda: other.do(EnrolSubject(two, 1, None), PI)
    )
    lost = [result.code for result in results if isinstance(result, TrialError)]
    assert lost == ["NO_FREE_SLOT"]
    assert sum(1 for s in world.trial.subjects.values() if s.enrolled) == 1
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_a_subject_is_dosed_once_however_many_ask(world: World) -> None:
    key = world.enrolled()
    world.prepare(key)
    servers = [world, world.sibling(), world, world.sibling()]
    amounts = ["0.15", "0.145", "0.14", "0.135"]

    def ask(server: World, amount: str) -> object:
        return server.do(world.dose(key, cells=cells(amount)), PI, reason="some of it was spilled")

    results = in_threads(*(lambda s=s, a=a: ask(s, a) for s, a in zip(servers, amounts, strict=True)))
    assert sorted(getattr(r, "code", "dosed") for r in results) == ["ALREADY_DOSED"] * 3 + ["dosed"]


def test_a_key_cannot_enter_for_two_people_at_once(world: World) -> None:
    key, other = type(world.keys[SC.id])(b"\x42" * 32), world.sibling()

    def enrol(server: World, person: str) -> object:
        proof = prove_possession(key, ORIGIN, person)
        return server.do(EnrolPerson(person, "X Y", "Z", key.key_id, proof, SC.role), ADM)

    results = in_threads(lambda: enrol(world, "one.x"), lambda: enrol(other, "two.x"))
    assert [r.code for r in results if isinstance(r, TrialError)] == ["KEY_IN_USE"]


def test_no_event_by_a_revoked_key_stands_behind_its_revocation(world: World) -> None:
    servers = [world, world.sibling(), world.sibling(), world.sibling()]
    revoked, founded_size = world.keys[SC.id].key_id, world.log.size()

    def sign(number: int) -> None:
        for turn in range(6):
            servers[number % 4].do(screening(f"S{number}x{turn}"), SC)

    def revoke() -> object:
        while world.log.size() < founded_size + 8:  # some signatures come first
            sleep(0.0005)
        return world.sibling().do(RevokeSigningKey(SC.id, revoked), SEC, reason="stolen")

    results = in_threads(revoke, *(lambda n=n: sign(n) for n in range(12)))
    (at,) = results[0].positions  # type: ignore[attr-defined]
    entries = [world.log.entry(p) for p in range(1, world.log.size() + 1)]
    signed = [e.position for e in entries if e.statement.signer.key == revoked]
    assert max(signed) < at
    assert {r.code for r in results[1:] if isinstance(r, TrialError)} <= {"NO_ACTIVE_KEY", "VERSION_CONFLICT"}
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_a_signers_heads_never_shrink_over_threads_and_servers(world: World) -> None:
    servers = [world, world.sibling()]

    def sign(number: int) -> None:
        for turn in range(5):
            servers[number % 2].do(screening(f"S{number}x{turn}"), SC)

    assert [r for r in in_threads(*(lambda n=n: sign(n) for n in range(8))) if r is not None] == []
    assert verify_store(world.url, world.trust, workers=0).findings == ()


# -- processes --------------------------------------------------------------------------------------

_WRITER = """
import sys
from pathlib import Path
from tests.support.world import World
world = World.open(Path(sys.argv[1]), {})
for number in range(50):
    world.handler.record_refusal("X", "Nothing", sys.argv[2], f"subject/S{number}")
world.close()
"""


@pytest.mark.slow
def test_four_processes_lose_nothing_and_leave_no_gap(world: World) -> None:
    size = world.log.size()
    names = [m.id for m in MEMBERS[:4]]
    writers = [subprocess.Popen([sys.executable, "-c", _WRITER, str(world.folder), n]) for n in names]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0, 0]
    entries = [world.log.entry(p) for p in range(size + 1, world.log.size() + 1)]
    assert list(range(1, 201)) == [e.statement.ver for e in entries]
    assert dict.fromkeys(names, 50) == {n: sum(e.payload.person == n for e in entries) for n in names}
    notes = [open_note(n, ORIGIN, world.secrets.log_key.public_key, verify) for n in checkpoints(world)]
    heads = [parse_checkpoint(note) for note in notes]
    assert all(world.log.root_at(head.size) == head.root for head in heads)
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def checkpoints(world: World) -> list[bytes]:
    with world.log.recorder.datastore.transaction(commit=False) as cursor:
        cursor.execute("SELECT note FROM log_checkpoint ORDER BY size")
        return [bytes(row["note"]) for row in cursor.fetchall()]


def test_a_log_can_be_opened_while_another_process_writes(world: World) -> None:
    """Set-up waits for the lock; it does not give up because somebody else has it."""
    with world.log.recorder.datastore.transaction(commit=True) as cursor:
        cursor.execute("CREATE TABLE written (by_another_process)")
        opened: list[object] = []
        opening = Thread(target=lambda: opened.append(world.sibling()))
        opening.start()
        opening.join(timeout=0.3)
        waits = opening.is_alive()
    opening.join()
    assert (waits, len(opened)) == (True, 1)
