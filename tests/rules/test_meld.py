from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.kernel.errors import Refused
from core.rules.meld import Measured, Sex, meld_history_entry, meld_scores
from core.rules.meld_formulas import Formula
from core.rules.quantities import Quantity
from core.rules.validation import meld_from_vector
from tests.rules.vectors import load

DRAWN = datetime(2024, 4, 8, 0, 0, tzinfo=UTC)
SOUND = {
    "creatinine": Measured(Decimal(68), "umol/L", DRAWN, DRAWN),
    "bilirubin": Measured(Decimal(212), "umol/L", DRAWN, DRAWN),
    "inr": Measured(Decimal("1.62"), "1", DRAWN, DRAWN),
    "sodium": Measured(Decimal(134), "mmol/L", DRAWN, DRAWN),
    "albumin": Measured(Decimal(31), "g/L", DRAWN, DRAWN),
}


@pytest.mark.parametrize("case", load("meld_vectors"), ids=lambda case: case["id"])
def test_vector(case: dict[str, Any]) -> None:
    got = meld_from_vector(case)
    assert got == case["expect"]
    for name, published in case.get("published", {}).items():
        assert got[name] == published


def _with(analyte: str, **changes: Any) -> dict[str, Measured]:
    return {**SOUND, analyte: replace(SOUND[analyte], **changes)}


@pytest.mark.parametrize(
    ("analyte", "changes", "computable", "reason"),
    [
        ("inr", {"resulted_at": DRAWN + timedelta(hours=6)}, True, None),
        ("inr", {"resulted_at": DRAWN + timedelta(hours=6, seconds=1)}, False, "RESULT_LATER_THAN_6H:inr"),
        ("inr", {"resulted_at": DRAWN - timedelta(seconds=1)}, False, "RESULT_BEFORE_DRAW:inr"),
        ("creatinine", {"drawn_at": DRAWN + timedelta(hours=1)}, False, "NOT_SAME_TIME_POINT:creatinine"),
        ("sodium", {"drawn_at": DRAWN + timedelta(hours=1)}, "partial:meld", "NOT_SAME_TIME_POINT:sodium"),
        (
            "albumin",
            {"drawn_at": DRAWN - timedelta(1)},
            "partial:meld,meld_na",
            "NOT_SAME_TIME_POINT:albumin",
        ),
    ],
)
def test_timing_blocks_only_what_needs_the_analyte(
    analyte: str,
    changes: dict[str, Any],
    computable: bool | str,  # noqa: FBT001 - the word of the vectors
    reason: str | None,
) -> None:
    got = meld_history_entry(Sex.MALE, 46, _with(analyte, **changes), False, False)  # noqa: FBT003 - agreed shape
    assert (got.computable, got.reason) == (computable, reason)


@pytest.mark.parametrize(("analyte", "left"), [("bilirubin", False), ("sodium", "partial:meld")])
def test_missing_analytes_are_named(analyte: str, left: bool | str) -> None:  # noqa: FBT001 - the word of the vectors
    results = {name: one for name, one in SOUND.items() if name != analyte}
    got = meld_history_entry(Sex.MALE, 46, results, False, False)  # noqa: FBT003 - agreed shape
    assert (got.computable, got.reason) == (left, f"MISSING:{analyte}")


def test_one_specimen_set_is_one_time_point() -> None:
    tubes = {name: replace(one, specimen_set="SP1") for name, one in SOUND.items()}
    later = DRAWN + timedelta(minutes=1)
    tubes["inr"] = replace(tubes["inr"], drawn_at=later, resulted_at=later)
    assert meld_history_entry(Sex.MALE, 46, tubes, False, False).computable is True  # noqa: FBT003 - agreed shape


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "code"),
    [
        ("bilirubin", "0.99", "umol/L", "IMPLAUSIBLE"),
        ("bilirubin", "1500.1", "umol/L", "IMPLAUSIBLE"),
        ("bilirubin", "1", "umol/L", None),
        ("bilirubin", "1500", "umol/L", None),
        ("creatinine", "9.9", "umol/L", "IMPLAUSIBLE"),
        ("creatinine", "2500", "umol/L", None),
        ("inr", "0.5", "1", None),
        ("inr", "20.1", "1", "IMPLAUSIBLE"),
        ("sodium", "100", "mEq/L", None),
        ("sodium", "180.1", "mmol/L", "IMPLAUSIBLE"),
        ("albumin", "7", "g/dL", None),
        ("albumin", "7.01", "g/dL", "IMPLAUSIBLE"),
        ("albumin", "-1", "g/L", "NON_POSITIVE"),
        ("albumin", "NaN", "g/L", "IMPLAUSIBLE"),
        ("albumin", "30", "mg/dL", "UNKNOWN_UNIT"),
    ],
)
def test_plausibility_limits_are_in(analyte: str, value: str, unit: str, code: str | None) -> None:
    results = _with(analyte, value=Decimal(value), unit=unit)
    if code is None:
        assert meld_scores(Sex.MALE, 46, results, dialysed=False).computable is True
    else:
        with pytest.raises(Refused, match=code):
            meld_scores(Sex.MALE, 46, results, dialysed=False)


def test_adolescents_are_out_of_the_trial() -> None:
    assert meld_scores(Sex.MALE, 18, SOUND, dialysed=False).computable is True
    with pytest.raises(Refused, match="AGE_OUT_OF_TRIAL"):
        meld_scores(Sex.MALE, 17, SOUND, dialysed=False)


def test_uncapped_scores_are_kept_beside_the_reported_ones() -> None:
    worst = {"creatinine": "2000", "bilirubin": "900", "inr": "9", "sodium": "120", "albumin": "10"}
    results = {name: replace(SOUND[name], value=Decimal(value)) for name, value in worst.items()}
    scores = meld_scores(Sex.FEMALE, 46, results, dialysed=False).scores
    assert all(score.reported == 40 < score.uncapped for score in scores.values())


def test_result_does_not_depend_on_the_caller_s_decimal_context() -> None:
    expected = meld_scores(Sex.FEMALE, 46, SOUND, dialysed=False)
    with localcontext() as context:
        context.prec = 5
        assert meld_scores(Sex.FEMALE, 46, SOUND, dialysed=False) == expected


def _clip(value: float, low: float, high: float) -> float:
    return sorted((low, value, high))[1]


def _float_twin(values: tuple[Decimal, ...], *, female: bool, dialysed: bool) -> list[float]:
    cr, bili, inr, na, alb = map(float, values)
    ln = math.log
    creatinine = 4.0 if dialysed else _clip(cr / 88.4, 1, 4)
    bilirubin, ratio = max(bili / 17.1, 1.0), max(inr, 1.0)
    first = 9.57 * ln(creatinine) + 3.78 * ln(bilirubin) + 11.2 * ln(ratio) + 6.43
    rounded = math.floor(first + 0.5)
    dna = 137 - _clip(na, 125, 137)
    second = rounded + (1.32 * dna - 0.033 * rounded * dna if rounded > 11 else 0)
    creatinine = 3.0 if dialysed else _clip(cr / 88.4, 1, 3)
    dalb = 3.5 - _clip(alb / 10, 1.5, 3.5)
    third = (4.56 - 0.24 * dna) * ln(bilirubin) + (11.14 - 1.83 * dalb) * ln(creatinine)
    third += 0.82 * dna + 9.09 * ln(ratio) + 1.85 * dalb + 6 + 1.33 * female
    return [first, second, third]


def _decimals(low: int, high: int, places: int = 1) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places)


@settings(max_examples=500, deadline=None)
@given(
    st.tuples(
        _decimals(10, 2500), _decimals(1, 1500), _decimals(1, 20, 2), _decimals(100, 180, 0), _decimals(5, 70)
    ),
    st.booleans(),
    st.booleans(),
)
def test_decimal_and_float_agree(values: tuple[Decimal, ...], female: bool, dialysed: bool) -> None:  # noqa: FBT001 - drawn
    names = ("creatinine", "bilirubin", "inr", "sodium", "albumin")
    units = ("umol/L", "umol/L", "1", "mmol/L", "g/L")
    quantities = {name: Quantity(value, unit) for name, value, unit in zip(names, values, units, strict=True)}
    got = meld_scores(Sex.FEMALE if female else Sex.MALE, 46, quantities, dialysed=dialysed)
    twin = _float_twin(values, female=female, dialysed=dialysed)
    for formula, expected in zip(Formula, twin, strict=True):
        assert abs(float(got.scores[formula].raw) - expected) < 1e-9
        assert abs(got.scores[formula].uncapped - expected) < 0.5 + 1e-9
        assert got.scores[formula].reported == _clip(got.scores[formula].uncapped, 6, 40)
