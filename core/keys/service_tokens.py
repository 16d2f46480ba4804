"""Secrets of tools: 256 random bits, told once to the owner of the token, kept as SHA-256 only.

What a token may do, and until when, the log says; here stands only which secret belongs to which token.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Refused

if TYPE_CHECKING:
    from core.keys.custody_file import CustodyFile

PREFIX: Final = "aud_"
_BYTES: Final = 32
_KEEP: Final = "INSERT INTO service_token VALUES (?, ?) ON CONFLICT (token) DO NOTHING"
_FIND: Final = (
    "SELECT token, device FROM service_token LEFT JOIN begun_on ON bearer_sha256 = secret_sha256 "
    "WHERE secret_sha256 = ?"
)
_SECRET: Final = re.compile(r"aud_[A-Za-z0-9_-]{43}")


class ServiceTokenStore:
    """Which secret belongs to which service token."""

    def __init__(self, file: CustodyFile) -> None:
        self._file = file

    def tell(self, token: str, device: str | None = None) -> str:
        """Return the secret of a token, once; it cannot be had a second time. It stays with the device.

        Raises: `TOKEN_TOLD`, `CUSTODY_UNAVAILABLE`.
        """
        secret = PREFIX + base64.urlsafe_b64encode(secrets.token_bytes(_BYTES)).rstrip(b"=").decode("ascii")
        with self._file.transaction() as connection:
            kept = connection.execute(_KEEP, (token, _kept(secret))).rowcount
            if kept and device is not None:
                connection.execute("INSERT INTO begun_on VALUES (?, ?)", (_kept(secret), device))
        if not kept:
            raise Refused("TOKEN_TOLD", "the secret of this token was told before: revoke it, issue another")
        return secret

    def token_of(self, secret: str) -> tuple[str, str | None]:
        """Return the token to which a secret belongs, and the device that it was told for, if any.

        Raises: `NOT_SIGNED_IN`, `CUSTODY_UNAVAILABLE`.
        """
        if _SECRET.fullmatch(secret):
            with self._file.transaction() as connection:
                row = connection.execute(_FIND, (_kept(secret),)).fetchone()
            if row is not None:
                token, device = row
                return token, device
        raise Refused("NOT_SIGNED_IN", "sign in first")


def _kept(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
