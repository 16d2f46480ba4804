"""Who held which right, from when until when, given and ended by whom: 21 CFR 11.10(d), 11.10(i).

* A right is a role, a delegation, a key, a training, the acceptance of the policy; a lock-out is the want of
  all. What a tool may read with a service token is a right of the person in whose care the token is.
* `since` and `until` are the events that gave and ended it; `valid_from` and `valid_until` the dates of the
  grant, or the days of a course. Whether a right counts depends on the moment of reading.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

from core.kernel import streams
from core.kernel.time import local_text, parse_offset_time
from core.trial.instance.events import InstanceCreated, ServiceTokenIssued, ServiceTokenRevoked
from core.trial.people.events import PolicyAccepted, TrainingRecorded
from core.trial.people.rights import stamp_of
from core.trial.registry import events_of
from projections.projection import RowChange, RowPatch
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.people.rights import Held, Stamp
    from core.trial.people.state import Person
    from core.trial.trial import Trial

Row: TypeAlias = "dict[str, Any]"


class AccessRegister:
    """One row a person and right, for ever; readers as the row "users, roles" of part 11 section 5."""

    name = "access-register"
    readers = readers_of(name, "person")
    concerns = events_of("person", "instance")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange | RowPatch]:
        """Return the rights of the person whose stream the event stands in, and those of the founders."""
        del before
        if isinstance(event.payload, InstanceCreated):
            for officer in event.payload.officers:
                yield from _rights(trial.people[officer.id])
        elif isinstance(event.payload, ServiceTokenIssued):
            yield _of_token(trial.people[event.payload.owner], event)
        elif isinstance(event.payload, ServiceTokenRevoked):
            granted = trial.instance.tokens[event.payload.token].granted
            ended = {"until": _stamp(stamp_of(event)), "ended_by": type(event.payload).__name__}
            yield RowPatch(_key_of(granted), ended)
        elif event.stream.startswith(streams.PERSON_PREFIX):
            person = trial.people[streams.key_of(event.stream)]
            yield from _rights(person)
            if isinstance(event.payload, TrainingRecorded | PolicyAccepted):
                yield _of_account(person, event)

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the rights with what they are at the moment: counts, not_yet, lapsed, ended."""
        return [{**row, "state": _state(row, moment)} for row in rows]


def _rights(person: Person) -> Iterator[RowChange]:
    for held in person.roles:
        yield _of_held(person, "role", held.what, held)
    for delegation in person.delegations:
        duties = ", ".join(delegation.duties)
        yield _of_held(person, "delegation", f"{delegation.role}: {duties}", delegation.held)
    for held in person.keys:
        yield _of_held(person, "key", held.what, held)
    for held in person.lockouts:
        yield _of_held(person, "lock-out", held.what, held)


def _of_held(person: Person, kind: str, what: str, held: Held) -> RowChange:
    zone = held.granted.zone if held.granted else "UTC"
    row = {
        **_about(person, kind, what),
        "since": _stamp(held.granted),
        "until": _stamp(held.ended),
        "ended_by": held.ended_by,
        "valid_from": held.valid_from and local_text(held.valid_from, zone),
        "valid_until": held.valid_until and local_text(held.valid_until, zone),
        "proposed_by": held.proposed_by,
    }
    return RowChange(f"{person.id}/{kind}/{held.since}/{held.what}", row)


def _of_account(person: Person, event: Recorded) -> RowChange:
    """Return the row of a training or an acceptance, which nothing ends but time."""
    payload = event.payload
    trained = isinstance(payload, TrainingRecorded)
    kind, what = ("training", payload.course) if trained else ("policy", payload.policy)
    row = {
        **_about(person, kind, what),
        "since": _stamp(stamp_of(event)),
        "until": None,
        "ended_by": None,
        "valid_from": payload.completed_on.isoformat() if trained else None,
        "valid_until": payload.expires_on.isoformat() if trained else None,
        "proposed_by": None,
    }
    return RowChange(f"{person.id}/{kind}/{event.position}", row)


def _of_token(owner: Person, event: Recorded) -> RowChange:
    """Return the row of what a tool may read; it never signs."""
    granted: ServiceTokenIssued = event.payload
    right = f"{granted.token} ({granted.tool}): {', '.join(granted.scopes)}"
    row = {
        **_about(owner, "service token", right),
        "since": _stamp(stamp_of(event)),
        "until": None,
        "ended_by": None,
        "valid_from": None,
        "valid_until": local_text(granted.expires_at, event.zone),
        "proposed_by": None,
    }
    return RowChange(_key_of(granted), row)


def _key_of(granted: ServiceTokenIssued) -> str:
    return f"{granted.owner}/service token/{granted.token}"


def _about(person: Person, kind: str, what: str) -> Row:
    return {
        "person": person.id,
        "name": person.name,
        "organisation": person.organisation,
        "kind": kind,
        "right": what,
    }


def _stamp(stamp: Stamp | None) -> Row | None:
    if stamp is None:
        return None
    reason = stamp.reason and {"code": stamp.reason.code, "text": stamp.reason.text}
    return {
        "position": stamp.position,
        "at": local_text(stamp.at, stamp.zone),
        "by": stamp.by,
        "reason": reason,
    }


def _state(row: Row, moment: datetime) -> str:
    if row["until"] is not None:
        return "ended"
    today = moment.date()
    start, end = row["valid_from"], row["valid_until"]
    if row["kind"] == "training":
        return "counts" if today <= date.fromisoformat(end) else "lapsed"
    if start is not None and moment < parse_offset_time(start):
        return "not_yet"
    return "lapsed" if end is not None and parse_offset_time(end) <= moment else "counts"
