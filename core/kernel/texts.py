"""Texts of a person's own, and digests as they are spelled: one bound and one pattern for every area."""

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


def is_digest(text: str) -> bool:
    """Tell whether the text is `sha256:` and 64 hex digits in lower case."""
    return _DIGEST.fullmatch(text) is not None
