"""Specimens, late results, repeats, reviews: each its own fact, in order of time, by the right people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.kernel.quantities import Quantity
from core.trial.casebook.commands import (
    CorrectLabResult,
    RecordSpecimen,
    RepeatLabResult,
    ReportLabPanel,
    ReportLateResult,
    ReviewLab,
)
from core.trial.casebook.events import (
    LabFinding,
    LabPanelReported,
    LabResult,
    LabResultCorrected,
    LabResultRepeated,
    LabReviewed,
    LateResultReported,
    Significance,
    SpecimenDrawn,
)
from core.trial.casebook.panel import ChangeKind
from core.trial.subject.events import ConsentScope, ConsentWithdrawn, DeathRecorded
from tests.support.given import LB, LONG_AFTER, NCT05727722, PI, SC, SI, START, dosed, given, on, why

DRAWN = datetime(2024, 3, 4, 1, 0, tzinfo=UTC)
RECEIVED = datetime(2024, 3, 4, 1, 30, tzinfo=UTC)
RESULTED = datetime(2024, 3, 4, 3, 0, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def result(analyte: str = "creatinine", value: str = "68", unit: str = "umol/L", **times: Any) -> LabResult:
    return replace(LabResult(analyte, Decimal(value), unit, "A1", DRAWN, RESULTED), **times)


ALBUMIN = result("albumin", "31", "g/L")
SPECIMEN = SpecimenDrawn(3, "A1", DRAWN, RECEIVED, "blood")
PANEL = LabPanelReported(3, "A1", DRAWN, RESULTED, (result(),), False, False)  # noqa: FBT003 - no dialysis
KNOWN = dosed("S01")
DRAWN_ONLY = [*KNOWN, on("S01", SPECIMEN, by=LB)]
ENTERED = [*KNOWN, on("S01", PANEL, by=SC)]
TAKEN_BACK = on("S01", ConsentWithdrawn(ConsentScope.ALL_PROCEDURES), at=DRAWN)
DIED_BEFORE = on("S01", DeathRecorded(date(2024, 3, 3), None, related=False))


# -- specimens ------------------------------------------------------------------------------------------


def specimen(**fields: Any) -> RecordSpecimen:
    return replace(RecordSpecimen("S01", 3, "A1", DRAWN, RECEIVED, "blood"), **fields)


def panel(**fields: Any) -> ReportLabPanel:
    asked = ReportLabPanel("S01", 3, "A1", DRAWN, RESULTED, (result(),), False, False)  # noqa: FBT003 - no dialysis
    return replace(asked, **fields)


def test_a_draw_is_recorded_before_its_results() -> None:
    given(KNOWN).when(specimen(), LB).then([SPECIMEN])


def test_an_unscheduled_draw_not_yet_received_is_recorded() -> None:
    expected = SpecimenDrawn(None, "A1", DRAWN, None, "blood")
    given(KNOWN).when(specimen(visit=None, received_at=None), LB).then([expected])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (specimen(received_at=DRAWN - MILLISECOND), "RECEIVED_BEFORE_DRAW"),
        (specimen(received_at=LONG_AFTER + MILLISECOND), "FUTURE_TIME"),
        (specimen(drawn_at=LONG_AFTER + MILLISECOND, received_at=None), "FUTURE_TIME"),
        (specimen(specimen_set="1 A"), "BAD_IDENTIFIER"),
        (specimen(kind=""), "BAD_IDENTIFIER"),
        (specimen(visit=-1), "IMPLAUSIBLE"),
        (specimen(subject_key="S99"), "UNKNOWN_SUBJECT"),
        (specimen(drawn_at=START - MILLISECOND), "CONSENT_MISSING"),
    ],
)
def test_a_draw_that_cannot_be_is_refused(asked: RecordSpecimen, code: str) -> None:
    given(KNOWN).when(asked, LB).refused(code)


def test_a_specimen_is_received_at_the_earliest_when_it_is_drawn() -> None:
    given(KNOWN).when(specimen(received_at=DRAWN), LB).then([replace(SPECIMEN, received_at=DRAWN)])


def test_a_draw_is_recorded_once() -> None:
    given(DRAWN_ONLY).when(specimen(), LB).refused("DUPLICATE_SPECIMEN_SET")


@pytest.mark.parametrize(
    "asked",
    [
        specimen(drawn_at=DRAWN - MILLISECOND),
        specimen(visit=7),
        specimen(received_at=RESULTED + MILLISECOND),
    ],
)
def test_a_draw_recorded_after_its_panel_fits_it(asked: RecordSpecimen) -> None:
    given(ENTERED).when(asked, LB).refused("SPECIMEN_MISMATCH")
    given(ENTERED).when(specimen(), LB).then([SPECIMEN])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (panel(visit=7), "SPECIMEN_MISMATCH"),
        (panel(drawn_at=DRAWN - MILLISECOND), "SPECIMEN_MISMATCH"),
        (panel(results=(result(drawn_at=DRAWN - MILLISECOND),)), "SPECIMEN_MISMATCH"),
        (panel(resulted_at=RECEIVED - MILLISECOND), "RESULT_BEFORE_RECEIPT"),
        (panel(results=(result(resulted_at=RECEIVED - MILLISECOND),)), "RESULT_BEFORE_RECEIPT"),
    ],
)
def test_results_agree_with_their_recorded_draw(asked: ReportLabPanel, code: str) -> None:
    given(DRAWN_ONLY).when(asked, SC).refused(code)


def test_results_released_on_receipt_are_taken() -> None:
    given(DRAWN_ONLY).when(panel(resulted_at=RECEIVED), SC).then([replace(PANEL, resulted_at=RECEIVED)])


@pytest.mark.parametrize("asked", [specimen(), panel()])
def test_nothing_is_drawn_without_consent_nor_from_the_dead(asked: RecordSpecimen | ReportLabPanel) -> None:
    given([*KNOWN, TAKEN_BACK]).when(asked, SC).refused("CONSENT_WITHDRAWN")
    given([*KNOWN, DIED_BEFORE]).when(asked, SC).refused("CONTRADICTS_DEATH")


def test_a_panel_drawn_before_consent_was_taken_back_can_still_be_reported() -> None:
    later = on("S01", ConsentWithdrawn(ConsentScope.ALL_PROCEDURES), at=DRAWN + MILLISECOND)
    given([*KNOWN, later]).when(panel(), SC).then([PANEL])


def test_a_panel_of_the_day_of_death_is_taken() -> None:
    died = on("S01", DeathRecorded(date(2024, 3, 4), None, related=False))
    given([*KNOWN, died]).when(panel(), SC).then([PANEL])


# -- plausibility is configuration ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "code"),
    [
        ("10", "umol/L", None),
        ("9.9", "umol/L", "IMPLAUSIBLE"),
        ("2500", "umol/L", None),
        ("2500.1", "umol/L", "IMPLAUSIBLE"),
        ("28.28", "mg/dL", None),  # 2499.952 umol/L
        ("28.29", "mg/dL", "IMPLAUSIBLE"),  # 2500.836 umol/L
    ],
)
def test_both_ends_of_a_plausible_range_are_in_whatever_the_unit(
    value: str, unit: str, code: str | None
) -> None:
    one = result("creatinine", value, unit)
    story = given(KNOWN).when(panel(results=(one,)), SC)
    story.refused(code) if code else story.then([replace(PANEL, results=(one,))])


def test_another_configuration_finds_other_values_plausible() -> None:
    ranges = tuple(
        replace(one, high=Decimal(60)) if one.analyte == "creatinine" else one
        for one in NCT05727722.plausible_ranges
    )
    strict = replace(NCT05727722, plausible_ranges=ranges)
    given(KNOWN, study=strict).when(panel(), SC).refused("IMPLAUSIBLE")


def test_no_neutrophil_at_all_can_be_measured() -> None:
    none_seen = result("neutrophils", "0", "10*9/L")
    given(KNOWN).when(panel(results=(none_seen,)), SC).then([replace(PANEL, results=(none_seen,))])


# -- late results ---------------------------------------------------------------------------------------


def late(**fields: Any) -> ReportLateResult:
    return replace(ReportLateResult("S01", 3, "A1", ALBUMIN), **fields)


def test_a_late_result_joins_its_panel() -> None:
    given(ENTERED).when(late(), LB).then([LateResultReported(3, "A1", ALBUMIN)])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (late(result=result()), "DUPLICATE_ANALYTE"),
        (late(specimen_set="B1"), "UNKNOWN_RESULT"),
        (late(visit=7), "UNKNOWN_RESULT"),
        (late(subject_key="S99"), "UNKNOWN_SUBJECT"),
        (late(result=replace(ALBUMIN, unit="mg")), "UNKNOWN_UNIT"),
        (late(result=replace(ALBUMIN, value=Decimal(71))), "IMPLAUSIBLE"),
        (late(result=replace(ALBUMIN, resulted_at=DRAWN - MILLISECOND)), "RESULT_BEFORE_DRAW"),
        (late(result=replace(ALBUMIN, resulted_at=LONG_AFTER + MILLISECOND)), "FUTURE_TIME"),
        (late(result=replace(ALBUMIN, drawn_at=START - MILLISECOND)), "CONSENT_MISSING"),
    ],
)
def test_a_bad_late_result_is_refused(asked: ReportLateResult, code: str) -> None:
    given(ENTERED).when(asked, LB).refused(code)


# -- repeats --------------------------------------------------------------------------------------------

AGAIN = result(value="70", resulted_at=RESULTED + MILLISECOND)
STANDING = Quantity(Decimal(68), "umol/L")


def repeat(**fields: Any) -> RepeatLabResult:
    return replace(RepeatLabResult("S01", 3, "A1", STANDING, AGAIN), **fields)


def test_a_repeat_counts_and_the_first_measurement_is_kept() -> None:
    event = LabResultRepeated(3, "A1", STANDING, AGAIN)
    story = given(ENTERED).when(repeat(), LB, reason=why("haemolytic"))
    story.then([event], corrects=story.past())
    kept = given([*ENTERED, on("S01", event, by=LB)]).trial.casebooks["S01"].panels["A1"]
    assert (kept.current.results, kept.superseded[0].results) == ((AGAIN,), (result(),))
    (change,) = kept.changes
    assert (change.kind, change.before, change.by) == (ChangeKind.REPEATED, result(), LB.id)
    assert kept.written_by == {SC.id, LB.id}


def test_the_same_value_measured_again_is_a_repeat_too() -> None:
    same = replace(AGAIN, value=Decimal(68))
    story = given(ENTERED).when(repeat(result=same), LB, reason=why())
    story.then([LabResultRepeated(3, "A1", STANDING, same)], corrects=story.past())


@pytest.mark.parametrize("changed", [True, False])
def test_a_correction_names_the_statement_that_set_this_result(changed: bool) -> None:  # noqa: FBT001 - a case
    """Not the newest statement about the panel: what was signed over the wrong value is what changed."""
    late = on("S01", LateResultReported(3, "A1", ALBUMIN), by=SC)
    events = [*ENTERED, late, on("S01", LabResultRepeated(3, "A1", STANDING, AGAIN), by=LB)]
    before = AGAIN if changed else ALBUMIN
    old, new = (Quantity(value, before.unit) for value in (before.value, before.value + 1))
    asked = CorrectLabResult("S01", 3, "A1", before.analyte, old, new, "report 7")
    story = given(events).when(asked, LB, reason=why())
    made = LabResultCorrected(3, "A1", before.analyte, old, new, "report 7")
    story.then([made], corrects=story.past(0 if changed else 1))


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (repeat(result=replace(AGAIN, resulted_at=RESULTED)), "REPEAT_BEFORE_RESULT"),
        (repeat(old=Quantity(Decimal(69), "umol/L")), "STALE_VALUE"),
        (repeat(old=Quantity(Decimal(68), "mg/dL")), "STALE_VALUE"),
        (repeat(result=replace(AGAIN, analyte="albumin")), "UNKNOWN_RESULT"),
        (repeat(visit=None), "UNKNOWN_RESULT"),
        (repeat(result=replace(AGAIN, value=Decimal(0))), "NON_POSITIVE"),
        (repeat(subject_key="S99"), "UNKNOWN_SUBJECT"),
    ],
)
def test_a_bad_repeat_is_refused(asked: RepeatLabResult, code: str) -> None:
    given(ENTERED).when(asked, LB, reason=why()).refused(code)


def test_a_repeat_needs_a_reason() -> None:
    given(ENTERED).when(repeat(), LB).refused("REASON_REQUIRED")


def test_a_redraw_after_consent_was_taken_back_is_refused() -> None:
    story = given([*ENTERED, TAKEN_BACK]).when(repeat(), LB, reason=why())
    story.refused("CONSENT_WITHDRAWN")


# -- corrections ----------------------------------------------------------------------------------------


def test_a_correction_names_its_source_and_nobody_in_it() -> None:
    asked = CorrectLabResult(
        "S01", 3, "A1", "creatinine", STANDING, Quantity(Decimal(86), "umol/L"), "printout"
    )
    given(ENTERED).when(replace(asked, source=" "), SC, reason=why()).refused("SOURCE_REQUIRED")
    named = replace(asked, source="card 110101199003071234")
    given(ENTERED).when(named, SC, reason=why()).refused("PII_SUSPECTED")


# -- reviews --------------------------------------------------------------------------------------------

HARMLESS = (LabFinding("creatinine", Significance.NOT_SIGNIFICANT),)
GRAVE = (LabFinding("creatinine", Significance.SIGNIFICANT),)


def review(**fields: Any) -> ReviewLab:
    return replace(ReviewLab("S01", 3, "A1", HARMLESS, None), **fields)


@pytest.mark.parametrize("reviewer", [SI, PI], ids=["SI", "PI"])
def test_an_investigator_reviews(reviewer: Any) -> None:
    given(ENTERED).when(review(), reviewer).then([LabReviewed(3, "A1", HARMLESS, None)])


def test_a_significant_result_needs_an_action() -> None:
    given(ENTERED).when(review(findings=GRAVE), SI).refused("ACTION_REQUIRED")
    given(ENTERED).when(review(findings=GRAVE, action=" "), SI).refused("ACTION_REQUIRED")
    acted = review(findings=GRAVE, action="fluids")
    given(ENTERED).when(acted, SI).then([LabReviewed(3, "A1", GRAVE, "fluids")])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (review(findings=()), "NO_RESULTS"),
        (review(findings=HARMLESS + GRAVE), "DUPLICATE_ANALYTE"),
        (review(findings=(LabFinding("alt", Significance.NOT_SIGNIFICANT),)), "UNKNOWN_RESULT"),
        (review(specimen_set="B1"), "UNKNOWN_RESULT"),
        (review(subject_key="S99"), "UNKNOWN_SUBJECT"),
        (review(action="call 13812345678"), "PII_SUSPECTED"),
    ],
)
def test_a_bad_review_is_refused(asked: ReviewLab, code: str) -> None:
    given(ENTERED).when(asked, SI).refused(code)


def test_nobody_reviews_what_they_entered_or_changed() -> None:
    given(ENTERED).when(review(), SC).refused("SOD_VIOLATION")
    new = Quantity(Decimal(86), "umol/L")
    changed = LabResultCorrected(3, "A1", "creatinine", STANDING, new, "printout")
    given([*ENTERED, on("S01", changed, by=SI)]).when(review(), SI).refused("SOD_VIOLATION")


def test_a_review_goes_stale_when_a_result_changes() -> None:
    reviewed = [*ENTERED, on("S01", LabReviewed(3, "A1", HARMLESS, None), by=SI)]
    repeated = on("S01", LabResultRepeated(3, "A1", STANDING, AGAIN), by=LB)
    before, after = (
        given(events).trial.casebooks["S01"].panels["A1"].reviews
        for events in (reviewed, [*reviewed, repeated])
    )
    assert [(r.by, r.stale) for r in (*before, *after)] == [(SI.id, False), (SI.id, True)]
