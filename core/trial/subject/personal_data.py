"""Free text must not say who the subject is: what looks like an identity or telephone number is refused.

Only the shapes that a slip of the hand brings in are looked for: the 18 digits of a Chinese identity card
(GB 11643) and the 11 digits of a Chinese mobile number, however grouped. Nothing of the text is recorded.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from core.kernel.errors import Malformed

_GROUPING: Final = re.compile(r"(?<=\d)[ \-.](?=[\dXx])")
_IDENTITY_CARD: Final = re.compile(r"(?<!\d)[1-9]\d{16}[\dXx](?!\d)")
_MOBILE: Final = re.compile(r"(?<!\d)(?:(?:\+|00)?86)?1[3-9]\d{9}(?!\d)")


def require_no_personal_data(text: str | None, field: str) -> None:
    """Refuse a text that holds what looks like an identity card or mobile number.

    Raises: `PII_SUSPECTED` (part 11 section 6: no name or identity number in a payload).
    """
    if text is None:
        return
    plain = _GROUPING.sub("", unicodedata.normalize("NFKC", text))
    if _IDENTITY_CARD.search(plain) or _MOBILE.search(plain):
        raise Malformed(
            "PII_SUSPECTED", "this looks like an identity or telephone number; leave it out", field=field
        )
