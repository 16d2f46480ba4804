"""Source verification, item by item: unverified, verified, stale or different; and the share a subject.

Stored is one row a record: what was entered, what changed it, and how its items last compared with the
source. Rows of items and the counts are put together when they are read: an entry costs one row, not its
fields.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.kernel.codec import to_data
from core.trial.quality.events import CasebookQualityEvent, SourceMismatchFound, SourceVerified
from core.trial.quality.fields import form_of
from core.trial.quality.items import Change, items_told
from core.trial.registry import data_of, events_of
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
    by_position = True
    readers = readers_of(name, "subject", "casebook", "review")
    concerns = events_of("subject", "casebook") | {SourceVerified, SourceMismatchFound}

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the records of which items were compared, or that the event added or set anew."""
        del before
        payload = event.payload
        if isinstance(payload, SourceVerified | SourceMismatchFound):
            quality = trial.quality[payload.subject_key]
            for digest in _compared(payload):
                record = quality.items.records[digest]
                yield _row(payload.subject_key, record, quality, to_data(record.payload))
        elif not isinstance(payload, CasebookQualityEvent) and streams.is_of_subject(event.stream):
            key = streams.key_of(event.stream)
            quality = trial.quality[key]
            for record in quality.items.set_by(event):
                is_new = record.digest == event.digest
                data = data_of(event) if is_new else to_data(record.payload)
                yield _row(key, record, quality, data)

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the items: one that was compared signed by who compared it, any other by who entered it."""
        del moment
        items = [item for row in rows for item in _items(row)]
        return items + list(_summaries(items))


def _compared(payload: SourceVerified | SourceMismatchFound) -> Iterable[str]:
    if isinstance(payload, SourceVerified):
        return dict.fromkeys(item.record for item in payload.items)
    return dict.fromkeys(one.item.record for one in payload.mismatches)


# -- what is stored -------------------------------------------------------------------------------------


def _row(key: str, record: Record, quality: CasebookQuality, data: Row) -> RowChange:
    """Return the record as it was entered, what changed it since, and how its items compared last."""
    row = {
        "subject_key": key,
        "record": record.digest,
        "event": record.event,
        "position": record.position,
        "by": record.by,
        "data": data,
        "changes": record.changes,
        "checks": _checks(record, quality) if quality.checks else {},
    }
    return RowChange(str(record.position), row)


def _checks(record: Record, quality: CasebookQuality) -> dict[str, Check]:
    found = ((name, quality.checks.get((record.digest, name))) for name in record.items())
    return {name: check for name, check in found if check is not None}


# -- what is read ---------------------------------------------------------------------------------------


def _items(row: Row) -> Iterator[Row]:
    """Yield one row an item of a stored record."""
    form, instance = form_of(row["event"], row["data"])
    of_record = {
        "subject_key": row["subject_key"],
        "record": row["record"],
        "form": form,
        "instance": instance,
        "event": row["event"],
    }
    for name, version in _versions(row).items():
        check = row["checks"].get(name, {})
        yield {
            **of_record,
            "field": name,
            "value": version.value,
            "unit": version.unit,
            "part": version.part,
            "state": _state(version, check),
            "version": version.digest,
            "changed_position": version.position,
            "compared_version": check.get("version"),
            "by": check.get("by"),
            "position": check.get("position"),
            "found": check.get("found"),
            SIGNATURE: check.get("position", version.position),
        }


def _versions(row: Row) -> dict[str, Version]:
    changes = [Change(**change) for change in row["changes"]]
    return items_told(row["event"], row["data"], row["record"], row["position"], row["by"], changes)


def _state(version: Version, check: Row) -> str:
    if not check:
        return "unverified"
    if check["version"] != version.digest:
        return "stale"
    return "verified" if check["found"] is None else "mismatch"


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
