"""Tokens of sessions: 256 random bits, told once to their bearer and stored as SHA-256 only."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from typing import Final

from core.kernel.errors import Refused

_PREFIX: Final = "dts_"
_TOKEN_BYTES: Final = 32
_TOKEN: Final = re.compile(r"dts_([A-Za-z0-9_-]{43})")


def new_token_bits() -> bytes:
    """Return the bits of a new token."""
    return secrets.token_bytes(_TOKEN_BYTES)


def raw_of(token: str) -> bytes:
    """Read a token in its one spelling.

    Raises: `NOT_SIGNED_IN`.
    """
    read = _TOKEN.fullmatch(token)
    if read is None:
        raise not_signed_in()
    raw = base64.urlsafe_b64decode(read[1] + "=")
    if token_of(raw) != token:  # two spare bits: one value has four spellings, one of them is ours
        raise not_signed_in()
    return raw


def token_of(raw: bytes) -> str:
    """Return the one spelling of a token's bits."""
    return _PREFIX + base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def stored_form(raw: bytes) -> bytes:
    """Return SHA-256 of the token's bits: enough against 256 random bits, useless to a thief."""
    return hashlib.sha256(raw).digest()


def not_signed_in() -> Refused:
    """Return what is said of a token that opens nothing."""
    return Refused("NOT_SIGNED_IN", "sign in first")


def name_of(stored: bytes) -> str:
    """Return the name under which a session may be spoken of; nothing leads from it to the token."""
    return hashlib.sha256(b"session " + stored).hexdigest()[:16]
