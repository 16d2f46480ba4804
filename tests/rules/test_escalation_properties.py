"""Properties P1 to P9 of domain 1.6, on every state of random trials with corrections and late DLTs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.rules.escalation import decide
from tests.rules import escalation_laws as laws
from tests.rules.walks import Walk, states, walks

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from core.rules.escalation import Decision, Outcome

_FEW = settings(max_examples=50, deadline=None)


def _passed(walk: Walk) -> Iterator[laws.Passed]:
    def answer(outcomes: Sequence[Outcome]) -> Decision:
        return decide(walk.rules, walk.top, outcomes)

    for outcomes in states(walk):
        yield laws.Passed(outcomes, answer(outcomes), walk.top, answer)


@_FEW
@given(walks())
def test_p1_p2_escalation_waits_for_everybody_and_skips_no_level(walk: Walk) -> None:
    for passed in _passed(walk):
        laws.p1_escalation_waits_for_everybody(passed)
        laws.p2_no_level_is_skipped(passed)


@_FEW
@given(walks())
def test_p3_p4_terminal_decisions_rest_on_full_levels(walk: Walk) -> None:
    for passed in _passed(walk):
        laws.p3_an_mtd_is_a_full_tolerated_level(passed)
        laws.p4_no_mtd_means_two_dlts_at_the_lowest_level(passed)


@_FEW
@given(walks())
def test_p5_p6_slots_stay_below_exceeded_levels_and_within_six(walk: Walk) -> None:
    for passed in _passed(walk):
        laws.p5_slots_stay_below_exceeded_levels(passed)
        laws.p6_a_level_holds_six(passed)


@_FEW
@given(walks())
def test_p7_one_more_dlt_never_raises_the_level(walk: Walk) -> None:
    for passed in _passed(walk):
        laws.p7_one_more_dlt_never_raises_the_level(passed)


@_FEW
@given(walks())
def test_p8_there_is_always_a_way_on(walk: Walk) -> None:
    for passed in _passed(walk):
        laws.p8_there_is_always_a_way_on(passed)


@pytest.mark.slow
@_FEW
@given(walks(), st.randoms(use_true_random=False))
def test_p9_order_within_a_level_changes_nothing(walk: Walk, chance: random.Random) -> None:
    for passed in _passed(walk):
        laws.p9_order_within_a_level_changes_nothing(passed, chance)


@_FEW
@given(walks())
def test_counts_add_up(walk: Walk) -> None:
    for passed in _passed(walk):
        levels = dict(passed.decision.levels)
        assert sum(counts.dosed for counts in levels.values()) == len(passed.outcomes)
        for level, counts in levels.items():
            assert (counts.evaluable, counts.dlt) == (passed.evaluable(level), passed.dlts(level))
            assert counts.pending == passed.pending(level)
            assert counts.dosed == counts.evaluable + counts.pending + counts.withdrawn
            assert counts.grade2 + counts.dlt <= counts.dosed
