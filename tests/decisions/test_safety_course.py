"""The course of an adverse event: changes of grade, corrections at a point of it, outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.rules.escalation import OutcomeStatus
from core.trial.subject import outcome
from core.trial.subject.adverse_events import (
    AdverseEventCorrected,
    AdverseEventOutcome,
    AdverseEventRegraded,
    AdverseEventReported,
    AdverseEventResolved,
    Causality,
    Seriousness,
)
from core.trial.subject.commands import (
    CompleteDltWindow,
    CorrectAdverseEvent,
    RecordDeath,
    RegradeAdverseEvent,
    ResolveAdverseEvent,
)
from core.trial.subject.events import DeathRecorded
from core.trial.subject.field_change import FieldChange
from tests.support.given import (
    PI,
    SC,
    SC2,
    Past,
    adverse_event,
    digest,
    dosed,
    enrolled,
    given,
    judged,
    on,
    why,
)

SITE = ZoneInfo("Asia/Shanghai")
DOSED = dosed("S01")  # on 2024-03-01 at the site
NOON = datetime(2024, 3, 10, 12, tzinfo=SITE)
ONSET = date(2024, 3, 3)
DEATH = (Seriousness.DEATH,)
R = AdverseEventOutcome


def reported(grade: int = 2, **fields: Any) -> list[Past]:
    entry = replace(adverse_event(grade=grade), **fields)
    return [*DOSED, on("S01", AdverseEventReported(entry), by=SC)]


def regraded(from_grade: int, to_grade: int, changed_on: date, **fields: Any) -> AdverseEventRegraded:
    plain = AdverseEventRegraded("AE-1", from_grade, to_grade, changed_on, None, (), None)
    return replace(plain, **fields)


def regrade(
    from_grade: int, to_grade: int, changed_on: date = date(2024, 3, 5), **fields: Any
) -> RegradeAdverseEvent:
    plain = RegradeAdverseEvent("S01", "AE-1", from_grade, to_grade, changed_on, None, (), None)
    return replace(plain, **fields)


def resolve(how: AdverseEventOutcome, resolved_on: date | None = None) -> ResolveAdverseEvent:
    return ResolveAdverseEvent("S01", "AE-1", how, resolved_on)


def regraded_past(*steps: tuple[int, int, int]) -> list[Past]:
    """Return the past of an event of grade 2 with changes of grade on days of March."""
    later = [on("S01", regraded(a, b, date(2024, 3, day)), by=SC) for a, b, day in steps]
    return [*reported(), *later]


# -- changes of grade ---------------------------------------------------------------------------------------


def test_a_change_of_grade_is_entered() -> None:
    story = given(reported()).when(regrade(2, 3), SC, at=NOON)
    story.then([regraded(2, 3, date(2024, 3, 5))], corrects=story.past())


def test_a_second_change_of_grade_changes_the_first() -> None:
    story = given(regraded_past((2, 3, 5))).when(regrade(3, 1, date(2024, 3, 8)), SC, at=NOON)
    story.then([regraded(3, 1, date(2024, 3, 8))], corrects=story.past())


def test_the_worst_grade_counts_whatever_it_became() -> None:
    trial = given(regraded_past((2, 3, 5), (3, 1, 8))).trial
    tracked = trial.subjects["S01"].adverse_events["AE-1"]
    assert (tracked.worst_grade, tracked.current_grade, tracked.entry.grade) == (3, 1, 2)
    assert outcome.max_related_grade(trial.subjects["S01"], trial.study) == 3


def test_getting_worse_makes_a_candidate() -> None:
    assert outcome.due_of(given(reported()).trial.subjects["S01"], given().trial.study) == ()
    trial = given(regraded_past((2, 3, 5))).trial
    assert [due.ae_id for due in outcome.due_of(trial.subjects["S01"], trial.study)] == ["AE-1"]


def test_a_change_of_grade_after_the_judgement_makes_it_due_again() -> None:
    events = [*reported(3), *judged("S01", is_dlt=False), on("S01", regraded(3, 4, date(2024, 3, 5)), by=SC2)]
    given(events).when(CompleteDltWindow("S01")).refused("OPEN_DLT_CANDIDATE")


def test_a_confirmed_toxicity_that_gets_worse_keeps_counting_and_is_not_due() -> None:
    events = [*reported(4), *judged("S01"), on("S01", regraded(4, 5, date(2024, 3, 5), **fatal()), by=SC2)]
    trial = given(events).trial
    assert outcome.outcome_status(trial.subjects["S01"], trial.study) is OutcomeStatus.EVALUABLE
    assert outcome.due_of(trial.subjects["S01"], trial.study) == ()


def fatal(at: datetime = NOON) -> dict[str, Any]:
    return {"criteria_met": DEATH, "aware_at": at}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (replace(regrade(2, 3), subject_key="S99"), "UNKNOWN_SUBJECT"),
        (replace(regrade(2, 3), ae_id="AE-9"), "UNKNOWN_AE"),
        (regrade(3, 4), "STALE_VALUE"),
        (regrade(1, 2), "STALE_VALUE"),
        (regrade(2, 2), "NO_CHANGE"),
        (regrade(2, 0), "BAD_GRADE"),
        (regrade(2, 6), "BAD_GRADE"),
        (regrade(2, 3, date(2024, 3, 2)), "COURSE_OUT_OF_ORDER"),
        (regrade(2, 3, date(2024, 3, 11)), "FUTURE_TIME"),
        (regrade(2, 3, changed_at=datetime(2024, 3, 6, 0, 0, tzinfo=SITE)), "TIME_NOT_ON_DAY"),
        (regrade(2, 3, date(2024, 3, 10), changed_at=NOON + timedelta(milliseconds=1)), "FUTURE_TIME"),
        (regrade(2, 5), "GRADE_DEATH_MISMATCH"),
        (regrade(2, 4, **fatal()), "GRADE_DEATH_MISMATCH"),
        (regrade(2, 5, criteria_met=DEATH), "AWARENESS_REQUIRED"),
        (regrade(2, 4, criteria_met=(Seriousness.DISABILITY,)), "AWARENESS_REQUIRED"),
        (regrade(2, 5, **fatal(datetime(2024, 3, 4, 23, 59, tzinfo=SITE))), "BAD_AWARENESS"),
        (regrade(2, 5, **fatal(NOON + timedelta(milliseconds=1))), "FUTURE_TIME"),
    ],
)
def test_a_bad_change_of_grade_is_refused(asked: RegradeAdverseEvent, code: str) -> None:
    given(reported()).when(asked, SC, at=NOON).refused(code)


@pytest.mark.parametrize(
    "asked",
    [
        regrade(2, 3, ONSET),
        regrade(2, 3, date(2024, 3, 10), changed_at=NOON),
        regrade(2, 1),
        regrade(2, 5, **fatal()),
        regrade(2, 5, **fatal(datetime(2024, 3, 5, 0, 0, tzinfo=SITE))),
    ],
)
def test_a_change_of_grade_at_the_bounds_is_taken(asked: RegradeAdverseEvent) -> None:
    made = AdverseEventRegraded(
        "AE-1", 2, asked.to_grade, asked.changed_on, asked.changed_at, asked.criteria_met, asked.aware_at
    )
    story = given(reported()).when(asked, SC, at=NOON)
    story.then([made], corrects=story.past())


def test_a_grade_that_the_term_does_not_have_is_refused() -> None:
    chills = reported(term="Chills")
    given(chills).when(regrade(2, 4), SC, at=NOON).refused("GRADE_NOT_IN_TERM")


def test_on_one_day_the_instants_stand_in_order() -> None:
    morning, evening = (datetime(2024, 3, 5, hour, tzinfo=SITE) for hour in (8, 20))
    events = [*reported(), on("S01", regraded(2, 3, date(2024, 3, 5), changed_at=evening), by=SC)]
    given(events).when(regrade(3, 1, changed_at=morning), SC, at=NOON).refused("COURSE_OUT_OF_ORDER")
    story = given(events).when(regrade(3, 1, changed_at=evening), SC, at=NOON)
    story.then([regraded(3, 1, date(2024, 3, 5), changed_at=evening)], corrects=story.past())


def test_no_grade_follows_death() -> None:
    given(reported(5)).when(regrade(5, 4), SC, at=NOON).refused("COURSE_OUT_OF_ORDER")


def test_what_worsened_to_death_is_the_cause_of_it() -> None:
    events = [*reported(3), on("S01", regraded(3, 5, date(2024, 3, 5), **fatal()), by=SC)]
    asked = RecordDeath("S01", date(2024, 3, 5), "AE-1", related=True)
    given(events).when(asked, PI, at=NOON).then([DeathRecorded(date(2024, 3, 5), "AE-1", related=True)])


def test_a_death_is_related_if_only_the_procedure_is_its_cause() -> None:
    by_procedure = {"causality": Causality.UNLIKELY, "procedure_causality": Causality.POSSIBLE}
    asked = RecordDeath("S01", date(2024, 3, 5), "AE-1", related=True)
    given(reported(5, **by_procedure)).when(asked, PI, at=NOON).then(
        [DeathRecorded(date(2024, 3, 5), "AE-1", related=True)]
    )
    given(reported(5, **by_procedure)).when(replace(asked, related=False), PI, at=NOON).refused(
        "CAUSE_NOT_RELATED"
    )


# -- the DLT definition looks at the whole course ---------------------------------------------------------


def due(events: list[Past]) -> bool:
    trial = given(events).trial
    return bool(outcome.due_of(trial.subjects["S01"], trial.study))


def before_the_dose(grade: int, *changes: tuple[int, int, date]) -> list[Past]:
    entry = replace(adverse_event(grade=grade), onset=date(2024, 2, 28))
    return [
        *DOSED,
        on("S01", AdverseEventReported(entry), by=SC),
        *(on("S01", regraded(*change), by=SC) for change in changes),
    ]


def test_what_was_there_before_the_dose_and_did_not_get_worse_is_no_candidate() -> None:
    assert not due(before_the_dose(4))
    assert not due(before_the_dose(2, (2, 4, date(2024, 2, 29))))


def test_what_got_worse_after_the_dose_is_a_candidate_from_the_day_it_did() -> None:
    assert due(before_the_dose(2, (2, 3, date(2024, 3, 1))))
    assert due(before_the_dose(2, (2, 3, date(2024, 3, 29))))
    assert not due(before_the_dose(2, (2, 3, date(2024, 3, 30))))


def test_it_is_held_against_the_grade_that_it_had_at_the_dose() -> None:
    assert not due(before_the_dose(4, (4, 2, date(2024, 2, 29)), (2, 2 - 1, date(2024, 3, 4))))
    assert due(before_the_dose(4, (4, 2, date(2024, 2, 29)), (2, 3, date(2024, 3, 4))))


def test_a_grade_from_before_the_dose_does_not_count_as_the_worst_since() -> None:
    events = before_the_dose(4, (4, 1, date(2024, 2, 29)), (1, 2, date(2024, 3, 4)))
    trial = given(events).trial
    assert outcome.max_related_grade(trial.subjects["S01"], trial.study) == 2
    assert not due(events)


@pytest.mark.parametrize(("baseline", "expected"), [(2, True), (3, False), (4, False)])
def test_a_candidate_is_at_least_a_grade_above_baseline(baseline: int, expected: bool) -> None:  # noqa: FBT001 - a case
    assert due(reported(3, baseline_grade=baseline)) is expected


@pytest.mark.parametrize(
    ("product", "procedure", "expected"),
    [
        (Causality.UNLIKELY, None, False),
        (Causality.UNLIKELY, Causality.UNRELATED, False),
        (Causality.UNLIKELY, Causality.POSSIBLE, True),
        (Causality.PROBABLE, Causality.UNRELATED, True),
    ],
)
def test_product_or_procedure_make_it_related(
    product: Causality,
    procedure: Causality | None,
    expected: bool,  # noqa: FBT001 - a case
) -> None:
    assert due(reported(3, causality=product, procedure_causality=procedure)) is expected


def test_the_underlying_disease_does_not_make_it_related() -> None:
    by_disease = {"causality": Causality.UNLIKELY, "disease_causality": Causality.DEFINITE}
    assert not due(reported(3, **by_disease))


# -- corrections at a point of the course -------------------------------------------------------------------


def correct(*changes: FieldChange) -> CorrectAdverseEvent:
    return CorrectAdverseEvent("S01", "AE-1", changes, None)


def test_a_correction_changes_the_grade_at_onset_and_leaves_the_course() -> None:
    events = regraded_past((2, 3, 5))
    corrected = on("S01", AdverseEventCorrected("AE-1", (FieldChange("grade", 2, 1),), None), by=SC)
    tracked = given([*events, corrected]).trial.subjects["S01"].adverse_events["AE-1"]
    assert [point.grade for point in tracked.course] == [1, 3]


@pytest.mark.parametrize(
    ("field", "old", "new", "grades"),
    [
        ("regradings.1.to_grade", 3, 4, [2, 4, 1]),
        ("regradings.2.to_grade", 1, 2, [2, 3, 2]),
        ("regradings.1.changed_on", "2024-03-05", "2024-03-04", [2, 3, 1]),
    ],
)
def test_a_correction_reaches_any_point_of_the_course(
    field: str, old: object, new: object, grades: list[int]
) -> None:
    events = regraded_past((2, 3, 5), (3, 1, 8))
    asked = correct(FieldChange(field, old, new))
    story = given(events).when(asked, SC, at=NOON, reason=why())
    made = AdverseEventCorrected("AE-1", asked.changes, None)
    story.then([made], corrects=story.past())
    tracked = given([*events, on("S01", made, by=SC)]).trial.subjects["S01"].adverse_events["AE-1"]
    assert [point.grade for point in tracked.course] == grades


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (FieldChange("regradings.3.to_grade", 1, 2), "UNKNOWN_FIELD"),
        (FieldChange("regradings.0.to_grade", 3, 2), "UNKNOWN_FIELD"),
        (FieldChange("regradings.01.to_grade", 3, 2), "UNKNOWN_FIELD"),
        (FieldChange("regradings.1.from_grade", 2, 1), "UNKNOWN_FIELD"),
        (FieldChange("regradings.1.to_grade", 2, 4), "STALE_VALUE"),
        (FieldChange("regradings.1.changed_on", "2024-03-05", "2024-03-09"), "COURSE_OUT_OF_ORDER"),
        (FieldChange("regradings.1.to_grade", 3, 5), "GRADE_DEATH_MISMATCH"),
        (FieldChange("onset", "2024-03-03", "2024-03-06"), "COURSE_OUT_OF_ORDER"),
    ],
)
def test_a_correction_of_the_course_is_judged_like_the_course(change: FieldChange, code: str) -> None:
    events = regraded_past((2, 3, 5), (3, 1, 8))
    given(events).when(correct(change), SC, at=NOON, reason=why()).refused(code)


def test_a_change_of_grade_entered_by_mistake_is_taken_out_with_its_old_value_kept() -> None:
    events = regraded_past((2, 3, 5))
    entered = {
        "to_grade": 3,
        "changed_on": "2024-03-05",
        "changed_at": None,
        "criteria_met": [],
        "aware_at": None,
    }
    made = AdverseEventCorrected("AE-1", (FieldChange("regradings", [entered], []),), None)
    story = given(events).when(correct(*made.changes), SC, at=NOON, reason=why())
    story.then([made], corrects=story.past())
    tracked = given([*events, on("S01", made, by=SC)]).trial.subjects["S01"].adverse_events["AE-1"]
    assert (tracked.worst_grade, tracked.entry.regradings) == (2, ())


# -- outcome ------------------------------------------------------------------------------------------------

ENDED = date(2024, 3, 8)


def resolved(how: AdverseEventOutcome, day: date | None = None) -> Past:
    return on("S01", AdverseEventResolved("AE-1", how, day), by=SC)


@pytest.mark.parametrize(
    ("how", "day"),
    [
        (R.RECOVERED, ENDED),
        (R.RECOVERED, ONSET),
        (R.RECOVERED, date(2024, 3, 10)),
        (R.RECOVERED_WITH_SEQUELAE, ENDED),
        (R.RECOVERING, None),
        (R.NOT_RECOVERED, None),
        (R.UNKNOWN, None),
    ],
)
def test_an_outcome_is_entered(how: AdverseEventOutcome, day: date | None) -> None:
    given(reported()).when(resolve(how, day), SC, at=NOON).then([AdverseEventResolved("AE-1", how, day)])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (replace(resolve(R.RECOVERED, ENDED), subject_key="S99"), "UNKNOWN_SUBJECT"),
        (replace(resolve(R.RECOVERED, ENDED), ae_id="AE-9"), "UNKNOWN_AE"),
        (resolve(R.RECOVERED), "RESOLUTION_DATE"),
        (resolve(R.RECOVERED_WITH_SEQUELAE), "RESOLUTION_DATE"),
        (resolve(R.RECOVERING, ENDED), "RESOLUTION_DATE"),
        (resolve(R.UNKNOWN, ENDED), "RESOLUTION_DATE"),
        (resolve(R.RECOVERED, date(2024, 3, 11)), "FUTURE_TIME"),
        (resolve(R.RECOVERED, date(2024, 3, 2)), "COURSE_OUT_OF_ORDER"),
        (resolve(R.FATAL, ENDED), "OUTCOME_MISMATCH"),
    ],
)
def test_a_bad_outcome_is_refused(asked: ResolveAdverseEvent, code: str) -> None:
    given(reported()).when(asked, SC, at=NOON).refused(code)


def test_an_event_does_not_end_before_its_last_change_of_grade() -> None:
    events = regraded_past((2, 3, 5))
    given(events).when(resolve(R.RECOVERED, date(2024, 3, 4)), SC, at=NOON).refused("COURSE_OUT_OF_ORDER")
    given(events).when(resolve(R.RECOVERED, date(2024, 3, 5)), SC, at=NOON).then(
        [AdverseEventResolved("AE-1", R.RECOVERED, date(2024, 3, 5))]
    )


def test_grade_5_is_fatal_or_not_known_and_nothing_else() -> None:
    dead = reported(5)
    given(dead).when(resolve(R.FATAL, ENDED), SC, at=NOON).then(
        [AdverseEventResolved("AE-1", R.FATAL, ENDED)]
    )
    given(dead).when(resolve(R.UNKNOWN), SC, at=NOON).then([AdverseEventResolved("AE-1", R.UNKNOWN, None)])
    for how, day in ((R.RECOVERED, ENDED), (R.RECOVERING, None), (R.NOT_RECOVERED, None)):
        given(dead).when(resolve(how, day), SC, at=NOON).refused("OUTCOME_MISMATCH")


def test_an_interim_outcome_is_followed_by_another_without_a_reason() -> None:
    events = [*reported(), resolved(R.RECOVERING)]
    story = given(events).when(resolve(R.RECOVERED, ENDED), SC, at=NOON)
    story.then([AdverseEventResolved("AE-1", R.RECOVERED, ENDED)], corrects=story.past())
    given(events).when(resolve(R.RECOVERING), SC, at=NOON).refused("NO_CHANGE")


def test_to_take_back_an_end_needs_a_reason_and_names_what_it_corrects() -> None:
    events = [*reported(), resolved(R.RECOVERED, ENDED)]
    asked = resolve(R.NOT_RECOVERED)
    given(events).when(asked, SC, at=NOON).refused("REASON_REQUIRED")
    story = given(events).when(asked, SC, at=NOON, reason=why())
    at = len(story.base) + len(events)
    story.then([AdverseEventResolved("AE-1", R.NOT_RECOVERED, None)], corrects=digest(at))


def test_what_has_ended_changes_its_grade_no_more() -> None:
    events = [*reported(), resolved(R.RECOVERED, ENDED)]
    given(events).when(regrade(2, 3, date(2024, 3, 9)), SC, at=NOON).refused("ALREADY_RESOLVED")
    open_again = [*events, resolved(R.NOT_RECOVERED)]
    story = given(open_again).when(regrade(2, 3, date(2024, 3, 9)), SC, at=NOON)
    story.then([regraded(2, 3, date(2024, 3, 9))], corrects=story.past(2))


def test_a_correction_does_not_contradict_an_end_that_is_recorded() -> None:
    events = [*reported(), resolved(R.RECOVERED, ENDED)]
    to_death = correct(
        FieldChange("grade", 2, 5),
        FieldChange("serious", old=False, new=True),
        FieldChange("seriousness_criteria", [], ["death"]),
        FieldChange("aware_at", None, "2024-03-09T00:00:00.000Z"),
    )
    given(events).when(to_death, SC, at=NOON, reason=why()).refused("OUTCOME_MISMATCH")
    later = correct(FieldChange("onset", "2024-03-03", "2024-03-09"))
    given(events).when(later, SC, at=NOON, reason=why()).refused("COURSE_OUT_OF_ORDER")


def test_an_end_that_is_taken_back_makes_the_judgement_due_again() -> None:
    judged_events = [*reported(3), resolved(R.RECOVERED, ENDED), *judged("S01", is_dlt=False)]
    assert not due(judged_events)
    assert due([*judged_events, resolved(R.NOT_RECOVERED)])


def test_a_first_outcome_leaves_the_judgement_as_it_is() -> None:
    assert not due([*reported(3), *judged("S01", is_dlt=False), resolved(R.RECOVERED, ENDED)])


def test_an_event_before_dosing_has_a_course_too() -> None:
    events = [*enrolled("S01"), on("S01", AdverseEventReported(adverse_event(grade=2)), by=SC)]
    story = given(events).when(regrade(2, 3), SC, at=NOON)
    story.then([regraded(2, 3, date(2024, 3, 5))], corrects=story.past())
