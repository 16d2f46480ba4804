"""The SQLite file `custody.sqlite`: sealed seeds, invitations, sessions; mode 0600, never part of an export.

One connection serves all threads of the process, one at a time; other processes wait for the file's
own lock. A commit has reached the disk (WAL with synchronous=FULL). What is overwritten is overwritten
with zeros (secure_delete), and in the write-ahead log after `forget_old_pages`.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Self

from core.kernel.errors import Unavailable
from core.keys import private_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WAIT_SECONDS: Final = 5.0

_SET_UP: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
PRAGMA trusted_schema = OFF;
"""

_SCHEMA: Final = """
BEGIN IMMEDIATE;

CREATE TABLE sealed_seed (
    ordinal        INTEGER PRIMARY KEY AUTOINCREMENT,
    key_id         TEXT NOT NULL UNIQUE,
    person         TEXT NOT NULL,
    memory_kib     INTEGER NOT NULL,
    iterations     INTEGER NOT NULL,
    lanes          INTEGER NOT NULL,
    salt           BLOB,
    nonce          BLOB,
    ciphertext     BLOB,                       -- NULL once destroyed
    login_verifier BLOB
) STRICT;

CREATE INDEX sealed_seed_of_person ON sealed_seed (person, ordinal);

CREATE TRIGGER a_seed_keeps_its_owner BEFORE UPDATE OF ordinal, key_id, person ON sealed_seed
BEGIN SELECT RAISE(ABORT, 'a sealed seed keeps its key id and person'); END;

CREATE TRIGGER a_destroyed_seed_stays_so BEFORE UPDATE ON sealed_seed WHEN OLD.ciphertext IS NULL
BEGIN SELECT RAISE(ABORT, 'a destroyed seed does not return'); END;

CREATE TRIGGER a_seed_leaves_its_name BEFORE DELETE ON sealed_seed
BEGIN SELECT RAISE(ABORT, 'a sealed seed is destroyed, its key id stays'); END;

CREATE TABLE session (
    token_sha256 BLOB PRIMARY KEY,             -- the token itself is with its bearer alone
    person       TEXT NOT NULL,
    role         TEXT NOT NULL,
    started_at   TEXT NOT NULL,
    last_used_at TEXT NOT NULL,
    ended_at     TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX session_of_person ON session (person) WHERE ended_at IS NULL;

CREATE TABLE service_token (
    token         TEXT PRIMARY KEY,            -- as the log names it
    secret_sha256 BLOB NOT NULL UNIQUE         -- the secret itself is with its owner alone
) STRICT, WITHOUT ROWID;

CREATE TABLE invitation (
    person      TEXT PRIMARY KEY,              -- one open code a person
    code_sha256 BLOB NOT NULL,                 -- the code itself is with the invited person alone
    invited_by  TEXT NOT NULL,
    invited_at  TEXT NOT NULL,
    used_at     TEXT                           -- or withdrawn, or found to have run out
) STRICT, WITHOUT ROWID;

COMMIT;
"""

# What came later is made where it is missing.
_SINCE: Final = """
CREATE TABLE IF NOT EXISTS begun_on (
    bearer_sha256 BLOB PRIMARY KEY,            -- of a session's token or of a tool's secret
    device        TEXT NOT NULL                -- the registered device from which it was asked for
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS answered_challenge (
    nonce       TEXT PRIMARY KEY,              -- of a challenge that a key answered in the last minutes
    answered_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS password_change (
    txn TEXT PRIMARY KEY                       -- of a change in the log whose sealing is in place
) STRICT, WITHOUT ROWID;
"""


class CustodyFile:
    """An open custody file, safe to share between threads; a forked process opens its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._one_at_a_time = threading.RLock()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a custody file that was not there.

        Raises: `SECRETS_EXIST`, `CUSTODY_UNAVAILABLE`.
        """
        private_files.create_private_file(path)  # SQLite gives its side files the same mode
        connection = _connected(path, _SET_UP + _SCHEMA + _SINCE)
        private_files.sync_folder(path.parent)
        return cls(connection)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a custody file that is there.

        Raises: `SECRETS_MISSING`, `SECRETS_EXPOSED`, `CUSTODY_UNAVAILABLE`.
        """
        private_files.require_private(path)
        return cls(_connected(path, _SET_UP + _SINCE))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock for a block: all of it is kept, or nothing where it raises.

        Raises: `CUSTODY_UNAVAILABLE`.
        """
        with self._one_at_a_time, _reported():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # a full disk may have rolled back already
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def forget_old_pages(self) -> None:
        """Empty the write-ahead log of overwritten blobs.

        Where a reader in another process stands in the way it is left to the next time: what was
        committed stays so, and a failure here must not say otherwise.
        """
        with self._one_at_a_time, suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the file; nothing can be read afterwards."""
        with self._one_at_a_time:
            self._connection.close()


def _connected(path: Path, script: str) -> sqlite3.Connection:
    """Return an autocommitting connection on which the script has run.

    Raises: `CUSTODY_UNAVAILABLE`.
    """
    with _reported():
        connection = sqlite3.connect(
            path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.executescript(script)
        except sqlite3.Error:
            connection.close()
            raise
        return connection


@contextmanager
def _reported() -> Iterator[None]:
    """Say what SQLite says in our words.

    Raises: `CUSTODY_UNAVAILABLE`.
    """
    try:
        yield
    except sqlite3.Error:
        raise Unavailable("CUSTODY_UNAVAILABLE", "the custody file cannot be read or written") from None
