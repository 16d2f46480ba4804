"""What a correction reaches: the statement, what it goes back to, and whoever covers one of them.

Told to the fold of the trial and to the verifier's register; both have to say the same.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from core.audit.signature_register import SignatureRegister
from core.kernel.codec import to_data
from core.trial.quality.events import (
    CasebookFrozen,
    CasebookSigned,
    Countersigned,
    ItemVersion,
    SourceKind,
    SourceVerified,
)
from core.trial.revisions import Revisions
from tests.support.given import Past, digest, recorded, screened

if TYPE_CHECKING:
    from core.kernel.recorded import Event, Recorded

SUBJECT, CASEBOOK, REVIEW = "subject/S01", "casebook/S01", "review/R1"

# Stream, payload and the position that is corrected, if any; the digest of a position is `digest(position)`.
Told = tuple[str, "Event", int | None]


def entered(stream: str = SUBJECT) -> Told:
    return stream, screened(), None


def corrected(position: int, stream: str = SUBJECT) -> Told:
    return stream, screened(), position


def signed_off() -> Told:
    return SUBJECT, CasebookSigned(1, digest(1), 0, None, ()), None


def countersigned(*positions: int) -> Told:
    return REVIEW, Countersigned(tuple(map(digest, positions)), ()), None


def verified(*positions: int) -> Told:
    items = tuple(ItemVersion(digest(at), "age_years", digest(at)) for at in positions)
    return REVIEW, SourceVerified("S01", next(iter(SourceKind)), items, ()), None


def events_of(story: list[Told]) -> list[Recorded]:
    return [
        replace(
            recorded(Past(stream, payload), position, position),
            corrects=None if target is None else digest(target),
        )
        for position, (stream, payload, target) in enumerate(story, 1)
    ]


def entry_of(event: Recorded) -> Any:
    """Return the event as the register takes it: statement, digest and payload of a verified leaf."""
    statement = SimpleNamespace(
        signer=event.signer,
        corrects=event.corrects,
        stream=event.stream,
        type=event.topic,
        data=to_data(event.payload),
        reason=event.reason,
    )
    return SimpleNamespace(statement=statement, digest=event.digest, payload=event.payload)


def told_by_the_fold(events: list[Recorded]) -> dict[int, tuple[int, ...]]:
    revisions = Revisions()
    for event in events:
        revisions = revisions.with_statement(event)
    return dict(revisions.changed_by)


def told_by_the_register(events: list[Recorded]) -> dict[int, tuple[int, ...]]:
    register = SignatureRegister()
    for event in events:
        register.take(entry_of(event))
    return {s.position: s.changed_by for s in register.standings() if s.changed_by}


STORIES: dict[str, tuple[list[Told], dict[int, tuple[int, ...]]]] = {
    "nothing": ([entered(), countersigned(1)], {}),
    "directly": ([entered(), corrected(1)], {1: (2,)}),
    "twice": ([entered(), corrected(1), corrected(1)], {1: (2, 3)}),
    "through a chain": ([entered(), corrected(1), corrected(2)], {1: (2, 3), 2: (3,)}),
    "another record": ([entered(), entered(), corrected(2)], {2: (3,)}),
    "what was countersigned": ([entered(), countersigned(1), corrected(1)], {1: (3,), 2: (3,)}),
    "countersigned behind it": ([entered(), corrected(1), countersigned(1)], {1: (2,)}),
    "a countersignature of a countersignature": (
        [entered(), countersigned(1), countersigned(2), corrected(1)],
        {1: (4,), 2: (4,), 3: (4,)},
    ),
    "the correction that was countersigned": (
        [entered(), corrected(1), countersigned(2), corrected(2)],
        {1: (2, 4), 2: (4,), 3: (4,)},
    ),
    "what was verified": ([entered(), entered(), verified(2), corrected(2)], {2: (4,), 3: (4,)}),
    "a verified item beside it": ([entered(), entered(), verified(2), corrected(1)], {1: (4,)}),
    "a casebook": ([entered(), signed_off(), corrected(1)], {1: (3,), 2: (3,)}),
    "the other stream of a casebook": (
        [entered(CASEBOOK), signed_off(), corrected(1, CASEBOOK)],
        {1: (3,), 2: (3,)},
    ),
    "what was entered behind the sign-off": ([signed_off(), entered(), corrected(2)], {1: (2, 3), 2: (3,)}),
    "a sign-off up to the next one": (
        [entered(), signed_off(), entered(CASEBOOK), signed_off(), entered()],
        {2: (3,), 4: (5,)},
    ),
    "the freezing of a casebook, which enters nothing": (
        [entered(), signed_off(), (SUBJECT, CasebookFrozen(), None)],
        {},
    ),
    "a casebook of somebody else": (
        [entered("subject/S02"), signed_off(), corrected(1, "subject/S02")],
        {1: (3,)},
    ),
    "a countersigned casebook": (
        [entered(), signed_off(), countersigned(2), corrected(1)],
        {1: (4,), 2: (4,), 3: (4,)},
    ),
}


@pytest.mark.parametrize("what", STORIES)
def test_a_correction_reaches(what: str) -> None:
    story, changed = STORIES[what]
    events = events_of(story)
    assert told_by_the_fold(events) == changed
    assert told_by_the_register(events) == changed
