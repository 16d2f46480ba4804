"""A query as its stream tells it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from core.trial.quality.events import QueryAnswered, QueryClosed, QueryEvent, QueryRaised, QueryReopened

if TYPE_CHECKING:
    from datetime import datetime

    from core.kernel.recorded import Recorded


class QueryStatus(StrEnum):
    """Where a query stands."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Query:
    """A question about one version of an item; `answered_by` is everybody who ever answered it.

    `changed_at` is when it came to stand as it does; `answer` is the last one since it was last asked, which
    was at `asked_position`.
    """

    raised: QueryRaised
    raised_by: str
    raised_at: datetime
    position: int
    status: QueryStatus
    changed_at: datetime
    changed_position: int
    asked_position: int
    answer: QueryAnswered | None = None
    answered_by: frozenset[str] = frozenset()
    outcome: str | None = None
    reopened: int = 0


def evolve(state: Query | None, recorded: Recorded) -> Query:
    """Return the query after one more event of its stream."""
    event: QueryEvent = recorded.payload
    at, position = recorded.recorded_at, recorded.position
    if isinstance(event, QueryRaised):
        return Query(event, recorded.signer.id, at, position, QueryStatus.OPEN, at, position, position)
    if state is None:
        raise KeyError(recorded.stream)
    after = replace(state, changed_at=at, changed_position=position)
    match event:
        case QueryAnswered():
            answered_by = state.answered_by | {recorded.signer.id}
            return replace(after, status=QueryStatus.ANSWERED, answer=event, answered_by=answered_by)
        case QueryClosed():
            return replace(after, status=QueryStatus.CLOSED, outcome=event.outcome)
        case QueryReopened():
            again = replace(after, status=QueryStatus.OPEN, answer=None, outcome=None)
            return replace(again, reopened=state.reopened + 1, asked_position=position)
        case _:
            assert_never(event)
