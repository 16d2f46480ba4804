"""What a signature is worth now that more is known: valid, in doubt after a compromise, re-affirmed.

A verdict on bytes is another matter: a signature in doubt still verifies. Trust 2, T10.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from core.trial.acts import acts_since

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.trial.acts import Act
    from core.trial.people.person import Person
    from core.trial.people.rights import Suspicion


class SignatureState(StrEnum):
    """What a signature is worth at a position of the log, in the words of ETSI EN 319 102-1 for doubt."""

    VALID = "valid"
    INDETERMINATE = "indeterminate"
    REAFFIRMED = "reaffirmed"


def suspicion_of(person: Person, position: int, key: str) -> Suspicion | None:
    """Return the first declaration that puts in doubt what the key signed at the position."""
    return next(
        (s for s in person.suspicions if s.key == key and s.suspected_from <= position < s.declared_at), None
    )


def state_of(person: Person, position: int, key: str, digest: str) -> SignatureState:
    """Return what a person's signature at a position, by a key, over a statement is worth now.

    A re-affirmation that is itself in doubt re-affirms nothing.
    """
    if suspicion_of(person, position, key) is None:
        return SignatureState.VALID
    stands = any(
        digest in r.covers
        and state_of(person, r.position, r.key, r.digest) is not SignatureState.INDETERMINATE
        for r in person.reaffirmed
    )
    return SignatureState.REAFFIRMED if stands else SignatureState.INDETERMINATE


def suspected_acts(person: Person, newest: Act | None) -> Iterator[tuple[Act, SignatureState]]:
    """Yield what the person signed from the first suspicion on, newest first, with what it is worth."""
    if person.suspicions:
        earliest = min(suspicion.suspected_from for suspicion in person.suspicions)
        for act in acts_since(newest, earliest):
            yield act, state_of(person, act.position, act.key, act.digest)


def doubtful_signatures(person: Person, newest: Act | None) -> tuple[Act, ...]:
    """Return the person's signatures that are in doubt and not re-affirmed, newest first."""
    acts = suspected_acts(person, newest)
    return tuple(act for act, state in acts if state is SignatureState.INDETERMINATE)


def changed_states(before: Person | None, after: Person, newest: Act | None) -> dict[Act, SignatureState]:
    """Return the person's signatures whose worth differs between two states of the person, oldest first."""
    if before is not None and (before.suspicions, before.reaffirmed) == (after.suspicions, after.reaffirmed):
        return {}
    moved = {
        act: state for act, state in suspected_acts(after, newest) if state is not _state_before(before, act)
    }
    return dict(reversed(moved.items()))


def _state_before(before: Person | None, act: Act) -> SignatureState:
    if before is None:
        return SignatureState.VALID
    return state_of(before, act.position, act.key, act.digest)
