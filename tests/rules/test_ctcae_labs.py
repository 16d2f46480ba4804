"""Grades suggested by laboratory values: every vector, every limit from three sides, and laws."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.errors import Malformed
from core.rules import ctcae_lab_terms as terms
from core.rules.ctcae_lab_rules import LAB_RULES, LabRule
from core.rules.ctcae_labs import in_standard_units, suggestion, suggestions
from core.rules.ctcae_limits import Comparison, LabValue, Reference, Sign
from core.rules.ctcae_validation import TERM_OF, ShortName, grade_from_vector
from core.rules.quantities import Quantity
from tests.rules.vectors import load


@pytest.mark.parametrize("case", load("ctcae_lab_vectors"), ids=lambda case: case["id"])
def test_vector(case: dict[str, Any]) -> None:
    got = grade_from_vector(case)
    assert got == {"grade": case["expect_grade"]}
    assert type(got["grade"]) is int


def _grade(short: str, value: str, **more: Any) -> object:
    numbers = {name: one if isinstance(one, bool) else Decimal(one) for name, one in more.items()}
    return grade_from_vector({"term": short, "value": Decimal(value), **numbers})["grade"]


# Domain 4 by hand: a limit, and the grades a thousandth before it, on it and a thousandth beyond it.
STEP = Decimal("0.001")
EXCESS = {"ALT", "AST", "ALP", "GGT", "BILI", "INR", "CREA", "NA_HIGH", "K_HIGH"}
_ENZYME_40 = (("40", (0, 0, 1)), ("120", (1, 1, 2)), ("200", (2, 2, 3)), ("800", (3, 3, 4)))
_ENZYME_BASELINE = (("60.15", (0, 1, 1)), ("120.3", (1, 1, 2)), ("200.5", (2, 2, 3)), ("802", (3, 3, 4)))
_DUCT_100 = (("100", (0, 0, 1)), ("250", (1, 1, 2)), ("500", (2, 2, 3)), ("2000", (3, 3, 4)))
_DUCT_BASELINE = (("400", (0, 1, 1)), ("500", (1, 1, 2)), ("1000", (2, 2, 3)), ("4000", (3, 3, 4)))
_ANTICOAGULATED = {"base": "2.0", "on_anticoagulation": True}
SIDES: list[tuple[str, dict[str, Any], tuple[tuple[str, tuple[int, int, int]], ...]]] = [
    ("ALT", {"uln": "40", "base": "40"}, _ENZYME_40),
    ("AST", {"uln": "40", "base": "40"}, _ENZYME_40),
    ("ALT", {"uln": "40", "base": "40.1"}, _ENZYME_BASELINE),
    ("AST", {"uln": "40", "base": "40.1"}, _ENZYME_BASELINE),
    ("ALP", {"uln": "100", "base": "100"}, _DUCT_100),
    ("GGT", {"uln": "100", "base": "100"}, _DUCT_100),
    ("ALP", {"uln": "100", "base": "200"}, _DUCT_BASELINE),
    ("GGT", {"uln": "100", "base": "200"}, _DUCT_BASELINE),
    (
        "BILI",
        {"uln": "20", "base": "20"},
        (("20", (0, 0, 1)), ("30", (1, 1, 2)), ("60", (2, 2, 3)), ("200", (3, 3, 4))),
    ),
    (
        "BILI",
        {"uln": "20", "base": "100"},
        (("100", (0, 0, 1)), ("150", (1, 1, 2)), ("300", (2, 2, 3)), ("1000", (3, 3, 4))),
    ),
    ("INR", {"base": "1.0"}, (("1.2", (0, 0, 1)), ("1.5", (1, 1, 2)), ("2.5", (2, 2, 3)))),
    ("INR", _ANTICOAGULATED, (("2.0", (0, 0, 1)), ("3.0", (1, 1, 2)), ("5.0", (2, 2, 3)))),
    (
        "CREA",
        {"uln": "100", "base": "100"},
        (("100", (0, 0, 1)), ("150", (1, 1, 2)), ("300", (2, 2, 3)), ("600", (3, 3, 4))),
    ),
    # By normal range alone, and by baseline alone.
    ("CREA", {"uln": "100"}, (("150", (1, 1, 2)), ("300", (2, 2, 3)), ("600", (3, 3, 4)))),
    ("CREA", {"uln": "100", "base": "50"}, (("75", (0, 0, 2)), ("150", (2, 2, 3)))),
    (
        "PLT",
        {"lln": "125"},
        (("125", (0, 0, 1)), ("75", (1, 1, 2)), ("50", (2, 2, 3)), ("25", (3, 3, 4))),
    ),
    (
        "ANC",  # codespell:ignore anc
        {"lln": "1.8"},
        (("1.8", (0, 0, 1)), ("1.5", (1, 1, 2)), ("1.0", (2, 2, 3)), ("0.5", (3, 3, 4))),
    ),
    ("WBC", {"lln": "3.5"}, (("3.5", (0, 0, 1)), ("3", (1, 1, 2)), ("2", (2, 2, 3)), ("1", (3, 3, 4)))),
    (
        "LYM",
        {"lln": "1.1"},
        (("1.1", (0, 0, 1)), ("0.8", (1, 1, 2)), ("0.5", (2, 2, 3)), ("0.2", (3, 3, 4))),
    ),
    ("HGB", {"lln": "130"}, (("130", (0, 0, 1)), ("100", (1, 1, 2)), ("80", (2, 2, 3)), ("1", (3, 3, 3)))),
    ("ALB", {"lln": "40"}, (("40", (0, 0, 1)), ("30", (1, 1, 2)), ("20", (2, 2, 3)), ("1", (3, 3, 3)))),
    (
        "FIB",
        {"lln": "4", "base": "4"},
        (("4", (0, 0, 1)), ("3", (1, 1, 2)), ("2", (2, 2, 3)), ("1", (3, 3, 4))),
    ),
    (
        "FIB",
        {"lln": "5", "base": "4"},
        (("4", (0, 0, 1)), ("3", (1, 2, 2)), ("2", (2, 3, 3)), ("1", (3, 4, 4))),
    ),
    # Half a gram is the limit of grade 4 whatever share of the lower limit, or of the baseline, it is.
    ("FIB", {"lln": "0.6", "base": "0.6"}, (("0.5", (1, 1, 4)),)),
    ("FIB", {"lln": "2", "base": "0.55"}, (("0.5", (1, 1, 4)),)),
    (
        "NA_LOW",
        {"lln": "137"},
        (("137", (0, 0, 1)), ("130", (1, 1, 2)), ("125", (2, 2, 3)), ("120", (3, 3, 4))),
    ),
    ("NA_LOW", {"lln": "137", "symptomatic": True}, (("130", (1, 1, 3)), ("120", (3, 3, 4)))),
    (
        "NA_HIGH",
        {"uln": "147"},
        (("147", (0, 0, 1)), ("150", (1, 1, 2)), ("155", (2, 2, 3)), ("160", (3, 3, 4))),
    ),
    ("K_LOW", {"lln": "3.5"}, (("3.5", (0, 0, 1)), ("3.0", (1, 1, 3)), ("2.5", (3, 3, 4)))),
    (
        "K_HIGH",
        {"uln": "5.3"},
        (("5.3", (0, 0, 1)), ("5.5", (1, 1, 2)), ("6", (2, 2, 3)), ("7", (3, 3, 4))),
    ),
    (
        "GLU_LOW",
        {"lln": "3.9"},
        (("3.9", (0, 0, 1)), ("3.0", (1, 1, 2)), ("2.2", (2, 2, 3)), ("1.7", (3, 3, 4))),
    ),
]


@pytest.mark.parametrize(
    ("short", "references", "limit", "grades"),
    [(short, references, *side) for short, references, sides in SIDES for side in sides],
)
def test_a_limit_from_three_sides(
    short: str, references: dict[str, Any], limit: str, grades: tuple[int, int, int]
) -> None:
    worse = STEP if short in EXCESS else -STEP
    values = (Decimal(limit) - worse, Decimal(limit), Decimal(limit) + worse)
    assert tuple(_grade(short, str(value), **references) for value in values) == grades


def test_every_term_with_numbers_is_seen_from_three_sides() -> None:
    assert {short for short, _, _ in SIDES} == set(ShortName) - {ShortName.GLU_HIGH}


# -- signs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("short", "value", "more", "grade"),
    [
        ("HGB", "120", {"lln": "130", "transfused": True}, 3),
        ("HGB", "130", {"lln": "130", "transfused": True}, 0),
        ("INR", "1.2", {"base": "1.0", "bleeding": True}, 0),
        ("INR", "1.21", {"base": "1.0", "bleeding": True}, 3),
        ("INR", "1.9", {"base": "2.0", "on_anticoagulation": True, "bleeding": True}, 3),
        ("INR", "1.1", {"base": "1.0", "on_anticoagulation": True, "bleeding": True}, 3),
        ("NA_LOW", "130", {"lln": "137", "symptomatic": True}, 1),
        ("NA_LOW", "119", {"lln": "137", "symptomatic": True}, 4),
        ("NA_HIGH", "148", {"uln": "147", "intervention": True}, 2),
        ("NA_HIGH", "148", {"uln": "147", "hospitalised": True}, 3),
        ("NA_HIGH", "161", {"uln": "147", "hospitalised": True}, 4),
        ("NA_HIGH", "147", {"uln": "147", "hospitalised": True}, 0),
        ("K_LOW", "3.4", {"lln": "3.5", "intervention": True}, 2),
        ("K_LOW", "3.5", {"lln": "3.5", "symptomatic": True}, 0),
        ("K_LOW", "3.4", {"lln": "3.5", "hospitalised": True}, 3),
        ("K_LOW", "2.4", {"lln": "3.5", "hospitalised": True}, 4),
        ("K_HIGH", "5.4", {"uln": "5.3", "intervention": True}, 2),
        ("K_HIGH", "5.4", {"uln": "5.3", "hospitalised": True}, 3),
        ("ALT", "41", {"uln": "40", "hospitalised": True, "symptomatic": True}, 1),
    ],
)
def test_a_sign_counts_where_the_criterion_names_it_and_the_value_is_abnormal(
    short: str, value: str, more: dict[str, Any], grade: int
) -> None:
    assert _grade(short, value, **more) == grade


# -- what is not known ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("short", "value", "more", "grade"),
    [
        ("ALT", "900", {}, None),
        ("ALT", "900", {"base": "30"}, None),
        ("ALT", "121", {"uln": "40"}, 2),
        ("PLT", "75", {}, None),
        ("PLT", "74", {}, 2),
        ("NA_HIGH", "150", {}, None),
        ("NA_HIGH", "151", {}, 2),
        ("FIB", "0.49", {}, 4),
        ("FIB", "0.5", {}, None),
        ("CREA", "160", {"uln": "100"}, 2),
        ("CREA", "160", {"base": "50"}, None),
        ("INR", "9", {"on_anticoagulation": True}, None),
        ("INR", "9", {"on_anticoagulation": True, "bleeding": True}, 3),
        ("GLU_HIGH", "30", {"uln": "6", "base": "5"}, None),
    ],
)
def test_what_a_number_cannot_tell_is_not_said(
    short: str, value: str, more: dict[str, Any], grade: int | None
) -> None:
    assert _grade(short, value, **more) == grade


def test_a_value_below_a_fixed_limit_is_graded_even_inside_the_laboratory_s_range() -> None:
    """CTCAE prints the number without regard to a laboratory whose lower limit lies below it."""
    assert _grade("ANC", "1.45", lln="1.4") == 2  # codespell:ignore anc


def test_an_unknown_term_has_no_suggestion() -> None:
    assert suggestion("Fever", LabValue(Decimal(40))) is None


# -- suggestions of an analyte --------------------------------------------------------------------------


def _of(analyte: str, lab: LabValue) -> dict[str, int]:
    return {one.term: one.grade for one in suggestions(analyte, lab)}


def test_sodium_and_potassium_are_graded_on_both_sides() -> None:
    sodium = LabValue(Decimal(151), Decimal(137), Decimal(147))
    assert _of("sodium", sodium) == {terms.HYPONATRAEMIA: 0, terms.HYPERNATRAEMIA: 2}
    potassium = LabValue(Decimal("2.9"), Decimal("3.5"), Decimal("5.3"))
    assert _of("potassium", potassium) == {terms.HYPOKALAEMIA: 3, terms.HYPERKALAEMIA: 0}


def test_glucose_has_a_grade_only_when_low() -> None:
    assert _of("glucose", LabValue(Decimal(20), Decimal("3.9"), Decimal(6))) == {terms.HYPOGLYCAEMIA: 0}


@pytest.mark.parametrize("analyte", ["pta", "unobtainium"])
def test_an_analyte_without_a_term_has_no_suggestion(analyte: str) -> None:
    assert suggestions(analyte, LabValue(Decimal(40))) == ()


def test_a_suggestion_names_its_criterion_and_how_the_baseline_lay() -> None:
    """The mis-keyed ALT of the golden trial, its correction, and a value within limits."""
    lab = LabValue(Decimal(520), uln=Decimal(40), baseline=Decimal(52))
    wrong, right, none = (
        suggestion(terms.ALT_INCREASED, replace(lab, value=Decimal(value))) for value in (520, 205, 52)
    )
    assert wrong is not None
    assert right is not None
    assert none is not None
    assert (wrong.grade, wrong.rule, wrong.baseline_abnormal) == (3, "> 5 x baseline", True)
    assert (right.grade, right.rule) == (2, "> 3 x baseline")
    assert (none.grade, none.rule) == (0, "no limit passed")


@pytest.mark.parametrize(
    ("term", "lab", "rule", "abnormal"),
    [
        (terms.PLATELETS_DECREASED, LabValue(Decimal(49), Decimal(125)), "< 50", False),
        (
            terms.INR_INCREASED,
            LabValue(Decimal("2.1"), baseline=Decimal("1.94")),
            "> 1.5",
            True,
        ),
        (
            terms.INR_INCREASED,
            LabValue(Decimal("1.3"), baseline=Decimal("1.2"), signs=frozenset({Sign.BLEEDING})),
            "bleeding",
            False,
        ),
        (
            terms.HYPOKALAEMIA,
            LabValue(Decimal("2.9"), Decimal("3.5"), signs=frozenset({Sign.HOSPITALISED})),
            "< 3.0",
            False,
        ),
        (
            terms.CREATININE_INCREASED,
            LabValue(Decimal(95), uln=Decimal(104), baseline=Decimal(60)),
            "> 1.5 x baseline",
            False,
        ),
        (
            terms.CREATININE_INCREASED,
            LabValue(Decimal(160), uln=Decimal(100), baseline=Decimal(100)),
            "> 1.5 x ULN",
            False,
        ),
    ],
)
def test_the_criterion_that_makes_the_grade(term: str, lab: LabValue, rule: str, abnormal: bool) -> None:  # noqa: FBT001 - a row of the table
    found = suggestion(term, lab)
    assert found is not None
    assert (found.rule, found.baseline_abnormal) == (rule, abnormal)


def test_the_abnormal_side_is_the_graded_side() -> None:
    """A sodium of 133 is low: abnormal for hyponatraemia, not for hypernatraemia."""
    lab = LabValue(Decimal(133), Decimal(137), Decimal(147), Decimal(133))
    assert {one.term: one.baseline_abnormal for one in suggestions("sodium", lab)} == {
        terms.HYPONATRAEMIA: True,
        terms.HYPERNATRAEMIA: False,
    }


# -- laws -----------------------------------------------------------------------------------------------

_NUMBERED = [rule for rule in LAB_RULES if rule.by_range]
# Counts and ions lie near 1, haemoglobin and sodium near 100, enzymes beyond.
_POSITIVE = st.one_of(*(st.decimals("0.01", highest, places=2) for highest in ("10", "200", "5000")))
_SIGNS = st.frozensets(st.sampled_from(list(Sign)))
_LABS = st.builds(
    LabValue,
    _POSITIVE,
    st.none() | _POSITIVE,
    st.none() | _POSITIVE,
    st.none() | _POSITIVE,
    _SIGNS,
)


def _is_excess(rule: LabRule) -> bool:
    return rule.by_range[0].comparison is Comparison.ABOVE


@given(st.sampled_from(_NUMBERED), _LABS, _POSITIVE)
def test_a_worse_value_never_lowers_the_grade(rule: LabRule, lab: LabValue, other: Decimal) -> None:
    better, worse = sorted((lab.value, other), reverse=not _is_excess(rule))
    first = suggestion(rule.term, replace(lab, value=better))
    second = suggestion(rule.term, replace(lab, value=worse))
    if first is not None and second is not None:
        assert first.grade <= second.grade


@given(st.sampled_from(_NUMBERED), _LABS, st.sampled_from(list(Sign)))
def test_a_further_sign_never_lowers_the_grade(rule: LabRule, lab: LabValue, sign: Sign) -> None:
    """Anticoagulation is no sign of harm: it changes the yardstick, and may lower the grade."""
    first = suggestion(rule.term, lab)
    second = suggestion(rule.term, replace(lab, signs=lab.signs | {sign}))
    if sign is not Sign.ANTICOAGULATED and first is not None:
        assert second is not None
        assert first.grade <= second.grade


@given(st.sampled_from(_NUMBERED), _LABS, st.sampled_from(["0.001", "0.1", "10", "88.4", "17.1"]))
def test_a_grade_by_multiples_does_not_know_the_unit(rule: LabRule, lab: LabValue, factor: str) -> None:
    limits = (*rule.by_range, *rule.by_baseline)
    if not all(limit.of for limit in limits):
        return

    def scaled(value: Decimal | None) -> Decimal | None:
        return None if value is None else value * Decimal(factor)

    other = replace(
        lab,
        value=lab.value * Decimal(factor),
        lln=scaled(lab.lln),
        uln=scaled(lab.uln),
        baseline=scaled(lab.baseline),
    )
    assert suggestion(rule.term, other) == suggestion(rule.term, lab)


def test_the_law_of_units_has_terms_to_hold_for() -> None:
    by_multiples = {r.term for r in _NUMBERED if all(one.of for one in (*r.by_range, *r.by_baseline))}
    assert by_multiples == {
        terms.ALT_INCREASED,
        terms.AST_INCREASED,
        terms.ALP_INCREASED,
        terms.GGT_INCREASED,
        terms.BILIRUBIN_INCREASED,
        terms.CREATININE_INCREASED,
    }


@given(st.sampled_from(_NUMBERED), _LABS)
def test_a_reference_that_becomes_known_never_contradicts_what_was_said(rule: LabRule, lab: LabValue) -> None:
    """A suggestion without a normal limit is one that no normal limit could have changed for the worse."""
    references = {limit.of for limit in rule.by_range} - {None}
    if references != {Reference.LLN} or rule.by_baseline:
        return
    blind = suggestion(rule.term, replace(lab, lln=None, signs=frozenset()))
    seen = suggestion(rule.term, replace(lab, lln=lab.lln or Decimal(1), signs=frozenset()))
    assert seen is not None
    assert blind is None or blind.grade == seen.grade


# -- units and unreadable cases -------------------------------------------------------------------------


def test_a_result_and_its_limits_may_come_in_units_of_their_own() -> None:
    lab = in_standard_units(
        "albumin",
        Quantity(Decimal("2.9"), "g/dL"),
        lower=Quantity(Decimal(40), "g/L"),
        baseline=Quantity(Decimal("3.1"), "g/dL"),
        signs=frozenset({Sign.SYMPTOMATIC}),
    )
    assert lab == LabValue(Decimal(29), Decimal(40), None, Decimal(31), frozenset({Sign.SYMPTOMATIC}))
    assert _of("albumin", lab) == {terms.HYPOALBUMINAEMIA: 2}


def test_an_upper_limit_is_converted_too() -> None:
    lab = in_standard_units("bilirubin", Quantity(Decimal(30), "umol/L"), upper=Quantity(Decimal(1), "mg/dL"))
    assert lab == LabValue(Decimal(30), None, Decimal("17.1"))


GOOD = {"term": "ALT", "value": 40, "uln": 40, "base": 30}


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ({}, "FIELD_MISSING"),
        ({"term": "ALT"}, "FIELD_MISSING"),
        ({**GOOD, "term": "Fever"}, "FIELD_MALFORMED"),
        ({**GOOD, "term": None}, "FIELD_MALFORMED"),
        ({**GOOD, "value": "40"}, "FIELD_MALFORMED"),
        ({**GOOD, "value": 40.0}, "FIELD_MALFORMED"),
        ({**GOOD, "value": Decimal("NaN")}, "FIELD_MALFORMED"),
        ({**GOOD, "value": -1}, "FIELD_MALFORMED"),
        ({**GOOD, "uln": 0}, "FIELD_MALFORMED"),
        ({**GOOD, "base": -1}, "FIELD_MALFORMED"),
        ({**GOOD, "lln": True}, "FIELD_MALFORMED"),
        ({**GOOD, "bleeding": 1}, "FIELD_MALFORMED"),
    ],
)
def test_unreadable_cases_are_refused(case: dict[str, Any], code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        grade_from_vector(case)
    assert refusal.value.code == code


def test_null_stands_for_a_reference_that_is_not_known() -> None:
    assert grade_from_vector({**GOOD, "base": None, "value": 41}) == {"grade": 1}
    assert TERM_OF[ShortName.ALT] == terms.ALT_INCREASED
