"""Trials walked at random: who is dosed follows the decision, what happens to them follows the dice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

from core.rules.escalation import EscalationRules, Outcome, OutcomeStatus, decide
from core.rules.nct05727722 import escalation_rules_of_nct05727722

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = replace(escalation_rules_of_nct05727722(), max_subjects=None)
NO_ATD = replace(SEED, atd_last_level=0)
ATD_UNTIL_TRIGGER = replace(SEED, atd_last_level=None)
SIMON = replace(ATD_UNTIL_TRIGGER, grade2_trigger_count=2)


class Walk(NamedTuple):
    rules: EscalationRules
    top: int
    dice: list[tuple[int, int]]


designs = st.sampled_from([SEED, NO_ATD, ATD_UNTIL_TRIGGER, SIMON, replace(SIMON, atd_last_level=2)])
limits = st.sampled_from([None, 7, 10, 13])
dice = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 5)), min_size=40, max_size=70)


def walks(limit: st.SearchStrategy[int | None] = limits) -> st.SearchStrategy[Walk]:
    rules = st.builds(lambda design, most: replace(design, max_subjects=most), designs, limit)
    return st.builds(Walk, rules, st.integers(1, 5), dice)


def states(walk: Walk) -> Iterator[tuple[Outcome, ...]]:
    """Yield every state that the walk passes, the empty one first."""
    outcomes: list[Outcome] = []
    yield ()
    for action, pick in walk.dice:
        _step(walk, outcomes, action, pick)
        yield tuple(outcomes)


def _step(walk: Walk, outcomes: list[Outcome], action: int, pick: int) -> None:
    decision = decide(walk.rules, walk.top, outcomes)
    if action < 5 and decision.slots > 0 and decision.level is not None:
        subject = f"P{len(outcomes) + 1:02d}"
        outcomes.append(
            Outcome(subject, decision.level, dlt=False, max_related_grade=0, status=OutcomeStatus.PENDING)
        )
    elif action == 11:  # a late DLT, or the retraction of one
        _change(outcomes, OutcomeStatus.EVALUABLE, pick, lambda one: replace(one, dlt=not one.dlt))
    elif action < 9:
        grade = 2 if pick == 0 else 1
        changed = {"max_related_grade": grade, "status": OutcomeStatus.EVALUABLE}
        _change(outcomes, OutcomeStatus.PENDING, pick, lambda one: replace(one, **changed))
    elif action == 9:
        _change(
            outcomes, OutcomeStatus.PENDING, pick, lambda one: replace(one, dlt=True, max_related_grade=3)
        )
    else:
        _change(
            outcomes, OutcomeStatus.PENDING, pick, lambda one: replace(one, status=OutcomeStatus.WITHDRAWN)
        )


def _change(outcomes: list[Outcome], status: OutcomeStatus, pick: int, change: object) -> None:
    assert callable(change)
    places = [place for place, one in enumerate(outcomes) if one.status is status]
    if places:
        place = places[pick % len(places)]
        outcomes[place] = change(outcomes[place])


def scattered(top: int) -> st.SearchStrategy[list[Outcome]]:
    """Outcomes that no trial would produce; the table has an answer for them too."""
    one = st.builds(
        Outcome,
        subject=st.just("P"),
        level=st.integers(1, top),
        dlt=st.sampled_from([False, False, False, True]),
        max_related_grade=st.integers(0, 3),
        status=st.sampled_from(OutcomeStatus),
    )
    return st.lists(one, max_size=24)
