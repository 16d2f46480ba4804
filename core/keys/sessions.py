"""Sessions: one single continuous period of controlled access (21 CFR 11.200(a)(1)(i)).

A token is 256 random bits, told once to its bearer and stored as SHA-256 only. A session does not
sign: every signature asks for the password again.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from core.kernel.actors import Role
from core.kernel.errors import Refused
from core.kernel.streams import require_key
from core.kernel.time import read_instant, write_instant

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
_END_ALL: Final = "UPDATE session SET ended_at = ? WHERE person = ? AND ended_at IS NULL"

_Row: TypeAlias = tuple[str, str, str, str, str | None]


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, in which role, since when, last seen when (before this use), ended when."""

    person: str
    role: Role
    started_at: datetime
    last_used_at: datetime
    ended_at: datetime | None = None


class SessionStore:
    """The sessions of an instance; `idle` and `absolute` bound how long one lives."""

    def __init__(self, file: CustodyFile, idle: timedelta = IDLE, absolute: timedelta = ABSOLUTE) -> None:
        self._file = file
        self._idle = idle
        self._absolute = absolute

    def start(self, person: str, role: Role, now: datetime) -> str:
        """Return the token of a new session; it cannot be had a second time.

        Raises: `BAD_IDENTIFIER`, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        require_key(person, "a person's id")
        raw, moment = secrets.token_bytes(_TOKEN_BYTES), write_instant(now)
        with self._file.transaction() as connection:
            connection.execute(_START, (_stored_form(raw), person, role.value, moment, moment))
        return _token_of(raw)

    def require(self, token: str, now: datetime) -> Session:
        """Return the session of a token and note its use.

        Raises: `NOT_SIGNED_IN` for no session or an ended one, `SESSION_EXPIRED` for one that outlived
        its time, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        stored, moment = _stored_form(_raw_of(token)), write_instant(now)
        with self._file.transaction() as connection:
            session = _found(connection, stored)
            live = session.ended_at is None and not self._is_over(session, now)
            if not live:
                connection.execute(_END, (moment, stored))
            elif now - session.last_used_at >= _USE_GRAIN:  # never moves back with a clock that does
                connection.execute(_USE, (moment, stored))
        if not live:  # after the commit: a session once found over never wakes, whatever the clock does
            raise self._farewell(session, now)
        return session

    def end(self, token: str, now: datetime) -> None:
        """End the session of a token; ending it twice changes nothing.

        Raises: `NOT_SIGNED_IN` where there never was one, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        stored = _stored_form(_raw_of(token))
        with self._file.transaction() as connection:
            _found(connection, stored)
            connection.execute(_END, (write_instant(now), stored))

    def end_all_of(self, person: str, now: datetime) -> int:
        """End every session of a person and return how many were open.

        Raises: `BAD_IDENTIFIER`, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        require_key(person, "a person's id")
        with self._file.transaction() as connection:
            return connection.execute(_END_ALL, (write_instant(now), person)).rowcount

    def _is_over(self, session: Session, moment: datetime) -> bool:
        """Tell whether either limit is reached; at the limit is over."""
        return moment - session.last_used_at >= self._idle or moment - session.started_at >= self._absolute

    def _farewell(self, session: Session, now: datetime) -> Refused:
        """Say why a session is over: it ran out, or it was ended before it could."""
        if self._is_over(session, session.ended_at or now):
            return Refused("SESSION_EXPIRED", "the session has run out: sign in again")
        return _not_signed_in()


def _found(connection: sqlite3.Connection, stored: bytes) -> Session:
    """Return the session, live or over.

    Raises: `NOT_SIGNED_IN`.
    """
    row: _Row | None = connection.execute(_FIND, (stored,)).fetchone()
    if row is None:
        raise _not_signed_in()
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
