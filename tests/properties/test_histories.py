"""Whole histories through the real write path: shorthand in, the protocol's decision out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.verification import verify_store
from core.audit.merkle import CompactRange, leaf_hash
from core.kernel.errors import IntegrityFinding
from core.trial.acts import acts_since
from core.trial.trial import Trial

if TYPE_CHECKING:
    from tests.support.world import World

HISTORIES = [
    ("1P", "wait", 1, "atd_window_open"),
    ("1N", "escalate", 2, "atd_cleared"),
    ("1m", "escalate", 2, "atd_cleared"),
    ("1G", "expand", 1, "atd_trigger_grade2"),
    ("1g", "expand", 1, "atd_trigger_grade2"),
    ("1T", "expand", 1, "atd_trigger_dlt"),
    ("1W", "enrol", 1, "replacement"),
    ("1v", "expand", 1, "atd_trigger_grade2"),
    ("1TT", "stop_no_mtd", None, "lowest_dose_too_toxic"),
    ("1N 2NNN", "escalate", 3, "zero_of_three"),
    ("1N 2NNT", "expand", 2, "one_of_three"),
    ("1N 2NPN", "wait", 2, "cohort_window_open"),
    ("1N 2NNW", "enrol", 2, "replacement"),
    ("1N 2TT", "deescalate", 1, "confirm_level_below_exceeded"),
    ("1N 2NNT NNN"[:7] + "NNN", "escalate", 3, "at_most_one_of_six"),
]


@pytest.mark.parametrize(("shorthand", "decision", "level", "reason"), HISTORIES)
def test_a_history_leads_to_the_decision_of_the_protocol(
    world: World, shorthand: str, decision: str, level: int | None, reason: str
) -> None:
    world.history(shorthand)
    found = world.decision
    assert (decision, level, reason) == (str(found.decision), found.level, str(found.reason))
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_folding_again_from_the_first_position_gives_the_same_trial(world: World) -> None:
    world.history("1N 2NNT")
    live, again = world.trial, Trial()
    for position in range(1, world.log.size() + 1):
        again.apply(world.log.entry(position).recorded())
    assert _compared(live) == _compared(again)


def _compared(trial: Trial) -> dict[str, object]:
    """Return the states with the chains of acts told out: an act knows only the one before it."""
    acts = {person: [a.digest for a in acts_since(newest, 1)] for person, newest in trial.acts.items()}
    signed = {digest: (act.by, act.position) for digest, act in trial.signed.items()}
    return {**vars(trial), "acts": acts, "signed": signed}


def test_the_head_in_memory_is_the_head_of_the_leaves(world: World) -> None:
    world.history("1N 2N")
    world.trial  # noqa: B018 - catches up
    tree = CompactRange()
    for state in world.states():
        tree.append(leaf_hash(state))
    assert (tree.size, tree.root()) == (world.log.head.size, world.log.head.root())


def test_an_event_that_cannot_be_folded_does_not_count_as_folded(world: World) -> None:
    world.history("1T")
    trial = Trial()
    entries = [world.log.entry(p).recorded() for p in range(1, world.log.size() + 1)]
    report = next(e for e in entries if "AdverseEventReported" in e.topic)
    for entry in entries:
        if entry.position < report.position:
            trial.apply(entry)
    for _ in range(2):
        with pytest.raises(IntegrityFinding, match="CANNOT_FOLD"):
            trial.apply(entries[-1])  # judges an event that was never entered
        assert trial.position == report.position - 1
