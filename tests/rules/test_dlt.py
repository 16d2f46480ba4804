from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from core.rules.dlt import (
    AdverseEventFacts,
    counts_as_related_grade,
    in_window,
    is_dlt_candidate,
    last_window_day,
)
from core.rules.nct05727722 import dlt_criteria_of_nct05727722

DOSE = date(2024, 2, 1)
CRITERIA = dlt_criteria_of_nct05727722()
EVENT = AdverseEventFacts(onset=date(2024, 2, 5), grade=3, causalities=("possible",))


@pytest.mark.parametrize(
    ("onset", "inclusive", "inside"),
    [
        (date(2024, 1, 31), True, False),
        (date(2024, 2, 1), True, True),
        (date(2024, 2, 29), True, True),
        (date(2024, 3, 1), True, False),
        (date(2024, 2, 28), False, True),
        (date(2024, 2, 29), False, False),
    ],
)
def test_window_counts_local_days_from_the_dose(onset: date, inclusive: bool, inside: bool) -> None:  # noqa: FBT001 - cases
    assert in_window(onset, DOSE, 28, inclusive) is inside


def test_last_day_is_in_and_the_next_is_out() -> None:
    assert last_window_day(DOSE, 28, inclusive=True) == date(2024, 2, 29)
    assert last_window_day(DOSE, 28, inclusive=False) == date(2024, 2, 28)


@pytest.mark.parametrize("causality", ["definite", "probable", "possible"])
def test_related_severe_events_in_the_window_are_candidates(causality: str) -> None:
    assert is_dlt_candidate(replace(EVENT, causalities=(causality,)), DOSE, CRITERIA)


@pytest.mark.parametrize(
    "change", [{"causalities": ("unlikely",)}, {"causalities": ("unrelated",)}, {"onset": date(2024, 3, 1)}]
)
def test_unrelated_or_late_events_count_nowhere(change: dict[str, object]) -> None:
    event = replace(EVENT, **change)  # type: ignore[arg-type]
    assert not is_dlt_candidate(event, DOSE, CRITERIA)
    assert not counts_as_related_grade(event, DOSE, CRITERIA)


def test_grade_2_counts_but_is_no_candidate() -> None:
    moderate = replace(EVENT, grade=2)
    assert counts_as_related_grade(moderate, DOSE, CRITERIA)
    assert not is_dlt_candidate(moderate, DOSE, CRITERIA)


def test_related_causalities_are_configuration() -> None:
    narrow = replace(CRITERIA, related=frozenset({"definite"}))
    assert not is_dlt_candidate(EVENT, DOSE, narrow)


def test_procedure_or_product_make_it_related() -> None:
    assert is_dlt_candidate(replace(EVENT, causalities=("unlikely", "possible")), DOSE, CRITERIA)
    assert not is_dlt_candidate(replace(EVENT, causalities=("unlikely", "unrelated")), DOSE, CRITERIA)


@pytest.mark.parametrize(("baseline", "worsening", "candidate"), [(2, 1, True), (3, 1, False), (2, 2, False)])
def test_a_candidate_is_worse_than_at_baseline(baseline: int, worsening: int, candidate: bool) -> None:  # noqa: FBT001 - cases
    criteria = replace(CRITERIA, minimum_worsening=worsening)
    assert is_dlt_candidate(replace(EVENT, baseline_grade=baseline), DOSE, criteria) is candidate


def test_a_related_death_is_a_candidate_by_any_definition() -> None:
    strict = replace(CRITERIA, minimum_worsening=4)
    assert is_dlt_candidate(replace(EVENT, grade=5, baseline_grade=4), DOSE, strict)
    assert not is_dlt_candidate(replace(EVENT, grade=4, baseline_grade=1), DOSE, strict)


def test_only_worsened_grades_may_count_toward_the_end_of_titration() -> None:
    only = replace(CRITERIA, only_worsened=True)
    same, worse = (replace(EVENT, grade=2, baseline_grade=grade) for grade in (2, 1))
    assert counts_as_related_grade(same, DOSE, CRITERIA)
    assert not counts_as_related_grade(same, DOSE, only)
    assert counts_as_related_grade(worse, DOSE, only)
