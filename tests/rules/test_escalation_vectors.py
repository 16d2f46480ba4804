from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.kernel.errors import Malformed
from core.rules.escalation import (
    AdjudicationDue,
    DecisionKind,
    Outcome,
    OutcomeStatus,
    decide,
)
from core.rules.escalation_table import ROWS
from core.rules.validation import decision_from_vector
from tests.rules.vectors import load
from tests.rules.walks import NO_ATD, SEED

CASES = load("escalation_vectors")
_STATUS = {"P": OutcomeStatus.PENDING, "W": OutcomeStatus.WITHDRAWN}


def given(history: str) -> list[Outcome]:
    """Read the shorthand of domain 1.7: level, then N T P W a subject."""
    letters = [(int(cohort[0]), letter) for cohort in history.split() for letter in cohort[1:]]
    return [
        Outcome(
            f"P{i}", level, letter == "T", 3 * (letter == "T"), _STATUS.get(letter, OutcomeStatus.EVALUABLE)
        )
        for i, (level, letter) in enumerate(letters)
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_vector(case: dict[str, Any]) -> None:
    assert decision_from_vector(case) == case["expect"]


def test_the_table_has_25_rows_in_order() -> None:
    assert [row.number for row in ROWS] == list(range(25))


@pytest.mark.parametrize(
    ("level", "decision"), [(1, DecisionKind.HOLD), (2, DecisionKind.HOLD), (3, DecisionKind.ESCALATE)]
)
def test_adjudication_due_at_or_below_the_level_holds_the_decision(
    level: int, decision: DecisionKind
) -> None:
    got = decide(NO_ATD, 4, given("1NNN"), [AdjudicationDue("AE-1", level)])
    assert got.decision is decision
    assert (got.slots == 0) == (decision is DecisionKind.HOLD)


def test_adjudication_due_holds_terminal_decisions_too() -> None:
    stop = decide(NO_ATD, 4, given("1NTT"), [AdjudicationDue("AE-1", 1)])
    assert (stop.decision, stop.level, stop.flags) == ("hold", None, ("would_be:stop_no_mtd",))
    mtd = decide(NO_ATD, 4, given("1NNT 1NNN 2NTT"), [AdjudicationDue("AE-1", 1)])
    assert (mtd.decision, mtd.mtd, mtd.flags) == ("hold", None, ("would_be:declare_mtd",))
    above = decide(NO_ATD, 4, given("1NNT 1NNN 2NTT"), [AdjudicationDue("AE-1", 2)])
    assert above.decision == "declare_mtd"


def test_adjudication_due_does_not_hold_a_wait() -> None:
    assert decide(NO_ATD, 4, given("1NNP"), [AdjudicationDue("AE-1", 1)]).decision == "wait"


def test_sample_size_limit_names_the_hold_where_both_apply() -> None:
    rules = replace(NO_ATD, max_subjects=3)
    got = decide(rules, 4, given("1NNN"), [AdjudicationDue("AE-1", 1)])
    assert (got.reason, got.flags) == ("sample_size_limit", ("would_be:escalate",))


def test_reopened_level_keeps_its_flag_under_the_limit() -> None:
    got = decide(replace(NO_ATD, max_subjects=7), 4, given("1NNT 2NNN"))
    assert got.flags == ("hold_above_level_1", "slots_capped_by_sample_size")
    assert got.slots == 1


def test_decision_carries_its_row_counts_and_ceiling() -> None:
    got = decide(NO_ATD, 4, given("1NNN 2NTTW"))
    assert (got.row, got.ceiling) == (7, 1)
    assert [(level, counts.dosed, counts.withdrawn) for level, counts in got.levels] == [(1, 3, 0), (2, 4, 1)]


@pytest.mark.parametrize(
    "change",
    [
        {"early_stop_on_two_dlt": False},
        {"allow_deescalation": False},
        {"top_dose_requires_six": False},
        {"mtd_min_evaluable": 5},
        {"mtd_max_dlt": 3},
        {"mtd_max_dlt": -1},
        {"cohort_size": 6},
        {"grade2_trigger_count": 0},
        {"atd_last_level": -1},
        {"max_subjects": 0},
    ],
)
def test_designs_beyond_the_table_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="ESCALATION_RULES_UNSUPPORTED"):
        replace(SEED, **change)


@pytest.mark.parametrize("level", [0, 5])
def test_unknown_levels_are_refused(level: int) -> None:
    with pytest.raises(Malformed, match="LEVEL_UNKNOWN"):
        decide(SEED, 4, [replace(given("1N")[0], level=level)])


def test_other_numbers_move_the_table() -> None:
    rules = replace(NO_ATD, cohort_size=4, mtd_min_evaluable=8, max_per_level=8, mtd_max_dlt=2)
    assert decide(rules, 4, []).slots == 4
    assert decide(rules, 4, given("1NNTT")).reason == "one_of_three"
    assert decide(rules, 4, given("1NNTT")).slots == 4
    assert decide(rules, 4, given("1NTTT")).decision == "stop_no_mtd"
