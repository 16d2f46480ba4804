"""Adverse events, adjudication, the DLT window and how subjects leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.trial.casebook.events import VitalStatusRecorded
from core.trial.study.events import DltWindow
from core.trial.subject import outcome
from core.trial.subject.commands import (
    AdjudicateDlt,
    CompleteDltWindow,
    CorrectAdverseEvent,
    RecordDeath,
    RecordLiverTransplant,
    WithdrawSubject,
)
from core.trial.subject.events import (
    AdverseEventCorrected,
    AdverseEventReported,
    Causality,
    DeathRecorded,
    DltAdjudicated,
    DltWindowCompleted,
    FieldChange,
    LiverTransplantRecorded,
    Seriousness,
    SubjectWithdrawn,
)
from tests.support.given import (
    NCT05727722,
    PI,
    SC,
    SC2,
    SRC,
    START,
    Member,
    Past,
    adverse_event,
    completed,
    digest,
    dosed,
    enrolled,
    given,
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
    ({"baseline_grade": 6}, "BAD_GRADE"),
    ({"ctcae_version": "4.03"}, "CTCAE_VERSION"),
    ({"serious": True}, "SERIOUSNESS_MISMATCH"),
    ({"seriousness_criteria": (Seriousness.HOSPITALISATION,)}, "SERIOUSNESS_MISMATCH"),
    ({"grade": 5}, "GRADE_DEATH_MISMATCH"),
    ({"serious": True, "seriousness_criteria": (Seriousness.DEATH,)}, "GRADE_DEATH_MISMATCH"),
    ({"onset": TODAY + timedelta(days=1)}, "FUTURE_TIME"),
]


@pytest.mark.parametrize(("fields", "code"), INCOHERENT)
def test_an_entry_that_contradicts_itself_is_refused(fields: dict[str, Any], code: str) -> None:
    given(DOSED).when(report("S01", **fields), SC, at=NOON).refused(code)


@pytest.mark.parametrize(
    "fields",
    [
        {"grade": 1},
        {"grade": 5, "serious": True, "seriousness_criteria": (Seriousness.DEATH,)},
        {"onset": TODAY},
        {"baseline_grade": 5},
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
    return CorrectAdverseEvent(key, ae_id, changes)


def test_a_correction_names_the_statement_that_it_corrects() -> None:
    story = given(REPORTED).when(correct(change()), SC, reason=why())
    at = len(story.base) + len(REPORTED)
    story.then([AdverseEventCorrected("AE-1", (change(),))], corrects=digest(at))


def test_a_second_correction_corrects_the_first() -> None:
    again = [*REPORTED, on("S01", AdverseEventCorrected("AE-1", (change(),)), by=SC2)]
    story = given(again).when(correct(change(old=2, new=1)), SC, reason=why())
    at = len(story.base) + len(again)
    story.then([AdverseEventCorrected("AE-1", (change(old=2, new=1),))], corrects=digest(at))


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


# -- adjudicating -----------------------------------------------------------------------------------


def judge(*, is_dlt: bool = True, ae_id: str = "AE-1", key: str = "S01") -> AdjudicateDlt:
    return AdjudicateDlt(key, ae_id, is_dlt)


@pytest.mark.parametrize("is_dlt", [True, False])
def test_the_committee_judges_a_candidate(is_dlt: bool) -> None:  # noqa: FBT001 - a case
    given(REPORTED).when(judge(is_dlt=is_dlt), SRC).then([DltAdjudicated("AE-1", is_dlt)])


def test_an_unknown_subject_or_event_is_not_judged() -> None:
    given(REPORTED).when(judge(key="S99"), SRC).refused("UNKNOWN_SUBJECT")
    given(REPORTED).when(judge(ae_id="AE-9"), SRC).refused("UNKNOWN_AE")


def test_before_dosing_nothing_is_dose_limiting() -> None:
    events = [*enrolled("S01"), on("S01", AdverseEventReported(adverse_event()), by=SC)]
    given(events).when(judge(), SRC).refused("ILLEGAL_SEQUENCE")


def test_who_entered_the_event_does_not_judge_it() -> None:
    given(REPORTED).when(judge(), Member(SC.id, SC.name, SRC.role)).refused("SOD_VIOLATION")


def test_who_corrected_the_event_does_not_judge_it() -> None:
    events = [*REPORTED, on("S01", AdverseEventCorrected("AE-1", (change(new=4),)), by=SC2)]
    given(events).when(judge(), Member(SC2.id, SC2.name, SRC.role)).refused("SOD_VIOLATION")


def reported(**fields: Any) -> list[Past]:
    return [*DOSED, on("S01", AdverseEventReported(replace(adverse_event(), **fields)), by=SC)]


def day(number: int) -> date:
    return date(2024, 3, 1) + timedelta(days=number)


@pytest.mark.parametrize(
    "fields",
    [
        {"grade": 2},
        {"causality": Causality.UNLIKELY},
        {"causality": Causality.UNRELATED},
        {"onset": day(-1)},
        {"onset": day(29)},
    ],
)
def test_what_is_no_candidate_is_no_dlt(fields: dict[str, Any]) -> None:
    given(reported(**fields)).when(judge(), SRC).refused("NOT_A_DLT_CANDIDATE")


@pytest.mark.parametrize("number", [0, 27, 28])
def test_an_onset_on_day_0_to_28_is_in_the_window(number: int) -> None:
    given(reported(onset=day(number))).when(judge(), SRC).then([DltAdjudicated("AE-1", is_dlt=True)])


def test_an_exclusive_window_ends_a_day_earlier() -> None:
    config = replace(NCT05727722, dlt_window=DltWindow(28, inclusive=False))
    story = given(reported(onset=day(28)), study=config).when(judge(), SRC)
    story.refused("NOT_A_DLT_CANDIDATE")


def test_a_confirmed_dlt_that_is_no_candidate_any_more_can_be_taken_back() -> None:
    events = [*REPORTED, on("S01", DltAdjudicated("AE-1", is_dlt=True), by=SRC)]
    events.append(on("S01", AdverseEventCorrected("AE-1", (change(),)), by=SC))
    given(events).when(judge(is_dlt=False), SRC).then([DltAdjudicated("AE-1", is_dlt=False)])


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
    events = [*REPORTED, on("S01", DltAdjudicated("AE-1", is_dlt=False), by=SRC)]
    given(events).when(CLOSE).then(CLOSED)


def test_a_candidate_changed_since_its_judgement_keeps_the_window_open() -> None:
    events = [*REPORTED, on("S01", DltAdjudicated("AE-1", is_dlt=False), by=SRC)]
    events.append(on("S01", AdverseEventCorrected("AE-1", (change(new=4),)), by=SC))
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
    assert trial.study.config is not None
    assert not outcome.left_early(trial.subjects["S01"], trial.study.config)


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


def test_another_judgement_of_what_has_not_changed_needs_a_reason() -> None:
    judged = [*REPORTED, on("S01", DltAdjudicated("AE-1", is_dlt=True), by=SRC)]
    given(judged).when(AdjudicateDlt("S01", "AE-1", is_dlt=False), SRC, at=NOON).refused("REASON_REQUIRED")
    given(judged).when(AdjudicateDlt("S01", "AE-1", is_dlt=True), SRC, at=NOON).refused("NO_CHANGE")


def test_a_correction_does_not_name_a_field_and_a_part_of_it() -> None:
    changes = (FieldChange("grade", 3, 2), FieldChange("grade.x", 3, 2))
    asked = CorrectAdverseEvent("S01", "AE-1", changes)
    given(REPORTED).when(asked, SC, at=NOON, reason=why()).refused("DUPLICATE_FIELD")


def test_true_is_not_one() -> None:
    """An event that nothing can fold is `CANNOT_FOLD`; an old value of another kind is not the old value."""
    asked = CorrectAdverseEvent("S01", "AE-1", (FieldChange("baseline_grade", False, 1),))  # noqa: FBT003
    given(REPORTED).when(asked, SC, at=NOON, reason=why()).refused("STALE_VALUE")
