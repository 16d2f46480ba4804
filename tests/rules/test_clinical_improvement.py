from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from core.kernel.errors import Refused
from core.rules.clinical_improvement import ClinicalImprovement, LabPart, lab_part
from core.rules.quantities import Quantity
from tests.rules.vectors import golden_events, load

EXPECTED = load("golden_trial")["expected"]["clinical_improvement_lab_part_day60"]
ULN = Quantity(Decimal("20.5"), "umol/L")
UNITS = {"bilirubin": "umol/L", "inr": "1", "pta": "%"}


@dataclass(frozen=True)
class Limits:
    bilirubin_uln_multiple: Decimal = Decimal(5)
    pta_percent: Decimal = Decimal(40)
    inr: Decimal = Decimal("1.5")


def _labs(**values: str) -> dict[str, Quantity]:
    return {name: Quantity(Decimal(value), UNITS[name]) for name, value in values.items()}


def _part(current: dict[str, Quantity], baseline: dict[str, Quantity] | None = None) -> LabPart:
    return lab_part(_labs(bilirubin="300") if baseline is None else baseline, current, ULN, Limits())


def _golden_labs(subject: str, visit: int) -> dict[str, Quantity]:
    (values,) = (
        event["payload"]["values"]
        for event in golden_events("LabPanelRecorded")
        if event["subject"] == subject and event["payload"]["visit"] == visit
    )
    return {
        "bilirubin": Quantity(Decimal(values["bilirubin_umol_L"]), "umol/L"),
        "inr": Quantity(Decimal(values["inr"]), "1"),
    }


@pytest.mark.parametrize("subject", EXPECTED)
def test_golden_lab_part_at_day_60(subject: str) -> None:
    part = lab_part(_golden_labs(subject, 0), _golden_labs(subject, 60), ULN, Limits())
    assert {
        "tbil_lt_5x_uln": part.bilirubin_below_limit,
        "inr_lt_1_5": part.inr_below_limit,
        "lab_part_met": part.met,
    } == EXPECTED[subject]
    # S007 entered the trial with 98 umol/L, below 5 x 20.5 = 102.5.
    assert part.fall_needed is (subject == "S007")


@pytest.mark.parametrize(
    ("bilirubin", "inr", "pta", "met"),
    [
        ("102.4", "1.49", "40", True),
        ("102.5", "1.49", "41", False),
        ("102.4", "1.5", "40", False),
        ("102.4", "1.5", "40.1", True),
        ("102.4", "1.49", "41", True),
    ],
)
def test_each_limit_itself_does_not_meet_it(bilirubin: str, inr: str, pta: str, met: bool) -> None:  # noqa: FBT001 - cases
    assert _part(_labs(bilirubin=bilirubin, inr=inr, pta=pta)).met is met


@pytest.mark.parametrize(
    ("current", "met"),
    [
        ({"bilirubin": "50"}, None),
        ({"bilirubin": "50", "inr": "1.6"}, None),
        ({"bilirubin": "50", "pta": "30"}, None),
        ({"bilirubin": "50", "pta": "50"}, True),
        ({"bilirubin": "50", "inr": "1.2"}, True),
        ({"inr": "1.2"}, None),
        ({"inr": "1.6", "pta": "30"}, False),
        ({"bilirubin": "200"}, False),
        ({}, None),
    ],
)
def test_a_missing_value_is_unknown_unless_another_decides(current: dict[str, str], met: bool | None) -> None:  # noqa: FBT001 - cases
    assert _part(_labs(**current)).met is met


@pytest.mark.parametrize(
    ("baseline", "now", "needed", "met"),
    [
        ("102.5", "102.4", False, True),
        ("102.4", "102.4", True, False),
        ("102.4", "102.3", True, True),
        ("60", "80", True, False),
    ],
)
def test_a_low_baseline_asks_for_a_fall(baseline: str, now: str, needed: bool, met: bool) -> None:  # noqa: FBT001 - cases
    part = _part(_labs(bilirubin=now, inr="1.2"), _labs(bilirubin=baseline))
    assert (part.fall_needed, part.met) == (needed, met)


def test_without_a_baseline_nobody_can_tell_whether_a_fall_was_needed() -> None:
    part = _part(_labs(bilirubin="50", inr="1.2"), {})
    assert (part.bilirubin_below_limit, part.fall_needed, part.fell, part.met) == (True, None, None, None)
    assert _part(_labs(bilirubin="150", inr="1.2"), {}).met is False


def test_limits_are_parameters() -> None:
    current = _labs(bilirubin="40", inr="1.55", pta="35")
    baseline = _labs(bilirubin="300")
    assert lab_part(baseline, current, ULN, Limits()).met is False
    assert lab_part(baseline, current, ULN, Limits(inr=Decimal("1.6"))).met is True
    assert lab_part(baseline, current, ULN, Limits(pta_percent=Decimal(34))).met is True
    lenient = Limits(bilirubin_uln_multiple=Decimal("1.9"), inr=Decimal("1.6"))
    assert lab_part(baseline, current, ULN, lenient).met is False


def test_units_are_converted_and_the_limit_stays_exact() -> None:
    # 5 x 1.2 mg/dL = 6 mg/dL = 102.6 umol/L.
    uln = Quantity(Decimal("1.2"), "mg/dL")
    for value, unit, below in (("102.6", "umol/L", False), ("102.5", "umol/L", True), ("6", "mg/dL", False)):
        current = {"bilirubin": Quantity(Decimal(value), unit)}
        assert lab_part({}, current, uln, Limits()).bilirubin_below_limit is below


@pytest.mark.parametrize(
    ("quantity", "code"),
    [
        (Quantity(Decimal(50), "g/L"), "UNKNOWN_UNIT"),
        (Quantity(Decimal(0), "umol/L"), "NON_POSITIVE"),
        (Quantity(Decimal(1501), "umol/L"), "IMPLAUSIBLE"),
    ],
)
def test_values_that_no_laboratory_measured_are_refused(quantity: Quantity, code: str) -> None:
    with pytest.raises(Refused, match=code):
        _part({"bilirubin": quantity})


MET = LabPart(True, None, True, False, True)  # noqa: FBT003 - the five answers in order
UNKNOWN = LabPart(None, None, None, None, None)
NOT_MET = LabPart(False, None, True, False, True)  # noqa: FBT003 - the five answers in order


@pytest.mark.parametrize(
    ("first", "second", "third", "improved"),
    [
        (True, True, MET, True),
        (False, True, MET, False),
        (True, False, MET, False),
        (True, True, NOT_MET, False),
        (None, True, MET, None),
        (True, None, MET, None),
        (True, True, UNKNOWN, None),
        (None, None, NOT_MET, False),
        (False, None, UNKNOWN, False),
    ],
)
def test_improvement_needs_all_three_parts(first: Any, second: Any, third: LabPart, improved: Any) -> None:
    assert ClinicalImprovement(first, second, third).improved is improved
