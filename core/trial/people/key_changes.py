"""What becomes of a person's keys: one counts at a time, and none of them twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from core.trial.people.events import (
    KeyCompromiseDeclared,
    PasswordChanged,
    SigningKeyRevoked,
    SigningKeyRotated,
)
from core.trial.people.rights import ended_among, held_from
from core.trial.people.suspicions import suspicions_by

if TYPE_CHECKING:
    from core.kernel.recorded import Recorded
    from core.trial.people.person import Person


def changing_key(
    state: Person,
    event: SigningKeyRevoked | KeyCompromiseDeclared | SigningKeyRotated | PasswordChanged,
    recorded: Recorded,
) -> Person:
    """Return the person after an event about their key or its password."""
    match event:
        case PasswordChanged():
            return replace(state, credential_since=recorded.recorded_at)
        case SigningKeyRotated():
            without = replace(state, keys=ended_among(state.keys, event.old, recorded))
            return with_key(without, event.key, recorded, rotated_from=event.old)
        case SigningKeyRevoked():
            return without_key(state, event.key, recorded)
        case KeyCompromiseDeclared():
            return _suspecting(state, event, recorded)
        case _:
            assert_never(event)


def _suspecting(state: Person, event: KeyCompromiseDeclared, recorded: Recorded) -> Person:
    """End the key and what it brought in while it was in doubt."""
    found = suspicions_by(state.keys, event.key, event.suspected_from, recorded.position)
    for suspicion in found:
        state = without_key(state, suspicion.key, recorded)
    return replace(state, suspicions=(*state.suspicions, *found))


def without_key(state: Person, key: str, recorded: Recorded) -> Person:
    """End a key; who loses the one that counts is identified again before the next (trust 2, T11)."""
    verified_by = None if key == state.active_key else state.identity_verified_by
    return replace(state, keys=ended_among(state.keys, key, recorded), identity_verified_by=verified_by)


def with_key(
    state: Person,
    key: str,
    recorded: Recorded,
    proposer: str | None = None,
    rotated_from: str | None = None,
) -> Person:
    """Give the person the one key that counts from here.

    Raises: `ValueError` beside a key that still counts, and for one that counted before: no decision leads
    there.
    """
    if state.active_key is not None or any(held.what == key for held in state.keys):
        raise ValueError("a person has one key that counts, and none of them twice")
    held = replace(held_from(key, recorded), proposed_by=proposer, rotated_from=rotated_from)
    return replace(state, keys=(*state.keys, held), credential_since=recorded.recorded_at)
