"""What people who check the record write about it: questions, answers, findings, exceptions."""

from __future__ import annotations

from typing import Final

from core.kernel.texts import require_text
from core.trial.subject.personal_data import require_no_personal_data

REMARK_LIMIT: Final = 2000


def require_remark(text: str, what: str, field: str) -> None:
    """Refuse a remark of no words or over 2,000 characters, or one that tells who the subject is.

    Raises: `BAD_TEXT`, `PII_SUSPECTED`.
    """
    require_text(text, what, field, REMARK_LIMIT)
    require_no_personal_data(text, field)
