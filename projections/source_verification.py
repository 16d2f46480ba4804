"""Source verification, item by item: unverified, verified, stale or different; and the share a subject.

Stored is one row a record: its items as they stand and how each compared with the source last. Rows of items
and the counts are put together when they are read, so an entry costs one row however many fields it has.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.trial.quality.events import CasebookQualityEvent, SourceMismatchFound, SourceVerified
from core.trial.registry import events_of
from projections.manifestation import SIGNATURE
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.quality.items import Record, Version
    from core.trial.quality.state import CasebookQuality, Check
    from core.trial.trial import Trial

STATES: Final = ("unverified", "verified", "stale", "mismatch")

Row = dict[str, Any]


class SourceVerification:
    """Stored: one row a record. Read: one row an item, and one a subject with the counts.

    `record`, `field` and `version` of a row are how a verification, a mismatch or a query names the item.
    """

    name = "source-verification"
    readers = readers_of(name, "subject", "casebook", "review")
    concerns = events_of("subject", "casebook") | {SourceVerified, SourceMismatchFound}

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the records of which items were compared, or that the event added or set anew."""
        del before
        payload = event.payload
        if isinstance(payload, SourceVerified | SourceMismatchFound):
            quality = trial.quality[payload.subject_key]
            for digest in _compared(payload):
                yield _row(payload.subject_key, quality.items.records[digest], quality)
        elif not isinstance(payload, CasebookQualityEvent) and _is_of_subject(event):
            key = streams.key_of(event.stream)
            quality = trial.quality[key]
            yield from (_row(key, record, quality) for record in quality.items.set_by(event))

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the items: one that was compared signed by who compared it, any other by who entered it."""
        del moment
        items = [item for row in rows for item in _items(row)]
        return items + list(_summaries(items))


def _is_of_subject(event: Recorded) -> bool:
    return event.stream.startswith((streams.SUBJECT_PREFIX, streams.CASEBOOK_PREFIX))


def _compared(payload: SourceVerified | SourceMismatchFound) -> Iterable[str]:
    if isinstance(payload, SourceVerified):
        return dict.fromkeys(item.record for item in payload.items)
    return dict.fromkeys(one.item.record for one in payload.mismatches)


# -- what is stored -------------------------------------------------------------------------------------


def _row(key: str, record: Record, quality: CasebookQuality) -> RowChange:
    form, instance = record.form
    row = {
        "subject_key": key,
        "record": record.digest,
        "form": form,
        "instance": instance,
        "event": record.event,
        "items": [
            _item(name, version, quality.checks.get((record.digest, name)))
            for name, version in record.items().items()
        ],
    }
    return RowChange(record.digest, row)


def _item(name: str, version: Version, check: Check | None) -> Row:
    item = {
        "field": name,
        "value": version.value,
        "unit": version.unit,
        "part": version.part,
        "version": version.digest,
        "changed_position": version.position,
    }
    if check is None:
        return item
    compared = {"compared": check.version, "by": check.by, "position": check.position, "found": check.found}
    return {**item, **compared}


# -- what is read ---------------------------------------------------------------------------------------


def _items(row: Row) -> Iterator[Row]:
    """Yield one row an item of a stored record."""
    of_record = {name: row[name] for name in ("subject_key", "record", "form", "instance", "event")}
    for item in row["items"]:
        yield {
            **of_record,
            "field": item["field"],
            "value": item["value"],
            "unit": item["unit"],
            "part": item["part"],
            "state": _state(item),
            "version": item["version"],
            "changed_position": item["changed_position"],
            "compared_version": item.get("compared"),
            "by": item.get("by"),
            "position": item.get("position"),
            "found": item.get("found"),
            SIGNATURE: item.get("position", item["changed_position"]),
        }


def _state(item: Row) -> str:
    if "compared" not in item:
        return "unverified"
    if item["compared"] != item["version"]:
        return "stale"
    return "verified" if item["found"] is None else "mismatch"


def _summaries(items: Sequence[Row]) -> Iterator[Row]:
    """Yield one row a subject with how many of their items stand how."""
    states: dict[str, Counter[str]] = {}
    for item in items:
        states.setdefault(item["subject_key"], Counter())[item["state"]] += 1
    for key, counted in states.items():
        total = counted.total()
        yield {
            "subject_key": key,
            "record": None,
            "field": None,
            "items": total,
            **{state: counted[state] for state in STATES},
            "verified_percent": f"{100 * counted['verified'] / total:.1f}",
            SIGNATURE: None,
        }
