"""What people read follows the signed configuration: a made-up trial beside NCT05727722, key by key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel.quantities import Quantity
from core.rules.quantities import Sex
from core.trial.casebook.events import (
    AntibodyClass,
    HlaAntibodyReported,
    LabPanelReported,
    LabResult,
    VisitRecorded,
    VitalStatusRecorded,
)
from core.trial.study.config import HistoricalControl, ProtocolConfig, ReferenceRange
from core.trial.subject.adverse_events import AdverseEventReported
from core.trial.subject.events import DeathRecorded, LiverTransplantRecorded
from tests.support.given import NCT05727722, SC, START, Past, administered, adverse_event, dosed, on
from tests.support.other_trial import other_config
from tests.views.told import read_after

if TYPE_CHECKING:
    from collections.abc import Sequence

OTHER = other_config()
BOTH = (OTHER, NCT05727722)
DAY = timedelta(days=1)
DAY_ZERO = date(2024, 3, 1)
KNOWN = dosed("S01")
UNITS = {
    "creatinine": "umol/L",
    "bilirubin": "umol/L",
    "inr": "1",
    "sodium": "mmol/L",
    "albumin": "g/L",
    "alt": "U/L",
    "haemoglobin": "g/L",
    "pta": "%",
}
LATER = datetime(2025, 3, 1, tzinfo=UTC)


def at_noon(day: int) -> datetime:
    """Return an instant that is the same calendar day in both zones."""
    return datetime(2024, 3, 1, 11, 0, tzinfo=UTC) + day * DAY


def panel(day: int, *, visit: int | None = None, hours: int = 0, **values: Any) -> Past:
    drawn, name = at_noon(day), f"A{day}"
    released = drawn + timedelta(hours=hours)
    results = tuple(LabResult(a, Decimal(v), UNITS[a], name, drawn, released) for a, v in values.items())
    event = LabPanelReported(visit, name, drawn, released, results, False, False)  # noqa: FBT003 - no dialysis
    return on("S01", event, by=SC, at=released)


def read(
    study: ProtocolConfig, view: str, events: Sequence[Past], moment: datetime = LATER
) -> list[dict[str, Any]]:
    return read_after([*KNOWN, *events], view, moment, study)


def one(rows: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    (found,) = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return found


def test_a_value_is_flagged_by_the_signed_range() -> None:
    """ALT up to 30 U/L in the made-up trial, up to 40 in NCT05727722; other limits as they are signed."""
    for value, flags in (("30", ["normal", "normal"]), ("31", ["high", "normal"]), ("41", ["high", "high"])):
        assert [read(study, "labs", [panel(1, alt=value)])[0]["flag"] for study in BOTH] == flags
    men = ReferenceRange("haemoglobin", "g/L", Sex.MALE, Decimal(100), Decimal(110))
    women = replace(men, sex=Sex.FEMALE, low=Decimal(50))
    in_mg = ReferenceRange("creatinine", "mg/dL", None, None, Decimal(1))
    study = replace(OTHER, reference_ranges=(women, men, in_mg))
    rows = read(study, "labs", [panel(1, haemoglobin="99", creatinine="88.5", alt="999")])
    assert {row["analyte"]: row["flag"] for row in rows} == {
        "haemoglobin": "low",
        "creatinine": "high",
        "alt": None,
    }


@pytest.mark.parametrize(
    ("day", "status"), [(79, "out_of_window"), (80, "done"), (100, "done"), (101, "out_of_window")]
)
def test_a_visit_is_held_in_the_signed_window(day: int, status: str) -> None:
    held = on("S01", VisitRecorded(90, DAY_ZERO + day * DAY, ("labs",), None), by=SC, at=at_noon(day))
    assert one(read(OTHER, "visits", [held]), visit=90)["status"] == status


def test_the_schedule_is_the_signed_one() -> None:
    assert [[row["visit"] for row in read(study, "visits", [])] for study in BOTH] == [
        [5, 10, 21, 90],
        [0, 1, 3, 7, 14, 28, 60],
    ]


def test_a_visit_asks_for_what_was_signed() -> None:
    """A visit of the made-up trial asks for labs alone; day 28 of NCT05727722 for antibodies too."""
    for study, day, missing in ((OTHER, 21, ["labs"]), (NCT05727722, 28, ["labs", "hla"])):
        held = on("S01", VisitRecorded(day, DAY_ZERO + day * DAY, (), None), by=SC, at=at_noon(day))
        assert one(read(study, "visits", [held]), visit=day)["missing_assessments"] == missing


MELD: dict[str, Any] = {
    "creatinine": "200",
    "bilirubin": "212",
    "inr": "1.62",
    "sodium": "134",
    "albumin": "31",
}


def test_the_endpoint_is_the_signed_score() -> None:
    for study, day, endpoint in ((OTHER, 5, "meld3"), (NCT05727722, 7, "meld")):
        (row,) = read(study, "meld-delta", [panel(-1, **MELD), panel(day, visit=day, **MELD)])
        (score,) = read(study, "meld", [panel(day, visit=day, **MELD)])
        assert (row["endpoint"], row["score"]) == (endpoint, score[endpoint])
    assert score["meld"] != score["meld3"]


@pytest.mark.parametrize(
    ("hours", "computable"), [(4, [True, True]), (5, [False, True]), (7, [False, False])]
)
def test_results_may_take_as_long_as_signed(hours: int, computable: list[bool]) -> None:
    """Four hours in the made-up trial, six in NCT05727722."""
    for study, day, in_time in zip(BOTH, (5, 7), computable, strict=True):
        events = [panel(-1, **MELD), panel(day, visit=day, hours=hours, **MELD)]
        assert one(read(study, "meld", events), visit=day)["computable"] is in_time
        assert (one(read(study, "meld-delta", events), visit=day)["score"] is not None) is in_time


def test_antibodies_are_planned_at_the_signed_visits() -> None:
    """Day 0 and 90 in the made-up trial; day 0, 14, 28 and 60 in NCT05727722."""
    none = AntibodyClass(Decimal(0), Decimal(0), ())
    for study, planned in zip(BOTH, ({0, 90}, {0, 14, 28, 60}), strict=True):
        threshold = study.hla.threshold_mfi
        events = [
            on("S01", HlaAntibodyReported(visit, "bead", None, None, threshold, none, none), by=SC)
            for visit in (0, 14, 28, 60, 90)
        ]
        assert {row["visit"] for row in read(study, "hla", events) if row["planned"]} == planned


def test_the_text_of_the_guideline_is_read_as_it_was_signed() -> None:
    texts = [read(study, "protocol", [])[0]["config"]["improvement"]["text"] for study in BOTH]
    assert texts == ["All of it is invented.", NCT05727722.improvement.text]


@pytest.mark.parametrize(
    ("values", "met"),
    [
        ({"bilirubin": "61.4", "pta": "50.1", "inr": "1.2"}, (True, True, True)),
        ({"bilirubin": "61.5", "pta": "50", "inr": "1.3"}, (False, False, False)),
    ],
)
def test_the_laboratory_part_of_improvement_has_the_signed_limits(
    values: dict[str, Any], met: tuple[bool, bool, bool]
) -> None:
    """Three times the normal limit of 20.5 umol/L, PTA above 50 %, INR below 1.3."""
    visits = tuple(replace(v, assessments=("labs", "improvement")) for v in OTHER.visits)
    study = replace(OTHER, visits=visits)
    (row,) = read(study, "improvement", [panel(-1, bilirubin="300"), panel(21, visit=21, **values)])
    assert (row["tbil_lt_3x_uln"], row["pta_gt_50"], row["inr_lt_1_3"]) == met
    (built_in,) = read(
        NCT05727722, "improvement", [panel(-1, bilirubin="300"), panel(60, visit=60, **values)]
    )
    assert [built_in[name] for name in ("tbil_lt_5x_uln", "pta_gt_40", "inr_lt_1_5")] == [True, True, True]
    assert [r["guideline"] for r in (row, built_in)] == ["Made-up guideline 7", "China 2018 2.6.2.2"]


def test_the_life_table_has_the_signed_intervals() -> None:
    """A death on day 70 is in the made-up trial's last interval, and after the 60 days of NCT05727722."""
    died = on("S01", DeathRecorded(DAY_ZERO + 70 * DAY, None, related=False))
    seen = on("S01", VitalStatusRecorded(60, alive=True))
    tables = [read(study, "survival", [seen, died]) for study in BOTH]
    assert [len(table) for table in tables] == [4, 6]
    assert [table[-1]["deaths"] for table in tables] == [1, 0]


def test_a_transplant_is_read_as_signed() -> None:
    gone = on("S01", LiverTransplantRecorded(DAY_ZERO + 7 * DAY))
    assert [sum(row["deaths"] for row in read(study, "survival", [gone])) for study in BOTH] == [1, 0]


def test_the_historical_control_is_the_signed_one() -> None:
    assert read(OTHER, "historical-control", []) == []
    named = HistoricalControl(Decimal("0.8"), 25, "an invented cohort")
    study = replace(OTHER, survival=replace(OTHER.survival, historical=named))
    alive = on("S01", VitalStatusRecorded(90, alive=True))
    theirs, built_in = (read(s, "historical-control", [alive])[0] for s in (study, NCT05727722))
    assert theirs["source"] == "an invented cohort"
    # One subject followed to the horizon: the deaths expected are -ln of the historical survival.
    assert (theirs["S0_day90"], built_in["S0_day60"]) == (0.8, 0.5)
    assert theirs["expected_deaths"] == pytest.approx(0.223144, abs=1e-6)
    assert built_in["expected_deaths"] == pytest.approx(0.693147, abs=1e-6)
    # The number of historical subjects names the estimate that allows for their being few.
    assert "z_day90_S0_estimated_n0_25" in theirs
    assert "z_day60_S0_estimated_n0_40" in built_in


@pytest.mark.parametrize(
    ("day", "emergent"), [(60, [True, True]), (61, [True, False]), (90, [True, False]), (91, [False, False])]
)
def test_an_event_is_treatment_emergent_up_to_the_signed_day(day: int, emergent: list[bool]) -> None:
    entered = on("S01", AdverseEventReported(adverse_event(onset=DAY_ZERO + day * DAY)), by=SC)
    assert [read(study, "safety", [entered])[0]["teae"] for study in BOTH] == emergent


def test_a_dose_deviates_outside_the_signed_tolerance() -> None:
    """The built-in level of 0.15 is tolerated within 10 %; the made-up one of 1 mg within 5 %."""
    for study, unit, inside, outside in (
        (OTHER, "mg", "0.95", "0.94"),
        (NCT05727722, "10*9", "0.135", "0.134"),
    ):
        for amount, deviates in ((inside, False), (outside, True)):
            given_dose = on("S01", administered(1, START, cells=Quantity(Decimal(amount), unit)))
            rows = read_after([*KNOWN[:-1], given_dose], "deviations", START, study)
            assert any(row["type"] == "DOSE_DEVIATION" for row in rows) is deviates
