from __future__ import annotations

from collections import Counter
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.errors import Malformed
from core.rules.estimates import rounded
from core.rules.life_table import EndKind, Followed, LifeTableRow, life_table, life_table_of, loglog_interval
from core.rules.outcome_cases import life_table_from_case
from core.rules.outcome_figures import reported_row, reported_survival
from core.rules.survival import kaplan_meier
from tests.rules.golden_outcomes import ENDS, follow_up
from tests.rules.vectors import load

EXPECTED = load("golden_trial")["expected"]
DEATH, CENSORED, ALIVE = EndKind.DEATH, EndKind.CENSORED, EndKind.ALIVE

# SAS PROC LIFETEST, example "Males with Angina Pectoris": years 1 to 16 (domain 6).
ANGINA_DEATHS = [456, 226, 152, 171, 135, 125, 83, 74, 51, 42, 43, 34, 18, 9, 6, 0]
ANGINA_WITHDRAWN = [0, 39, 22, 23, 24, 107, 133, 102, 68, 64, 45, 53, 33, 27, 23, 30]
ANGINA_PUBLISHED = {
    1: (".8114", ".00796"),
    2: (".7170", ".00918"),
    3: (".6524", ".00973"),
    5: (".5193", ".01030"),
    10: (".2987", ".01089"),
    15: (".1429", ".01330"),
}

one_followed = st.builds(Followed, st.integers(0, 59), st.sampled_from([DEATH, CENSORED])) | st.builds(
    Followed, st.integers(60, 90), st.sampled_from(EndKind)
)
subjects = st.lists(one_followed, max_size=40)


def test_golden_table() -> None:
    rows = [reported_row(row) for row in life_table_of(follow_up(), ENDS)]
    assert rows == EXPECTED["life_table"]["rows"]


def test_golden_table_with_transplant_as_event() -> None:
    table = life_table_of(follow_up(transplant=DEATH), ENDS)
    expected = EXPECTED["life_table_transplant_as_event"]
    assert [reported_row(row) for row in table] == expected["rows"]
    figures = reported_survival(table, None)
    assert (figures["S60"], figures["se"]) == (expected["S60"], expected["se"])


def test_golden_survival_with_its_limits() -> None:
    followed = follow_up()
    figures = reported_survival(life_table_of(followed, ENDS), kaplan_meier(followed, 60))
    assert figures == {name: EXPECTED["life_table"][name] for name in ("S60", "se", "ci95_loglog", "km_S60")}


@pytest.mark.parametrize("year", ANGINA_PUBLISHED)
def test_published_example_of_males_with_angina(year: int) -> None:
    entering = sum(ANGINA_DEATHS) + sum(ANGINA_WITHDRAWN)
    assert entering == 2418
    row = life_table(range(1, 17), entering, ANGINA_DEATHS, ANGINA_WITHDRAWN)[year - 1]
    assert row.survival is not None
    assert row.standard_error is not None
    assert (rounded(row.survival, 4), rounded(row.standard_error, 5)) == tuple(
        map(Decimal, ANGINA_PUBLISHED[year])
    )


# -- where a day belongs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "interval"),
    [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (7, 2), (8, 3), (14, 3), (15, 4), (28, 4), (29, 5), (60, 5)],
)
def test_a_death_belongs_to_the_right_closed_interval(day: int, interval: int) -> None:
    table = life_table_of([Followed(day, DEATH)], ENDS)
    assert [row.deaths for row in table] == [int(i == interval) for i in range(6)]


@pytest.mark.parametrize(("day", "interval"), [(0, 0), (1, 0), (14, 3), (15, 4), (58, 5), (59, 5)])
def test_a_withdrawal_belongs_to_the_right_closed_interval(day: int, interval: int) -> None:
    table = life_table_of([Followed(day, CENSORED)], ENDS)
    assert [row.withdrawn for row in table] == [int(i == interval) for i in range(6)]


@pytest.mark.parametrize(
    "end", [Followed(60, ALIVE), Followed(61, ALIVE), Followed(60, CENSORED), Followed(61, CENSORED)]
)
def test_alive_at_the_horizon_is_no_withdrawal(end: Followed) -> None:
    last = life_table_of([end], ENDS)[-1]
    assert (last.entering, last.deaths, last.withdrawn, last.survival) == (1, 0, 0, Fraction(1))


def test_a_death_after_the_horizon_is_a_survivor() -> None:
    assert [row.deaths for row in life_table_of([Followed(61, DEATH)], ENDS)] == [0] * 6


def test_intervals_are_a_parameter() -> None:
    rows = life_table_of([Followed(10, DEATH), Followed(20, ALIVE)], (10, 20))
    assert [(row.start, row.end, row.deaths, row.survival) for row in rows] == [
        (0, 10, 1, Fraction(1, 2)),
        (10, 20, 0, Fraction(1, 2)),
    ]


# -- what cannot be estimated ---------------------------------------------------------------------------


def _estimates(row: LifeTableRow) -> tuple[object, ...]:
    return row.n_effective, row.q, row.p, row.survival, row.standard_error, row.hazard


def test_when_all_died_survival_is_zero_and_stays_so_without_an_error() -> None:
    died, after = life_table((10, 20), 2, [2, 0], [0, 0])
    assert _estimates(died) == (2, 1, 0, 0, None, Fraction(1, 5))
    assert _estimates(after) == (0, None, None, 0, None, None)
    assert loglog_interval(died) is None


def test_when_all_withdrew_nothing_is_known_afterwards() -> None:
    left, after = life_table((10, 20), 2, [0, 0], [2, 0])
    assert _estimates(left) == (1, 0, 1, 1, 0, 0)
    assert _estimates(after) == (0, None, None, None, None, None)
    assert loglog_interval(after) is None


def test_nobody_entering_gives_rows_without_estimates() -> None:
    assert {_estimates(row) for row in life_table_of([], ENDS)} == {(0, None, None, None, None, None)}


def test_survival_of_one_has_no_limits_on_the_log_log_scale() -> None:
    (row,) = life_table((60,), 5, [0], [0])
    assert row.standard_error == 0
    assert loglog_interval(row) is None


@pytest.mark.parametrize("ends", [(), (0,), (0, 1), (3, 3), (3, 1), (-1, 2)])
def test_intervals_have_to_rise_from_day_zero(ends: tuple[int, ...]) -> None:
    with pytest.raises(Malformed, match="rise") as refusal:
        life_table_of([], ends)
    assert refusal.value.code == "BAD_INTERVALS"


@pytest.mark.parametrize(
    ("entering", "deaths", "withdrawn"),
    [
        (3, [1], [0, 0]),
        (3, [1, 0], [0]),
        (-1, [0, 0], [0, 0]),
        (3, [-1, 0], [0, 0]),
        (3, [0, 0], [0, -1]),
        (3, [2, 1], [0, 1]),
    ],
)
def test_counts_have_to_add_up(entering: int, deaths: list[int], withdrawn: list[int]) -> None:
    with pytest.raises(Malformed) as refusal:
        life_table((1, 2), entering, deaths, withdrawn)
    assert refusal.value.code == "BAD_COUNTS"


def test_everybody_may_die_or_withdraw() -> None:
    assert life_table((1, 2), 3, [2, 0], [0, 1])[-1].entering == 1


@pytest.mark.parametrize("end", [Followed(-1, DEATH), Followed(59, ALIVE)])
def test_follow_up_must_not_contradict_itself(end: Followed) -> None:
    with pytest.raises(Malformed) as refusal:
        life_table_of([end], ENDS)
    assert refusal.value.code == "BAD_FOLLOW_UP"


# -- laws -----------------------------------------------------------------------------------------------


@given(subjects)
def test_survival_falls_from_one_and_never_below_zero(followed: list[Followed]) -> None:
    survivals = [row.survival for row in life_table_of(followed, ENDS)]
    known = [share for share in survivals if share is not None]
    assert all(0 <= share <= 1 for share in known)
    assert known == sorted(known, reverse=True)
    assert survivals == known + [None] * (6 - len(known))


@given(subjects, st.randoms(use_true_random=False))
def test_order_of_subjects_does_not_matter(followed: list[Followed], random: Any) -> None:
    shuffled = list(followed)
    random.shuffle(shuffled)
    assert life_table_of(shuffled, ENDS) == life_table_of(followed, ENDS)


@given(subjects)
def test_every_subject_is_counted_once(followed: list[Followed]) -> None:
    table = life_table_of(followed, ENDS)
    kinds = Counter(one.end for one in followed if one.day < 60)
    assert sum(row.withdrawn for row in table) == kinds[CENSORED]
    assert sum(row.deaths for row in table) == sum(one.end is DEATH and one.day <= 60 for one in followed)
    assert all(row.entering >= row.deaths + row.withdrawn for row in table)
    assert [after.entering - before.entering for before, after in pairwise(table)] == [
        -row.deaths - row.withdrawn for row in table[:-1]
    ]


@given(st.lists(st.integers(0, 90), min_size=1, max_size=40))
def test_without_censoring_survival_is_the_share_alive(days: list[int]) -> None:
    followed = [Followed(day, DEATH) for day in days]
    for row in life_table_of(followed, ENDS):
        alive = Fraction(sum(day > row.end for day in days), len(days))
        assert row.survival == alive
        if alive:
            binomial = float(alive * (1 - alive) / len(days)) ** 0.5
            assert float(row.standard_error or 0) == pytest.approx(binomial, abs=1e-12)


@given(subjects)
def test_limits_hold_the_estimate_between_zero_and_one(followed: list[Followed]) -> None:
    for row in life_table_of(followed, ENDS):
        limits = loglog_interval(row)
        if limits is not None:
            assert row.survival is not None
            assert 0 <= limits[0] < row.survival < limits[1] <= 1


def test_figures_do_not_depend_on_the_caller_s_decimal_context() -> None:
    expected = [reported_row(row) for row in life_table_of(follow_up(), ENDS)]
    limits = loglog_interval(life_table_of(follow_up(), ENDS)[-1])
    with localcontext() as context:
        context.prec = 3
        assert [reported_row(row) for row in life_table_of(follow_up(), ENDS)] == expected
        assert loglog_interval(life_table_of(follow_up(), ENDS)[-1]) == limits


# -- the command's case ---------------------------------------------------------------------------------

CASE: dict[str, Any] = {
    "intervals": list(ENDS),
    "entering": 10,
    "deaths": [0, 0, 0, 0, 1, 2],
    "withdrawn": [0, 0, 0, 1, 0, 1],
}


@pytest.mark.parametrize("intervals", [list(ENDS), [0, *ENDS], [list(pair) for pair in pairwise((0, *ENDS))]])
def test_a_case_of_counts_gives_the_golden_rows(intervals: list[Any]) -> None:
    columns = ("n_effective", "q", "S", "se", "hazard")
    assert life_table_from_case({**CASE, "intervals": intervals, "expect": 7}) == {
        "rows": [{name: row[name] for name in columns} for row in EXPECTED["life_table"]["rows"]]
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"intervals": []}, "BAD_INTERVALS"),
        ({"intervals": [1, 3, 3, 14, 28, 60]}, "BAD_INTERVALS"),
        ({"intervals": [[1, 3]]}, "BAD_INTERVALS"),
        ({"intervals": [[0, 3], [4, 7]]}, "BAD_INTERVALS"),
        ({"intervals": [[0, 3, 7]]}, "FIELD_MALFORMED"),
        ({"intervals": [[0, 3], 7]}, "FIELD_MALFORMED"),
        ({"intervals": "1,3"}, "FIELD_MALFORMED"),
        ({"intervals": list(range(1, 1002))}, "FIELD_MALFORMED"),
        ({"intervals": [Decimal("1.5")]}, "FIELD_MALFORMED"),
        ({"entering": -1}, "FIELD_MALFORMED"),
        ({"entering": 3}, "BAD_COUNTS"),
        ({"deaths": [0]}, "BAD_COUNTS"),
        ({"deaths": 3}, "FIELD_MALFORMED"),
        ({"deaths": [0, 0, 0, 0, 0, -1]}, "FIELD_MALFORMED"),
        ({"withdrawn": [True] * 6}, "FIELD_MALFORMED"),
    ],
)
def test_unreadable_cases_are_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        life_table_from_case({**CASE, **changes})
    assert refusal.value.code == code


@pytest.mark.parametrize("name", CASE)
def test_nothing_of_a_case_may_be_missing(name: str) -> None:
    with pytest.raises(Malformed) as refusal:
        life_table_from_case({key: value for key, value in CASE.items() if key != name})
    assert refusal.value.code == "FIELD_MISSING"
