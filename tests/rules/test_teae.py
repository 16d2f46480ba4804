"""Treatment-emergent adverse events: onset or worsening between the dose and the last day, both in."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.rules.teae import GradeOnDay, emergence, grade_at_dose, is_treatment_emergent

DOSE = date(2024, 3, 1)


def course(*points: tuple[int, int]) -> list[GradeOnDay]:
    return [GradeOnDay(DOSE + timedelta(days=day), grade) for day, grade in points]


@pytest.mark.parametrize(("day", "emergent"), [(-1, False), (0, True), (1, True), (60, True), (61, False)])
def test_an_onset_from_the_dose_through_day_60_is_emergent(day: int, emergent: bool) -> None:  # noqa: FBT001 - a case
    assert is_treatment_emergent(course((day, 1)), 0, DOSE, 60) is emergent


@pytest.mark.parametrize(("day", "emergent"), [(-1, False), (0, True), (60, True), (61, False)])
def test_so_is_a_worsening_of_what_was_there_before(day: int, emergent: bool) -> None:  # noqa: FBT001 - a case
    assert is_treatment_emergent(course((-10, 1), (day, 2)), 0, DOSE, 60) is emergent


def test_the_last_day_is_configuration() -> None:
    assert is_treatment_emergent(course((90, 1)), 0, DOSE, 90)
    assert not is_treatment_emergent(course((90, 1)), 0, DOSE, 89)


@pytest.mark.parametrize(
    ("points", "baseline", "expected"),
    [
        (((-10, 2), (5, 2)), 0, None),
        (((-10, 3), (-5, 1), (5, 2)), 0, 5),
        (((-10, 3), (-5, 1), (5, 2)), 2, None),
        (((-10, 3), (-5, 1), (5, 2), (9, 3)), 2, 9),
        (((-10, 3), (4, 1), (5, 3)), 0, None),
        (((-10, 3), (4, 1), (5, 4)), 0, 5),
        (((2, 1), (5, 3)), 3, 2),
        (((0, 1), (5, 3)), 2, 0),
    ],
)
def test_worsening_is_held_against_the_grade_at_the_dose_and_at_baseline(
    points: tuple[tuple[int, int], ...], baseline: int, expected: int | None
) -> None:
    found = emergence(course(*points), baseline, DOSE)
    assert found == (None if expected is None else DOSE + timedelta(days=expected))


def test_the_grade_at_the_dose_is_the_last_one_before_it() -> None:
    assert grade_at_dose(course((-3, 3), (-1, 1), (0, 2)), 0, DOSE) == 1
    assert grade_at_dose(course((-3, 3), (-1, 1)), 2, DOSE) == 2
    assert grade_at_dose(course((0, 4)), 1, DOSE) == 1
