"""Results are plausible, in order of time, entered once, and corrected from what stands there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.kernel.quantities import Quantity
from core.trial.casebook.commands import (
    CorrectLabResult,
    RecordVitalStatus,
    ReportHlaAntibodies,
    ReportLabPanel,
)
from core.trial.casebook.events import (
    AntibodyClass,
    HlaAntibodyReported,
    LabPanelReported,
    LabResult,
    LabResultCorrected,
    VitalStatusRecorded,
)
from core.trial.subject.events import DeathRecorded
from tests.support.given import LONG_AFTER, SC, START, digest, dosed, enrolled, given, on, why

DRAWN = datetime(2024, 3, 4, 1, 0, tzinfo=UTC)
RESULTED = datetime(2024, 3, 4, 3, 0, tzinfo=UTC)


def result(analyte: str = "creatinine", value: str = "68", unit: str = "umol/L") -> LabResult:
    return LabResult(analyte, Decimal(value), unit, "S01-V0", DRAWN, RESULTED)


def panel(*results: LabResult, **fields: Any) -> ReportLabPanel:
    asked = ReportLabPanel(
        subject_key="S01",
        visit=0,
        specimen_set="S01-V0",
        drawn_at=DRAWN,
        resulted_at=RESULTED,
        results=results,
        dialysis_twice_in_7d=False,
        cvvhd_24h_in_7d=False,
    )
    return replace(asked, **fields)


REPORTED = LabPanelReported(0, "S01-V0", DRAWN, RESULTED, (result(),), False, False)  # noqa: FBT003
KNOWN = dosed("S01")
ENTERED = [*KNOWN, on("S01", REPORTED, by=SC)]  # position 8


def test_a_panel_is_entered() -> None:
    given(KNOWN).when(panel(result()), SC).then([REPORTED])


def test_a_panel_needs_a_screened_subject() -> None:
    given().when(panel(result()), SC).refused("UNKNOWN_SUBJECT")


def test_a_specimen_set_is_reported_once() -> None:
    given(ENTERED).when(panel(result()), SC).refused("DUPLICATE_SPECIMEN_SET")


def test_a_panel_has_a_result() -> None:
    given(KNOWN).when(panel(), SC).refused("NO_RESULTS")


def test_an_analyte_stands_once_in_a_panel() -> None:
    given(KNOWN).when(panel(result(), result()), SC).refused("DUPLICATE_ANALYTE")


def test_a_result_comes_after_its_draw() -> None:
    given(KNOWN).when(panel(result(), drawn_at=RESULTED, resulted_at=DRAWN), SC).refused("RESULT_BEFORE_DRAW")


def test_a_redraw_of_its_own_comes_before_its_result_too() -> None:
    redraw = replace(result(), drawn_at=RESULTED, resulted_at=DRAWN)
    given(KNOWN).when(panel(redraw), SC).refused("RESULT_BEFORE_DRAW")


def test_a_result_from_the_future_is_refused() -> None:
    late = panel(result(), resulted_at=LONG_AFTER + timedelta(milliseconds=1))
    given(KNOWN).when(late, SC).refused("FUTURE_TIME")


def test_a_result_of_this_very_moment_is_taken() -> None:
    now = panel(result(), resulted_at=LONG_AFTER)
    given(KNOWN).when(now, SC).then([replace(REPORTED, resulted_at=LONG_AFTER)])


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (result("unobtainium"), "UNKNOWN_ANALYTE"),
        (result(unit="mg"), "UNKNOWN_UNIT"),
        (result("alt", "40", "umol/L"), "UNKNOWN_UNIT"),
        (result(value="0"), "NON_POSITIVE"),
        (result("alt", "-1", "U/L"), "NON_POSITIVE"),
        (result(value="999999"), "IMPLAUSIBLE"),
    ],
)
def test_a_value_that_no_laboratory_measured_is_refused(bad: LabResult, code: str) -> None:
    given(KNOWN).when(panel(bad), SC).refused(code)


SOURCE = "analyser printout"


def correction(old: str = "68", new: str = "86", **fields: Any) -> CorrectLabResult:
    before, after = (Quantity(Decimal(text), "umol/L") for text in (old, new))
    asked = CorrectLabResult("S01", 0, "S01-V0", "creatinine", before, after, SOURCE)
    return replace(asked, **fields)


def test_a_correction_names_the_statement_that_it_corrects() -> None:
    story = given(ENTERED).when(correction(), SC, reason=why())
    expected = LabResultCorrected(0, "S01-V0", "creatinine", correction().old, correction().new, SOURCE)
    story.then([expected], corrects=digest(len(story.base) + len(ENTERED)))


def test_a_corrected_value_is_what_counts_and_the_old_one_is_kept() -> None:
    fixed = LabResultCorrected(0, "S01-V0", "creatinine", correction().old, correction().new, SOURCE)
    kept = given([*ENTERED, on("S01", fixed, by=SC)]).trial.casebooks["S01"].panels["S01-V0"]
    assert (Decimal(86), Decimal(68)) == (kept.current.results[0].value, kept.superseded[0].results[0].value)


def test_a_second_correction_from_the_first_value_is_stale() -> None:
    fixed = LabResultCorrected(0, "S01-V0", "creatinine", correction().old, correction().new, SOURCE)
    story = given([*ENTERED, on("S01", fixed, by=SC)]).when(correction(), SC, reason=why())
    story.refused("STALE_VALUE")


@pytest.mark.parametrize(
    "elsewhere",
    [{"analyte": "alt"}, {"specimen_set": "S01-V1"}, {"visit": 1}],
    ids=["analyte", "set", "visit"],
)
def test_only_a_reported_result_can_be_corrected(elsewhere: dict[str, Any]) -> None:
    given(ENTERED).when(correction(**elsewhere), SC, reason=why()).refused("UNKNOWN_RESULT")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (correction(old="69"), "STALE_VALUE"),
        (correction(new="68"), "NO_CHANGE"),
        (correction(new="0"), "NON_POSITIVE"),
        (correction(new="999999"), "IMPLAUSIBLE"),
        (replace(correction(), new=Quantity(Decimal(7), "furlong")), "UNKNOWN_UNIT"),
        (correction(subject_key="S99"), "UNKNOWN_SUBJECT"),
    ],
)
def test_a_bad_correction_is_refused(asked: CorrectLabResult, code: str) -> None:
    given(ENTERED).when(asked, SC, reason=why()).refused(code)


def test_a_correction_needs_a_reason() -> None:
    given(ENTERED).when(correction(), SC).refused("REASON_REQUIRED")


ANTIBODIES = HlaAntibodyReported(
    0,
    "single_antigen_bead",
    "transplant laboratory",
    "KIT-7",
    Decimal(1000),
    AntibodyClass(Decimal(310), Decimal(0), ("A*02:01", "B*07:02")),
    AntibodyClass(Decimal(250), Decimal(100), ()),
)


def antibodies(**fields: Any) -> ReportHlaAntibodies:
    a = ANTIBODIES
    return replace(
        ReportHlaAntibodies(
            "S01", a.visit, a.assay, a.laboratory, a.kit_lot, a.threshold_mfi, a.class_i, a.class_ii
        ),
        **fields,
    )


def test_antibodies_are_entered() -> None:
    given(KNOWN).when(antibodies(), SC).then([ANTIBODIES])


def test_antibodies_need_a_screened_subject() -> None:
    given().when(antibodies(), SC).refused("UNKNOWN_SUBJECT")


def test_antibodies_are_entered_once_a_visit() -> None:
    given([*KNOWN, on("S01", ANTIBODIES, by=SC)]).when(antibodies(), SC).refused("DUPLICATE_VISIT")


@pytest.mark.parametrize(("mfi", "cpra"), [("-1", "0"), ("0", "-1"), ("0", "100.1")])
@pytest.mark.parametrize("where", ["class_i", "class_ii"])
def test_antibodies_beyond_all_bounds_are_refused(where: str, mfi: str, cpra: str) -> None:
    odd = antibodies(**{where: AntibodyClass(Decimal(mfi), Decimal(cpra), ())})
    given(KNOWN).when(odd, SC).refused("IMPLAUSIBLE")


DIED_ON_DAY_30 = on("S01", DeathRecorded(date(2024, 3, 31), None, related=False))


def test_vital_status_is_recorded() -> None:
    given(KNOWN).when(RecordVitalStatus("S01", 60, alive=True)).then([VitalStatusRecorded(60, alive=True)])


def test_vital_status_needs_a_screened_subject() -> None:
    given().when(RecordVitalStatus("S01", 60, alive=True)).refused("UNKNOWN_SUBJECT")


def test_vital_status_needs_a_dose() -> None:
    given(enrolled("S01")).when(RecordVitalStatus("S01", 0, alive=True)).refused("ILLEGAL_SEQUENCE")


def test_study_days_do_not_count_backwards() -> None:
    given(KNOWN).when(RecordVitalStatus("S01", -1, alive=True)).refused("ILLEGAL_SEQUENCE")


@pytest.mark.parametrize(("day", "code"), [(61, "FUTURE_TIME"), (2**53 - 1, "FUTURE_TIME")])
def test_a_study_day_of_the_future_is_refused(day: int, code: str) -> None:
    at = START + timedelta(days=60)
    given(KNOWN).when(RecordVitalStatus("S01", day, alive=True), at=at).refused(code)


def test_vital_status_is_recorded_once_a_day() -> None:
    known = [*KNOWN, on("S01", VitalStatusRecorded(60, alive=True))]
    given(known).when(RecordVitalStatus("S01", 60, alive=False)).refused("DUPLICATE_VISIT")


def test_nobody_is_alive_after_their_death() -> None:
    story = given([*KNOWN, DIED_ON_DAY_30]).when(RecordVitalStatus("S01", 31, alive=True))
    story.refused("CONTRADICTS_DEATH")


def test_being_alive_before_death_can_be_entered_late() -> None:
    story = given([*KNOWN, DIED_ON_DAY_30]).when(RecordVitalStatus("S01", 28, alive=True))
    story.then([VitalStatusRecorded(28, alive=True)])


def test_nobody_is_dead_without_a_recorded_death() -> None:
    given(KNOWN).when(RecordVitalStatus("S01", 60, alive=False)).refused("DEATH_NOT_RECORDED")
    story = given([*KNOWN, DIED_ON_DAY_30]).when(RecordVitalStatus("S01", 29, alive=False))
    story.refused("DEATH_NOT_RECORDED")
    dead = given([*KNOWN, DIED_ON_DAY_30]).when(RecordVitalStatus("S01", 30, alive=False))
    dead.then([VitalStatusRecorded(30, alive=False)])
