"""Enrolment: consent, confirmed eligibility, the open level, a free slot; and who may be replaced."""

from __future__ import annotations

import pytest

from core.rules.eligibility import RuleResult
from core.rules.screening_facts import Group
from core.trial.subject.commands import EnrolSubject
from core.trial.subject.events import (
    DeathRecorded,
    EligibilityConfirmed,
    LiverTransplantRecorded,
    RuleAnswer,
    ScreeningCorrected,
    SubjectEnrolled,
)
from core.trial.subject.field_change import FieldChange
from tests.support.given import (
    SC,
    START,
    Past,
    candidate,
    completed,
    consented,
    dosed,
    enrolled,
    given,
    left_early,
    on,
    opened,
    screened,
    with_dlt,
)

# -- enrolment --------------------------------------------------------------------------------------


def test_the_first_candidate_takes_the_first_slot() -> None:
    given(candidate("S01")).when(EnrolSubject("S01", 1, None)).then([SubjectEnrolled(1, 1, None)])


def test_an_unknown_subject_is_not_enrolled() -> None:
    given().when(EnrolSubject("S01", 1, None)).refused("UNKNOWN_SUBJECT")


@pytest.mark.parametrize(
    "events",
    [
        [*consented("S01"), on("S01", screened(), by=SC)],
        enrolled("S01"),
        dosed("S01"),
        [*candidate("S01"), on("S01", DeathRecorded(START.date(), None, related=False))],
    ],
    ids=["not confirmed", "enrolled already", "dosed already", "dead"],
)
def test_only_a_confirmed_candidate_is_enrolled(events: list[Past]) -> None:
    given(events).when(EnrolSubject("S01", 1, None)).refused("ILLEGAL_SEQUENCE")


def test_the_single_slot_of_titration_is_taken_by_an_enrolled_subject() -> None:
    events = [*enrolled("S01"), *candidate("S02")]
    given(events).when(EnrolSubject("S02", 1, None)).refused("NO_FREE_SLOT")


def test_an_enrolled_subject_who_left_gives_the_slot_back() -> None:
    gone = on("S01", LiverTransplantRecorded(START.date()))
    given([*enrolled("S01"), gone, *candidate("S02")]).when(EnrolSubject("S02", 1, None)).then(
        [SubjectEnrolled(1, 1, None)]
    )


def test_nobody_is_enrolled_while_the_window_is_open() -> None:
    given([*dosed("S01"), *candidate("S02")]).when(EnrolSubject("S02", 1, None)).refused("LEVEL_NOT_OPEN")


@pytest.mark.parametrize("level", [-1, 0, 2, 4, 5])
def test_only_the_open_level_takes_subjects(level: int) -> None:
    given(candidate("S01")).when(EnrolSubject("S01", level, None)).refused("LEVEL_NOT_OPEN")


def test_a_cleared_level_opens_the_next_only_by_signature() -> None:
    events = [*completed("S01"), *candidate("S02")]
    given(events).when(EnrolSubject("S02", 2, None)).refused("LEVEL_NOT_OPEN")


def test_three_slots_are_three_subjects() -> None:
    taken = [past for key in ("S02", "S03", "S04") for past in enrolled(key, 2)]
    events = [*completed("S01"), opened(2), *taken, *candidate("S05")]
    given(events).when(EnrolSubject("S05", 2, None)).refused("NO_FREE_SLOT")


def test_the_third_slot_is_free_for_the_third_subject() -> None:
    events = [*completed("S01"), opened(2), *enrolled("S02", 2), *enrolled("S03", 2), *candidate("S04")]
    given(events).when(EnrolSubject("S04", 2, None)).then([SubjectEnrolled(1, 2, None)])


def test_a_signed_level_closes_again_when_the_protocol_changes_its_mind() -> None:
    late_dlts = [*with_dlt("S01"), *with_dlt("S02"), opened(2), *candidate("S03")]
    given(late_dlts).when(EnrolSubject("S03", 2, None)).refused("LEVEL_NOT_OPEN")


# -- replacement ------------------------------------------------------------------------------------


def test_who_left_before_evaluation_is_replaced() -> None:
    events = [*left_early("S01"), *candidate("S02")]
    given(events).when(EnrolSubject("S02", 1, "S01")).then([SubjectEnrolled(1, 1, "S01")])


def test_a_subject_is_replaced_once() -> None:
    replacement = [
        on("S02", SubjectEnrolled(1, 1, "S01")) if p.payload == SubjectEnrolled(1, 1, None) else p
        for p in left_early("S02")
    ]
    events = [*left_early("S01"), *replacement, *candidate("S03")]
    given(events).when(EnrolSubject("S03", 1, "S01")).refused("BAD_REPLACEMENT")


@pytest.mark.parametrize("replaced", ["S99", "S02"])
def test_only_a_subject_who_left_the_window_is_replaced(replaced: str) -> None:
    events = [*left_early("S01"), *candidate("S02")]
    given(events).when(EnrolSubject("S02", 1, replaced)).refused("BAD_REPLACEMENT")


def test_a_subject_with_a_dlt_is_evaluable_and_not_replaced() -> None:
    events = [*with_dlt("S01"), *candidate("S02")]
    given(events).when(EnrolSubject("S02", 1, "S01")).refused("BAD_REPLACEMENT")


def test_a_replacement_takes_the_same_level() -> None:
    events = [*left_early("S00"), *completed("S01"), opened(2), *candidate("S02")]
    given(events).when(EnrolSubject("S02", 2, "S00")).refused("BAD_REPLACEMENT")


# -- what enrolment rests on ------------------------------------------------------------------------


def test_a_screening_corrected_after_confirmation_is_confirmed_again_first() -> None:
    change = FieldChange("measurements.weight.value", "68.0", "86.0")
    event = ScreeningCorrected(
        (change,), "scale", eligible=True, rules=(RuleAnswer("ACLF-1", RuleResult.PASS),)
    )
    corrected = [*candidate("S01"), on("S01", event, by=SC)]
    given(corrected).when(EnrolSubject("S01", 1, None)).refused("ILLEGAL_SEQUENCE")
    again = [*corrected, on("S01", EligibilityConfirmed(Group.ACLF))]
    given(again).when(EnrolSubject("S01", 1, None)).then([SubjectEnrolled(1, 1, None)])


def test_a_screening_without_consent_leads_nowhere() -> None:
    """No decision makes such a record; were there one, enrolment would still refuse it."""
    events = [on("S01", screened(), by=SC), on("S01", EligibilityConfirmed(Group.ACLF))]
    given(events).when(EnrolSubject("S01", 1, None)).refused("CONSENT_MISSING")


def test_nobody_is_enrolled_at_a_moment_before_their_confirmation() -> None:
    asked = EnrolSubject("S01", 1, None)
    given(candidate("S01")).when(asked, at=START.replace(hour=0)).refused("ILLEGAL_SEQUENCE")


def test_slots_are_decided_from_every_subject_and_from_their_number() -> None:
    story = given([*enrolled("S01"), *candidate("S02")]).when(EnrolSubject("S02", 1, None))
    assert {"study", "escalation", "subject/S01", "subject/S02"} == set(story.facts.reads)
    assert story.facts.births == {"subject/": 2}
