"""Invitations: with a one-time code somebody who cannot sign in yet seals a key of their own.

So no officer ever knows the password under which the key is sealed. The code opens nothing else and makes
nobody anything: the key counts once an officer proposed it and a second one, who has seen the person,
approved it. A code is 128 random bits, told once, stored as SHA-256, good for 72 hours and one key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Refused
from core.kernel.streams import require_key
from core.kernel.time import read_instant, write_instant

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from core.keys.custody import Custody
    from core.keys.custody_file import CustodyFile
    from core.keys.sealing import SealedSeed

LIFETIME: Final = timedelta(hours=72)

_CODE_BYTES: Final = 16
_NOBODYS: Final = bytes(32)  # no code is known that hashes to it

_PUT: Final = """
INSERT INTO invitation (person, code_sha256, invited_by, invited_at, used_at) VALUES (?, ?, ?, ?, NULL)
ON CONFLICT (person) DO UPDATE SET
    code_sha256 = excluded.code_sha256, invited_by = excluded.invited_by,
    invited_at = excluded.invited_at, used_at = NULL
"""
_FIND: Final = "SELECT code_sha256, invited_at FROM invitation WHERE person = ? AND used_at IS NULL"
_CLOSE: Final = "UPDATE invitation SET used_at = ? WHERE person = ? AND used_at IS NULL"
_OPEN: Final = "SELECT person, invited_by, invited_at FROM invitation WHERE used_at IS NULL ORDER BY person"


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that was neither used nor withdrawn, without its code."""

    person: str
    invited_by: str
    invited_at: datetime

    @property
    def expires_at(self) -> datetime:
        """When it runs out."""
        return self.invited_at + LIFETIME


class Invitations:
    """The open invitations of an instance, one a person: a new one takes the place of the one before."""

    def __init__(self, file: CustodyFile, custody: Custody) -> None:
        self._file = file
        self._custody = custody

    def invite(self, person: str, by: str, now: datetime) -> str:
        """Return the code for a person; it cannot be had a second time.

        Raises: `BAD_IDENTIFIER`, `NAIVE_TIME`, `CUSTODY_UNAVAILABLE`.
        """
        require_key(person, "a person's id")
        code = secrets.token_hex(_CODE_BYTES)
        with self._file.transaction() as connection:
            connection.execute(_PUT, (person, _stored_form(code), by, write_instant(now)))
        return code

    def require(self, person: str, code: str, now: datetime) -> None:
        """Refuse a code that is not the person's open one; it is not used up by asking.

        Raises: `INVITATION_REFUSED`, whatever is wrong and whoever is named; `CUSTODY_UNAVAILABLE`.
        """
        with self._file.transaction() as connection:
            _require_open(connection, person, code, now)

    def redeem(self, code: str, sealed: SealedSeed, now: datetime) -> None:
        """Keep a sealed seed for its owner and use up their code: both or neither.

        Raises: `INVITATION_REFUSED`, what `Custody.put` raises.
        """
        with self._file.transaction() as connection:
            _require_open(connection, sealed.person, code, now)
            self._custody.put_within(connection, sealed)
            connection.execute(_CLOSE, (write_instant(now), sealed.person))

    def open(self) -> tuple[Invitation, ...]:
        """Return the invitations that were neither used nor closed, by person; some may have run out.

        Raises: `CUSTODY_UNAVAILABLE`.
        """
        with self._file.transaction() as connection:
            found = connection.execute(_OPEN).fetchall()
        return tuple(Invitation(person, by, read_instant(at)) for person, by, at in found)

    def close(self, person: str, now: datetime) -> bool:
        """Close a person's invitation, whose code opens nothing any more; tell whether there was one.

        Raises: `CUSTODY_UNAVAILABLE`.
        """
        with self._file.transaction() as connection:
            return connection.execute(_CLOSE, (write_instant(now), person)).rowcount > 0


def _require_open(connection: sqlite3.Connection, person: str, code: str, now: datetime) -> None:
    """Compare in constant time, with something where there is nothing.

    Raises: `INVITATION_REFUSED`.
    """
    stored, invited_at = connection.execute(_FIND, (person,)).fetchone() or (_NOBODYS, write_instant(now))
    known = hmac.compare_digest(bytes(stored), _stored_form(code))
    if not known or not timedelta() <= now - read_instant(invited_at) < LIFETIME:
        raise Refused("INVITATION_REFUSED", "this is not an open invitation of this person")


def _stored_form(code: str) -> bytes:
    """Return SHA-256 of the code: enough against 128 random bits, useless to a thief."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()
