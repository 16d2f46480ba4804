"""Texts and limits of a policy: an id keeps its text for ever, and a limit protects and lets people work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.actors import Environment
from core.kernel.errors import Malformed, Refused
from core.kernel.texts import require_text

if TYPE_CHECKING:
    from core.trial.instance.events import Policy
    from core.trial.instance.state import Instance

ATTEMPTS: Final = range(3, 11)
MINUTES: Final = range(5, 24 * 60 + 1)
PASSWORD_DAYS: Final = range(1, 731)
SENTENCE_LIMIT: Final = 300
ACCOUNTABILITY_LIMIT: Final = 4000
ID_LIMIT: Final = 60


def require_frozen_texts(instance: Instance, new: Policy) -> None:
    """Refuse another text under an id that somebody may have signed or accepted: 21 CFR 11.50(a), 11.10(j).

    Raises: `SENTENCE_FROZEN`, `ACCOUNTABILITY_FROZEN`, `BAD_TEXT`.
    """
    _require_frozen_sentences(instance, new)
    _require_frozen_accountability(instance, new)


def _require_frozen_sentences(instance: Instance, new: Policy) -> None:
    """Refuse another text or meaning under the id of a sentence that somebody may have signed.

    Raises: `SENTENCE_FROZEN`, `BAD_TEXT`.
    """
    for sentence in new.legal:
        _require_id(sentence.id, "the id of a legal sentence", "legal")
        _require_line(sentence.text, "a legal sentence", "legal", SENTENCE_LIMIT)
        if instance.sentences.get(sentence.id, sentence) != sentence:
            raise Refused("SENTENCE_FROZEN", f"{sentence.id} has a text for ever; give a new one a new id")


def _require_frozen_accountability(instance: Instance, new: Policy) -> None:
    """Refuse another text under the id of an accountability policy that somebody may have accepted.

    Raises: `ACCOUNTABILITY_FROZEN`, `BAD_TEXT`.
    """
    told = new.accountability
    _require_id(told.id, "the id of an accountability policy", "accountability")
    require_text(told.text, "an accountability policy", "accountability", ACCOUNTABILITY_LIMIT)
    if instance.accountabilities.get(told.id, told) != told:
        raise Refused("ACCOUNTABILITY_FROZEN", f"{told.id} has a text for ever; give a new one a new id")


def _require_id(text: str, what: str, field: str) -> None:
    """Raise `BAD_TEXT` for an id that could be taken for another one, as letters of two scripts can."""
    _require_line(text, what, field, ID_LIMIT)
    if not text.isascii():
        raise Malformed("BAD_TEXT", f"{what} is in ASCII", field=field)


def _require_line(text: str, what: str, field: str, limit: int) -> None:
    """Raise `BAD_TEXT` for a text that is not one line without spare blanks."""
    require_text(text, what, field, limit)
    if text != " ".join(text.split()):
        raise Malformed("BAD_TEXT", f"{what} is one line", field=field)


def require_limits(new: Policy, environment: Environment) -> None:
    """Refuse limits that protect nothing or let nobody work: 21 CFR 11.300(b), (d).

    Raises: `BAD_LOCKOUT`, `BAD_PASSWORD_DAYS`.
    """
    if new.lockout.attempts not in ATTEMPTS or new.lockout.minutes not in MINUTES:
        raise Malformed(
            "BAD_LOCKOUT",
            "3 to 10 failed attempts within 5 to 1440 minutes lock somebody out",
            field="lockout",
        )
    if new.password_days is None and environment is Environment.TRAINING:
        return
    if new.password_days not in PASSWORD_DAYS:
        raise Malformed(
            "BAD_PASSWORD_DAYS",
            "a password serves 1 to 730 days; only in a training instance without end",
            field="password_days",
        )
