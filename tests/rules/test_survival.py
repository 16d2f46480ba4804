from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.kernel.errors import Malformed
from core.rules.estimates import normal_cdf, poisson_lower_tail, rounded, two_sided_p
from core.rules.life_table import EndKind, Followed
from core.rules.outcome_figures import reported_comparison
from core.rules.survival import compare_with_history, kaplan_meier
from tests.rules.golden_outcomes import ENDS, follow_up
from tests.rules.vectors import load

EXPECTED = load("golden_trial")["expected"]
DEATH, CENSORED, ALIVE = EndKind.DEATH, EndKind.CENSORED, EndKind.ALIVE


@dataclass(frozen=True)
class Control:
    survival: Decimal = Decimal("0.5")
    subjects: int | None = 40


one_followed = st.builds(Followed, st.integers(0, 59), st.sampled_from([DEATH, CENSORED])) | st.builds(
    Followed, st.integers(60, 90), st.sampled_from(EndKind)
)
subjects = st.lists(one_followed, min_size=1, max_size=40)


# -- the historical control -----------------------------------------------------------------------------


def test_golden_comparison_to_every_digit() -> None:
    figures = reported_comparison(compare_with_history(follow_up(), ENDS, Control()))
    assert figures == {"n": 10, **EXPECTED["historical_control"]}


def test_a_curve_taken_as_known_has_no_error_of_its_own() -> None:
    compared = compare_with_history(follow_up(), ENDS, Control(subjects=None))
    assert compared.at_horizon.z_estimated is None
    assert not any("n0" in name for name in reported_comparison(compared))


def test_horizon_is_the_last_interval_s_end() -> None:
    compared = compare_with_history([Followed(10, DEATH), Followed(90, ALIVE)], (7, 30), Control())
    assert (compared.horizon, compared.log_rank.person_days, compared.log_rank.observed) == (30, 40, 1)
    assert float(compared.log_rank.rate_per_day) == pytest.approx(math.log(2) / 30, abs=1e-15)
    assert reported_comparison(compared)["S0_day30"] == Decimal("0.5")


@pytest.mark.parametrize(("day", "observed", "person_days"), [(59, 1, 59), (60, 1, 60), (61, 0, 60)])
def test_deaths_and_days_count_up_to_the_horizon(day: int, observed: int, person_days: int) -> None:
    test = compare_with_history([Followed(day, DEATH)], ENDS, Control()).log_rank
    assert (test.observed, test.person_days) == (observed, person_days)


# S0(60) = .5 expects one death in 60 / ln 2 = 86.56 person-days.
@pytest.mark.parametrize(("day", "withheld"), [(26, True), (27, False)])
def test_p_values_are_withheld_where_less_than_one_death_is_expected(day: int, withheld: bool) -> None:  # noqa: FBT001 - cases
    compared = compare_with_history([Followed(day, DEATH), Followed(60, ALIVE)], ENDS, Control())
    test, at = compared.log_rank, compared.at_horizon
    assert test.exact_only is withheld
    assert [p is None for p in (test.p_one_sided, test.p_two_sided, at.p_two_sided)] == [withheld] * 3
    expected = (day + 60) * math.log(2) / 60
    assert float(test.poisson_p_lower) == pytest.approx(math.exp(-expected) * (1 + expected), abs=1e-12)
    assert reported_comparison(compared)["n"] == 2


def test_p_values_are_withheld_where_nobody_died() -> None:
    compared = compare_with_history([Followed(60, ALIVE)] * 10, ENDS, Control())
    figures = reported_comparison(compared)
    assert compared.log_rank.exact_only
    assert (figures["n"], figures["observed_deaths"], figures["smr"]) == (10, 0, 0)
    assert {name for name, value in figures.items() if value is None} == {
        "p_one_sided",
        "p_two_sided",
        "z_day60_fixed_S0",
        "p_two_sided_day60",
        "z_day60_loglog",
        "z_day60_S0_estimated_n0_40",
    }
    # e^-E with E = 10 ln 2.
    assert figures["poisson_p_lower"] == rounded(Fraction(1, 1024))


def test_when_everybody_died_there_is_no_error_to_compare_with() -> None:
    compared = compare_with_history([Followed(10, DEATH)] * 20, ENDS, Control())
    assert compared.at_horizon.z_fixed is None
    assert compared.log_rank.z is not None
    assert compared.log_rank.z > 0


def test_deaths_on_day_zero_alone_expect_nothing() -> None:
    test = compare_with_history([Followed(0, DEATH)], ENDS, Control()).log_rank
    assert test.expected == 0
    assert [test.z, test.mortality_ratio, test.p_one_sided, test.p_two_sided] == [None] * 4
    assert test.subjects == 1
    assert test.poisson_p_lower == 1


def test_nobody_is_compared_without_a_crash() -> None:
    figures = reported_comparison(compare_with_history([], ENDS, Control()))
    assert (figures["n"], figures["p_one_sided"], figures["z_one_sample_logrank"]) == (0, None, None)


@pytest.mark.parametrize(
    "control",
    [
        Control(survival=Decimal(0)),
        Control(survival=Decimal(1)),
        Control(survival=Decimal("-0.1")),
        Control(subjects=0),
    ],
)
def test_a_control_that_is_no_curve_is_refused(control: Control) -> None:
    with pytest.raises(Malformed) as refusal:
        compare_with_history(follow_up(), ENDS, control)
    assert refusal.value.code == "BAD_HISTORICAL_CONTROL"


@given(subjects, st.randoms(use_true_random=False))
def test_order_of_subjects_does_not_matter(followed: list[Followed], random: Any) -> None:
    shuffled = list(followed)
    random.shuffle(shuffled)
    assert compare_with_history(shuffled, ENDS, Control()) == compare_with_history(followed, ENDS, Control())
    assert kaplan_meier(shuffled, 60) == kaplan_meier(followed, 60)


def test_figures_do_not_depend_on_the_caller_s_decimal_context() -> None:
    expected = compare_with_history(follow_up(), ENDS, Control())
    with localcontext() as context:
        context.prec = 3
        assert compare_with_history(follow_up(), ENDS, Control()) == expected


# -- Kaplan-Meier ---------------------------------------------------------------------------------------


def test_golden_kaplan_meier() -> None:
    estimate = kaplan_meier(follow_up(), 60)
    assert estimate == Fraction(35, 54)
    assert rounded(Fraction(35, 54)) == EXPECTED["life_table"]["km_S60"]


def test_censored_on_the_day_of_a_death_was_at_risk_of_it() -> None:
    followed = [Followed(5, DEATH), Followed(5, CENSORED), Followed(60, ALIVE)]
    assert kaplan_meier(followed, 5) == Fraction(2, 3)


@pytest.mark.parametrize(
    ("day", "share"), [(4, Fraction(1)), (5, Fraction(1, 2)), (8, Fraction(1, 2)), (9, None)]
)
def test_estimate_ends_with_the_last_follow_up(day: int, share: Fraction | None) -> None:
    assert kaplan_meier([Followed(5, DEATH), Followed(8, CENSORED)], day) == share


def test_survival_of_zero_is_known_for_ever() -> None:
    assert kaplan_meier([Followed(5, DEATH)], 60) == 0


def test_nobody_has_no_survival() -> None:
    assert kaplan_meier([], 60) is None


def test_alive_at_the_horizon_is_known_on_that_day() -> None:
    with pytest.raises(Malformed) as refusal:
        kaplan_meier([Followed(59, ALIVE)], 60)
    assert refusal.value.code == "BAD_FOLLOW_UP"


@given(subjects)
def test_kaplan_meier_falls(followed: list[Followed]) -> None:
    shares = [share for share in (kaplan_meier(followed, day) for day in range(61)) if share is not None]
    assert shares == sorted(shares, reverse=True)
    assert all(0 <= share <= 1 for share in shares)


@given(st.lists(st.integers(0, 90), min_size=1, max_size=40), st.integers(0, 60))
def test_without_censoring_kaplan_meier_is_the_share_alive(days: list[int], day: int) -> None:
    followed = [Followed(one, DEATH) for one in days]
    assert kaplan_meier(followed, day) == Fraction(sum(one > day for one in days), len(days))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(subjects, st.integers(0, 60))
def test_lifelines_agrees_on_kaplan_meier(followed: list[Followed], day: int) -> None:
    ours = kaplan_meier(followed, day)
    if ours is not None:
        assert float(ours) == pytest.approx(_of_lifelines(followed, day), abs=1e-9)


@pytest.mark.slow
def test_lifelines_agrees_on_the_golden_trial() -> None:
    assert _of_lifelines(follow_up(), 60) == pytest.approx(35 / 54, abs=1e-12)


def _of_lifelines(followed: list[Followed], day: int) -> float:
    from lifelines import KaplanMeierFitter

    fitted = KaplanMeierFitter().fit([one.day for one in followed], [one.end is DEATH for one in followed])
    return float(fitted.predict(day))


# -- arithmetic -----------------------------------------------------------------------------------------


@given(st.decimals(-13, 13, places=4))
def test_normal_distribution_agrees_with_the_standard_library(z: Decimal) -> None:
    # The library computes (1 + erf) / 2 in binary floats: absolute error near 1e-16.
    assert float(normal_cdf(z)) == pytest.approx(NormalDist().cdf(float(z)), abs=1e-15)


@given(st.decimals(0, 8, places=4))
def test_normal_tails_mirror_each_other(z: Decimal) -> None:
    # The test's own sums have 28 digits.
    assert abs(normal_cdf(z) + normal_cdf(-z) - 1) < Decimal("1e-27")
    assert abs(two_sided_p(z) - 2 * normal_cdf(-z)) < Decimal("1e-27")


@pytest.mark.parametrize(
    ("z", "published"),
    [("0", "0.5"), ("1", "0.841344746068542948"), ("-1.96", "0.0249978951482204"), ("13", "1"), ("-13", "0")],
)
def test_normal_distribution_at_known_points(z: str, published: str) -> None:
    assert abs(normal_cdf(Decimal(z)) - Decimal(published)) < Decimal("1e-15")


@given(st.integers(0, 30), st.decimals(0, 30, places=3))
def test_poisson_tail_agrees_with_floats(observed: int, expected: Decimal) -> None:
    mean = float(expected)
    twin = math.fsum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(observed + 1))
    assert float(poisson_lower_tail(observed, expected)) == pytest.approx(twin, abs=1e-12)


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (Fraction(5, 10**7), "0"),
        (Fraction(15, 10**7), "0.000002"),
        (Fraction(25, 10**7), "0.000002"),
        (Decimal("-0.0000005"), "0"),
        (Decimal("0.00000050000000001"), "0.000001"),
        (Fraction(2, 3), "0.666667"),
    ],
)
def test_figures_are_rounded_half_even_to_six_decimals(value: Fraction | Decimal, printed: str) -> None:
    assert rounded(value) == Decimal(printed)


def test_a_historical_curve_may_be_any_share() -> None:
    better = compare_with_history(follow_up(), ENDS, replace(Control(), survival=Decimal("0.8")))
    worse = compare_with_history(follow_up(), ENDS, replace(Control(), survival=Decimal("0.2")))
    assert better.log_rank.z is not None
    assert worse.log_rank.z is not None
    assert worse.log_rank.z < 0 < better.log_rank.z
