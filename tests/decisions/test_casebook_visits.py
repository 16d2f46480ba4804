"""Visits, medication, deviations, improvement: in the schedule, once, with their reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.trial.casebook.commands import (
    AssessClinicalImprovement,
    AssessDeviation,
    EndMedication,
    RecordDeviation,
    RecordMedication,
    RecordMissedVisit,
    RecordVisit,
    ReportHlaAntibodies,
)
from core.trial.casebook.events import (
    AntibodyClass,
    ClinicalImprovementAssessed,
    DeviationAssessed,
    DeviationCategory,
    DeviationRecorded,
    DeviationSeverity,
    LabPanelReported,
    LabResult,
    MedicationClass,
    MedicationEnded,
    MedicationRecorded,
    VisitMissed,
    VisitRecorded,
)
from core.trial.subject.events import (
    ConsentScope,
    ConsentWithdrawn,
    DeathRecorded,
    LiverTransplantRecorded,
)
from tests.support.given import LONG_AFTER, MM, PI, SC, SI, START, dosed, enrolled, given, on

DAY = timedelta(days=1)
DAY_ZERO = date(2024, 3, 1)
KNOWN = dosed("S01")
TODAY = LONG_AFTER.date()


def day(number: int) -> date:
    return DAY_ZERO + number * DAY


def at_noon(number: int) -> datetime:
    return datetime(2024, 3, 1, 4, 0, tzinfo=UTC) + number * DAY


# -- visits ---------------------------------------------------------------------------------------------


def visit(**fields: Any) -> RecordVisit:
    return replace(RecordVisit("S01", 7, day(7), ("labs",), None), **fields)


HELD = VisitRecorded(7, day(7), ("labs",), None)


def test_a_visit_is_recorded() -> None:
    given(KNOWN).when(visit(), SC).then([HELD])


def test_a_visit_out_of_its_window_is_taken_all_the_same() -> None:
    given(KNOWN).when(visit(visited_on=day(20)), SC).then([replace(HELD, visited_on=day(20))])


def test_an_unscheduled_visit_needs_no_dose_and_can_be_repeated() -> None:
    asked = visit(visit=None, visited_on=DAY_ZERO)
    event = VisitRecorded(None, DAY_ZERO, ("labs",), None)
    given([*enrolled("S01"), on("S01", event, by=SC)]).when(asked, SC).then([event])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (visit(visit=8), "UNKNOWN_VISIT"),
        (visit(visited_on=DAY_ZERO - DAY), "BEFORE_DOSE"),
        (visit(visited_on=TODAY + DAY), "FUTURE_TIME"),
        (visit(assessments=("labs", "labs")), "UNKNOWN_ASSESSMENT"),
        (visit(assessments=("mood",)), "UNKNOWN_ASSESSMENT"),
        (visit(notes="call 138 1234 5678"), "PII_SUSPECTED"),
        (visit(subject_key="S99"), "UNKNOWN_SUBJECT"),
    ],
)
def test_a_bad_visit_is_refused(asked: RecordVisit, code: str) -> None:
    given(KNOWN).when(asked, SC).refused(code)


def test_a_scheduled_visit_needs_a_dose() -> None:
    given(enrolled("S01")).when(visit(), SC).refused("ILLEGAL_SEQUENCE")


def test_a_visit_is_recorded_once() -> None:
    given([*KNOWN, on("S01", HELD, by=SC)]).when(visit(), SC).refused("DUPLICATE_VISIT")


def test_a_visit_form_may_follow_its_panel() -> None:
    given([*KNOWN, on("S01", panel_of(7), by=SC)]).when(visit(), SC).then([HELD])


def test_nobody_visits_after_their_death() -> None:
    died = on("S01", DeathRecorded(day(6), None, related=False))
    given([*KNOWN, died]).when(visit(), SC).refused("CONTRADICTS_DEATH")
    given([*KNOWN, died]).when(visit(visited_on=day(6)), SC).then([replace(HELD, visited_on=day(6))])


def test_a_visit_needs_consent() -> None:
    taken_back = on("S01", ConsentWithdrawn(ConsentScope.ALL_PROCEDURES), at=at_noon(7))
    given([*KNOWN, taken_back]).when(visit(), SC).refused("CONSENT_WITHDRAWN")
    given(KNOWN).when(visit(), SC, at=START - DAY, now=LONG_AFTER).refused("CONSENT_MISSING")


def panel_of(number: int) -> LabPanelReported:
    moment = at_noon(number)
    one = LabResult("creatinine", Decimal(68), "umol/L", f"V{number}", moment, moment)
    return LabPanelReported(number, f"V{number}", moment, moment, (one,), False, False)  # noqa: FBT003 - no dialysis


MISSED = VisitMissed(7, "in hospital elsewhere")


def missed(**fields: Any) -> RecordMissedVisit:
    return replace(RecordMissedVisit("S01", 7, MISSED.cause), **fields)


def test_a_visit_is_missed_once_its_window_is_over() -> None:
    """Visit 7 may be held up to day 8, to its last moment at the site."""
    last_moment = datetime(2024, 3, 9, 15, 59, 59, 999000, tzinfo=UTC)
    given(KNOWN).when(missed(), SC, at=last_moment).refused("VISIT_WINDOW_OPEN")
    given(KNOWN).when(missed(), SC, at=last_moment + timedelta(milliseconds=1)).then([MISSED])


@pytest.mark.parametrize("held", [HELD, MISSED, panel_of(7)])
def test_a_visit_that_is_in_the_record_was_not_missed(held: Any) -> None:
    given([*KNOWN, on("S01", held, by=SC)]).when(missed(), SC).refused("DUPLICATE_VISIT")


def test_what_was_recorded_as_missed_was_not_held() -> None:
    given([*KNOWN, on("S01", MISSED, by=SC)]).when(visit(), SC).refused("DUPLICATE_VISIT")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (missed(visit=8), "UNKNOWN_VISIT"),
        (missed(cause=" "), "BAD_TEXT"),
        (missed(cause="card 110101199003071234"), "PII_SUSPECTED"),
        (missed(subject_key="S99"), "UNKNOWN_SUBJECT"),
    ],
)
def test_a_bad_miss_is_refused(asked: RecordMissedVisit, code: str) -> None:
    given(KNOWN).when(asked, SC).refused(code)


def test_only_the_dosed_miss_visits() -> None:
    given(enrolled("S01")).when(missed(), SC).refused("ILLEGAL_SEQUENCE")


# -- medication -----------------------------------------------------------------------------------------

HEPARIN = MedicationRecorded("M1", "heparin", MedicationClass.ANTICOAGULANT, day(0), None)


def medication(**fields: Any) -> RecordMedication:
    h = HEPARIN
    return replace(
        RecordMedication("S01", h.medication_id, h.name, h.medication_class, h.start, h.end), **fields
    )


def test_a_medication_is_recorded_and_ended() -> None:
    given(KNOWN).when(medication(), SC).then([HEPARIN])
    ongoing = [*KNOWN, on("S01", HEPARIN, by=SC)]
    story = given(ongoing).when(EndMedication("S01", "M1", day(3)), SC)
    story.then([MedicationEnded("M1", day(3))], corrects=story.past())


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (medication(end=day(-1)), "END_BEFORE_START"),
        (medication(start=TODAY + DAY), "FUTURE_TIME"),
        (medication(end=TODAY + DAY), "FUTURE_TIME"),
        (medication(name=""), "BAD_TEXT"),
        (medication(name="13812345678"), "PII_SUSPECTED"),
        (medication(medication_id="1"), "BAD_IDENTIFIER"),
        (medication(subject_key="S99"), "UNKNOWN_SUBJECT"),
    ],
)
def test_a_bad_medication_is_refused(asked: RecordMedication, code: str) -> None:
    given(KNOWN).when(asked, SC).refused(code)


def test_a_medication_may_last_one_day() -> None:
    given(KNOWN).when(medication(end=day(0)), SC).then([replace(HEPARIN, end=day(0))])


def test_a_medication_has_one_entry_and_one_end() -> None:
    ongoing = [*KNOWN, on("S01", HEPARIN, by=SC)]
    given(ongoing).when(medication(), SC).refused("DUPLICATE_MEDICATION")
    given(ongoing).when(EndMedication("S01", "M2", day(3)), SC).refused("UNKNOWN_MEDICATION")
    given(ongoing).when(EndMedication("S01", "M1", day(-1)), SC).refused("END_BEFORE_START")
    given(ongoing).when(EndMedication("S01", "M1", TODAY + DAY), SC).refused("FUTURE_TIME")
    given(ongoing).when(EndMedication("S99", "M1", day(3)), SC).refused("UNKNOWN_SUBJECT")
    ended = [*ongoing, on("S01", MedicationEnded("M1", day(3)), by=SC)]
    given(ended).when(EndMedication("S01", "M1", day(4)), SC).refused("ILLEGAL_SEQUENCE")


# -- deviations -----------------------------------------------------------------------------------------

FOUND = DeviationRecorded("D1", DeviationCategory.VISIT, "visit 7 at home", day(9), DeviationSeverity.MINOR)
JUDGED = DeviationAssessed("D1", DeviationSeverity.MAJOR, "no labs", "training")


def deviation(**fields: Any) -> RecordDeviation:
    f = FOUND
    asked = RecordDeviation("S01", f.deviation_id, f.category, f.description, f.found_on, f.severity)
    return replace(asked, **fields)


def assessment(**fields: Any) -> AssessDeviation:
    return replace(AssessDeviation("S01", "D1", JUDGED.severity, JUDGED.impact, JUDGED.action), **fields)


def test_a_deviation_is_recorded_and_assessed_by_another() -> None:
    given(KNOWN).when(deviation(), SC).then([FOUND])
    given([*KNOWN, on("S01", FOUND, by=SC)]).when(assessment(), MM).then([JUDGED])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (deviation(description=""), "BAD_TEXT"),
        (deviation(description="13812345678"), "PII_SUSPECTED"),
        (deviation(found_on=TODAY + DAY), "FUTURE_TIME"),
        (deviation(deviation_id="-"), "BAD_IDENTIFIER"),
        (deviation(subject_key="S99"), "UNKNOWN_SUBJECT"),
    ],
)
def test_a_bad_deviation_is_refused(asked: RecordDeviation, code: str) -> None:
    given(KNOWN).when(asked, SC).refused(code)


def test_a_deviation_is_recorded_and_assessed_once_by_two() -> None:
    found = [*KNOWN, on("S01", FOUND, by=PI)]
    given(found).when(deviation(), SC).refused("DUPLICATE_DEVIATION")
    given(found).when(assessment(deviation_id="D2"), MM).refused("UNKNOWN_DEVIATION")
    given(found).when(assessment(subject_key="S99"), MM).refused("UNKNOWN_SUBJECT")
    given(found).when(assessment(), PI).refused("SOD_VIOLATION")
    given(found).when(assessment(impact=""), MM).refused("BAD_TEXT")
    given(found).when(assessment(action="13812345678"), MM).refused("PII_SUSPECTED")
    given([*found, on("S01", JUDGED, by=MM)]).when(assessment(), MM).refused("ALREADY_RECORDED")


# -- antibodies and improvement -------------------------------------------------------------------------


def test_antibodies_are_judged_by_the_threshold_of_the_protocol_and_with_consent() -> None:
    found = AntibodyClass(Decimal(310), Decimal(0), ())
    asked = ReportHlaAntibodies("S01", 0, "single_antigen_bead", None, None, Decimal(999), found, found)
    given(KNOWN).when(asked, SC).refused("THRESHOLD_DIFFERS")
    given(KNOWN).when(asked, SC, at=START - DAY, now=LONG_AFTER).refused("CONSENT_MISSING")
    taken_back = on("S01", ConsentWithdrawn(ConsentScope.ALL_PROCEDURES), at=at_noon(7))
    given([*KNOWN, taken_back]).when(asked, SC).refused("CONSENT_WITHDRAWN")
    twice = replace(found, specificities=("A*02:01", "A*02:01"))
    given(KNOWN).when(replace(asked, class_i=twice), SC).refused("IMPLAUSIBLE")


IMPROVED = ClinicalImprovementAssessed(60, "China 2018 2.6.2.2", True, None, False, "ward round")  # noqa: FBT003 - truth values


def improvement(**fields: Any) -> AssessClinicalImprovement:
    i = IMPROVED
    asked = AssessClinicalImprovement(
        "S01",
        i.visit,
        i.guideline,
        i.symptoms_improved,
        i.encephalopathy_resolved,
        i.jaundice_and_ascites_improved,
        i.evidence,
    )
    return replace(asked, **fields)


def test_improvement_is_attested() -> None:
    given(KNOWN).when(improvement(), SI).then([IMPROVED])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (improvement(guideline="China 2024"), "GUIDELINE_DIFFERS"),
        (improvement(visit=28), "UNKNOWN_VISIT"),
        (improvement(visit=61), "UNKNOWN_VISIT"),
        (improvement(evidence=""), "BAD_TEXT"),
        (improvement(evidence="13812345678"), "PII_SUSPECTED"),
        (improvement(subject_key="S99"), "UNKNOWN_SUBJECT"),
    ],
)
def test_a_bad_assessment_is_refused(asked: AssessClinicalImprovement, code: str) -> None:
    given(KNOWN).when(asked, SI).refused(code)


def test_improvement_is_assessed_once_of_the_dosed_with_consent() -> None:
    given([*KNOWN, on("S01", IMPROVED, by=SI)]).when(improvement(), SI).refused("DUPLICATE_VISIT")
    given(enrolled("S01")).when(improvement(), SI).refused("ILLEGAL_SEQUENCE")
    given(KNOWN).when(improvement(), SI, at=START - DAY, now=LONG_AFTER).refused("CONSENT_MISSING")
    taken_back = on("S01", ConsentWithdrawn(ConsentScope.ALL_PROCEDURES), at=at_noon(7))
    given([*KNOWN, taken_back]).when(improvement(), SI).refused("CONSENT_WITHDRAWN")


@pytest.mark.parametrize(("number", "code"), [(60, "EFFICACY_CENSORED"), (61, None)])
def test_after_a_transplant_improvement_says_nothing_about_the_cells(number: int, code: str | None) -> None:
    story = given([*KNOWN, on("S01", LiverTransplantRecorded(day(number)))]).when(improvement(), SI)
    story.refused(code) if code else story.then([IMPROVED])
