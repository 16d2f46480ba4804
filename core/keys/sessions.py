"""Sessions: one single continuous period of controlled access (21 CFR 11.200(a)(1)(i)).

A session does not sign: every signature asks for the password again. What the observer once kept as over
stays over, even where an older copy of the store is put back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from core.kernel.actors import Role
from core.kernel.errors import Refused
from core.kernel.streams import require_key
from core.kernel.time import read_instant, write_instant
from core.keys.session_changes import What
from core.keys.session_tokens import name_of, new_token_bits, not_signed_in, raw_of, stored_form, token_of

if TYPE_CHECKING:
    import sqlite3

    from core.keys.custody_file import CustodyFile

IDLE: Final = timedelta(minutes=15)
ABSOLUTE: Final = timedelta(hours=12)

# A use is written down once a second at most, so that a page of many requests waits for one disk write.
_USE_GRAIN: Final = timedelta(seconds=1)

_START: Final = "INSERT INTO session VALUES (?, ?, ?, ?, ?, NULL)"
_BEGIN_ON: Final = "INSERT INTO begun_on VALUES (?, ?)"
_FIND: Final = (
    "SELECT person, role, started_at, last_used_at, ended_at, device FROM session "
    "LEFT JOIN begun_on ON bearer_sha256 = token_sha256 WHERE token_sha256 = ?"
)
_USE: Final = "UPDATE session SET last_used_at = ? WHERE token_sha256 = ?"
_END: Final = "UPDATE session SET ended_at = ? WHERE token_sha256 = ? AND ended_at IS NULL"
_OPEN_OF: Final = "SELECT token_sha256 FROM session WHERE person = ? AND ended_at IS NULL ORDER BY started_at"

_OPEN_ON: Final = (
    "SELECT token_sha256 FROM session JOIN begun_on ON bearer_sha256 = token_sha256 "
    "WHERE device = ? AND ended_at IS NULL ORDER BY started_at"
)

_Row: TypeAlias = tuple[str, str, str, str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, in which role, since when, last seen when (before this use), ended when, on what.

    `device` is the registered device from which they signed in, None where none was asked for.
    """

    person: str
    role: Role
    started_at: datetime
    last_used_at: datetime
    ended_at: datetime | None = None
    device: str | None = None


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

    def start(self, person: str, role: Role, now: datetime, device: str | None = None) -> str:
        """Return the token of a new session on a device; it cannot be had a second time.

        Raises: `BAD_IDENTIFIER`, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        require_key(person, "a person's id")
        raw, moment = new_token_bits(), write_instant(now)
        stored = stored_form(raw)
        session = Session(person, role, now, now, device=device)
        with self._file.transaction() as connection:
            connection.execute(_START, (stored, person, role.value, moment, moment))
            if device is not None:
                connection.execute(_BEGIN_ON, (stored, device))
            self._observer.changed(What.STARTED, name_of(stored), session, None, now)
        return token_of(raw)

    def require(self, token: str, now: datetime) -> Session:
        """Return the session of a token and note its use.

        Raises: `NOT_SIGNED_IN` for no session or an ended one, `SESSION_EXPIRED` for one that outlived
        its time, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        stored, moment = stored_form(raw_of(token)), write_instant(now)
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
        stored = stored_form(raw_of(token))
        with self._file.transaction() as connection:
            if (session := _find(connection, stored)) is None:
                raise not_signed_in()
            self._end(connection, stored, session, session.person, now)

    def open_of(self, person: str, now: datetime) -> dict[str, Session]:
        """Return a person's sessions that have not ended or run out, by name, oldest first.

        Raises: `BAD_IDENTIFIER`, `CUSTODY_UNAVAILABLE`.
        """
        require_key(person, "a person's id")
        with self._file.transaction() as connection:
            found = _named(connection, _OPEN_OF, person)
        return {name_of(stored): one for stored, one in found.items() if self._is_live(stored, one, now)}

    def end_named(self, person: str, name: str, now: datetime) -> None:
        """End one of a person's sessions by its name.

        Raises: `UNKNOWN_SESSION`, `BAD_IDENTIFIER`, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        require_key(person, "a person's id")
        with self._file.transaction() as connection:
            for stored, session in _named(connection, _OPEN_OF, person).items():
                if name_of(stored) == name:
                    self._end(connection, stored, session, person, now)
                    return
        raise Refused("UNKNOWN_SESSION", "no open session of this person has the name")

    def end_all_of(self, person: str, now: datetime, by: str | None = None) -> int:
        """End every session of a person and return how many were open; `by` is who asked for it.

        Raises: `BAD_IDENTIFIER`, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        require_key(person, "a person's id")
        return self._end_all(_OPEN_OF, person, now, by)

    def end_all_on(self, device: str, now: datetime, by: str) -> int:
        """End every session that began on a device and return how many were open; `by` is who ended it.

        Raises: `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        return self._end_all(_OPEN_ON, device, now, by)

    def end_others_of(self, person: str, token: str, now: datetime) -> int:
        """End every session of a person but the one of the token, and return how many were open.

        Raises: `NOT_SIGNED_IN` for what is no token, `BAD_IDENTIFIER`, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        require_key(person, "a person's id")
        return self._end_all(_OPEN_OF, person, now, person, spared=stored_form(raw_of(token)))

    def _end_all(self, query: str, whose: str, now: datetime, by: str | None, spared: bytes = b"") -> int:
        with self._file.transaction() as connection:
            found = _named(connection, query, whose)
            found.pop(spared, None)
            for stored, session in found.items():
                self._end(connection, stored, session, by, now)
        return len(found)

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
        return not_signed_in()


def _named(connection: sqlite3.Connection, query: str, whose: str) -> dict[bytes, Session]:
    """Return the sessions that a query of one name finds, by what is stored of their tokens."""
    rows = connection.execute(query, (whose,)).fetchall()
    found = {bytes(stored): _find(connection, bytes(stored)) for (stored,) in rows}
    return {stored: session for stored, session in found.items() if session is not None}


def _find(connection: sqlite3.Connection, stored: bytes) -> Session | None:
    """Return the session, live or over, None where there never was one."""
    row: _Row | None = connection.execute(_FIND, (stored,)).fetchone()
    if row is None:
        return None
    person, role, started_at, last_used_at, ended_at, device = row
    return Session(
        person,
        Role(role),
        read_instant(started_at),
        read_instant(last_used_at),
        None if ended_at is None else read_instant(ended_at),
        device,
    )
