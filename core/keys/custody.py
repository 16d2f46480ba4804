"""Keep sealed seeds: one row per key, replaced only when the same key is sealed anew.

The file says which blobs exist, never who may sign: that is in the log. A sealed seed is written
before its key event, so a blob without an event is possible and harmless, the reverse is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from core.kernel.errors import Conflict, IntegrityFinding, Malformed, Refused
from core.kernel.streams import require_key
from core.keys.ed25519 import parse_key_id
from core.keys.sealing import SealedSeed, SealParameters

if TYPE_CHECKING:
    import sqlite3

    from core.keys.custody_file import CustodyFile

_PUT: Final = """
INSERT INTO sealed_seed
    (key_id, person, memory_kib, iterations, lanes, salt, nonce, ciphertext, login_verifier)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key_id) DO UPDATE SET
    memory_kib = excluded.memory_kib, iterations = excluded.iterations, lanes = excluded.lanes,
    salt = excluded.salt, nonce = excluded.nonce, ciphertext = excluded.ciphertext,
    login_verifier = excluded.login_verifier
"""

_LATEST: Final = """
SELECT key_id, person, memory_kib, iterations, lanes, salt, nonce, ciphertext, login_verifier
FROM sealed_seed WHERE person = ?1 AND key_id = coalesce(?2, key_id) AND ciphertext IS NOT NULL
ORDER BY ordinal DESC LIMIT 1
"""

_HOLDER: Final = "SELECT person, ciphertext IS NULL FROM sealed_seed WHERE key_id = ?"

_DESTROY: Final = """
UPDATE sealed_seed SET salt = NULL, nonce = NULL, ciphertext = NULL, login_verifier = NULL
WHERE key_id = ? AND ciphertext IS NOT NULL
"""

# Only the blob that was opened is replaced: whoever changed it meanwhile, or destroyed it, was first.
_RESEAL: Final = """
UPDATE sealed_seed
SET memory_kib = ?, iterations = ?, lanes = ?, salt = ?, nonce = ?, ciphertext = ?, login_verifier = ?
WHERE key_id = ? AND person = ? AND salt = ? AND nonce = ? AND ciphertext IS NOT NULL
"""

_CHANGED: Final = "INSERT INTO password_change VALUES (?) ON CONFLICT (txn) DO NOTHING"
_HAS_CHANGED: Final = "SELECT EXISTS (SELECT 1 FROM password_change WHERE txn = ?)"

_KEPT: Final = "SELECT person, key_id FROM sealed_seed WHERE ciphertext IS NOT NULL ORDER BY ordinal"

_Row: TypeAlias = tuple[str, str, int, int, int, bytes, bytes, bytes, bytes]


class Custody:
    """The sealed seeds of an instance."""

    def __init__(self, file: CustodyFile) -> None:
        self._file = file

    def put(self, sealed: SealedSeed) -> None:
        """Keep a sealed seed, in place of an earlier sealing of the same key.

        Raises: `BAD_IDENTIFIER`, `BAD_KEY_ID`, `KEY_OF_ANOTHER_PERSON`, `KEY_DESTROYED`,
        `CUSTODY_UNAVAILABLE`.
        """
        with self._file.transaction() as connection:
            self.put_within(connection, sealed)
        self._file.forget_old_pages()

    def put_within(self, connection: sqlite3.Connection, sealed: SealedSeed) -> None:
        """Keep a sealed seed within somebody's transaction on the same file.

        Raises: as `put`.
        """
        require_key(sealed.person, "a person's id")
        parse_key_id(sealed.key_id)
        _require_free(connection.execute(_HOLDER, (sealed.key_id,)).fetchone(), sealed.person)
        connection.execute(_PUT, _row_of(sealed))

    def replace(self, opened: SealedSeed, resealed: SealedSeed, txn: str) -> None:
        """Put another sealing of a key in the place of the one that was opened, for a change of password.

        Raises: `VERSION_CONFLICT` where that one is not there any more, `CUSTODY_UNAVAILABLE`.
        """
        _, _, *blob = _row_of(resealed)
        with self._file.transaction() as connection:
            found = connection.execute(
                _RESEAL, (*blob, opened.key_id, opened.person, opened.salt, opened.nonce)
            )
            if found.rowcount:
                connection.execute(_CHANGED, (txn,))
        if not found.rowcount:
            raise Conflict("VERSION_CONFLICT", "the password or the key was changed meanwhile")
        self._file.forget_old_pages()

    def has_changed(self, txn: str) -> bool:
        """Tell whether the sealing of a change of password is in place, or was before a later one.

        Raises: `CUSTODY_UNAVAILABLE`.
        """
        with self._file.transaction() as connection:
            return bool(connection.execute(_HAS_CHANGED, (txn,)).fetchone()[0])

    def kept(self) -> tuple[tuple[str, str], ...]:
        """Return person and key id of every sealed seed that is not destroyed.

        Raises: `CUSTODY_UNAVAILABLE`.
        """
        with self._file.transaction() as connection:
            return tuple(connection.execute(_KEPT).fetchall())

    def sealed_for(self, person: str, key_id: str | None = None) -> SealedSeed | None:
        """Return the person's sealed seed of a key, or their latest one, unless it is destroyed.

        Raises: `BAD_IDENTIFIER`, `SEALED_KEY_ALTERED`, `CUSTODY_UNAVAILABLE`.
        """
        require_key(person, "a person's id")
        with self._file.transaction() as connection:
            row = connection.execute(_LATEST, (person, key_id)).fetchone()
        return None if row is None else _sealed_in(row)

    def destroy(self, key_id: str) -> None:
        """Overwrite a sealed seed for ever; its key id stays as a tombstone. Absent or destroyed is fine.

        Raises: `CUSTODY_UNAVAILABLE`.
        """
        with self._file.transaction() as connection:
            connection.execute(_DESTROY, (key_id,))
        self._file.forget_old_pages()


def _require_free(holder: tuple[str, int] | None, person: str) -> None:
    """Refuse a key that is somebody else's, or was destroyed.

    Raises: `KEY_OF_ANOTHER_PERSON`, `KEY_DESTROYED`.
    """
    if holder is None:
        return
    owner, destroyed = holder
    if owner != person:
        raise Refused("KEY_OF_ANOTHER_PERSON", "the key is in custody for another person")
    if destroyed:
        raise Refused("KEY_DESTROYED", "a destroyed key does not return: enrol a new one")


def _row_of(sealed: SealedSeed) -> _Row:
    cost = sealed.parameters
    return (
        sealed.key_id,
        sealed.person,
        cost.memory_kib,
        cost.iterations,
        cost.lanes,
        sealed.salt,
        sealed.nonce,
        sealed.ciphertext,
        sealed.login_verifier,
    )


def _sealed_in(row: _Row) -> SealedSeed:
    """Return what a row holds.

    Raises: `SEALED_KEY_ALTERED` where its cost is beyond all bounds or a part is missing.
    """
    key_id, person, memory_kib, iterations, lanes, *blobs = row
    try:
        return SealedSeed(person, key_id, SealParameters(memory_kib, iterations, lanes), *map(bytes, blobs))
    except (Malformed, TypeError):
        raise IntegrityFinding("SEALED_KEY_ALTERED", "the sealed key is not what was sealed") from None
