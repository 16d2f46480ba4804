"""Signing in with a key, of a person or of the device that they use: the server asks, the key answers, once.

A challenge is canonical JSON that only this instance can have made (its `mac`); nothing is stored until it
is answered. The answer signs it under a payload type of its own, so it is no signature of anything else.
That it was answered stands in the custody file: no other server of the instance takes the answer again, and
no server that starts anew.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from core.audit import canonical
from core.audit.dsse import DEVICE_TYPE, SIGN_IN_TYPE, pae
from core.kernel.errors import Refused, TrialError
from core.kernel.time import read_instant, write_instant
from core.keys.ed25519 import verify

if TYPE_CHECKING:
    from datetime import datetime

    from core.keys.custody_file import CustodyFile

LIFETIME: Final = timedelta(minutes=2)

_FORGET: Final = "DELETE FROM answered_challenge WHERE answered_at < ?"
_KEEP: Final = "INSERT INTO answered_challenge VALUES (?, ?) ON CONFLICT (nonce) DO NOTHING"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose key is asked: the version of the challenge, the field that names them, the type of the answer."""

    version: str
    field: str
    payload_type: str

    @property
    def fields(self) -> frozenset[str]:
        """The fields of such a challenge."""
        return frozenset({"v", "origin", self.field, "issued_at", "nonce", "mac"})


PERSON: Final = Asked("dosetrail/sign-in/1", "person", SIGN_IN_TYPE)
DEVICE: Final = Asked("dosetrail/device-sign-in/1", "device", DEVICE_TYPE)


class Challenges:
    """Makes challenges to people, or to devices, and takes each answer once; `pepper` is the instance's own.

    Remembered are the good answers of the last two minutes: whoever has no key leaves nothing behind.
    """

    def __init__(self, file: CustodyFile, pepper: bytes, origin: str, asked: Asked = PERSON) -> None:
        self._file = file
        self._asked = asked
        self._key = hmac.digest(pepper, asked.version.encode(), "sha256")
        self._origin = origin

    def issue(self, holder: str, now: datetime) -> bytes:
        """Return the bytes that the key of the person or device has to sign, good for two minutes."""
        body = {
            "v": self._asked.version,
            "origin": self._origin,
            self._asked.field: holder,
            "issued_at": write_instant(now),
            "nonce": secrets.token_hex(16),
        }
        return canonical.dumps({**body, "mac": self._mac(body)})

    def take(self, challenge: bytes, signature: bytes, holder: str, key: bytes, now: datetime) -> None:
        """Accept the answer to a challenge, once.

        Raises: `BAD_ANSWER` for a challenge of another instance or holder, an old or answered one, and a
        signature that is not by the key; `CUSTODY_UNAVAILABLE`.
        """
        try:
            nonce, issued_at = self._read(challenge, holder)
            verify(key, signature, pae(self._asked.payload_type, challenge))
        except TrialError:
            raise _bad_answer() from None
        if not timedelta() <= now - issued_at <= LIFETIME:
            raise _bad_answer()
        self._require_first(nonce, now)

    def _read(self, challenge: bytes, holder: str) -> tuple[str, datetime]:
        value = canonical.loads(challenge)
        if not isinstance(value, dict) or value.keys() != self._asked.fields:
            raise _bad_answer()
        if value[self._asked.field] != holder:
            raise _bad_answer()
        mac = value.pop("mac")
        if not isinstance(mac, str) or not hmac.compare_digest(mac, self._mac(value)):
            raise _bad_answer()
        return str(value["nonce"]), read_instant(str(value["issued_at"]))

    def _mac(self, body: object) -> str:
        return hmac.new(self._key, canonical.dumps(body), sha256).hexdigest()

    def _require_first(self, nonce: str, now: datetime) -> None:
        with self._file.transaction() as connection:
            connection.execute(_FORGET, (write_instant(now - LIFETIME),))
            is_first = connection.execute(_KEEP, (nonce, write_instant(now))).rowcount
        if not is_first:
            raise _bad_answer()


def _bad_answer() -> Refused:
    return Refused("BAD_ANSWER", "this does not answer a fresh challenge with the key that was asked")
