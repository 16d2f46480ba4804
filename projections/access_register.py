"""Who held which right, from when until when, given and ended by whom: 21 CFR 11.10(d), 11.10(i).

* A right is a role, a delegation, a key, a training, the acceptance of the policy; a lock-out is the want of
  all. What a tool may read with a service token is a right of the person in whose care the token is.
* A delegation counts in the role as it was granted by then; it lapses and ends with that role.
* An acceptance ends with the text that was accepted: another accountability policy is accepted anew.
* `since` and `until` are the events that gave and ended it; `valid_from` and `valid_until` the dates of the
  grant, or the days of a course. Whether a right counts depends on the moment of reading.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

from core.kernel import streams
from core.kernel.time import local_text, parse_offset_time
from core.trial.acts import acts_since
from core.trial.instance.events import (
    InstanceCreated,
    PolicyChanged,
    ServiceTokenIssued,
    ServiceTokenRevoked,
)
from core.trial.people.events import PolicyAccepted, TrainingRecorded
from core.trial.people.rights import stamp_of
from core.trial.registry import events_of
from projections.projection import RowChange, RowPatch
from projections.read_rights import readers_of
from projections.stamps import stamp_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.instance.state import Instance
    from core.trial.people.person import Person
    from core.trial.people.rights import Held
    from core.trial.trial import Trial

Row: TypeAlias = "dict[str, Any]"


class AccessRegister:
    """One row a person and right, for ever; readers as the row "users, roles" of part 11 section 5."""

    name = "access-register"
    readers = readers_of(name, "person")
    concerns = events_of("person", "instance")

    def project(self, event: Recorded, before: Any, trial: Trial) -> Iterable[RowChange | RowPatch]:  # noqa: ANN401 - a state
        """Return the rights of the person whose stream the event stands in, and those of the founders."""
        if isinstance(event.payload, InstanceCreated):
            for officer in event.payload.officers:
                yield from _rights(trial.people[officer.id])
        elif isinstance(event.payload, ServiceTokenIssued):
            yield _of_token(trial.people[event.payload.owner], event)
        elif isinstance(event.payload, ServiceTokenRevoked):
            granted = trial.instance.tokens[event.payload.token].granted
            ended = {"until": stamp_row(stamp_of(event)), "ended_by": type(event.payload).__name__}
            yield RowPatch(_key_of(granted), ended)
        elif isinstance(event.payload, PolicyChanged):
            yield from _accepted_anew(event, before, trial)
        elif event.stream.startswith(streams.PERSON_PREFIX):
            person = trial.people[streams.key_of(event.stream)]
            yield from _rights(person)
            if isinstance(event.payload, TrainingRecorded | PolicyAccepted):
                yield _of_account(person, event)

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the rights with what they are at the moment: counts, not_yet, lapsed, ended."""
        stated = [{**row, "state": _state(row, moment)} for row in rows]
        roles = [row for row in stated if row["kind"] == "role"]
        return [row if row["kind"] != "delegation" else _under_role(row, roles) for row in stated]


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
        "since": stamp_row(held.granted),
        "until": stamp_row(held.ended),
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
        "since": stamp_row(stamp_of(event)),
        "until": None,
        "ended_by": None,
        "valid_from": payload.completed_on.isoformat() if trained else None,
        "valid_until": payload.expires_on.isoformat() if trained else None,
        "proposed_by": None,
    }
    return RowChange(f"{person.id}/{kind}/{event.position}", row)


def _accepted_anew(event: Recorded, before: Instance, trial: Trial) -> Iterator[RowPatch]:
    """Yield the acceptances that end with the text that they accepted, or count again with it."""
    old, new = before.accountability, trial.instance.accountability
    if old is None or new is None or old.digest == new.digest:
        return
    ended = {"until": stamp_row(stamp_of(event)), "ended_by": type(event.payload).__name__}
    for person in trial.people.values():
        for position, digest in _acceptances(person, trial):
            if digest == old.digest:
                yield RowPatch(f"{person.id}/policy/{position}", ended)
            elif digest == new.digest:
                yield RowPatch(f"{person.id}/policy/{position}", {"until": None, "ended_by": None})


def _acceptances(person: Person, trial: Trial) -> Iterator[tuple[int, str]]:
    """Yield where the person accepted an accountability policy, and the digest of its text; newest first."""
    acts = acts_since(trial.acts.get(person.id), 0)
    positions = (act.position for act in acts if act.topic == PolicyAccepted.TOPIC)
    return zip(positions, reversed(person.accepted), strict=True)


def _of_token(owner: Person, event: Recorded) -> RowChange:
    """Return the row of what a tool may read; it never signs."""
    granted: ServiceTokenIssued = event.payload
    right = f"{granted.token} ({granted.tool}): {', '.join(granted.scopes)}"
    row = {
        **_about(owner, "service token", right),
        "since": stamp_row(stamp_of(event)),
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


def _under_role(delegation: Row, roles: Sequence[Row]) -> Row:
    """Return a delegation that counts with what its role allows: nobody works in a role that they lost."""
    if delegation["state"] != "counts":
        return delegation
    role, since = delegation["right"].partition(":")[0], delegation["since"]["position"]
    states = [
        one["state"]
        for one in roles
        if (one["person"], one["right"]) == (delegation["person"], role) and one["since"]["position"] < since
    ]
    return delegation if "counts" in states else {**delegation, "state": states[-1] if states else "lapsed"}


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
