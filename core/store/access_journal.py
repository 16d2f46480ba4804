"""The SQLite file `access.sqlite`: who had access when, kept apart from the record it gives access to.

Sessions that began, ended or ran out stand here (record 6, 21 CFR 11.200(a)(1)), and invitations that were
made, used, withdrawn or ran out; they are no events of the trial. What may come at any rate, refused
sign-ins of nobody and tokens that do not count, is only counted here, minute by minute, until the service
states the sum in the log. Nothing that was typed is kept.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from core.kernel.errors import Unavailable
from core.kernel.time import read_instant, write_instant
from core.keys import private_files
from core.keys.session_changes import What

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

_WAIT_SECONDS: Final = 5.0

# A crash of the process loses nothing; a power failure may lose the last moments of counting.
_SET_UP: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA trusted_schema = OFF;

CREATE TABLE IF NOT EXISTS access (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    at      TEXT NOT NULL,
    what    TEXT NOT NULL,
    session TEXT NOT NULL,                     -- a name of the session, not its token; empty: an invitation
    person  TEXT NOT NULL,
    role    TEXT NOT NULL,                     -- empty: an invitation
    by      TEXT                               -- who invited, ended or withdrew, where somebody did
) STRICT;

CREATE TABLE IF NOT EXISTS begun_on (
    session TEXT PRIMARY KEY,
    device  TEXT NOT NULL                      -- the registered device on which the session began
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS access_by_session ON access (session);

CREATE TRIGGER IF NOT EXISTS access_stays BEFORE UPDATE ON access
BEGIN SELECT RAISE(ABORT, 'the access journal is only appended to'); END;

CREATE TRIGGER IF NOT EXISTS access_is_kept BEFORE DELETE ON access
BEGIN SELECT RAISE(ABORT, 'the access journal is only appended to'); END;

CREATE TABLE IF NOT EXISTS tally (
    minute TEXT NOT NULL,
    kind   TEXT NOT NULL,
    about  TEXT NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (minute, kind, about)
) STRICT, WITHOUT ROWID;
"""

_NOTE: Final = "INSERT INTO access (at, what, session, person, role, by) VALUES (?, ?, ?, ?, ?, ?)"
_PAGE: Final = (
    "SELECT number, at, what, access.session, person, role, by, device FROM access "
    "LEFT JOIN begun_on ON begun_on.session = access.session WHERE number > ? ORDER BY number LIMIT ?"
)
_BEGIN_ON: Final = "INSERT INTO begun_on VALUES (?, ?)"
_OVER_SINCE: Final = "SELECT EXISTS (SELECT 1 FROM access WHERE session = ? AND what <> ?)"
_COUNT: Final = (
    "INSERT INTO tally VALUES (?, ?, ?, 1) "
    "ON CONFLICT (minute, kind, about) DO UPDATE SET count = count + 1 RETURNING count"
)
_OVER: Final = "SELECT minute, kind, about, count FROM tally WHERE minute < ? ORDER BY minute"


@dataclass(frozen=True, slots=True)
class Access:
    """One entry: what happened to which session or invitation of whom, and by whose hand.

    An invitation has neither name nor role: there is one a person. On which device a session began stands
    with it from its first entry on.
    """

    what: What
    session: str
    person: str
    role: str
    by: str | None = None
    device: str | None = None

    @classmethod
    def by_invitation(cls, what: What, person: str, by: str | None) -> Self:
        """Return the entry about a person's invitation."""
        return cls(what, "", person, "", by)


@dataclass(frozen=True, slots=True)
class Sum:
    """How often something happened within a minute; `about` says to whom, and by which code."""

    minute: datetime
    kind: str
    about: str
    count: int


class AccessJournal:
    """The open journal, safe to share between threads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._one_at_a_time = threading.RLock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the journal, mode 0600; make it where there is none.

        Raises: `SECRETS_EXPOSED`, `ACCESS_JOURNAL_UNAVAILABLE`.
        """
        if path.exists():
            private_files.require_private(path)
        else:
            private_files.create_private_file(path)
        with _reported():
            connection = sqlite3.connect(
                path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
            connection.executescript(_SET_UP)
        return cls(connection)

    def note(self, access: Access, at: datetime) -> None:
        """Append an entry.

        Raises: `ACCESS_JOURNAL_UNAVAILABLE`.
        """
        values = (write_instant(at), access.what.value, access.session, access.person, access.role, access.by)
        with self._transaction() as connection:
            connection.execute(_NOTE, values)
            if access.what is What.STARTED and access.device is not None:
                connection.execute(_BEGIN_ON, (access.session, access.device))

    def page(self, after: int, limit: int) -> list[dict[str, object]]:
        """Return the entries behind a number, oldest first, as rows.

        Raises: `ACCESS_JOURNAL_UNAVAILABLE`.
        """
        names = ("number", "at", "what", "session", "person", "role", "by", "device")
        with self._transaction() as connection:
            found = connection.execute(_PAGE, (after, limit)).fetchall()
        return [dict(zip(names, row, strict=True)) for row in found]

    def is_over(self, session: str) -> bool:
        """Tell whether the session of a name has ended or run out.

        Raises: `ACCESS_JOURNAL_UNAVAILABLE`.
        """
        with self._one_at_a_time, _reported():
            row = self._connection.execute(_OVER_SINCE, (session, What.STARTED.value)).fetchone()
        return bool(row[0])

    def count(self, kind: str, about: str, minute: datetime) -> int:
        """Count once more and return the sum of the minute.

        Raises: `ACCESS_JOURNAL_UNAVAILABLE`.
        """
        with self._transaction() as connection:
            row = connection.execute(_COUNT, (write_instant(minute), kind, about)).fetchone()
        return int(row[0])

    @contextmanager
    def sums_before(self, minute: datetime) -> Iterator[list[Sum]]:
        """Hand out the sums of the minutes that are over, and forget them if the block succeeds.

        No other server hands them out meanwhile; a crash inside the block may hand them out twice, never lose
        them.

        Raises: `ACCESS_JOURNAL_UNAVAILABLE`.
        """
        until = write_instant(minute)
        with self._transaction() as connection:
            found = connection.execute(_OVER, (until,)).fetchall()
            yield [Sum(read_instant(m), kind, about, count) for m, kind, about, count in found]
            connection.execute("DELETE FROM tally WHERE minute < ?", (until,))

    def close(self) -> None:
        """Close the file."""
        with self._one_at_a_time:
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._one_at_a_time, _reported():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error:
        raise Unavailable(
            "ACCESS_JOURNAL_UNAVAILABLE", "the access journal cannot be read or written"
        ) from None
