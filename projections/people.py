"""People of the trial: what they are called, which key and roles count, what waits for a second officer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.kernel.actors import Role
from core.kernel.codec import to_data
from core.trial.instance.events import InstanceCreated
from core.trial.people.events import PersonInvited
from core.trial.registry import event_name, events_of
from projections.projection import RowChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.people.state import Held, Person, Proposal
    from core.trial.trial import Trial


class People:
    """One row a person; readers as the row "users, roles, delegation" of part 11 section 5."""

    name = "people"
    readers = frozenset({Role.PI, Role.CRA, Role.AUD, Role.MM, Role.ADM, Role.SEC})
    concerns = events_of("person", "instance")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the person's row; the birth of the instance brings both founding officers."""
        del before
        if isinstance(event.payload, InstanceCreated):
            for officer in event.payload.officers:
                yield _row_change(trial.people[officer.id])
        elif event.stream.startswith(streams.PERSON_PREFIX):
            yield _row_change(trial.people[streams.key_of(event.stream)])


def status_of(person: Person) -> str:
    """Return what the person can do now; nobody acts without an approved name, a key and a role."""
    if not person.name:
        return "proposed"
    if not person.active_roles:
        return "without_role"
    return "active" if person.active_key else "without_key"


def _row_change(person: Person) -> RowChange:
    invited = next((p.event for p in person.proposals if isinstance(p.event, PersonInvited)), None)
    named = person if person.name or invited is None else invited
    return RowChange(
        person.id,
        {
            "person": person.id,
            "name": named.name,
            "organisation": named.organisation,
            "status": status_of(person),
            "roles": list(person.active_roles),
            "key": person.active_key,
            "keys": [_held("key", held) for held in person.keys],
            "role_history": [_held("role", held) for held in person.roles],
            "proposals": [_proposal(proposal) for proposal in person.proposals],
        },
    )


def _held(what: str, held: Held) -> dict[str, Any]:
    return {what: held.what, "since": held.since, "until": held.until}


def _proposal(proposal: Proposal) -> dict[str, Any]:
    return {
        "digest": proposal.digest,
        "proposer": proposal.proposer,
        "event": event_name(proposal.event.TOPIC),
        "proposes": to_data(proposal.event),
    }
