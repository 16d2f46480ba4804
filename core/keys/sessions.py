"""Sessions: one single continuous period of controlled access (21 CFR 11.200(a)(1)(i)).

A token is 256 random bits, told once to its bearer and stored as SHA-256 only. A session does not
sign: every signature asks for the password again. What the observer once kept as over stays over, even where
an older copy of the store is put back.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from core.kernel.actors import Role
from core.kernel.errors import Refused
from core.kernel.streams import require_key
from core.kernel.time import read_instant, write_instant
from core.keys.session_changes import What

if TYPE_CHECKING:
    import sqlite3

    from core.keys.custody_file import CustodyFile

IDLE: Final = timedelta(minutes=15)
ABSOLUTE: Final = timedelta(hours=12)

_PREFIX: Final = "dts_"
_TOKEN_BYTES: Final = 32
_TOKEN: Final = re.compile(r"dts_([A-Za-z0-9_-]{43})")

# A use is written down once a second at most, so that a page of many requests waits for one disk write.
_USE_GRAIN: Final = timedelta(seconds=1)

_START: Final = "INSERT INTO session VALUES (?, ?, ?, ?, ?, NULL)"
_FIND: Final = "SELECT person, role, started_at, last_used_at, ended_at FROM session WHERE token_sha256 = ?"
_USE: Final = "UPDATE session SET last_used_at = ? WHERE token_sha256 = ?"
_END: Final = "UPDATE session SET ended_at = ? WHERE token_sha256 = ? AND ended_at IS NULL"
_OPEN_OF: Final = "SELECT token_sha256 FROM session WHERE person = ? AND ended_at IS NULL ORDER BY started_at"

_Row: TypeAlias = tuple[str, str, str, str, str | None]


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, in which role, since when, last seen when (before this use), ended when."""

    person: str
    role: Role
    started_at: datetime
    last_used_at: datetime
    ended_at: datetime | None = None


class Observer(Protocol):
    """Who is told what becomes of sessions, before it counts."""

    def changed(self, what: What, name: str, session: Session, by: str | None, now: datetime) -> None:
        """Keep that a session began, ended or ran out."""

    def is_over(self, name: str) -> bool:
        """Tell whether the session of this name was kept as ended or run out."""

    def misused(self, person: str | None) -> None:
        """Take note of a token that was ended, or that was never told."""


class _Nobody:
    def changed(self, what: What, name: str, session: Session, by: str | None, now: datetime) -> None:
        """Keep nothing."""

    def is_over(self, name: str) -> bool:  # noqa: ARG002 - nothing is known of any
        """Know nothing."""
        return False

    def misused(self, person: str | None) -> None:
        """Take no note."""


class SessionStore:
    """The sessions of an instance; `idle` and `absolute` bound how long one lives."""

    def __init__(
        self,
        file: CustodyFile,
        idle: timedelta = IDLE,
        absolute: timedelta = ABSOLUTE,
        observer: Observer | None = None,
    ) -> None:
        self._file = file
        self._idle = idle
        self._absolute = absolute
        self._observer = observer or _Nobody()

    def start(self, person: str, role: Role, now: datetime) -> str:
        """Return the token of a new session; it cannot be had a second time.

        Raises: `BAD_IDENTIFIER`, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        require_key(person, "a person's id")
        raw, moment = secrets.token_bytes(_TOKEN_BYTES), write_instant(now)
        stored = _stored_form(raw)
        with self._file.transaction() as connection:
            connection.execute(_START, (stored, person, role.value, moment, moment))
            self._observer.changed(What.STARTED, name_of(stored), Session(person, role, now, now), None, now)
        return _token_of(raw)

    def require(self, token: str, now: datetime) -> Session:
        """Return the session of a token and note its use.

        Raises: `NOT_SIGNED_IN` for no session or an ended one, `SESSION_EXPIRED` for one that outlived
        its time, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        stored, moment = _stored_form(_raw_of(token)), write_instant(now)
        with self._file.transaction() as connection:
            session = _find(connection, stored)
            live = session is not None and self._is_live(stored, session, now)
            if session is None or not live:
                self._expire(connection, stored, session, now)
            elif now - session.last_used_at >= _USE_GRAIN:  # never moves back with a clock that does
                connection.execute(_USE, (moment, stored))
        if session is None or not live:
            # After the commit: a session once found over never wakes, whatever the clock does.
            raise self._farewell(session, now)
        return session

    def end(self, token: str, now: datetime) -> None:
        """End the session of a token; ending it twice changes nothing.

        Raises: `NOT_SIGNED_IN` where there never was one, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        stored = _stored_form(_raw_of(token))
        with self._file.transaction() as connection:
            if (session := _find(connection, stored)) is None:
                raise _not_signed_in()
            self._end(connection, stored, session, session.person, now)

    def open_of(self, person: str, now: datetime) -> dict[str, Session]:
        """Return a person's sessions that have not ended or run out, by name, oldest first.

        Raises: `BAD_IDENTIFIER`, `CUSTODY_UNAVAILABLE`.
        """
        require_key(person, "a person's id")
        with self._file.transaction() as connection:
            found = self._open_of(connection, person)
        return {name_of(stored): one for stored, one in found.items() if self._is_live(stored, one, now)}

    def end_named(self, person: str, name: str, now: datetime) -> None:
        """End one of a person's sessions by its name.

        Raises: `UNKNOWN_SESSION`, `BAD_IDENTIFIER`, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        require_key(person, "a person's id")
        with self._file.transaction() as connection:
            for stored, session in self._open_of(connection, person).items():
                if name_of(stored) == name:
                    self._end(connection, stored, session, person, now)
                    return
        raise Refused("UNKNOWN_SESSION", "no open session of this person has the name")

    def end_all_of(self, person: str, now: datetime, by: str | None = None) -> int:
        """End every session of a person and return how many were open; `by` is who asked for it.

        Raises: `BAD_IDENTIFIER`, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        require_key(person, "a person's id")
        with self._file.transaction() as connection:
            found = self._open_of(connection, person)
            for stored, session in found.items():
                self._end(connection, stored, session, by, now)
        return len(found)

    def end_others_of(self, person: str, token: str, now: datetime) -> int:
        """End every session of a person but the one of the token, and return how many were open.

        Raises: `NOT_SIGNED_IN` for what is no token, `BAD_IDENTIFIER`, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        require_key(person, "a person's id")
        spared = _stored_form(_raw_of(token))
        with self._file.transaction() as connection:
            found = self._open_of(connection, person)
            found.pop(spared, None)
            for stored, session in found.items():
                self._end(connection, stored, session, person, now)
        return len(found)

    def _open_of(self, connection: sqlite3.Connection, person: str) -> dict[bytes, Session]:
        rows = connection.execute(_OPEN_OF, (person,)).fetchall()
        found = {bytes(stored): _find(connection, bytes(stored)) for (stored,) in rows}
        return {stored: session for stored, session in found.items() if session is not None}

    def _end(
        self, connection: sqlite3.Connection, stored: bytes, session: Session, by: str | None, now: datetime
    ) -> None:
        if connection.execute(_END, (write_instant(now), stored)).rowcount:
            self._observer.changed(What.ENDED, name_of(stored), session, by, now)

    def _expire(
        self, connection: sqlite3.Connection, stored: bytes, session: Session | None, now: datetime
    ) -> None:
        if session is None or not connection.execute(_END, (write_instant(now), stored)).rowcount:
            return
        if not self._observer.is_over(name_of(stored)):
            self._observer.changed(What.EXPIRED, name_of(stored), session, None, now)

    def _is_live(self, stored: bytes, session: Session, now: datetime) -> bool:
        over = session.ended_at is not None or self._is_over(session, now)
        return not over and not self._observer.is_over(name_of(stored))

    def _is_over(self, session: Session, moment: datetime) -> bool:
        """Tell whether either limit is reached; at the limit is over."""
        return moment - session.last_used_at >= self._idle or moment - session.started_at >= self._absolute

    def _farewell(self, session: Session | None, now: datetime) -> Refused:
        """Say why a session is over: it ran out, or it was ended before it could, or there never was one."""
        if session is not None and self._is_over(session, session.ended_at or now):
            return Refused("SESSION_EXPIRED", "the session has run out: sign in again")
        self._observer.misused(None if session is None else session.person)
        return _not_signed_in()


def name_of(stored: bytes) -> str:
    """Return the name under which a session may be spoken of; nothing leads from it to the token."""
    return hashlib.sha256(b"session " + stored).hexdigest()[:16]


def _find(connection: sqlite3.Connection, stored: bytes) -> Session | None:
    """Return the session, live or over, None where there never was one."""
    row: _Row | None = connection.execute(_FIND, (stored,)).fetchone()
    if row is None:
        return None
    person, role, started_at, last_used_at, ended_at = row
    return Session(
        person,
        Role(role),
        read_instant(started_at),
        read_instant(last_used_at),
        None if ended_at is None else read_instant(ended_at),
    )


def _raw_of(token: str) -> bytes:
    """Read a token in its one spelling.

    Raises: `NOT_SIGNED_IN`.
    """
    read = _TOKEN.fullmatch(token)
    if read is None:
        raise _not_signed_in()
    raw = base64.urlsafe_b64decode(read[1] + "=")
    if _token_of(raw) != token:  # two spare bits: one value has four spellings, one of them is ours
        raise _not_signed_in()
    return raw


def _token_of(raw: bytes) -> str:
    return _PREFIX + base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _stored_form(raw: bytes) -> bytes:
    """Return SHA-256 of the token's bits: enough against 256 random bits, useless to a thief."""
    return hashlib.sha256(raw).digest()


def _not_signed_in() -> Refused:
    return Refused("NOT_SIGNED_IN", "sign in first")
