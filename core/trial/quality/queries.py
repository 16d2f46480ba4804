"""Queries: raised by who monitors, answered by the site, closed by somebody who did not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Refused
from core.kernel.streams import require_key
from core.trial.context import Context, Decided, require_reason
from core.trial.quality.events import QueryAnswered, QueryClosed, QueryRaised, QueryReopened
from core.trial.quality.gate import require_not_locked
from core.trial.quality.query_state import QueryStatus
from core.trial.quality.remarks import require_remark
from core.trial.quality.verification import require_item
from core.trial.quality.words import item_in_words

if TYPE_CHECKING:
    from core.trial.facts import Facts
    from core.trial.quality.commands import AnswerQuery, CloseQuery, RaiseQuery, ReopenQuery
    from core.trial.quality.query_state import Query


def raise_query(facts: Facts, command: RaiseQuery, context: Context) -> tuple[Decided, ...]:
    """Ask about an item as it stands.

    Raises: `BAD_IDENTIFIER`, `UNKNOWN_SUBJECT`, `LOCKED`, `DUPLICATE_QUERY`, `UNKNOWN_ITEM`, `STALE_VERSION`,
    `BAD_TEXT`, `PII_SUSPECTED`.
    """
    del context
    require_key(command.query, "a query's id")
    facts.known_subject(command.subject_key)
    require_not_locked(facts, command.subject_key)
    if facts.query(command.query) is not None:
        raise Refused("DUPLICATE_QUERY", "there is a query under this id")
    items = facts.quality(command.subject_key).items
    require_item(items, command.item)
    _require_words(command.text, "text")
    about = item_in_words(items, command.item)
    event = QueryRaised(command.subject_key, command.item, about, command.kind, command.text)
    return (Decided(command.target, event),)


def answer_query(facts: Facts, command: AnswerQuery, context: Context) -> tuple[Decided, ...]:
    """Answer an open query, naming the statement that corrected the item if one did.

    Raises: `UNKNOWN_QUERY`, `LOCKED`, `QUERY_ANSWERED`, `QUERY_CLOSED`, `NOT_A_CORRECTION`, `BAD_TEXT`,
    `PII_SUSPECTED`.
    """
    del context
    query = _require_query(facts, command.query)
    if query.status is QueryStatus.ANSWERED:
        raise Refused("QUERY_ANSWERED", "the query is answered; it waits to be closed or asked again")
    if query.status is QueryStatus.CLOSED:
        raise Refused("QUERY_CLOSED", "the query is closed; a monitor or data manager can reopen it")
    if command.correction is not None:
        _require_correction(facts, query, command.correction)
    _require_words(command.text, "text")
    return (Decided(command.target, QueryAnswered(command.text, command.correction)),)


def close_query(facts: Facts, command: CloseQuery, context: Context) -> tuple[Decided, ...]:
    """Settle a query; one that nobody answered is closed for a reason only.

    Raises: `UNKNOWN_QUERY`, `LOCKED`, `QUERY_CLOSED`, `QUERY_NOT_ANSWERED`, `SOD_VIOLATION`, `BAD_TEXT`,
    `PII_SUSPECTED`.
    """
    query = _require_query(facts, command.query)
    if query.status is QueryStatus.CLOSED:
        raise Refused("QUERY_CLOSED", "the query is closed already")
    if query.status is QueryStatus.OPEN:
        _require_reason_unanswered(context)
    if context.person in query.answered_by:
        raise Refused("SOD_VIOLATION", "who answered a query does not close it")
    _require_words(command.outcome, "outcome")
    return (Decided(command.target, QueryClosed(command.outcome)),)


def reopen_query(facts: Facts, command: ReopenQuery, context: Context) -> tuple[Decided, ...]:
    """Ask again, where the answer or the outcome does not settle the question.

    Raises: `UNKNOWN_QUERY`, `LOCKED`, `QUERY_OPEN`, `BAD_TEXT`, `PII_SUSPECTED`.
    """
    del context
    query = _require_query(facts, command.query)
    if query.status is QueryStatus.OPEN:
        raise Refused("QUERY_OPEN", "the query is open; it waits for an answer")
    _require_words(command.text, "text")
    return (Decided(command.target, QueryReopened(command.text)),)


def _require_query(facts: Facts, identifier: str) -> Query:
    query = facts.query(identifier)
    if query is None:
        raise Refused("UNKNOWN_QUERY", "no query was raised under this id")
    require_not_locked(facts, query.raised.subject_key)
    return query


def _require_reason_unanswered(context: Context) -> None:
    try:
        require_reason(context)
    except Refused:
        raise Refused(
            "QUERY_NOT_ANSWERED", "nobody has answered the query: closing it needs a reason"
        ) from None


def _require_correction(facts: Facts, query: Query, digest: str) -> None:
    """Refuse a statement that did not change the item in question after it was last asked about."""
    item = query.raised.item
    changes = facts.quality(query.raised.subject_key).items.records[item.record].changes_of(item.field)
    if not any(one.digest == digest and one.position > query.asked_position for one in changes):
        raise Refused(
            "NOT_A_CORRECTION", f"this statement did not change {item.field} after it was last asked about"
        )


def _require_words(text: str, field: str) -> None:
    require_remark(text, "a text", field)
