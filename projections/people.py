"""People of the trial: what they are called, what counts now, and what is missing before they can sign."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

from core.kernel import streams
from core.kernel.codec import to_data
from core.kernel.time import parse_offset_time, write_instant
from core.trial.instance.events import InstanceCreated, PolicyChanged
from core.trial.people.events import PersonInvited
from core.trial.registry import event_name, events_of
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.instance.state import Instance
    from core.trial.people.person import Person
    from core.trial.people.rights import Delegation, Held, Proposal, Training
    from core.trial.trial import Trial

Row: TypeAlias = "dict[str, Any]"


class People:
    """One row a person; readers as the row "users, roles, delegation" of part 11 section 5."""

    name = "people"
    readers = readers_of(name, "person")
    concerns = events_of("person", "instance")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the person's row; the birth of the instance brings both founding officers.

        Another policy asks other things of everybody.
        """
        del before
        if isinstance(event.payload, InstanceCreated):
            for officer in event.payload.officers:
                yield _row_change(trial.people[officer.id], trial.instance)
        elif isinstance(event.payload, PolicyChanged):
            yield from (_row_change(person, trial.instance) for person in trial.people.values())
        elif event.stream.startswith(streams.PERSON_PREFIX):
            yield _row_change(trial.people[streams.key_of(event.stream)], trial.instance)

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the people with the codes of what stops them from signing at the moment."""
        return [{**row, "missing": list(_missing(row, moment))} for row in rows]


def status_of(person: Person) -> str:
    """Return what the person is now; nobody acts without an approved name, a key and a role."""
    if not person.name:
        return "proposed" if person.proposals else "rejected"
    if person.locked_at is not None:
        return "locked_out"
    if not person.open_roles:
        return "without_role"
    return "active" if person.active_key else "without_key"


def _row_change(person: Person, instance: Instance) -> RowChange:
    invited = next((p.event for p in person.proposals if isinstance(p.event, PersonInvited)), None)
    named = person if person.name or invited is None else invited
    policy = instance.accountability
    return RowChange(
        person.id,
        {
            "person": person.id,
            "name": named.name,
            "organisation": named.organisation,
            "status": status_of(person),
            "identity_verified_by": person.identity_verified_by,
            "roles": list(person.open_roles),
            "key": person.active_key,
            "policy_accepted": policy is not None and policy.digest in person.accepted,
            "trainings": [_training(training) for training in person.trainings],
            "delegations": [_delegation(delegation) for delegation in person.delegations],
            "keys": [_held("key", held) for held in person.keys],
            "role_history": [_role(held, instance) for held in person.roles],
            "proposals": [_proposal(proposal) for proposal in person.proposals],
        },
    )


def _held(what: str, held: Held) -> Row:
    return {what: held.what, "since": held.since, "until": held.until}


def _dated(held: Held) -> Row:
    start, end = held.valid_from, held.valid_until
    return {"valid_from": start and write_instant(start), "valid_until": end and write_instant(end)}


def _role(held: Held, instance: Instance) -> Row:
    """Return a role with what the policy asks of who signs in it."""
    policy = instance.policy
    needs = {
        "training": policy is not None and held.what in policy.trained,
        "delegation": policy is not None and held.what in policy.delegated,
    }
    return {**_held("role", held), **_dated(held), "needs": [name for name, asked in needs.items() if asked]}


def _training(training: Training) -> Row:
    return {
        "course": training.course,
        "completed_on": training.completed_on.isoformat(),
        "expires_on": training.expires_on.isoformat(),
    }


def _delegation(delegation: Delegation) -> Row:
    held = delegation.held
    return {
        **_held("delegation", held),
        **_dated(held),
        "role": str(delegation.role),
        "duties": [str(duty) for duty in delegation.duties],
        "by": delegation.by,
    }


def _proposal(proposal: Proposal) -> Row:
    return {
        "digest": proposal.digest,
        "proposer": proposal.proposer,
        "event": event_name(proposal.event.TOPIC),
        "proposes": to_data(proposal.event),
    }


# -- at the moment of reading ---------------------------------------------------------------------------


def _missing(row: Row, moment: datetime) -> Iterator[str]:
    """Yield, in the order of the gate (`core/trial/authority.py`), the codes that a signature would meet."""
    if row["status"] in {"proposed", "rejected"}:
        yield "UNKNOWN_PERSON"
        return
    roles = [role for role in row["role_history"] if _counts(role, moment)]
    if row["status"] == "locked_out":
        yield "LOCKED_OUT"
    if not roles:
        yield "ROLE_NOT_HELD"
    if row["key"] is None:
        yield "NO_ACTIVE_KEY"
    if not row["policy_accepted"]:
        yield "POLICY_NOT_ACCEPTED"
    if any("training" in role["needs"] for role in roles):
        yield from _missing_training(row["trainings"], moment.date())
    if any(_needs_delegation(role, row["delegations"], moment) for role in roles):
        yield "DELEGATION_MISSING"


def _counts(held: Row, moment: datetime) -> bool:
    start, end = held["valid_from"], held["valid_until"]
    return (
        held["until"] is None
        and (start is None or parse_offset_time(start) <= moment)
        and (end is None or moment < parse_offset_time(end))
    )


def _missing_training(trainings: Sequence[Row], today: date) -> Iterator[str]:
    if not trainings:
        yield "TRAINING_MISSING"
    elif not any(_is_trained(training, today) for training in trainings):
        yield "TRAINING_EXPIRED"


def _is_trained(training: Row, today: date) -> bool:
    return today <= date.fromisoformat(training["expires_on"])


def _needs_delegation(role: Row, delegations: Sequence[Row], moment: datetime) -> bool:
    """A delegation counts in the role as it was granted by then (`Person.delegation_of`)."""
    given = [d["since"] for d in delegations if d["role"] == role["role"] and _counts(d, moment)]
    return "delegation" in role["needs"] and not any(role["since"] < since for since in given)
