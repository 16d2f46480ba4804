"""Texts of a person's own, digests as they are spelled, names as people read them: one rule for all."""

from __future__ import annotations

import re

from core.kernel.errors import Malformed

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def require_text(text: str, what: str, field: str, limit: int) -> None:
    """Refuse a text without words, or one of more than `limit` characters; `what` begins the sentence.

    Raises: `BAD_TEXT`.
    """
    if not text.strip() or len(text) > limit:
        raise Malformed("BAD_TEXT", f"{what} has 1 to {limit} characters", field=field)


def spaced(name: str) -> str:
    """Return a name in CamelCase as words in lower case."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def is_digest(text: str) -> bool:
    """Tell whether the text is `sha256:` and 64 hex digits in lower case."""
    return _DIGEST.fullmatch(text) is not None
