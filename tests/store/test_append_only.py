"""A plain SQLite connection can neither change, remove nor replace what is in the log."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

INTO = "stored_events (originator_id, originator_version, topic, state, leaf_hash, rowid)"
NEWEST = "(SELECT MAX(rowid) FROM stored_events)"
COPY = "originator_id, originator_version, topic, state, leaf_hash"

FORBIDDEN = {
    "change a leaf": "UPDATE stored_events SET state = x'00' WHERE rowid = 4",
    "change a topic": "UPDATE stored_events SET topic = 'x' WHERE rowid = 4",
    "change a position": "UPDATE stored_events SET rowid = 4000 WHERE rowid = 4",
    "change and replace": "UPDATE OR REPLACE stored_events SET rowid = 5 WHERE rowid = 4",
    "remove a leaf": "DELETE FROM stored_events WHERE rowid = 4",
    "remove the newest leaf": f"DELETE FROM stored_events WHERE rowid = {NEWEST}",
    "remove all leaves": "DELETE FROM stored_events",
    "replace by position": f"INSERT OR REPLACE INTO {INTO} VALUES ('a', 1, 't', x'00', x'00', 4)",
    "replace by stream and version": f"INSERT OR REPLACE INTO {INTO} SELECT originator_id, "
    f"originator_version, 't', x'00', x'00', {NEWEST} + 1 FROM stored_events WHERE rowid = 4",
    "ignore by position": f"INSERT OR IGNORE INTO {INTO} VALUES ('a', 1, 't', x'00', x'00', 4)",
    "upsert": f"INSERT INTO {INTO} VALUES ('instance', 1, 't', x'00', x'00', 1) "
    "ON CONFLICT DO UPDATE SET state = x'00'",
    "leave a gap": f"INSERT INTO {INTO} VALUES ('a', 1, 't', x'00', x'00', 100000)",
    "go below the first position": f"INSERT INTO {INTO} VALUES ('a', 1, 't', x'00', x'00', -1)",
    "let SQLite choose the position": f"INSERT INTO stored_events ({COPY}) "
    "VALUES ('a', 1, 't', x'00', x'00')",
    "take the head back": "UPDATE log_head SET size = size - 1",
    "take the time back": "UPDATE log_head SET received_at = '1999-01-01T00:00:00.000Z'",
    "change the tree under the same size": "UPDATE log_head SET frontier = x'00'",
    "remove the head": "DELETE FROM log_head",
    "add a second head": "INSERT INTO log_head VALUES (2, 0, x'', '')",
    "replace the head": "INSERT OR REPLACE INTO log_head VALUES (1, 0, x'', '')",
    "replace a checkpoint": "INSERT OR REPLACE INTO log_checkpoint SELECT size, x'00' FROM log_checkpoint",
    "replace the newest checkpoint": "INSERT OR REPLACE INTO log_checkpoint "
    "SELECT MAX(size), x'00' FROM log_checkpoint",
    "add a checkpoint in the past": "INSERT INTO log_checkpoint VALUES (2, x'00')",
    "add a checkpoint of the future": "INSERT INTO log_checkpoint VALUES (100000, x'00')",
    "change a checkpoint": "UPDATE log_checkpoint SET note = x'00'",
    "remove a checkpoint": "DELETE FROM log_checkpoint",
    "change a kept node": "UPDATE log_node SET hash = x'00'",
    "replace a kept node": "INSERT OR REPLACE INTO log_node SELECT level, number, x'00' FROM log_node",
    "remove a kept node": "DELETE FROM log_node",
}


@pytest.fixture(scope="module")
def plain(module_world: World) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(module_world.folder / "log.sqlite", isolation_level=None)
    yield connection
    connection.close()


@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_plain_connection_cannot(plain: sqlite3.Connection, module_world: World, what: str) -> None:
    before = module_world.states(), plain.execute("SELECT * FROM log_checkpoint").fetchall()
    with pytest.raises(sqlite3.IntegrityError):
        plain.execute(FORBIDDEN[what])
    assert before == (module_world.states(), plain.execute("SELECT * FROM log_checkpoint").fetchall())


def test_the_log_really_has_what_the_statements_name(plain: sqlite3.Connection) -> None:
    counts = [
        plain.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0] for t in ("log_node", "log_checkpoint")
    ]
    assert all(counts)


def test_positions_survive_a_vacuum(plain: sqlite3.Connection, module_world: World) -> None:
    before = module_world.states()
    plain.execute("VACUUM")
    assert before == module_world.states()


def test_a_dropped_trigger_is_back_when_the_log_is_opened_again(world: World) -> None:
    connection = sqlite3.connect(world.folder / "log.sqlite", isolation_level=None)
    connection.execute("DROP TRIGGER stored_events_no_delete")
    world.sibling()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("DELETE FROM stored_events")
    connection.close()


def test_every_connection_of_the_log_commits_to_disk(world: World) -> None:
    with world.log.recorder.datastore.transaction(commit=False) as cursor:
        found = {}
        for pragma in ("synchronous", "journal_mode", "recursive_triggers", "trusted_schema"):
            cursor.execute(f"PRAGMA {pragma}")
            found[pragma] = cursor.fetchone()[0]
    assert found == {"synchronous": 2, "journal_mode": "wal", "recursive_triggers": 1, "trusted_schema": 0}
