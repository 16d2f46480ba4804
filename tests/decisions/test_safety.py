"""Adverse events, adjudication, the DLT window and how subjects leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.trial.casebook.events import VitalStatusRecorded
from core.trial.subject import outcome
from core.trial.subject.adverse_events import (
    AdverseEventCorrected,
    AdverseEventReported,
    Seriousness,
)
from core.trial.subject.commands import (
    CompleteDltWindow,
    CorrectAdverseEvent,
    RecordDeath,
    RecordLiverTransplant,
    WithdrawSubject,
)
from core.trial.subject.events import (
    DeathRecorded,
    DltWindowCompleted,
    LiverTransplantRecorded,
    SubjectWithdrawn,
)
from core.trial.subject.field_change import FieldChange
from tests.support.given import (
    PI,
    SC,
    SC2,
    START,
    Past,
    adverse_event,
    completed,
    digest,
    dosed,
    enrolled,
    given,
    judged,
    left_early,
    on,
    report,
    why,
    with_dlt,
)

DOSED = dosed("S01")  # on 2024-03-01 at the site
REPORTED = [*DOSED, on("S01", AdverseEventReported(adverse_event()), by=SC)]
SITE = ZoneInfo("Asia/Shanghai")
TODAY = date(2024, 3, 10)
NOON = datetime(2024, 3, 10, 12, tzinfo=SITE)


HOSPITAL: dict[str, Any] = {
    "serious": True,
    "seriousness_criteria": (Seriousness.HOSPITALISATION,),
    "aware_at": NOON,
}


# -- reporting --------------------------------------------------------------------------------------


def test_an_adverse_event_is_entered() -> None:
    given(DOSED).when(report("S01"), SC).then([AdverseEventReported(adverse_event())])


def test_an_adverse_event_needs_a_screened_subject() -> None:
    given().when(report("S01"), SC).refused("UNKNOWN_SUBJECT")


def test_an_adverse_event_is_entered_once() -> None:
    given(REPORTED).when(report("S01"), SC).refused("DUPLICATE_AE")


INCOHERENT: list[tuple[dict[str, Any], str]] = [
    ({"grade": 0}, "BAD_GRADE"),
    ({"grade": 6}, "BAD_GRADE"),
    ({"baseline_grade": -1}, "BAD_GRADE"),
    ({"baseline_grade": 5}, "BAD_GRADE"),
    ({"ctcae_version": "4.03"}, "CTCAE_VERSION"),
    ({"serious": True}, "SERIOUSNESS_MISMATCH"),
    ({"seriousness_criteria": (Seriousness.HOSPITALISATION,)}, "SERIOUSNESS_MISMATCH"),
    ({"grade": 5}, "GRADE_DEATH_MISMATCH"),
    ({"serious": True, "seriousness_criteria": (Seriousness.DEATH,)}, "GRADE_DEATH_MISMATCH"),
    ({"term": "Pyrexia"}, "UNKNOWN_TERM"),
    ({"term": "fever"}, "UNKNOWN_TERM"),
    ({"term": "Chills", "grade": 4}, "GRADE_NOT_IN_TERM"),
    ({"term": "Sepsis", "soc": "Infections and infestations", "grade": 2}, "GRADE_NOT_IN_TERM"),
    (
        {"term": "Sepsis", "soc": "Infections and infestations", "baseline_grade": 2},
        "GRADE_NOT_IN_TERM",
    ),
    ({"soc": "General disorders"}, "SOC_MISMATCH"),
    ({"soc": "Infections and infestations"}, "SOC_MISMATCH"),
    (
        {"term": "General disorders and administration site conditions - Other, specify"},
        "VERBATIM_REQUIRED",
    ),
    ({"verbatim": " "}, "BAD_TEXT"),
    ({"verbatim": "x" * 301}, "BAD_TEXT"),
    ({"onset_at": datetime(2024, 3, 4, 0, 0, tzinfo=SITE)}, "TIME_NOT_ON_DAY"),
    ({"onset_at": datetime(2024, 3, 2, 23, 59, tzinfo=SITE)}, "TIME_NOT_ON_DAY"),
    ({"onset": TODAY, "onset_at": NOON + timedelta(milliseconds=1)}, "FUTURE_TIME"),
    ({**HOSPITAL, "aware_at": None}, "AWARENESS_REQUIRED"),
    ({**HOSPITAL, "aware_at": NOON + timedelta(milliseconds=1)}, "FUTURE_TIME"),
    ({**HOSPITAL, "aware_at": datetime(2024, 3, 2, 23, 59, tzinfo=SITE)}, "BAD_AWARENESS"),
    ({"onset": TODAY + timedelta(days=1)}, "FUTURE_TIME"),
]


@pytest.mark.parametrize(("fields", "code"), INCOHERENT)
def test_an_entry_that_contradicts_itself_is_refused(fields: dict[str, Any], code: str) -> None:
    given(DOSED).when(report("S01", **fields), SC, at=NOON).refused(code)


@pytest.mark.parametrize(
    "fields",
    [
        {"grade": 1},
        {"grade": 5, **HOSPITAL, "seriousness_criteria": (Seriousness.DEATH,)},
        {"onset": TODAY},
        {"baseline_grade": 4},
        {"onset_at": datetime(2024, 3, 3, 0, 0, tzinfo=SITE)},
        {"onset": TODAY, "onset_at": NOON},
        {**HOSPITAL, "aware_at": NOON},
        {**HOSPITAL, "aware_at": datetime(2024, 3, 3, 0, 0, tzinfo=SITE)},
        {"verbatim": "x" * 300},
        {
            "term": "General disorders and administration site conditions - Other, specify",
            "verbatim": "restlessness",
        },
    ],
)
def test_an_entry_at_the_bounds_is_taken(fields: dict[str, Any]) -> None:
    expected = AdverseEventReported(replace(adverse_event(), **fields))
    given(DOSED).when(report("S01", **fields), SC, at=NOON).then([expected])


def test_today_is_the_day_at_the_site_not_in_utc() -> None:
    just_after_midnight = datetime(2024, 3, 11, 0, 30, tzinfo=SITE)  # still 10 March in UTC
    expected = AdverseEventReported(replace(adverse_event(), onset=date(2024, 3, 11)))
    given(DOSED).when(report("S01", onset=date(2024, 3, 11)), SC, at=just_after_midnight).then([expected])


# -- correcting -------------------------------------------------------------------------------------


def change(field: str = "grade", old: object = 3, new: object = 2) -> FieldChange:
    return FieldChange(field, old, new)


def correct(*changes: FieldChange, ae_id: str = "AE-1", key: str = "S01") -> CorrectAdverseEvent:
    return CorrectAdverseEvent(key, ae_id, changes, None)


def test_a_correction_names_the_statement_that_it_corrects() -> None:
    story = given(REPORTED).when(correct(change()), SC, reason=why())
    at = len(story.base) + len(REPORTED)
    story.then([AdverseEventCorrected("AE-1", (change(),), None)], corrects=digest(at))


def test_a_second_correction_corrects_the_first() -> None:
    again = [*REPORTED, on("S01", AdverseEventCorrected("AE-1", (change(),), None), by=SC2)]
    story = given(again).when(correct(change(old=2, new=1)), SC, reason=why())
    at = len(story.base) + len(again)
    story.then([AdverseEventCorrected("AE-1", (change(old=2, new=1),), None)], corrects=digest(at))


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (correct(change(), key="S99"), "UNKNOWN_SUBJECT"),
        (correct(change(), ae_id="AE-9"), "UNKNOWN_AE"),
        (correct(), "NO_CHANGE"),
        (correct(change(new=3)), "NO_CHANGE"),
        (correct(change(), change(new=4)), "DUPLICATE_FIELD"),
        (correct(change("colour", None, "red")), "UNKNOWN_FIELD"),
        (correct(change("ae_id", "AE-1", "AE-2")), "UNKNOWN_FIELD"),
        (correct(change("lab.value", None, "1")), "UNKNOWN_FIELD"),
        (correct(change("grade.x", 3, 2)), "UNKNOWN_FIELD"),
        (correct(change("", 3, 2)), "UNKNOWN_FIELD"),
        (correct(change(old=4)), "STALE_VALUE"),
        (correct(change(new="2")), "BAD_PAYLOAD"),
        (correct(change(new=None)), "BAD_PAYLOAD"),
        (correct(change("lab", None, {})), "BAD_PAYLOAD"),
        (correct(change("causality", "probable", "maybe")), "BAD_PAYLOAD"),
        (correct(change("soc", adverse_event().soc, "Cardiac disorders")), "SOC_MISMATCH"),
        (correct(change("term", "Fever", "Chills"), change(new=4)), "GRADE_NOT_IN_TERM"),
        (
            correct(
                change("serious", old=False, new=True), change("seriousness_criteria", [], ["disability"])
            ),
            "AWARENESS_REQUIRED",
        ),
        (replace(correct(change()), source=" "), "BAD_TEXT"),
        (replace(correct(change()), source="x" * 301), "BAD_TEXT"),
        (correct(change(new=6)), "BAD_GRADE"),
        (correct(change("ctcae_version", "5.0", "4.03")), "CTCAE_VERSION"),
        (correct(change("serious", old=False, new=True)), "SERIOUSNESS_MISMATCH"),
        (correct(change(new=5)), "GRADE_DEATH_MISMATCH"),
        (correct(change("onset", "2024-03-03", "2024-03-11")), "FUTURE_TIME"),
        (correct(change("onset", "2024-03-03", "yesterday")), "BAD_DATE"),
    ],
)
def test_a_bad_correction_is_refused(asked: CorrectAdverseEvent, code: str) -> None:
    given(REPORTED).when(asked, SC, at=NOON, reason=why()).refused(code)


def test_a_correction_needs_a_reason() -> None:
    given(REPORTED).when(correct(change()), SC).refused("REASON_REQUIRED")


def day(number: int) -> date:
    return date(2024, 3, 1) + timedelta(days=number)


def test_a_correction_names_the_source_document() -> None:
    asked = replace(correct(change()), source="discharge letter of 2024-03-09")
    expected = AdverseEventCorrected("AE-1", (change(),), "discharge letter of 2024-03-09")
    story = given(REPORTED).when(asked, SC, reason=why())
    story.then([expected], corrects=digest(len(story.base) + len(REPORTED)))


# -- the window -------------------------------------------------------------------------------------

CLOSE = CompleteDltWindow("S01")
CLOSED = [DltWindowCompleted(day(28))]


@pytest.mark.parametrize("number", [1, 25, 27])
def test_the_window_does_not_close_before_day_28(number: int) -> None:
    given(DOSED).when(CLOSE, at=START + timedelta(days=number)).refused("DLT_WINDOW_OPEN")


@pytest.mark.parametrize("number", [28, 29, 100])
def test_the_window_closes_on_or_after_day_28(number: int) -> None:
    given(DOSED).when(CLOSE, at=START + timedelta(days=number)).then(CLOSED)


def test_day_28_begins_at_midnight_of_the_site() -> None:
    midnight = datetime(2024, 3, 29, 0, 0, tzinfo=SITE)
    given(DOSED).when(CLOSE, at=midnight).then(CLOSED)
    given(DOSED).when(CLOSE, at=midnight - timedelta(milliseconds=1)).refused("DLT_WINDOW_OPEN")


def test_an_unknown_subject_has_no_window() -> None:
    given().when(CLOSE).refused("UNKNOWN_SUBJECT")


@pytest.mark.parametrize(
    "events", [enrolled("S01"), completed("S01"), left_early("S01")], ids=["not dosed", "closed", "left"]
)
def test_only_an_open_window_closes(events: list[Past]) -> None:
    given(events).when(CLOSE).refused("ILLEGAL_SEQUENCE")


def test_an_open_candidate_keeps_the_window_open() -> None:
    given(REPORTED).when(CLOSE).refused("OPEN_DLT_CANDIDATE")


def test_a_judged_candidate_lets_the_window_close() -> None:
    events = [*REPORTED, *judged("S01", is_dlt=False)]
    given(events).when(CLOSE).then(CLOSED)


def test_a_candidate_changed_since_its_judgement_keeps_the_window_open() -> None:
    events = [*REPORTED, *judged("S01", is_dlt=False)]
    events.append(on("S01", AdverseEventCorrected("AE-1", (change(new=4),), None), by=SC))
    given(events).when(CLOSE).refused("OPEN_DLT_CANDIDATE")


# -- leaving ----------------------------------------------------------------------------------------

LEAVING = [
    (
        WithdrawSubject("S01", TODAY, "consent_withdrawn", dlt_related=False),
        SubjectWithdrawn(TODAY, "consent_withdrawn", dlt_related=False),
    ),
    (RecordDeath("S01", TODAY, None, related=False), DeathRecorded(TODAY, None, related=False)),
    (RecordLiverTransplant("S01", TODAY), LiverTransplantRecorded(TODAY)),
]


WAYS_OUT = [asked for asked, _ in LEAVING]


@pytest.mark.parametrize(("asked", "made"), LEAVING)
def test_a_subject_leaves(asked: Any, made: object) -> None:
    given(DOSED).when(asked, at=NOON, reason=why()).then([made])


@pytest.mark.parametrize("asked", WAYS_OUT)
def test_who_is_not_screened_cannot_leave(asked: Any) -> None:
    given().when(asked, at=NOON, reason=why()).refused("UNKNOWN_SUBJECT")


@pytest.mark.parametrize("asked", WAYS_OUT)
def test_who_is_not_enrolled_cannot_leave(asked: Any) -> None:
    given(DOSED[:2]).when(asked, at=NOON, reason=why()).refused("ILLEGAL_SEQUENCE")


@pytest.mark.parametrize(("asked", "made"), LEAVING)
def test_nobody_leaves_the_same_way_twice(asked: Any, made: Any) -> None:
    given([*DOSED, on("S01", made)]).when(asked, at=NOON, reason=why()).refused("ILLEGAL_SEQUENCE")


@pytest.mark.parametrize("asked", WAYS_OUT)
def test_the_dead_do_not_leave(asked: Any) -> None:
    dead = on("S01", DeathRecorded(TODAY, None, related=False))
    given([*DOSED, dead]).when(asked, at=NOON, reason=why()).refused("ILLEGAL_SEQUENCE")


@pytest.mark.parametrize("asked", WAYS_OUT)
def test_nobody_leaves_tomorrow(asked: Any) -> None:
    late = replace(asked, date=TODAY + timedelta(days=1))
    given(DOSED).when(late, at=NOON, reason=why()).refused("FUTURE_TIME")


def test_a_withdrawal_needs_a_reason() -> None:
    given(DOSED).when(LEAVING[0][0], at=NOON).refused("REASON_REQUIRED")


def test_the_cause_of_a_death_is_an_event_of_the_subject() -> None:
    given(REPORTED).when(RecordDeath("S01", TODAY, "AE-9", related=False), at=NOON).refused("UNKNOWN_AE")


def test_the_cause_of_a_death_is_fatal() -> None:
    given(REPORTED).when(RecordDeath("S01", TODAY, "AE-1", related=False), at=NOON).refused("CAUSE_NOT_FATAL")


def test_a_fatal_event_is_the_cause_of_a_death() -> None:
    fatal = [*DOSED, on("S01", AdverseEventReported(adverse_event(grade=5)), by=SC)]
    story = given(fatal).when(RecordDeath("S01", TODAY, "AE-1", related=True), PI, at=NOON)
    story.then([DeathRecorded(TODAY, "AE-1", related=True)])


def test_a_withdrawal_after_the_window_leaves_the_subject_evaluable() -> None:
    events = [*completed("S01"), on("S01", SubjectWithdrawn(day(40), "moved", dlt_related=False))]
    trial = given(events).trial
    assert not outcome.left_early(trial.subjects["S01"], trial.study)


def test_a_withdrawal_after_a_dlt_leaves_the_dlt_counting() -> None:
    events = [*with_dlt("S01"), on("S01", SubjectWithdrawn(day(5), "toxicity", dlt_related=True))]
    assert given(events).trial.subjects["S01"].has_dlt


# -- against the record ------------------------------------------------------------------------------------


def test_nobody_dies_before_the_dose() -> None:
    asked = RecordDeath("S01", day(-1), None, related=False)
    given(DOSED).when(asked, at=NOON).refused("BEFORE_ENROLMENT")


def test_a_death_is_related_only_by_its_cause() -> None:
    given(DOSED).when(RecordDeath("S01", TODAY, None, related=True), at=NOON).refused("CAUSE_NOT_RELATED")


def test_a_death_does_not_precede_a_day_recorded_as_alive() -> None:
    alive = Past("casebook/S01", VitalStatusRecorded(5, alive=True), by=PI)
    asked = RecordDeath("S01", day(2), None, related=False)
    given([*DOSED, alive]).when(asked, at=NOON).refused("CONTRADICTS_VITAL_STATUS")


def test_a_withdrawal_counts_by_its_day_not_by_its_place_in_the_log() -> None:
    late = datetime(2024, 5, 1, 12, tzinfo=SITE)
    left = on("S01", SubjectWithdrawn(day(40), "moved", dlt_related=False))
    story = given([*DOSED, left]).when(CompleteDltWindow("S01"), PI, at=late)
    story.then([DltWindowCompleted(day(28))])


def test_a_correction_does_not_name_a_field_and_a_part_of_it() -> None:
    changes = (FieldChange("grade", 3, 2), FieldChange("grade.x", 3, 2))
    asked = correct(*changes)
    given(REPORTED).when(asked, SC, at=NOON, reason=why()).refused("DUPLICATE_FIELD")


def test_true_is_not_one() -> None:
    """An event that nothing can fold is `CANNOT_FOLD`; an old value of another kind is not the old value."""
    asked = correct(FieldChange("baseline_grade", False, 1))  # noqa: FBT003
    given(REPORTED).when(asked, SC, at=NOON, reason=why()).refused("STALE_VALUE")
