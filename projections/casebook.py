"""The casebook of a subject: visits as columns, forms as rows, every field with its whole history.

* Stored is one row an event of the subject's and the casebook's stream, and one a subject with the visits;
  so an event costs one row however long the casebook is. Forms are put together when they are read.
* A correction, a repeat, a regrading belongs to the form that it is about: the field gets one more value.
* Nothing is left out: an event without a form of its own is a form under its own name.
* A field names the item that it shows, as a verification or a query names it; `heads` are what an
  investigator signs who has read the casebook as it is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.kernel.time import write_instant
from core.trial.quality.events import CasebookQualityEvent
from core.trial.quality.fields import changed_by, fields_said, form_of
from core.trial.registry import data_of, event_name, events_of
from projections.manifestation import manifest_of
from projections.projection import RowChange
from projections.read_rights import readers_of
from projections.stamps import reason_row
from projections.visit_records import visit_changes, visit_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.quality.items import Items
    from core.trial.trial import Trial

Row = dict[str, Any]

# What every value says of its entry; printed name, meaning and time of signing as 21 CFR 11.50(b) asks.
_SAID: Final = (
    "position",
    "digest",
    "event",
    "by",
    "printed_name",
    "role",
    "meaning",
    "signed_at",
    "zone",
    "at",
    "recorded_at",
    "reason",
)


class CasebookView:
    """Stored: a row an event, a row a subject. Read: one row a subject."""

    name = "casebook"
    readers = readers_of(name, "subject", "casebook")
    computed = True
    by_position = True
    concerns = events_of("subject", "casebook", "study")

    def project(self, event: Recorded, before: Any, trial: Trial) -> Iterable[RowChange]:  # noqa: ANN401 - a state
        """Return the event's entry, and what it changed about visits."""
        if isinstance(event.payload, CasebookQualityEvent):
            yield RowChange(str(event.position), {"kind": "quality", **_place(event)})
        elif streams.is_of_subject(event.stream):
            items = trial.quality[streams.key_of(event.stream)].items
            yield RowChange(str(event.position), _entry(event, items))
        yield from visit_changes(event, before, trial)

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the casebooks, in order of the first entry of each subject."""
        entries: dict[str, list[Row]] = {}
        for row in rows:
            if row["kind"] == "entry":
                entries.setdefault(row["subject_key"], []).append(row)
        visits = {row["subject_key"]: row for row in rows if row["kind"] == "subject"}
        heads = _heads(rows)
        return [
            {
                "subject_key": key,
                "heads": heads[key],
                "visits": visit_rows([visits[key]], moment) if key in visits else [],
                "forms": _forms(entered),
            }
            for key, entered in entries.items()
        ]


# -- what is stored -------------------------------------------------------------------------------------


def _place(event: Recorded) -> Row:
    kind, _, key = event.stream.partition("/")
    return {"subject_key": key, "stream": kind, "version": event.version, "digest": event.digest}


def _entry(event: Recorded, items: Items) -> Row:
    return {
        "kind": "entry",
        **_place(event),
        **manifest_of(event),
        "at": write_instant(event.occurred_at),
        "recorded_at": write_instant(event.recorded_at),
        "by": event.signer.id,
        "reason": reason_row(event.reason),
        "event": event_name(event.topic),
        "data": data_of(event),
        "sets": list(_items_set(event, items)),
    }


def _items_set(event: Recorded, items: Items) -> Iterator[tuple[str, str]]:
    """Yield record and field of every item of an earlier record that the event set anew."""
    if not changed_by(event_name(event.topic)):
        return
    for record in items.set_by(event):
        if record.digest != event.digest:
            of_record = record.items().items()
            yield from ((record.digest, name) for name, one in of_record if one.position == event.position)


# -- what is read ---------------------------------------------------------------------------------------

# Record and field of an item.
Item = tuple[str, str]


def _heads(rows: Sequence[Row]) -> dict[str, Row]:
    """Return, by subject, versions and digests of the newest statements of the two streams."""
    heads: dict[str, Row] = {}
    for row in rows:
        if row["kind"] == "subject":
            continue
        head = heads.setdefault(row["subject_key"], {})
        head.setdefault("casebook_version", 0)
        head.setdefault("casebook_head", None)
        head[f"{row['stream']}_version"], head[f"{row['stream']}_head"] = row["version"], row["digest"]
    return heads


def _forms(entries: Sequence[Row]) -> list[Row]:
    forms: dict[tuple[str, str | None], Row] = {}
    versions: dict[Item, str] = {}
    for entry in entries:
        name, data = entry["event"], entry["data"]
        form = forms.setdefault(form_of(name, data), {"visit": data.get("visit"), "fields": {}})
        digest: str = entry["digest"]
        versions |= dict.fromkeys(map(_item, entry["sets"]), digest)
        for one in fields_said(name, data):
            item = _item_of(one.field, entry, is_entry=one.is_entry)
            if item is not None:
                versions[item] = digest
            value = {"value": one.value, "unit": one.unit, **_said(entry)}
            form["fields"].setdefault(one.field, []).append((item, value))
    return [
        {
            "form": name,
            "instance": instance,
            "visit": form["visit"],
            "fields": [_field(field, said, versions) for field, said in form["fields"].items()],
        }
        for (name, instance), form in forms.items()
    ]


def _item(stored: Sequence[str]) -> Item:
    record, name = stored
    return record, name


def _item_of(field: str, entry: Row, *, is_entry: bool) -> Item | None:
    """Return the item that a field of an entry sets: its own, or that of an earlier record."""
    if is_entry:
        return entry["digest"], field
    return next((item for item in map(_item, entry["sets"]) if _is_of(field, item[1])), None)


def _is_of(field: str, item: str) -> bool:
    """Tell whether a field that was said is an item, a part of it, what holds it, or a numbered one."""
    return (
        field == item
        or field.startswith(f"{item}.")
        or item.startswith(f"{field}.")
        or (field.startswith("regradings.") and field.endswith(f".{item}"))
    )


def _said(entry: Row) -> Row:
    return {name: entry[name] for name in _SAID}


def _field(field: str, said: list[tuple[Item | None, Row]], versions: Mapping[Item, str]) -> Row:
    """Return a field as it reads now, with every value that it ever had, oldest first.

    `item` is None for what the program computed: nobody entered it.
    """
    item, newest = said[-1]
    return {
        "field": field,
        "value": newest["value"],
        "unit": newest["unit"],
        "item": item and {"record": item[0], "field": item[1], "version": versions[item]},
        "history": [value for _, value in said],
    }
