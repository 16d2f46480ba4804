"""Properties P1 to P9 of domain 1.6, on every state of random trials with corrections and late DLTs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from core.rules.escalation import Decision, DecisionKind, LevelCounts, Outcome, OutcomeStatus, decide
from tests.rules.walks import Walk, states, walks

if TYPE_CHECKING:
    import random

_NOBODY = LevelCounts(0, 0, 0, 0, 0, 0)
_FEW = settings(max_examples=50, deadline=None)


def _decisions(walk: Walk) -> list[tuple[tuple[Outcome, ...], Decision, dict[int, LevelCounts]]]:
    passed = []
    for outcomes in states(walk):
        decision = decide(walk.rules, walk.top, outcomes)
        passed.append((outcomes, decision, dict(decision.levels)))
    return passed


@_FEW
@given(walks())
def test_p1_p2_escalation_waits_for_everybody_and_skips_no_level(walk: Walk) -> None:
    for _, decision, levels in _decisions(walk):
        if decision.decision is DecisionKind.ESCALATE:
            assert decision.level is not None
            assert decision.level <= max(levels) + 1
            assert levels[decision.level - 1].evaluable >= 1
            if decision.reason != "resume_higher_level":
                assert not any(counts.pending for counts in levels.values())


@_FEW
@given(walks())
def test_p3_p4_terminal_decisions_rest_on_full_levels(walk: Walk) -> None:
    for _, decision, levels in _decisions(walk):
        too_toxic = levels.get(1, _NOBODY).dlt >= 2
        assert (decision.decision is DecisionKind.STOP_NO_MTD) == too_toxic
        if decision.decision is DecisionKind.DECLARE_MTD:
            assert decision.mtd is not None
            assert decision.mtd == decision.level
            counts = levels[decision.mtd]
            assert counts.evaluable >= 6
            assert counts.dlt <= 1
            assert counts.pending == 0
            assert decision.mtd == walk.top or levels[decision.mtd + 1].dlt >= 2


@_FEW
@given(walks())
def test_p5_p6_slots_stay_below_exceeded_levels_and_within_six(walk: Walk) -> None:
    for _, decision, levels in _decisions(walk):
        if decision.slots:
            assert decision.level is not None
            exceeded = [level for level, counts in levels.items() if counts.dlt >= 2]
            assert all(decision.level < level for level in exceeded)
            assert decision.level <= decision.ceiling
            assert levels.get(decision.level, _NOBODY).counting + decision.slots <= 6


@_FEW
@given(walks(st.none()))
def test_p7_one_more_dlt_never_raises_the_level(walk: Walk) -> None:
    for outcomes, decision, _ in _decisions(walk):
        for place, one in enumerate(outcomes):
            if one.status is OutcomeStatus.EVALUABLE and not one.dlt:
                worse = [*outcomes]
                worse[place] = replace(one, dlt=True, max_related_grade=3)
                assert (decide(walk.rules, walk.top, worse).level or 0) <= (decision.level or 0)


@_FEW
@given(walks())
def test_p8_there_is_always_a_way_on(walk: Walk) -> None:
    for _, decision, levels in _decisions(walk):
        waiting = any(counts.pending for counts in levels.values())
        ended = decision.decision.is_terminal or decision.decision is DecisionKind.HOLD
        assert decision.slots > 0 or waiting or ended


@_FEW
@given(walks(), st.randoms(use_true_random=False))
def test_p9_order_within_a_level_changes_nothing(walk: Walk, chance: random.Random) -> None:
    for outcomes, decision, _ in _decisions(walk):
        by_level = defaultdict(list)
        for one in outcomes:
            by_level[one.level].append(one)
        for group in by_level.values():
            chance.shuffle(group)
        shuffled = [by_level[one.level].pop() for one in outcomes]
        assert decide(walk.rules, walk.top, shuffled) == decision


@_FEW
@given(walks())
def test_counts_add_up(walk: Walk) -> None:
    for outcomes, _, levels in _decisions(walk):
        assert sum(counts.dosed for counts in levels.values()) == len(outcomes)
        for counts in levels.values():
            assert counts.dosed == counts.evaluable + counts.pending + counts.withdrawn
            assert counts.dlt <= counts.evaluable
            assert counts.grade2 + counts.dlt <= counts.dosed
