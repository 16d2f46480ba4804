"""Units of laboratory values: exact factors, originals kept, one source for every calculator."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.errors import Refused
from core.rules.ctcae_lab_rules import LAB_RULES
from core.rules.lab_units import (
    FACTOR_SET,
    LabAnalyte,
    in_standard_unit,
    in_unit,
    standard_unit,
    units_of,
)
from core.rules.lab_values import plausible
from core.rules.meld_units import Analyte
from core.rules.quantities import Quantity


def _pairs() -> list[tuple[str, str]]:
    return [(str(analyte), unit) for analyte in LabAnalyte for unit in units_of(analyte)]


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "standard", "in_standard"),
    [
        ("creatinine", "1", "mg/dL", "88.4", "umol/L"),
        ("bilirubin", "1", "mg/dL", "17.1", "umol/L"),
        ("albumin", "3.5", "g/dL", "35", "g/L"),
        ("haemoglobin", "8.0", "g/dL", "80", "g/L"),
        ("sodium", "137", "mEq/L", "137", "mmol/L"),
        ("potassium", "3.5", "meq/L", "3.5", "mmol/L"),
        ("platelets", "75", "10*3/uL", "75", "10*9/L"),
        ("platelets", "75000", "/uL", "75", "10*9/L"),
        ("neutrophils", "1500", "/uL", "1.5", "10*9/L"),
        ("fibrinogen", "50", "mg/dL", "0.5", "g/L"),
        ("glucose", "54.048", "mg/dL", "3", "mmol/L"),
        ("alt", "52", "U/L", "52", "U/L"),
        ("inr", "1.5", "1", "1.5", "1"),
        ("pta", "40", "%", "40", "%"),
    ],
)
def test_a_value_in_the_standard_unit(
    analyte: str, value: str, unit: str, standard: str, in_standard: str
) -> None:
    converted = in_standard_unit(analyte, Quantity(Decimal(value), unit))
    assert (converted.value, converted.unit) == (Decimal(standard), in_standard)


def test_the_original_stays_beside_the_converted_value() -> None:
    converted = in_standard_unit("bilirubin", Quantity(Decimal("2.50"), "mg/dL"))
    assert str(converted.received.value) == "2.50"
    assert (converted.received.unit, converted.factor_set) == ("mg/dL", FACTOR_SET)


@given(st.sampled_from(_pairs()), st.decimals("0.01", "9999", places=2))
def test_a_value_comes_back_from_the_standard_unit(pair: tuple[str, str], value: Decimal) -> None:
    analyte, unit = pair
    back = in_unit(analyte, in_standard_unit(analyte, Quantity(value, unit)), unit)
    assert abs(back - value) < Decimal("1e-30")


@given(st.sampled_from(_pairs()), st.decimals("0.01", "9999", places=2))
def test_conversion_keeps_the_order_of_values(pair: tuple[str, str], value: Decimal) -> None:
    analyte, unit = pair
    more = value + Decimal("0.01")
    first, second = (in_standard_unit(analyte, Quantity(one, unit)).value for one in (value, more))
    assert first < second


@pytest.mark.parametrize(
    ("analyte", "unit", "code"),
    [
        ("unobtainium", "mmol/L", "UNKNOWN_ANALYTE"),
        ("albumin", "mg/dL", "UNKNOWN_UNIT"),
        ("albumin", "G/L", "UNKNOWN_UNIT"),
        ("alt", "umol/L", "UNKNOWN_UNIT"),
        ("platelets", "10^9/L", "UNKNOWN_UNIT"),
    ],
)
def test_unknown_names_are_refused(analyte: str, unit: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        in_standard_unit(analyte, Quantity(Decimal(1), unit))
    assert refusal.value.code == code


def test_a_target_unit_is_checked_too() -> None:
    converted = in_standard_unit("albumin", Quantity(Decimal(35), "g/L"))
    with pytest.raises(Refused, match="g/L or g/dL"):
        in_unit("albumin", converted, "mg/dL")


def test_every_graded_and_every_scored_analyte_has_units() -> None:
    graded = {rule.analyte for rule in LAB_RULES}
    assert graded | {str(one) for one in Analyte} | {"pta"} == set(LabAnalyte)
    assert all(standard_unit(one) == units_of(one)[0] for one in LabAnalyte)


# -- plausibility, domain 3 -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("analyte", "lowest", "highest", "unit"),
    [
        ("bilirubin", "1", "1500", "umol/L"),
        ("creatinine", "10", "2500", "umol/L"),
        ("inr", "0.5", "20", "1"),
        ("sodium", "100", "180", "mmol/L"),
        ("albumin", "5", "70", "g/L"),
        ("albumin", "0.5", "7", "g/dL"),
    ],
)
def test_a_plausible_range_includes_its_ends(analyte: str, lowest: str, highest: str, unit: str) -> None:
    step = Decimal("0.001")
    for value in (Decimal(lowest), Decimal(highest)):
        assert plausible(analyte, Quantity(value, unit)).value > 0
    for value in (Decimal(lowest) - step, Decimal(highest) + step):
        with pytest.raises(Refused) as refusal:
            plausible(analyte, Quantity(value, unit))
        assert refusal.value.code == "IMPLAUSIBLE"


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "code"),
    [
        ("potassium", "0", "mmol/L", "NON_POSITIVE"),
        ("glucose", "-1", "mg/dL", "NON_POSITIVE"),
        ("platelets", "0", "10*9/L", "NON_POSITIVE"),
        ("neutrophils", "-0.1", "10*9/L", "NON_POSITIVE"),
        ("alt", "NaN", "U/L", "IMPLAUSIBLE"),
        ("alt", "Infinity", "U/L", "IMPLAUSIBLE"),
    ],
)
def test_impossible_values_are_refused(analyte: str, value: str, unit: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        plausible(analyte, Quantity(Decimal(value), unit))
    assert refusal.value.code == code


@pytest.mark.parametrize("analyte", ["neutrophils", "lymphocytes"])
def test_no_cell_found_is_a_result(analyte: str) -> None:
    assert plausible(analyte, Quantity(Decimal(0), "10*9/L")).value == 0
