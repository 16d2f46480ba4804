"""SQLite as the log needs it: WAL, every commit on disk, no recursion around the triggers."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from eventsourcing.persistence import (
    ConnectionNotFromPoolError,
    ConnectionPoolClosedError,
    OperationalError,
)
from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_SECONDS = 10

_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA recursive_triggers = ON",  # so that REPLACE fires the DELETE trigger too
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)


class LogConnection(SQLiteConnection):
    """A connection that never goes back to the pool inside a transaction."""

    def commit(self) -> None:
        """Commit, or roll back: a COMMIT that fails may leave the write lock held, for every process."""
        try:
            super().commit()
        except BaseException:
            self.rollback()
            raise


class _WriteTransaction(SQLiteTransaction):
    """A transaction that takes the write lock first, waiting for it.

    A deferred BEGIN that reads before it writes pins a snapshot, and fails at once with SQLITE_BUSY_SNAPSHOT
    where another process has written meanwhile.
    """

    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error
        return cursor


class LogConnectionPool(SQLiteConnectionPool):
    """A pool whose connections commit to disk and trust nothing in the schema."""

    def _create_connection(self) -> SQLiteConnection:
        made = super()._create_connection()
        connection = LogConnection(sqlite_conn=made._sqlite_conn, max_age=self.max_age)  # noqa: SLF001
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        return connection

    def connection(self) -> SQLiteConnection:
        """Return a connection of the same kind that the pool does not count."""
        return self._create_connection()

    def close(self) -> None:
        """Close what is idle; a connection in use is closed by its user, who may be in the middle of a query.

        SQLite crashes the process where a connection is closed under a thread that still uses it.
        """
        with self._put_condition:  # reentrant: nobody gets a connection in between
            self._in_use.clear()
            super().close()

    def put_connection(self, conn: SQLiteConnection) -> None:
        """Take a connection back, or close it where the pool was closed meanwhile."""
        try:
            super().put_connection(conn)
        except (ConnectionPoolClosedError, ConnectionNotFromPoolError):
            conn.close()


class LogDatastore(SQLiteDatastore):
    """A datastore with text stream names over `LogConnectionPool`."""

    pool: LogConnectionPool

    def __init__(self, db_name: str, *, originator_id_type: str = "text") -> None:
        self._db_name = db_name
        self._inode = 0
        self._writer: SQLiteConnection | None = None
        self._writer_lock = threading.Lock()
        super().__init__(db_name, lock_timeout=BUSY_SECONDS, originator_id_type=originator_id_type)  # type: ignore[arg-type]
        self.pool.close()
        self.pool = LogConnectionPool(
            db_name=db_name, lock_timeout=BUSY_SECONDS, pool_size=8, max_overflow=56
        )

    @contextmanager
    def writing(self) -> Iterator[SQLiteCursor]:
        """Open the write transaction of this process, always on the same connection.

        Its page cache stays warm: a connection forgets all pages once another one has written. A
        connection that failed is not used again.
        """
        with self._writer_lock:
            self._require_same_file()
            if self._writer is None:
                self._writer = self.pool.connection()
            try:
                with _WriteTransaction(self._writer, commit=True) as cursor, cursor:
                    yield cursor
            except BaseException:
                self._close_writer()
                raise

    def _require_same_file(self) -> None:
        """Refuse to write into a file that was deleted or replaced: it would be gone with this process."""
        try:
            inode = os.stat(self._db_name).st_ino  # noqa: PTH116 - once a commit
        except OSError as error:
            raise OperationalError("the log file is no longer there") from error
        self._inode = self._inode or inode
        if inode != self._inode:
            raise OperationalError("the log file is not the one that was opened")

    def close(self) -> None:
        """Close all connections."""
        super().close()
        with self._writer_lock:
            self._close_writer()

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
