"""Labs, visits, deviations, antibodies, improvement, survival and casebook after made-up events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from core.kernel import streams
from core.kernel.quantities import Quantity
from core.trial.casebook.events import (
    AntibodyClass,
    ClinicalImprovementAssessed,
    DeviationAssessed,
    DeviationCategory,
    DeviationRecorded,
    DeviationSeverity,
    HlaAntibodyReported,
    LabFinding,
    LabPanelReported,
    LabResult,
    LabResultCorrected,
    LabResultRepeated,
    LabReviewed,
    LateResultReported,
    MedicationClass,
    MedicationRecorded,
    Significance,
    VisitMissed,
    VisitRecorded,
    VitalStatusRecorded,
)
from core.trial.study.config import ReferenceRange, SurvivalRules, VisitWindow
from core.trial.study.events import VisitWindowsAmended
from core.trial.subject.events import (
    ConsentScope,
    ConsentWithdrawn,
    DeathRecorded,
    DispositionCorrected,
    DispositionKind,
    DltWindowCompleted,
    LiverTransplantRecorded,
    LostToFollowUpRecorded,
    SubjectWithdrawn,
)
from tests.support.given import LB, NCT05727722, PI, SC, SI, START, Past, administered, dosed, given, on
from tests.views.told import read_after

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


def day(number: int) -> date:
    return DAY_ZERO + number * DAY


def at_noon(number: int) -> datetime:
    return datetime(2024, 3, 1, 4, 0, tzinfo=UTC) + number * DAY


def result(
    analyte: str, value: str, moment: datetime, specimen_set: str, unit: str | None = None
) -> LabResult:
    return LabResult(analyte, Decimal(value), unit or UNITS[analyte], specimen_set, moment, moment)


def panel(number: int, *, visit: int | None = -1, **values: str) -> Past:
    """Return a panel drawn at noon of a study day, entered at once."""
    moment, name = at_noon(number), f"A{number}" if number >= 0 else f"B{-number}"
    results = tuple(result(analyte, value, moment, name) for analyte, value in values.items())
    event = LabPanelReported(number if visit == -1 else visit, name, moment, moment, results, False, False)  # noqa: FBT003 - no dialysis
    return on("S01", event, by=SC, at=moment)


def with_values(number: int, values: dict[str, str]) -> Past:
    """Return a panel of a study day with the values of these analytes."""
    return panel(number, visit=-1, **values)


def one(rows: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    (found,) = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return found


# -- labs -----------------------------------------------------------------------------------------------


def test_a_value_is_kept_as_received_and_converted_by_a_named_set() -> None:
    moment = at_noon(0)
    received = result("creatinine", "1.0", moment, "A0", "mg/dL")
    event = LabPanelReported(0, "A0", moment, moment, (received,), False, False)  # noqa: FBT003 - no dialysis
    (row,) = read_after([*KNOWN, on("S01", event, by=SC)], "labs")
    assert (row["value"], row["unit"]) == ("1.0", "mg/dL")
    assert row["converted"] == {"value": "88.4", "unit": "umol/L", "factor_set": "lab-factors/1"}


@pytest.mark.parametrize(
    ("value", "flag"), [("129.9", "low"), ("130", "normal"), ("175", "normal"), ("175.1", "high")]
)
def test_a_value_on_a_limit_is_normal_and_the_range_is_that_of_the_sex(value: str, flag: str) -> None:
    """The example subject is a man; haemoglobin of men is 130 to 175 g/L."""
    (row,) = read_after([*KNOWN, panel(1, haemoglobin=value)], "labs")
    assert (row["reference"]["sex"], row["flag"]) == ("M", flag)


def test_without_a_range_nothing_is_flagged() -> None:
    bare = replace(NCT05727722, reference_ranges=())
    (row,) = read_after([*KNOWN, panel(1, alt="999")], "labs", study=bare)
    assert (row["reference"], row["flag"], row["ctcae"]) == (None, None, [])


def test_the_range_of_the_signed_configuration_is_used_in_its_own_unit() -> None:
    in_mg = ReferenceRange("creatinine", "mg/dL", None, Decimal("0.5"), Decimal("1.0"))
    other = replace(NCT05727722, reference_ranges=(in_mg,))
    rows = read_after([*KNOWN, panel(1, creatinine="88.4"), panel(2, creatinine="88.5")], "labs", study=other)
    assert [row["flag"] for row in rows] == ["normal", "high"]


def test_the_baseline_is_the_last_value_before_dosing_whenever_it_was_entered() -> None:
    """Dosed at 09:00 on day 0; noon of day 0 is after it."""
    events = [*KNOWN, panel(7, alt="300"), panel(0, alt="90"), panel(-1, alt="80"), panel(-2, alt="60")]
    row = one(read_after(events, "labs"), visit=7)
    assert row["baseline"]["value"] == "80"
    # 3.75 times an abnormal baseline of 80 (limit 40): above 3, not above 5.
    assert [(s["term"], s["grade"]) for s in row["ctcae"]] == [("Alanine aminotransferase increased", 2)]
    # By the normal range 300 would be 7.5 x ULN, grade 3; so it reads while there is no dose.
    undosed = read_after([*KNOWN[:-1], *events[len(KNOWN) :]], "labs")
    assert one(undosed, visit=7)["baseline"] is None
    assert one(undosed, visit=7)["ctcae"][0]["grade"] == 3


def test_a_value_drawn_as_the_dose_began_is_still_baseline() -> None:
    at_dose = LabPanelReported(0, "Z", START, START, (result("alt", "50", START, "Z"),), False, False)  # noqa: FBT003 - no dialysis
    rows = read_after([*KNOWN, on("S01", at_dose, by=SC), panel(7, alt="60")], "labs")
    assert one(rows, visit=7)["baseline"]["value"] == "50"


@pytest.mark.parametrize(("first", "last", "grade"), [(0, 6, 1), (0, 7, 0), (7, 7, 0), (8, 9, 1)])
def test_an_anticoagulant_counts_on_the_days_on_which_it_was_taken(first: int, last: int, grade: int) -> None:
    """INR 1.4 is grade 1 by its number (> 1.2 - 1.5); on an anticoagulant only against the baseline 1.5."""
    heparin = MedicationRecorded("M1", "heparin", MedicationClass.ANTICOAGULANT, day(first), day(last))
    events = [*KNOWN, panel(-1, inr="1.5"), panel(7, inr="1.4"), on("S01", heparin, by=SC)]
    assert one(read_after(events, "labs"), visit=7)["ctcae"][0]["grade"] == grade


def test_another_medication_is_no_anticoagulant() -> None:
    insulin = MedicationRecorded("M1", "insulin", MedicationClass.INSULIN, day(0), None)
    events = [*KNOWN, panel(-1, inr="1.5"), panel(7, inr="1.4"), on("S01", insulin, by=SC)]
    assert one(read_after(events, "labs"), visit=7)["ctcae"][0]["grade"] == 1


def test_corrections_and_repeats_are_listed_in_order_and_late_results_replace_nothing() -> None:
    moment = at_noon(7)
    corrected = LabResultCorrected(
        7, "A7", "alt", Quantity(Decimal(520), "U/L"), Quantity(Decimal(205), "U/L"), "printout"
    )
    again = replace(result("alt", "190", moment, "A7"), resulted_at=moment + timedelta(hours=1))
    repeated = LabResultRepeated(7, "A7", Quantity(Decimal(205), "U/L"), again)
    late = LateResultReported(7, "A7", result("albumin", "31", moment, "A7"))
    events = [*KNOWN, panel(7, alt="520"), *(on("S01", e, by=LB) for e in (corrected, repeated, late))]
    rows = read_after(events, "labs")
    alt, albumin = one(rows, analyte="alt"), one(rows, analyte="albumin")
    assert (alt["value"], albumin["value"], albumin["superseded"]) == ("190", "31", [])
    first = len(given().base) + len(KNOWN) + 2
    assert [(s["value"], s["kind"], s["position"], s["source"]) for s in alt["superseded"]] == [
        ("520", "corrected", first, "printout"),
        ("205", "repeated", first + 1, None),
    ]


def test_a_review_stands_beside_its_results_and_goes_stale() -> None:
    reviewed = LabReviewed(7, "A7", (LabFinding("alt", Significance.SIGNIFICANT),), "stop drug")
    events = [*KNOWN, panel(7, alt="520", albumin="31"), on("S01", reviewed, by=SI)]
    rows = read_after(events, "labs")
    assert one(rows, analyte="albumin")["review"] is None
    review = one(rows, analyte="alt")["review"]
    assert (review["significance"], review["by"], review["action"], review["stale"]) == (
        "CS",
        SI.id,
        "stop drug",
        False,
    )
    late = LateResultReported(7, "A7", result("inr", "1.1", at_noon(7), "A7"))
    assert one(read_after([*events, on("S01", late, by=LB)], "labs"), analyte="alt")["review"]["stale"]


LATE = [("bilirubin", "212"), ("inr", "1.62"), ("sodium", "134"), ("albumin", "31"), ("alt", "80")]


@settings(max_examples=30, deadline=None)
@for_all(st.permutations(LATE), st.integers(0, len(LATE)))
def test_the_order_in_which_late_results_are_entered_changes_no_row(
    order: list[tuple[str, str]], split: int
) -> None:
    """Whether with the panel or late, in whatever order: the rows of labs and of meld are the same."""
    whole = [*KNOWN, with_values(7, {"creatinine": "68", **dict(LATE)})]
    with_panel, later = order[:split], order[split:]
    moment = at_noon(7)
    events = [
        *KNOWN,
        with_values(7, {"creatinine": "68", **dict(with_panel)}),
        *(
            on("S01", LateResultReported(7, "A7", result(analyte, value, moment, "A7")), by=LB)
            for analyte, value in later
        ),
    ]
    told, known = read_after(events, "labs"), read_after(whole, "labs")
    assert [{**row, "signature": ...} for row in told] == [{**row, "signature": ...} for row in known]
    scores = [
        {name: row[name] for name in ("computable", "meld", "meld_na", "meld3")}
        for told in (events, whole)
        for row in read_after(told, "meld")
    ]
    assert scores[0] == scores[1]


MELD_VALUES = {"bilirubin": "212", "inr": "1.62", "sodium": "134", "albumin": "31"}


def test_the_change_of_meld_follows_repeats_and_uses_the_last_score_before_dosing() -> None:
    """MELD of 12.40 mg/dL bilirubin and INR 1.62: 21 with creatinine below 1 mg/dL, 29 with 2.26 mg/dL."""
    before = [
        *KNOWN,
        with_values(-2, {"creatinine": "200", **MELD_VALUES}),
        with_values(-1, {"creatinine": "68", **MELD_VALUES}),
    ]
    events = [*before, with_values(7, {"creatinine": "200", **MELD_VALUES})]
    (row,) = read_after(events, "meld-delta")
    assert (row["visit"], row["baseline"], row["score"], row["delta"]) == (7, 21, 29, 8)
    moment = at_noon(7)
    again = replace(result("creatinine", "68", moment, "A7"), resulted_at=moment + timedelta(hours=1))
    repeated = LabResultRepeated(7, "A7", Quantity(Decimal(200), "umol/L"), again)
    (after,) = read_after([*events, on("S01", repeated, by=LB)], "meld-delta")
    assert after["deltas"] == {"meld": 0, "meld_na": 0, "meld3": 0}


def test_a_repeat_after_six_hours_takes_the_score_away() -> None:
    moment = at_noon(7)
    events = [
        *KNOWN,
        with_values(-1, {"creatinine": "68", **MELD_VALUES}),
        with_values(7, {"creatinine": "68", **MELD_VALUES}),
    ]
    again = replace(
        result("creatinine", "68", moment, "A7"), resulted_at=moment + timedelta(hours=6, milliseconds=1)
    )
    repeated = LabResultRepeated(7, "A7", Quantity(Decimal(68), "umol/L"), again)
    told = [*events, on("S01", repeated, by=LB)]
    assert one(read_after(told, "meld"), visit=7)["reason"] == "RESULT_LATER_THAN_6H:creatinine"
    assert one(read_after(told, "meld-delta"), visit=7)["delta"] is None


# -- visits and deviations ------------------------------------------------------------------------------


def statuses(events: list[Any], moment: datetime, **config: Any) -> dict[int, str]:
    study = replace(NCT05727722, **config)
    return {row["visit"]: row["status"] for row in read_after(events, "visits", moment, study)}


def test_visits_become_due_and_missed_as_time_passes() -> None:
    assert statuses(KNOWN, at_noon(2)) == {
        0: "missed",
        1: "missed",
        3: "due",
        7: "not_yet",
        14: "not_yet",
        28: "not_yet",
        60: "not_yet",
    }


@pytest.mark.parametrize(
    ("number", "status"), [(5, "out_of_window"), (6, "done"), (8, "done"), (9, "out_of_window")]
)
def test_a_draw_dates_its_visit(number: int, status: str) -> None:
    assert statuses([*KNOWN, panel(number, visit=7, alt="40")], at_noon(90))[7] == status


def test_the_form_of_a_visit_outranks_its_draws_and_the_first_draw_the_others() -> None:
    draws = [panel(9, visit=7, alt="40"), panel(8, visit=7, alt="40")]
    assert statuses([*KNOWN, *draws], at_noon(90))[7] == "done"
    form = on("S01", VisitRecorded(7, day(9), ("labs",), None), by=SC, at=at_noon(9))
    assert statuses([*KNOWN, *draws, form], at_noon(90))[7] == "out_of_window"


def test_an_unscheduled_draw_is_no_visit() -> None:
    assert statuses([*KNOWN, panel(7, visit=None, alt="40")], at_noon(90))[7] == "missed"


@pytest.mark.parametrize(
    ("left", "first_gone"),
    [
        (SubjectWithdrawn(day(16), "own wish", dlt_related=False), 14),
        (SubjectWithdrawn(day(17), "own wish", dlt_related=False), 28),
        (DeathRecorded(day(16), None, related=False), 14),
        (LostToFollowUpRecorded(day(16), 1), None),
    ],
)
def test_after_death_or_withdrawal_visits_are_not_applicable(left: Any, first_gone: int | None) -> None:
    """Visit 14 may be held up to day 16."""
    found = statuses([*KNOWN, on("S01", left)], at_noon(90))
    gone = {visit for visit, status in found.items() if status == "not_applicable"}
    assert gone == {visit for visit in found if first_gone is not None and visit >= first_gone}


def test_consent_taken_back_in_whole_ends_the_visits() -> None:
    taken_back = on("S01", ConsentWithdrawn(ConsentScope.ALL_PROCEDURES), at=at_noon(20))
    found = statuses([*KNOWN, taken_back], at_noon(90))
    assert (found[14], found[28], found[60]) == ("missed", "not_applicable", "not_applicable")


@pytest.mark.parametrize(("number", "status"), [(65, "not_applicable"), (66, "missed")])
def test_after_a_transplant_safety_visits_go_on_and_the_efficacy_visit_does_not(
    number: int, status: str
) -> None:
    """Visit 60 asks for improvement and may be held up to day 65; visit 28 asks for safety alone."""
    events = [*KNOWN, on("S01", LiverTransplantRecorded(day(number)))]
    found = statuses(events, at_noon(90))
    assert (found[28], found[60]) == ("missed", status)
    early = statuses([*KNOWN, on("S01", LiverTransplantRecorded(day(2)))], at_noon(90))
    assert (early[28], early[60]) == ("missed", "not_applicable")


def test_an_amended_window_makes_no_missed_visit_good() -> None:
    wider = tuple(VisitWindow(7, 5, 12, w.assessments) if w.day == 7 else w for w in NCT05727722.visits)

    def amended(number: int) -> Past:
        return Past(streams.STUDY, VisitWindowsAmended(2, "digest", wider), PI, at_noon(number))

    held = panel(10, visit=7, alt="40")
    assert statuses([*KNOWN, amended(8), held], at_noon(90))[7] == "done"
    assert statuses([*KNOWN, amended(9), held], at_noon(90))[7] == "out_of_window"


def kinds(events: list[Any], moment: datetime) -> list[tuple[int | None, str]]:
    return [(row["visit"], row["type"]) for row in read_after(events, "deviations", moment)]


ON_DAYS_0_AND_1 = [panel(0, alt="40"), panel(1, alt="40")]


def test_a_recorded_reason_stands_with_the_missed_visit() -> None:
    cause = on("S01", VisitMissed(3, "snow"), by=SC, at=at_noon(5))
    events = [*KNOWN, *ON_DAYS_0_AND_1, cause]
    (row,) = read_after(events, "deviations", at_noon(5))
    assert (row["visit"], row["type"], row["cause"]) == (3, "MISSED_VISIT", "snow")


def test_only_a_visit_with_a_form_lacks_assessments() -> None:
    """Visit 14 asks for labs and hla."""
    events = [*KNOWN, *ON_DAYS_0_AND_1, panel(3, alt="40"), panel(7, alt="40"), panel(14, alt="40")]
    assert kinds(events, at_noon(14)) == []
    assert one(read_after(events, "visits", at_noon(14)), visit=14)["missing_assessments"] == ["hla"]
    form = on("S01", VisitRecorded(14, day(14), ("labs",), None), by=SC, at=at_noon(14))
    assert kinds([*events, form], at_noon(14)) == [(14, "MISSING_ASSESSMENT")]
    found = AntibodyClass(Decimal(0), Decimal(0), ())
    hla = HlaAntibodyReported(14, "bead", None, None, Decimal(1000), found, found)
    assert kinds([*events, form, on("S01", hla, by=SC)], at_noon(14)) == []


def test_after_a_transplant_a_visit_lacks_no_improvement() -> None:
    form = on("S01", VisitRecorded(60, day(60), ("labs", "hla", "vital_status"), None), by=SC, at=at_noon(60))
    wanted = (60, "MISSING_ASSESSMENT")
    assert wanted in kinds([*KNOWN, form], at_noon(60))
    assert wanted in kinds([*KNOWN, form, on("S01", LiverTransplantRecorded(day(61)))], at_noon(61))
    assert wanted not in kinds([*KNOWN, form, on("S01", LiverTransplantRecorded(day(60)))], at_noon(60))


@pytest.mark.parametrize(("late_by", "is_late"), [(timedelta(0), False), (timedelta(milliseconds=1), True)])
def test_a_visit_entered_later_than_a_day_is_a_late_entry(late_by: timedelta, is_late: bool) -> None:  # noqa: FBT001 - a truth value
    drawn = panel(1, alt="40")
    late_panel = replace(drawn, at=at_noon(2) + late_by)
    assert ((1, "LATE_ENTRY") in kinds([*KNOWN, late_panel], at_noon(3))) is is_late
    # A form without a time of day is due by the end of its day, here day 1 at the site.
    midnight = datetime(2024, 3, 2, 16, 0, tzinfo=UTC)
    form = on("S01", VisitRecorded(1, day(1), (), None), by=SC, at=midnight + DAY + late_by)
    assert ((1, "LATE_ENTRY") in kinds([*KNOWN, form], at_noon(4))) is is_late


def test_an_open_window_is_overdue_from_the_day_after_its_last() -> None:
    def overdue(events: list[Any], moment: datetime) -> bool:
        return (None, "DLT_WINDOW_OVERDUE") in kinds(events, moment)

    midnight = datetime(2024, 3, 29, 16, 0, tzinfo=UTC)  # day 28 ends at the site
    assert not overdue(KNOWN, midnight - timedelta(milliseconds=1))
    assert overdue(KNOWN, midnight)
    assert not overdue([*KNOWN, on("S01", DltWindowCompleted(day(28)))], midnight)
    assert not overdue([*KNOWN, on("S01", SubjectWithdrawn(day(9), "own wish", dlt_related=False))], midnight)


@pytest.mark.parametrize(
    ("given_cells", "deviates"),
    [("0.165", False), ("0.1651", True), ("0.135", False), ("0.1349", True)],
)
def test_a_dose_outside_ten_per_cent_of_its_level_is_a_deviation(given_cells: str, deviates: bool) -> None:  # noqa: FBT001 - a truth value
    dose = administered(cells=Quantity(Decimal(given_cells), "10*9"))
    events = [*KNOWN[:-1], on("S01", dose)]
    assert ((0, "DOSE_DEVIATION") in kinds(events, START)) is deviates


def test_what_people_found_is_listed_with_its_assessment() -> None:
    found = DeviationRecorded("D1", DeviationCategory.DOSING, "late", day(1), DeviationSeverity.MINOR)
    judged = DeviationAssessed("D1", DeviationSeverity.MAJOR, "none", "training")
    (before,) = read_after([*KNOWN, on("S01", found)], "deviations", START)
    (after,) = read_after([*KNOWN, on("S01", found), on("S01", judged)], "deviations", START)
    assert (before["type"], before["severity"], before["impact"]) == ("RECORDED", "minor", None)
    assert (after["deviation_id"], after["severity"], after["action"]) == ("D1", "major", "training")


# -- antibodies -----------------------------------------------------------------------------------------


def antibodies(visit: int, mfi: str, *specificities: str) -> Past:
    clean = AntibodyClass(Decimal(0), Decimal(0), ())
    found = AntibodyClass(Decimal(mfi), Decimal(0), specificities)
    return on("S01", HlaAntibodyReported(visit, "bead", "HLA lab", "K1", Decimal(1000), found, clean), by=SC)


@pytest.mark.parametrize(
    ("mfi", "specificities", "against_donor"),
    [
        ("999", ("A*02:01",), False),  # negative
        ("1000", ("A*02:01",), True),
        ("1000", ("A*02",), True),
        ("1000", ("A*0",), False),
        ("1000", ("B*99:01",), False),
        ("1000", (), None),
    ],
)
def test_antibodies_against_the_donor_are_flagged(
    mfi: str,
    specificities: tuple[str, ...],
    against_donor: bool | None,  # noqa: FBT001 - a truth value
) -> None:
    """The example lot's donor is typed; its first allele is A*02:01."""
    rows = read_after([*KNOWN, antibodies(14, mfi, *specificities)], "hla")
    assert one(rows, **{"class": "class_I"})["donor_specific"] is against_donor


def test_visits_are_judged_in_their_order_not_in_that_of_entry() -> None:
    rows = read_after([*KNOWN, antibodies(28, "1000"), antibodies(14, "1000"), antibodies(0, "999")], "hla")
    found = [(row["visit"], row["status"]) for row in rows if row["class"] == "class_I"]
    assert found == [(0, "negative"), (14, "positive_de_novo"), (28, "positive")]


# -- improvement ----------------------------------------------------------------------------------------


def improvement(*events: Any, **config: Any) -> dict[str, Any]:
    (row,) = read_after([*KNOWN, *events], "improvement", study=replace(NCT05727722, **config))
    return row


def attested(*, symptoms: bool | None, encephalopathy: bool | None, jaundice: bool | None) -> Past:
    said = ClinicalImprovementAssessed(
        60, NCT05727722.improvement.guideline, symptoms, encephalopathy, jaundice, "ward round"
    )
    return on("S01", said, by=SI)


BEFORE = panel(-1, bilirubin="300", inr="2.0")


@pytest.mark.parametrize(
    ("bilirubin", "inr", "met"),
    [("102.4", "1.49", True), ("102.5", "1.49", False), ("102.4", "1.5", False)],
)
def test_the_laboratory_part_has_strict_limits(bilirubin: str, inr: str, met: bool) -> None:  # noqa: FBT001 - a truth value
    """5 x 20.5 = 102.5 umol/L."""
    row = improvement(BEFORE, panel(60, bilirubin=bilirubin, inr=inr, pta="40"))
    assert row["lab_part_met"] is met


ACTIVITIES: tuple[dict[str, str], ...] = ({"pta": "40.1"}, {})


def test_activity_above_its_limit_does_instead_of_the_inr_and_unknown_is_neither() -> None:
    found = [
        improvement(BEFORE, with_values(60, {"bilirubin": "50", "inr": "1.5", **activity}))["lab_part_met"]
        for activity in ACTIVITIES
    ]
    assert found == [True, None]


def test_a_baseline_below_the_limit_needs_a_fall() -> None:
    low = panel(-1, bilirubin="90", inr="1.4")
    same = improvement(low, panel(60, bilirubin="90", inr="1.4"))
    fallen = improvement(low, panel(60, bilirubin="89", inr="1.4"))
    assert [(row["fall_needed"], row["lab_part_met"]) for row in (same, fallen)] == [
        (True, False),
        (True, True),
    ]


@pytest.mark.parametrize(
    ("symptoms", "encephalopathy", "jaundice", "improved"),
    [
        (True, True, True, True),
        (True, None, True, None),
        (True, False, True, False),
        (False, None, True, False),
        (True, True, False, False),
    ],
)
def test_all_three_parts_must_be_met(
    symptoms: bool | None,  # noqa: FBT001 - truth values
    encephalopathy: bool | None,  # noqa: FBT001 - truth values
    jaundice: bool | None,  # noqa: FBT001 - truth values
    improved: bool | None,  # noqa: FBT001 - truth values
) -> None:
    said = attested(symptoms=symptoms, encephalopathy=encephalopathy, jaundice=jaundice)
    row = improvement(BEFORE, panel(60, bilirubin="50", inr="1.1"), said)
    assert (row["improved"], row["attested_by"]) == (improved, SI.id)


def test_without_results_the_laboratory_part_is_not_known() -> None:
    row = improvement(BEFORE, attested(symptoms=True, encephalopathy=True, jaundice=True))
    assert (row["lab_part_met"], row["improved"]) == (None, None)


def test_the_limits_are_those_that_were_signed() -> None:
    rules = replace(NCT05727722.improvement, bilirubin_uln_multiple=Decimal(2), inr=Decimal("1.2"))
    row = improvement(BEFORE, panel(60, bilirubin="41.1", inr="1.1"), improvement=rules)
    assert (row["tbil_lt_2x_uln"], row["inr_lt_1_2"]) == (False, True)


@pytest.mark.parametrize(("number", "censored"), [(60, True), (61, False)])
def test_after_a_transplant_improvement_is_censored(number: int, censored: bool) -> None:  # noqa: FBT001 - a truth value
    row = improvement(
        BEFORE, panel(60, bilirubin="50", inr="1.1"), on("S01", LiverTransplantRecorded(day(number)))
    )
    assert row["censored"] is censored


# -- survival -------------------------------------------------------------------------------------------


def last_interval(*events: Any, view: str = "survival", **config: Any) -> dict[str, int]:
    rows = read_after([*KNOWN, *events], view, study=replace(NCT05727722, **config))
    return {name: sum(row[name] for row in rows) for name in ("deaths", "withdrawn")}


def seen(number: int) -> Past:
    return on("S01", VitalStatusRecorded(number, alive=True))


GONE_ON_DAY_30 = on("S01", SubjectWithdrawn(day(30), "x", dlt_related=False))
NOTHING, DEATH, CENSORED = ({"deaths": d, "withdrawn": w} for d, w in ((0, 0), (1, 0), (0, 1)))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), CENSORED),  # still followed: censored on the last day known alive
        ((seen(59),), CENSORED),
        ((seen(60),), NOTHING),
        ((panel(59, alt="40"),), CENSORED),
        ((panel(60, alt="40"),), NOTHING),
        ((on("S01", VisitRecorded(60, day(60), (), None)),), NOTHING),
        ((on("S01", DeathRecorded(day(60), None, related=False)),), DEATH),
        ((on("S01", DeathRecorded(day(61), None, related=False)),), NOTHING),
        ((GONE_ON_DAY_30,), CENSORED),
        ((GONE_ON_DAY_30, seen(59)), CENSORED),
        ((GONE_ON_DAY_30, seen(60)), NOTHING),
        ((GONE_ON_DAY_30, on("S01", DeathRecorded(day(45), None, related=False))), DEATH),
        ((on("S01", LostToFollowUpRecorded(day(30), 2)),), CENSORED),
        ((on("S01", LostToFollowUpRecorded(day(30), 2)), seen(60)), NOTHING),
        (
            (
                on("S01", LostToFollowUpRecorded(day(30), 2)),
                on("S01", DeathRecorded(day(45), None, related=False)),
            ),
            DEATH,
        ),
        (
            (
                on("S01", LiverTransplantRecorded(day(40))),
                on("S01", DeathRecorded(day(45), None, related=False)),
            ),
            CENSORED,
        ),
        (
            (
                on("S01", LiverTransplantRecorded(day(40))),
                on("S01", DeathRecorded(day(40), None, related=False)),
            ),
            DEATH,
        ),
    ],
)
def test_how_follow_up_ends(events: tuple[Past, ...], expected: dict[str, int]) -> None:
    assert last_interval(*events) == expected


def test_the_signed_reading_of_a_transplant_is_the_primary_one() -> None:
    transplant = on("S01", LiverTransplantRecorded(day(40)))
    as_event = SurvivalRules((30, 60), "event", None)
    assert last_interval(transplant, survival=as_event) == DEATH
    assert (
        read_after([*KNOWN, transplant], "historical-control", study=replace(NCT05727722, survival=as_event))
        == []
    )
    rows = read_after(
        [*KNOWN, transplant], "survival-sensitivity", study=replace(NCT05727722, survival=as_event)
    )
    assert [row["analysis"] for row in rows] == ["transplant_as_censored"] * 2 + ["withdrawal_as_event"] * 2
    assert [(row["start"], row["end"]) for row in rows[:2]] == [(0, 30), (30, 60)]


def test_a_corrected_death_moves_to_its_interval() -> None:
    died = on("S01", DeathRecorded(day(45), None, related=False))
    moved = on("S01", DispositionCorrected(DispositionKind.DEATH, day(45), day(10), "letter"))
    rows = read_after([*KNOWN, died, moved], "survival")
    assert [row["deaths"] for row in rows] == [0, 0, 0, 1, 0, 0]


def test_before_anybody_is_dosed_there_is_a_table_without_estimates() -> None:
    rows = read_after(KNOWN[:-1], "survival")
    assert [(row["n_enter"], row["S"]) for row in rows] == [(0, None)] * 6
    (row,) = read_after(KNOWN[:-1], "historical-control")
    assert (row["n"], row["p_one_sided"]) == (0, None)


# -- subjects and casebook ------------------------------------------------------------------------------


def test_a_lost_subject_reads_so_until_seen_on_the_last_day() -> None:
    lost = on("S01", LostToFollowUpRecorded(day(30), 2))
    (row,) = read_after([*KNOWN, lost], "subjects")
    assert (row["status"], row["last_contact_on"]) == ("lost_to_follow_up", "2024-03-31")
    (found,) = read_after([*KNOWN, lost, seen(60)], "subjects")
    assert found["status"] == "completed_day60"


def test_a_casebook_is_the_subject_s_own_streams_and_all_of_them() -> None:
    died = on("S01", DeathRecorded(day(45), None, related=False))
    moved = on("S01", DispositionCorrected(DispositionKind.DEATH, day(45), day(10), "letter"))
    other = dosed("S02")
    told = [*KNOWN, *other, panel(1, alt="40"), died, moved]
    books = read_after(told, "casebook")
    assert [book["subject_key"] for book in books] == ["S01", "S02"]
    positions = {h["position"] for f in books[0]["forms"] for field in f["fields"] for h in field["history"]}
    expected = [
        number
        for number, past in enumerate([*given().base, *told], 1)
        if past.stream in {"subject/S01", "casebook/S01"}
    ]
    assert positions == set(expected)
    death = one(books[0]["forms"], form="death")
    when = one(death["fields"], field="date")
    assert [h["value"] for h in when["history"]] == ["2024-04-15", "2024-03-11"]
