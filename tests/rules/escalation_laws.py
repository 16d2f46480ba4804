"""Properties P1 to P9 of domain 1.6, each held against a decision and the bare outcomes behind it.

The outcomes are counted here anew: nothing that the decision says about its own counts is believed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.rules.escalation import Decision, Outcome, OutcomeStatus

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

FULL, TOLERATED = (
    6,
    1,
)  # the six-everywhere rule: an MTD has six evaluable subjects, at most one of them with a DLT


@dataclass(frozen=True)
class Passed:
    """A decision, the outcomes on which it was made, the highest level, how others would be decided."""

    outcomes: tuple[Outcome, ...]
    decision: Decision
    top: int
    decide: Callable[[Sequence[Outcome]], Decision]

    @property
    def says(self) -> str:
        return str(self.decision.decision)

    @property
    def level(self) -> int:
        return self.decision.level or 0

    def dlts(self, level: int) -> int:
        return sum(one.dlt for one in self.outcomes if one.level == level)

    def evaluable(self, level: int) -> int:
        return sum(
            one.dlt or one.status is OutcomeStatus.EVALUABLE for one in self.outcomes if one.level == level
        )

    def pending(self, level: int | None = None) -> int:
        waiting = (one for one in self.outcomes if one.status is OutcomeStatus.PENDING and not one.dlt)
        return sum(level is None or one.level == level for one in waiting)


def p1_escalation_waits_for_everybody(passed: Passed) -> None:
    if passed.says == "escalate" and passed.decision.reason != "resume_higher_level":
        assert passed.pending() == 0


def p2_no_level_is_skipped(passed: Passed) -> None:
    if passed.says == "escalate":
        assert passed.evaluable(passed.level - 1) >= 1
    if passed.decision.slots:
        assert passed.level <= 1 + max((one.level for one in passed.outcomes), default=0)


def p3_an_mtd_is_a_full_tolerated_level(passed: Passed) -> None:
    if passed.says == "declare_mtd":
        assert passed.decision.mtd == passed.level
        assert passed.evaluable(passed.level) >= FULL
        assert passed.dlts(passed.level) <= TOLERATED
        assert passed.pending(passed.level) == 0
        assert passed.level == passed.top or passed.dlts(passed.level + 1) > TOLERATED


def p4_no_mtd_means_two_dlts_at_the_lowest_level(passed: Passed) -> None:
    held = "would_be:stop_no_mtd" in passed.decision.flags
    assert (passed.says == "stop_no_mtd" or held) == (passed.dlts(1) > TOLERATED)


def p5_slots_stay_below_exceeded_levels(passed: Passed) -> None:
    if passed.decision.slots:
        exceeded = [one.level for one in passed.outcomes if passed.dlts(one.level) > TOLERATED]
        assert all(passed.level < level for level in exceeded)
        assert passed.level <= passed.decision.ceiling <= passed.top


def p6_a_level_holds_six(passed: Passed) -> None:
    if passed.decision.slots:
        counting = passed.evaluable(passed.level) + passed.pending(passed.level)
        assert counting + passed.decision.slots <= FULL


def p7_one_more_dlt_never_raises_the_level(passed: Passed) -> None:
    for place, one in enumerate(passed.outcomes):
        if one.status is OutcomeStatus.EVALUABLE and not one.dlt:
            worse = [*passed.outcomes]
            worse[place] = replace(one, dlt=True, max_related_grade=3)
            assert (passed.decide(worse).level or 0) <= passed.level


def p8_there_is_always_a_way_on(passed: Passed) -> None:
    ended = passed.says in {"declare_mtd", "stop_no_mtd", "hold"}
    assert passed.decision.slots > 0 or passed.pending() > 0 or ended


def p9_order_within_a_level_changes_nothing(passed: Passed, chance: random.Random) -> None:
    by_level: dict[int, list[Outcome]] = {}
    for one in passed.outcomes:
        by_level.setdefault(one.level, []).append(one)
    for group in by_level.values():
        chance.shuffle(group)
    shuffled = [by_level[one.level].pop() for one in passed.outcomes]
    assert passed.decide(shuffled) == passed.decision
