"""Proposals about people, in the words in which an officer approves or rejects them."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from core.kernel.time import local_text
from core.trial.people.events import (
    CredentialResetProposed,
    PersonInvited,
    Proposable,
    RoleGranted,
    SigningKeyEnrolled,
)

if TYPE_CHECKING:
    from core.trial.people.person import Person


def proposed_in_words(person: Person, covers: tuple[str, ...], zone: str) -> tuple[str, ...]:
    """Return what each of the open proposals asks for, in the order in which they are named.

    Dates stand in the zone of who decides. Raises: `KeyError` for what is no open proposal.
    """
    proposed = {proposal.digest: proposal.event for proposal in person.proposals}
    return tuple(_in_words(person.id, proposed[digest], zone) for digest in covers)


def _in_words(person: str, event: Proposable, zone: str) -> str:
    match event:
        case PersonInvited():
            return f"{event.name} ({event.organisation}) under the id {person}"
        case SigningKeyEnrolled():
            return f"the key {event.key}"
        case RoleGranted():
            return f"the role {event.role}, {_dates_in_words(event, zone)}"
        case CredentialResetProposed():
            return f"destroys the key {event.key}"
        case _:
            assert_never(event)


def _dates_in_words(event: RoleGranted, zone: str) -> str:
    start = "now on" if event.valid_from is None else local_text(event.valid_from, zone)
    end = "without end" if event.valid_until is None else f"until {local_text(event.valid_until, zone)}"
    return f"from {start}, {end}"
