"""A meeting opened on a state that the log never had: who can sign may write it, verification finds it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from api.verification import verify_store
from core.kernel.encoding import to_base64
from core.trial.cohorts import computed_decision, facts_digest
from core.trial.escalation.events import SrcMeetingOpened
from tests.support.given import MM, SRC, SRC2
from tests.support.world import World, founded, world
from tests.verify.test_going_around_the_deciders import go_around

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["founded", "world"]


def reads(world: World) -> tuple[str, ...]:
    """Return what an honest server looks at."""
    subjects = (f"subject/{key}" for key in world.trial.subjects)
    return ("study", f"person/{SRC.id}", f"person/{SRC2.id}", *subjects)


def true_meeting(world: World) -> SrcMeetingOpened:
    """Return what an honest server records about a meeting on the newest head."""
    trial, size = world.trial, world.log.size()
    decision = computed_decision(trial.subjects, trial.study)
    return SrcMeetingOpened(
        meeting="M1",
        snapshot_position=size,
        snapshot_root=to_base64(world.log.root_at(size)),
        roster=(SRC.id, SRC2.id),
        documents=(),
        facts=facts_digest(trial.subjects, trial.study),
        decision=str(decision.decision),
        level=decision.level,
        reason=str(decision.reason),
    )


FORGERIES: dict[str, Callable[[World, SrcMeetingOpened], SrcMeetingOpened]] = {
    "a root that the log never had": lambda _, true: replace(true, snapshot_root=to_base64(bytes(32))),
    "the root of another position": lambda w, true: replace(
        true, snapshot_root=to_base64(w.log.root_at(true.snapshot_position - 1))
    ),
    "a position that is still to come": lambda _, true: replace(
        true, snapshot_position=true.snapshot_position + 1
    ),
    "a true state, older than the facts": lambda w, true: replace(
        true, snapshot_position=4, snapshot_root=to_base64(w.log.root_at(4))
    ),
    "other facts than those of the state": lambda _, true: replace(true, facts="sha256:" + "0" * 64),
    "another decision than the computed one": lambda _, true: replace(true, decision="expand"),
}


def test_an_honest_meeting_votes_and_signature_verify(world: World) -> None:
    world.history("1N")
    world.sign_decision()
    assert verify_store(world.url, world.trust, workers=0).findings == ()


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forged_snapshot_is_found(world: World, what: str) -> None:
    world.history("1N")
    forged = FORGERIES[what](world, true_meeting(world))
    assert go_around(world, MM, "escalation", forged, reads(world)) == {"NOT_AS_DECIDED"}


def test_the_forgery_is_the_only_difference(world: World) -> None:
    """The same way around the deciders, with the true snapshot, leaves nothing to find."""
    world.history("1N")
    with pytest.raises(AssertionError, match="None"):
        go_around(world, MM, "escalation", true_meeting(world), reads(world))
    assert verify_store(world.url, world.trust, workers=0).findings == ()
