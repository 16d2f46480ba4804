"""Base64 in its one spelling: standard alphabet, padded, no spare bits, no line breaks."""

from __future__ import annotations

import binascii

from core.kernel.errors import Malformed


def to_base64(data: bytes) -> str:
    """Return the bytes as base64 text."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def from_base64(text: str | bytes) -> bytes:
    """Return the bytes of base64 text in its one spelling.

    Raises: `BAD_BASE64`.
    """
    try:
        written = text.encode("ascii") if isinstance(text, str) else text
        data = binascii.a2b_base64(written, strict_mode=True)
    except ValueError:  # binascii.Error, or a character outside ASCII
        raise Malformed("BAD_BASE64", "the text is not base64") from None
    # Only the last group can have a second spelling, by its spare bits.
    last = data[-(len(data) % 3 or 3) :]
    if binascii.b2a_base64(last, newline=False) != written[-4:]:
        raise Malformed("BAD_BASE64", "the text is not base64 in its one spelling")
    return data
