"""The investigator's signature over a whole casebook: what was shown, or nothing (ICH E6(R3) 3.16.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel import streams
from core.kernel.errors import Refused
from core.trial.context import Context, Decided
from core.trial.quality.events import CasebookSigned
from core.trial.quality.gate import require_not_locked
from core.trial.quality.remarks import require_remark

if TYPE_CHECKING:
    from core.trial.facts import Facts
    from core.trial.quality.commands import SignCasebook


def sign_casebook(facts: Facts, command: SignCasebook, context: Context) -> tuple[Decided, ...]:
    """Sign the casebook off at the heads of its two streams that the investigator was shown.

    Raises: `UNKNOWN_SUBJECT`, `LOCKED`, `CHANGED_WHILE_REVIEWING`, `OPEN_QUERIES`, `BAD_TEXT`,
    `PII_SUSPECTED`.
    """
    del context
    facts.known_subject(command.subject_key)
    require_not_locked(facts, command.subject_key)
    shown = (
        (streams.subject(command.subject_key), (command.subject_version, command.subject_head)),
        (streams.casebook(command.subject_key), (command.casebook_version, command.casebook_head)),
    )
    for stream, head in shown:
        if facts.head(stream) != head:
            raise Refused(
                "CHANGED_WHILE_REVIEWING", f"{stream} is not what was shown: read the casebook again"
            )
    require_no_open_query(facts, command.subject_key)
    for exception in command.exceptions:
        require_remark(exception, "an exception", "exceptions")
    event = CasebookSigned(
        command.subject_version,
        command.subject_head,
        command.casebook_version,
        command.casebook_head,
        command.exceptions,
    )
    return (Decided(command.target, event),)


def require_no_open_query(facts: Facts, subject_key: str) -> None:
    """Refuse while a query about the subject is not closed.

    Raises: `OPEN_QUERIES`, with their ids.
    """
    waiting = facts.unsettled_queries(subject_key)
    if waiting:
        named = ", ".join(waiting)
        raise Refused("OPEN_QUERIES", f"queries are not closed: {named}", queries=list(waiting))
