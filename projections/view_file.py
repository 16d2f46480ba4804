"""The SQLite file of the views: connections for many threads, one writer at a time.

* The file holds nothing that the log does not: it may be deleted at any time, even while it is open,
  and a file that is no database is thrown away.
* WAL: readers never wait for the writer and see whole transactions only.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BUSY_SECONDS = 30

# A power cut may cost the newest commits, never the consistency of rows and tracking position.
# Large pages and rare checkpoints, 64 MB apart: rows are long, and most are written once and in order.
_PRAGMAS = (
    "PRAGMA page_size = 16384",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA wal_autocheckpoint = 4096",
    "PRAGMA trusted_schema = OFF",
)
_SUFFIXES = ("", "-wal", "-shm")


class ViewFile:
    """Connections to one file; `prepare` is called inside a transaction whenever the file is opened."""

    def __init__(self, path: Path, prepare: Callable[[sqlite3.Connection], None]) -> None:
        self._path = path
        self._prepare = prepare
        self._lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._inode: int | None = None
        self._open()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for reading."""
        inode, connection = self._borrow()
        try:
            yield connection
        finally:
            self._give_back(inode, connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside a transaction that commits if the block does not raise."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def close(self) -> None:
        """Close the connections that nobody has borrowed; the others close when they come back."""
        with self._lock:
            self._inode = None
            while self._idle:
                self._idle.pop().close()

    # -- opening ------------------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            self._make()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            self._throw_away()
            self._make()

    def _make(self) -> None:
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            self._prepare(connection)
            connection.commit()
        self._inode = self._path.stat().st_ino

    def _throw_away(self) -> None:
        for suffix in _SUFFIXES:
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            for pragma in _PRAGMAS:
                connection.execute(pragma)
        except BaseException:
            connection.close()
            raise
        return connection

    # -- lending ------------------------------------------------------------------------------------

    def _borrow(self) -> tuple[int | None, sqlite3.Connection]:
        with self._lock:
            self._require_same_file()
            return self._inode, self._idle.pop() if self._idle else self._connect()

    def _give_back(self, inode: int | None, connection: sqlite3.Connection) -> None:
        with self._lock:
            if inode is not None and inode == self._inode:
                self._idle.append(connection)
                return
        connection.close()

    def _require_same_file(self) -> None:
        """Open anew where the file was deleted or replaced under us."""
        try:
            unmoved = self._path.stat().st_ino == self._inode
        except FileNotFoundError:
            unmoved = False
        if not unmoved:
            # Old connections close first: the last one to close removes the journal beside the file.
            self.close()
            self._open()
