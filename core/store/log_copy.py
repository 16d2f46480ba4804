"""Reads a log file for verification: read-only, no engine, no secrets, nothing created."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from core.audit.log_copy import LogCopy, Row
from core.kernel.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ROWS = (
    "SELECT rowid, originator_id, originator_version, topic, state, leaf_hash "
    "FROM stored_events ORDER BY rowid"
)


_TABLES = ("stored_events", "log_head", "log_checkpoint", "log_node")

# Far above what a leaf or a checkpoint can be; a longer value is not loaded at all.
LONGEST_VALUE = 1_000_000


class OpenedCopy:
    """A log file opened for reading; one snapshot of it for the whole verification."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise Unavailable("NO_LOG", "there is no log file in this store")
        self._connection = _opened(path)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        self._connection.execute("PRAGMA trusted_schema = OFF")
        # Bytes that are no UTF-8 in a text column are a finding, not a crash.
        self._connection.text_factory = lambda data: data.decode("utf-8", "replace")

    def copy(self) -> LogCopy:
        """Return the copy; rows are read while they are verified.

        Raises: `STORE_UNREADABLE`.
        """
        try:
            self._connection.execute("BEGIN")
            if defects := self._defects():
                return LogCopy((), (), (), (), defects)
            return LogCopy(
                rows=self._rows(),
                heads=self._all("SELECT size, frontier, received_at FROM log_head"),
                checkpoints=self._all("SELECT size, note FROM log_checkpoint ORDER BY size"),
                nodes=self._all("SELECT level, number, hash FROM log_node"),
            )
        except sqlite3.DatabaseError as error:
            raise _unreadable(error) from None

    def count(self) -> int:
        """Return how many rows there are, for a progress display."""
        try:
            if self._defects():
                return 0
            return int(self._connection.execute("SELECT COUNT(*) FROM stored_events").fetchone()[0])
        except sqlite3.DatabaseError as error:
            raise _unreadable(error) from None

    def _defects(self) -> tuple[str, ...]:
        """Say which tables are no tables: a view in their place could answer anything, or for ever."""
        found = dict(self._connection.execute("SELECT name, type FROM sqlite_master").fetchall())
        return tuple(f"{name} is not a table" for name in _TABLES if found.get(name) != "table")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _rows(self) -> Iterator[Row]:
        try:
            yield from map(Row._make, self._connection.execute(_ROWS))
        except sqlite3.DatabaseError as error:
            raise _unreadable(error) from None

    def _all(self, statement: str) -> list[tuple[object, ...]]:
        return self._connection.execute(statement).fetchall()


def _opened(path: Path) -> sqlite3.Connection:
    """Open the file for reading; on read-only media, where SQLite makes no files, as unchanging."""
    uri = path.resolve().as_uri()
    connection = sqlite3.connect(f"{uri}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if path.with_name(f"{path.name}-wal").exists():
            raise Unavailable("STORE_UNREADABLE", "the log file cannot be opened for reading") from None
        return sqlite3.connect(f"{uri}?immutable=1", uri=True, isolation_level=None)
    except sqlite3.DatabaseError:
        pass  # no database: what is wrong is said when it is read
    return connection


def _unreadable(error: sqlite3.DatabaseError) -> Unavailable:
    return Unavailable("STORE_UNREADABLE", f"the log file cannot be read: {error}")
