"""Signing in with a key of one's own: the server asks, the key answers, once and soon.

A challenge is canonical JSON that only this instance can have made (its `mac`); nothing is stored until it
is answered. The answer signs it under a payload type of its own, so it is no signature of anything else.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from core.audit import canonical
from core.audit.dsse import SIGN_IN_TYPE, pae
from core.kernel.errors import Refused, TrialError
from core.kernel.time import read_instant, write_instant
from core.keys.ed25519 import verify

if TYPE_CHECKING:
    from datetime import datetime

LIFETIME: Final = timedelta(minutes=2)

_VERSION: Final = "dosetrail/sign-in/1"
_LABEL: Final = b"dosetrail/sign-in/1"
_FIELDS: Final = {"v", "origin", "person", "issued_at", "nonce", "mac"}


class Challenges:
    """Makes challenges and takes each answer once; `pepper` is the instance's own."""

    def __init__(self, pepper: bytes, origin: str) -> None:
        self._key = hmac.digest(pepper, _LABEL, "sha256")
        self._origin = origin
        self._answered: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def issue(self, person: str, now: datetime) -> bytes:
        """Return the bytes that the person's key has to sign, good for two minutes."""
        body = {
            "v": _VERSION,
            "origin": self._origin,
            "person": person,
            "issued_at": write_instant(now),
            "nonce": secrets.token_hex(16),
        }
        return canonical.dumps({**body, "mac": self._mac(body)})

    def take(self, challenge: bytes, signature: bytes, person: str, key: bytes, now: datetime) -> None:
        """Accept the answer to a challenge, once.

        Raises: `BAD_ANSWER` for a challenge of another instance or person, an old or answered one, and a
        signature that is not by the key.
        """
        try:
            nonce, issued_at = self._read(challenge, person)
            verify(key, signature, pae(SIGN_IN_TYPE, challenge))
        except TrialError:
            raise _bad_answer() from None
        if not timedelta() <= now - issued_at <= LIFETIME:
            raise _bad_answer()
        self._require_first(nonce, now)

    def _read(self, challenge: bytes, person: str) -> tuple[str, datetime]:
        value = canonical.loads(challenge)
        if not isinstance(value, dict) or value.keys() != _FIELDS or value["person"] != person:
            raise _bad_answer()
        mac = value.pop("mac")
        if not isinstance(mac, str) or not hmac.compare_digest(mac, self._mac(value)):
            raise _bad_answer()
        return str(value["nonce"]), read_instant(str(value["issued_at"]))

    def _mac(self, body: object) -> str:
        return hmac.new(self._key, canonical.dumps(body), sha256).hexdigest()

    def _require_first(self, nonce: str, now: datetime) -> None:
        with self._lock:
            self._answered = {n: at for n, at in self._answered.items() if now - at <= LIFETIME}
            if nonce in self._answered:
                raise _bad_answer()
            self._answered[nonce] = now


def _bad_answer() -> Refused:
    return Refused("BAD_ANSWER", "this does not answer a fresh challenge with the person's key")
