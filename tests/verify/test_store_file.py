"""The same on real files through the command line: exit codes, first bad position, no secrets needed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from api.cli.exits import COULD_NOT_LOOK, run
from api.cli.main import dosetrail
from core.audit.leaf import decode
from core.audit.merkle import CompactRange
from core.kernel.time import write_instant
from core.store.schema import EVENTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.verify.tampering import Tampered

SIZE = 80

# What a DBA does behind the triggers, and the first position that is then bad.
TAMPERINGS: dict[str, tuple[str, int]] = {
    "state": (
        f"UPDATE {EVENTS} SET state = CAST(replace(CAST(state AS TEXT), 'A', 'B') AS BLOB) WHERE rowid = 30",
        30,
    ),
    "state as text": (f"UPDATE {EVENTS} SET state = CAST(state AS TEXT) WHERE rowid = 30", 30),
    "originator_id": (f"UPDATE {EVENTS} SET originator_id = 'casebook/B777' WHERE rowid = 31", 31),
    "originator_version": (f"UPDATE {EVENTS} SET originator_version = 77 WHERE rowid = 32", 32),
    "topic": (f"UPDATE {EVENTS} SET topic = 'os:system' WHERE rowid = 33", 33),
    "leaf_hash": (f"UPDATE {EVENTS} SET leaf_hash = zeroblob(32) WHERE rowid = 34", 34),
    "rowid": (f"UPDATE {EVENTS} SET rowid = 1000 WHERE rowid = 35", 35),
    "deleted": (f"DELETE FROM {EVENTS} WHERE rowid = 36", 36),
    "newest deleted": (f"DELETE FROM {EVENTS} WHERE rowid = {SIZE}", SIZE - 1),
    "head size": ("UPDATE log_head SET size = size + 1", SIZE),
    "head frontier": ("UPDATE log_head SET frontier = zeroblob(length(frontier))", SIZE),
    "head received_at": ("UPDATE log_head SET received_at = '2000-01-01T00:00:00.000Z'", SIZE),
    "no head": ("DELETE FROM log_head", SIZE),
    "checkpoint note": ("UPDATE log_checkpoint SET note = replace(note, 'A', 'B') WHERE size = 40", 40),
    "checkpoint size": ("UPDATE log_checkpoint SET size = 1040 WHERE size = 40", 40),
    "checkpoint seen by a signer gone": ("DELETE FROM log_checkpoint WHERE size = 40", 41),
    "invented subtree hash": ("INSERT INTO log_node VALUES (8, 0, zeroblob(32))", SIZE),
}


@pytest.fixture
def store(folder: Path, tmp_path: Path) -> Path:
    """A copy of nothing but the log file: no secrets, no custody, no views."""
    source = sqlite3.connect(folder / "log.sqlite")
    target = sqlite3.connect(tmp_path / "log.sqlite")
    source.backup(target)
    source.close()
    target.close()
    return tmp_path


Verify = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def verify(store: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    def run(*options: str) -> tuple[int, dict[str, Any]]:
        arguments = ["verify", "--store", f"sqlite:///{store}", "--json", *options]
        code = dosetrail.main(args=arguments, standalone_mode=False)
        return code, json.loads(capsys.readouterr().out)

    return run


def tamper(store: Path, statement: str) -> None:
    connection = sqlite3.connect(store / "log.sqlite", isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.close()


def test_a_copied_log_file_verifies_without_secrets(store: Path, folder: Path, verify: Verify) -> None:
    shutil.copy(folder / "trust.json", store / "kept-elsewhere.json")
    code, report = verify("--trust", str(store / "kept-elsewhere.json"))
    assert (code, report["verdict"], report["size"], report["trust"]) == (0, "verified", SIZE, "given")


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_tampered_file_exits_1_and_names_the_first_bad_position(
    store: Path, verify: Verify, name: str
) -> None:
    statement, expected = TAMPERINGS[name]
    tamper(store, statement)
    code, report = verify()
    assert (1, "failed", expected) == (code, report["verdict"], report["first_bad_position"])


def test_a_cut_tail_with_its_heads_cut_too_needs_a_kept_checkpoint(
    store: Path, verify: Verify, untouched: Tampered
) -> None:
    (store / "kept.note").write_bytes(untouched.note(SIZE))
    tree = CompactRange()
    tree.extend(row.leaf_hash for row in untouched.rows[:50])  # type: ignore[misc]
    received = write_instant(decode(untouched.rows[49].state).seal.received_at)  # type: ignore[arg-type]
    frontier = tree.to_bytes().hex()
    tamper(store, f"DELETE FROM {EVENTS} WHERE rowid > 50")
    tamper(store, "DELETE FROM log_checkpoint WHERE size > 50")
    tamper(
        store,
        f"UPDATE log_head SET size = 50, frontier = x'{frontier}', received_at = '{received}'",
    )
    code, report = verify()
    assert (code, report["verdict"], report["size"]) == (0, "verified", 50)
    code, report = verify("--checkpoint", str(store / "kept.note"))
    assert (code, report["first_bad_position"], report["findings"][0]["code"]) == (1, 51, "LOG_TRUNCATED")


def test_a_file_that_is_no_database_could_not_be_looked_at(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (store / "log.sqlite").write_bytes(b"not a database" * 100)
    monkeypatch.setattr("sys.argv", ["dosetrail", "verify", "--store", f"sqlite:///{store}"])
    assert run(dosetrail) == COULD_NOT_LOOK
    assert "STORE_UNREADABLE" in capsys.readouterr().err
