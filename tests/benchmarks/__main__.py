"""Prints what the issue's figures are about: ratios of medians, measured against each other in one run.

python -m tests.benchmarks [--events N] [--rebuild N] [--only-rebuild]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from api.verification import verify_store
from core.audit.drafting import draft
from core.audit.dsse import PAYLOAD_TYPE, pae
from core.audit.statement import Seen
from core.kernel.actors import Auth
from core.kernel.encoding import to_base64
from core.keys.ed25519 import verify
from core.planning import Basis, Terms, plan
from core.request import Item
from core.store.recorder import Batch
from core.store.refusals import sealed_by
from projections.runner import Runner
from projections.views import Views
from tests.benchmarks.generated import GeneratedTrial
from tests.benchmarks.logs import PASSWORD, BenchLog
from tests.benchmarks.rebuild import rebuild

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.ceremony import Plan
    from core.keys.ed25519 import SigningKey

ROUNDS = 20
SERIES, SERIES_ROUNDS = 50, 5
SUBJECTS = tuple(f"A{number:03d}" for number in range(25))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument(
        "--rebuild", type=int, default=100_000, help="events of the trial whose views are rebuilt"
    )
    parser.add_argument("--only-rebuild", action="store_true")
    chosen = parser.parse_args()
    events = chosen.events
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _rebuild(folder, chosen.rebuild)
        if chosen.only_rebuild:
            return
        log = BenchLog(folder / "store")
        _say(f"log of {events} events on {os.cpu_count()} cores; medians of {ROUNDS} rounds, interleaved")
        _append(log, folder)
        _series(log)
        log.grow(events)
        _verify(log)
        _views(log, folder)
        log.instance.close()


def _rebuild(folder: Path, events: int) -> None:
    """All views of a long trial, from the first event on."""
    trial = GeneratedTrial(folder / "generated")
    trial.grow(events)
    _say("\nrebuild of all views")
    for line in rebuild(trial.log, folder):
        _say(line)
    trial.instance.close()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _row(name: str, one: float, other: float, aim: str) -> None:
    _say(f"  {name:<58}{one:>10.1f}{other:>12.1f}{one / other:>9.2f}   {aim}")


def _head(title: str, one: str, other: str) -> None:
    _say(f"\n{title}\n  {'':<58}{one:>10}{other:>12}{'ratio':>9}")


def _append(log: BenchLog, folder: Path) -> None:
    """One signed, sealed, checkpointed event a commit, against the engine's own recorder of the same bytes.

    Decisions are made before the clock starts, for subjects that do not touch each other, so that both
    loops do nothing but append.
    """
    datastore = SQLiteDatastore(str(folder / "stock.sqlite"), originator_id_type="text")
    stock = SQLiteApplicationRecorder(datastore)
    stock.create_table()
    with stock.datastore.transaction(commit=False) as cursor:
        cursor.execute("PRAGMA synchronous")
        full = cursor.fetchone()[0]
    for subject in SUBJECTS:
        log.screen(subject)
        log.do(log.panel(subject), "sc.five")
    state = log.instance.log.recorder.select_notifications(log.instance.log.size(), 1)[0].state
    ours: list[float] = []
    theirs: list[float] = []
    whole: list[float] = []
    for turn in range(ROUNDS):
        plans = [_planned(log, subject) for subject in SUBJECTS]
        ours += [_timed(partial(_signed_append, log, made)) for made in plans]
        events = [
            StoredEvent(f"casebook/{subject}", turn + 1, "casebook.LabPanelReported/1", state)
            for subject in SUBJECTS
        ]
        theirs += [_timed(partial(stock.insert_events, [event])) for event in events]
        commands = [log.panel(subject) for subject in SUBJECTS]
        whole += [_timed(partial(log.do, command, "sc.five")) for command in commands]
    _head(f"append, microseconds (SQLite, WAL, synchronous={full})", "ours", "stock")
    base = statistics.median(theirs) * 1e6
    _row("state, sign, seal, checkpoint, append", statistics.median(ours) * 1e6, base, "aim 1.5")
    _row("whole command: fold, decide, re-read, and the above", statistics.median(whole) * 1e6, base, "")


def _timed(act: Callable[[], object]) -> float:
    begun = perf_counter()
    act()
    return perf_counter() - begun


def _planned(log: BenchLog, subject: str) -> Plan:
    key, trial_log = log.key("sc.five"), log.instance.log
    command, request = log.panel(subject), log.request("sc.five")
    with trial_log.lock:
        trial_log.catch_up()
        seen = Seen(trial_log.head.size, to_base64(trial_log.head.root()))
        terms = Terms(log.instance.clock(), seen, key.key_id, Auth.PASSWORD)
        basis = Basis(trial_log.trial, trial_log.trial.versions, lambda _: None)
        return plan(Item(command, request), terms, basis)


def _series(log: BenchLog) -> None:
    """Fifty commands by password in one ceremony against fifty by themselves: one Argon2id and one commit."""
    person, key_of = "sc.five", log.instance.unlocker.open
    together: list[float] = []
    apart: list[float] = []

    def unlock() -> SigningKey:
        return key_of(person, PASSWORD)

    for subject in SUBJECTS[:SERIES_ROUNDS]:
        items = [Item(log.panel(subject), log.request(person)) for _ in range(SERIES)]
        together.append(_timed(partial(log.instance.handler.submit_series, items, unlock)))
        singles = [Item(log.panel(subject), log.request(person)) for _ in range(SERIES)]
        apart.append(
            _timed(
                lambda singles=singles: [  # type: ignore[misc]
                    log.instance.handler.submit(one.command, one.request, unlock) for one in singles
                ]
            )
        )
    _head(f"{SERIES} signatures by password, milliseconds", "series", "singly")
    _row("whole ceremony", statistics.median(together) * 1e3, statistics.median(apart) * 1e3, "")


def _signed_append(log: BenchLog, made: Plan) -> None:
    """State the event, sign it, seal it and append it."""
    drafted = draft(made.ceremony, made.chain, made.reads, made.decided)
    events = [sealed_by(log.key("sc.five"), one, Auth.PASSWORD) for one in drafted]
    log.instance.log.append(Batch(events, made.expects, made.births))


def _verify(log: BenchLog) -> None:
    """Full verification against a loop that does nothing but check signatures."""
    entry = log.instance.log.entry(log.instance.log.size())
    message = pae(PAYLOAD_TYPE, entry.leaf.envelope.statement)
    key, signature = log.key("sc.five").public_key, entry.leaf.envelope.signature
    size = log.instance.log.size()
    for workers, cores in ((0, 1), (os.cpu_count() or 1, os.cpu_count() or 1)):
        bare, full, checkpoints = [], [], 0
        for _ in range(5):
            bare.append(_timed(partial(_bare_loop, size, key, signature, message)) / size)
            begun = perf_counter()
            report = verify_store(log.url, workers=workers)
            full.append((perf_counter() - begun) / size)
            checkpoints = report.checkpoints
        _head(
            f"verification of {size} events and {checkpoints} checkpoints, {cores} core(s), us",
            "full",
            "bare",
        )
        one, loop = statistics.median(full) * 1e6, statistics.median(bare) * 1e6
        _row("against a loop over as many signatures as events", one, loop, "aim 1.4")
        _row("against a loop over all signatures that are checked", one, loop * (1 + checkpoints / size), "")


def _bare_loop(times: int, key: bytes, signature: bytes, message: bytes) -> None:
    for _ in range(times):
        verify(key, signature, message)


def _views(log: BenchLog, folder: Path) -> None:
    """Reading as of a position against reading live, and the speed of a rebuild."""
    views = Views(folder / "views.sqlite")
    begun = perf_counter()
    reached = Runner(log.instance.log, views).catch_up()
    rate = reached / (perf_counter() - begun)
    _head("views, microseconds a read", "as of", "live")
    for name in ("subjects", "meld", "trail"):
        live, as_of = [], []
        for _ in range(ROUNDS * 2):
            live.append(_timed(partial(views.page, name, None, 100)))
            as_of.append(_timed(partial(views.page, name, None, 100, reached - 5)))
        _row(
            f"{name}, first 100 rows",
            statistics.median(as_of) * 1e6,
            statistics.median(live) * 1e6,
            "aim 1.2",
        )
    _say(f"\n  rebuild of all views: {rate:,.0f} events a second")
    views.close()


if __name__ == "__main__":
    main()
