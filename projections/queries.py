"""Queries: what was asked about which item, where each stands, and how old it is when it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.kernel.time import parse_offset_time, write_instant
from core.trial.quality.events import QueryRaised
from core.trial.quality.query_state import QueryStatus
from core.trial.registry import events_of
from projections.projection import RowChange, RowPatch
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.quality.events import ItemVersion
    from core.trial.quality.items import Items
    from core.trial.quality.query_state import Query
    from core.trial.trial import Trial


class Queries:
    """One row a query; `age_days` counts from the raising to the closing, or to the moment of reading."""

    name = "queries"
    readers = readers_of(name, "query")
    concerns = events_of("query")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange | RowPatch]:
        """Return the row of the event's query; what was asked about stays as it stood then."""
        del before
        if not event.stream.startswith(streams.QUERY_PREFIX):
            return
        identifier = streams.key_of(event.stream)
        query = trial.queries[identifier]
        if isinstance(event.payload, QueryRaised):
            items = trial.quality[event.payload.subject_key].items
            yield RowChange(identifier, {"query": identifier, **_asked(query, items), **_stand(query)})
        else:
            yield RowPatch(identifier, _stand(query))

    def present(self, rows: Sequence[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
        """Return the queries with their age at the moment."""
        return [{**row, "age_days": _age(row, moment)} for row in rows]


def _asked(query: Query, items: Items) -> dict[str, Any]:
    """Return the question and the item as it stood when it was asked: on which form, and its value."""
    raised = query.raised
    return {
        "subject_key": raised.subject_key,
        "about": raised.about,
        **_item(items, raised.item),
        "kind": raised.kind,
        "text": raised.text,
        "raised_by": query.raised_by,
        "raised_at": write_instant(query.raised_at),
    }


def _item(items: Items, item: ItemVersion) -> dict[str, Any]:
    record = items.records[item.record]
    version = record.items()[item.field]
    form, instance = record.form
    return {
        "form": form,
        "instance": instance,
        "visit": getattr(record.payload, "visit", None),
        "event": record.event,
        "field": item.field,
        "value": version.value,
        "unit": version.unit,
        "part": version.part,
        "record": item.record,
        "version": item.version,
    }


def _stand(query: Query) -> dict[str, Any]:
    answer = query.answer
    return {
        "status": query.status,
        "status_since": write_instant(query.changed_at),
        "position": query.changed_position,
        "answered_by": sorted(query.answered_by),
        "answer": answer and answer.text,
        "correction": answer and answer.correction,
        "outcome": query.outcome,
        "reopened": query.reopened,
    }


def _age(row: dict[str, Any], moment: datetime) -> int:
    closed = row["status"] == QueryStatus.CLOSED
    until = parse_offset_time(row["status_since"]) if closed else moment
    return (until - parse_offset_time(row["raised_at"])).days
