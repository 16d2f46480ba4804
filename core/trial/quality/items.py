"""Items of a casebook and their versions: what was entered where, and which statement set it last.

* A record is an original statement, named by its digest; an item is a field of it. The item's version is
  the digest of the newest statement that set that field, the original or one that changed it.
* One event costs the same however long the casebook is: a record keeps its payload, and its fields are
  taken apart when somebody asks for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from core.kernel.codec import to_data
from core.kernel.persistent import PersistentMap
from core.trial.quality.fields import changed_by, fields_said, form_of, is_original

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from core.kernel.recorded import Event, Recorded
    from core.trial.quality.fields import Said


@dataclass(frozen=True, slots=True)
class Change:
    """One statement that set a field of a record anew."""

    field: str
    digest: str
    position: int
    by: str
    value: object
    unit: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """Which statement set an item last, at which position, to what; and everybody who ever set it.

    `part` is the field that the statement set where that is a part of the item, or what holds it.
    """

    digest: str
    position: int
    writers: frozenset[str]
    value: object
    unit: str | None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """An original statement and the changes made to it since; `event` is the name of its type."""

    event: str
    payload: Any
    digest: str
    position: int
    by: str
    changes: tuple[Change, ...] = ()

    def items(self) -> dict[str, Version]:
        """Return every item of the record with its version, by field."""
        return items_told(
            self.event, to_data(self.payload), self.digest, self.position, self.by, self.changes
        )

    def changes_of(self, name: str) -> tuple[Change, ...]:
        """Return the changes that set an item anew, by itself, a part of it or what holds it."""
        items = self.items()
        return tuple(one for one in self.changes if name in (_touched(items, one.field) or (one.field,)))

    @property
    def form(self) -> tuple[str, str | None]:
        """The form on which the record stands, and which one of its kind it is."""
        return form_of(self.event, to_data(self.payload))


def items_told(
    event: str, data: Mapping[str, Any], digest: str, position: int, by: str, changes: Iterable[Change]
) -> dict[str, Version]:
    """Return every item of an original statement with its version, by field; `data` is its payload."""
    writer = frozenset({by})
    found = {
        one.field: Version(digest, position, writer, one.value, one.unit)
        for one in fields_said(event, data)
        if one.is_entry
    }
    for change in changes:
        for name in _touched(found, change.field) or (change.field,):
            writers = found[name].writers if name in found else frozenset[str]()
            found[name] = _set_anew(name, change, writers)
    return found


@dataclass(frozen=True, slots=True)
class Items:
    """The records of one subject; `on_form` lists those of each form, oldest first."""

    records: PersistentMap[str, Record] = field(default_factory=PersistentMap)
    on_form: PersistentMap[tuple[str, str | None], tuple[str, ...]] = field(default_factory=PersistentMap)

    def version_of(self, record: str, name: str) -> Version | None:
        """Return the version of an item as it stands, None where there is no such item."""
        held = self.records.get(record)
        return None if held is None else held.items().get(name)

    def set_before(self, change: Event) -> str | None:
        """Return the newest of the statements that set what an event that is not recorded yet changes."""
        event, data = type(change).__name__, to_data(change)
        held = [self.records[digest] for digest in self.on_form.get(form_of(event, data), ())]
        changed = [
            self.records[digest].items().get(name)
            for said in fields_said(event, data)
            if said.is_change
            for digest, name in _addressed(held, event, said.field)
        ]
        newest = max((one for one in changed if one), key=attrgetter("position"), default=None)
        return None if newest is None else newest.digest

    def of_events(self, names: Iterable[str]) -> Iterator[tuple[str, str, Version]]:
        """Yield record, field and version of every item of the events with these names."""
        wanted = frozenset(names)
        for record in self.records.values():
            if record.event in wanted:
                yield from ((record.digest, name, version) for name, version in record.items().items())

    def set_by(self, recorded: Recorded) -> Iterator[Record]:
        """Yield the records that a clinical event, the subject's newest, has added or changed."""
        event, data = _told(recorded)
        for digest in self.on_form.get(form_of(event, data), ()):
            record = self.records[digest]
            if recorded.position in {record.position, *(change.position for change in record.changes)}:
                yield record


def evolve(state: Items, recorded: Recorded) -> Items:
    """Return the items after one more clinical event of the subject.

    What a change names and no record holds is nothing here: whoever folds the subject refuses it.
    """
    event, data = _told(recorded)
    form = form_of(event, data)
    after = _with_changes(state, event, data, form, recorded) if changed_by(event) else state
    return _with_record(after, event, form, recorded) if is_original(event) else after


def _told(recorded: Recorded) -> tuple[str, Mapping[str, Any]]:
    """Return the name of the event's type and its payload as it is stored."""
    data = to_data(recorded.payload) if recorded.data is None else recorded.data
    return type(recorded.payload).__name__, data


def _with_record(state: Items, event: str, form: tuple[str, str | None], recorded: Recorded) -> Items:
    digest = recorded.digest
    record = Record(event, recorded.payload, digest, recorded.position, recorded.signer.id)
    earlier = state.on_form.get(form, ())
    return Items(state.records.with_item(digest, record), state.on_form.with_item(form, (*earlier, digest)))


def _with_changes(
    state: Items, event: str, data: Mapping[str, Any], form: tuple[str, str | None], recorded: Recorded
) -> Items:
    records = state.records
    held = [records[digest] for digest in state.on_form.get(form, ())]
    for said in fields_said(event, data):
        if said.is_change:
            for digest, name in _addressed(held, event, said.field):
                change = _change(name, said, recorded)
                record = records[digest]
                records = records.with_item(digest, replace(record, changes=(*record.changes, change)))
    return replace(state, records=records)


def _change(name: str, said: Said, recorded: Recorded) -> Change:
    return Change(name, recorded.digest, recorded.position, recorded.signer.id, said.value, said.unit)


def _set_anew(name: str, change: Change, writers: frozenset[str]) -> Version:
    return Version(
        change.digest,
        change.position,
        writers | {change.by},
        change.value,
        change.unit,
        None if change.field == name else change.field,
    )


def _addressed(held: list[Record], event: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the records, and the fields of them, that a change of the named field is about.

    It is the newest of the records that the event changes which holds the field; where none does, the newest
    gains it. `regradings.2.to_grade` is a field of the second regrading, and the grade of the event.
    """
    if name.startswith("regradings."):
        yield from _of_regrading(held, name)
        return
    standing = [record for record in held if record.event in changed_by(event)]
    holding = [record for record in standing if _touched(record.items(), name)]
    if holding or standing:
        yield (holding or standing)[-1].digest, name


def _of_regrading(held: list[Record], name: str) -> Iterator[tuple[str, str]]:
    _, place, *rest = name.split(".")
    regradings = [record for record in held if record.event == "AdverseEventRegraded"]
    if place.isdigit() and 1 <= int(place) <= len(regradings):
        yield regradings[int(place) - 1].digest, ".".join(rest)
    if rest == ["to_grade"]:
        yield from _addressed(held, "AdverseEventRegraded", "grade")


def _touched(items: Mapping[str, Version], name: str) -> list[str]:
    """Return the fields that a change of the named field sets: itself, or its parts or what holds it."""
    if name in items:
        return [name]
    return [one for one in items if one.startswith(f"{name}.") or name.startswith(f"{one}.")]
