"""From screening to the dose: no path leads past eligibility, enrolment, an open level and a free slot."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core.kernel import streams
from core.rules.eligibility import RuleResult
from core.rules.screening_facts import Attestation, Group
from core.trial.escalation.events import DecisionSigned
from core.trial.subject.commands import (
    AdministerDose,
    ConfirmEligibility,
    EnrolSubject,
    RecordScreenFailure,
    ScreenSubject,
)
from core.trial.subject.events import (
    Attested,
    DeathRecorded,
    DoseAdministered,
    EligibilityConfirmed,
    LiverTransplantRecorded,
    Measured,
    Route,
    RuleAnswer,
    SubjectEnrolled,
    SubjectScreened,
    SubjectScreenFailed,
)
from tests.support.given import (
    SC,
    SRC,
    START,
    Past,
    candidate,
    cells,
    completed,
    dose,
    dosed,
    enrolled,
    given,
    left_early,
    on,
    screened,
    screening,
    why,
    with_dlt,
)

FAILED_RULES = (RuleAnswer("CLF-1", RuleResult.PASS), RuleAnswer("CLF-3", RuleResult.FAIL))


def opened(level: int | None, kind: str = "escalate") -> Past:
    return Past(streams.ESCALATION, DecisionSigned(kind, level, None, "…", 11, (), 1, ()), by=SRC)


# -- screening --------------------------------------------------------------------------------------


def test_an_eligible_candidate_is_screened_with_every_rule_answered() -> None:
    story = given().when(screening("S01"), SC)
    made = story.decided[0].event
    assert isinstance(made, SubjectScreened)
    story.then([made])
    assert made.eligible
    assert {RuleResult.PASS} == {r.answer for r in made.rules}
    assert made.config_number == 1


def test_a_light_candidate_is_screened_as_not_eligible() -> None:
    made = given().when(screening("S01", weight="40"), SC).decided[0].event
    assert isinstance(made, SubjectScreened)
    assert not made.eligible


def test_what_is_not_known_is_not_eligible_either() -> None:
    asked = screening("S01")
    unsaid = replace(asked, attestations=tuple(Attested(a.id, holds=None) for a in asked.attestations))
    made = given().when(unsaid, SC).decided[0].event
    assert isinstance(made, SubjectScreened)
    assert not made.eligible
    assert RuleResult.UNKNOWN in {r.answer for r in made.rules}


def test_a_subject_key_is_never_used_again() -> None:
    failed = [on("S01", screened(eligible=False), by=SC), on("S01", SubjectScreenFailed(("CLF-3",)))]
    given(failed).when(screening("S01"), SC).refused("SUBJECT_EXISTS")


def test_nobody_is_screened_without_a_configuration() -> None:
    given(study=None).when(screening("S01"), SC).refused("NO_PROTOCOL_CONFIG")


def twice(asked: ScreenSubject, field: str) -> ScreenSubject:
    return replace(asked, **{field: getattr(asked, field) * 2})


@pytest.mark.parametrize("field", ["measurements", "attestations"])
def test_a_field_given_twice_is_refused(field: str) -> None:
    given().when(twice(screening("S01"), field), SC).refused("DUPLICATE_FIELD")


@pytest.mark.parametrize(
    ("measured", "code"),
    [
        (Measured("shoe_size", Decimal(42), "1"), "UNKNOWN_MEASUREMENT"),
        (Measured("weight", Decimal(68), "g"), "UNKNOWN_UNIT"),
        (Measured("weight", Decimal(0), "kg"), "NON_POSITIVE"),
        (Measured("weight", Decimal("NaN"), "kg"), "NON_POSITIVE"),
    ],
)
def test_a_measurement_that_makes_no_sense_is_refused(measured: Measured, code: str) -> None:
    given().when(replace(screening("S01"), measurements=(measured,)), SC).refused(code)


# -- eligibility ------------------------------------------------------------------------------------


def test_an_investigator_confirms_an_eligible_candidate() -> None:
    story = given([on("S01", screened(), by=SC)]).when(ConfirmEligibility("S01", Group.ACLF))
    story.then([EligibilityConfirmed(Group.ACLF)])


def test_only_a_screened_subject_is_confirmed() -> None:
    given().when(ConfirmEligibility("S01", Group.ACLF)).refused("UNKNOWN_SUBJECT")


def test_the_group_is_the_one_that_was_screened() -> None:
    story = given([on("S01", screened(), by=SC)]).when(ConfirmEligibility("S01", Group.CLF))
    story.refused("GROUP_MISMATCH")


def test_a_candidate_who_fails_a_rule_is_not_confirmed() -> None:
    bad = on("S01", screened(eligible=False, rules=FAILED_RULES), by=SC)
    given([bad]).when(ConfirmEligibility("S01", Group.ACLF)).refused("NOT_ELIGIBLE")


def test_a_screen_failure_names_exactly_the_failed_rules() -> None:
    bad = on("S01", screened(eligible=False, rules=FAILED_RULES), by=SC)
    story = given([bad]).when(RecordScreenFailure("S01", ("CLF-3",)))
    story.then([SubjectScreenFailed(("CLF-3",))])


@pytest.mark.parametrize("rules", [(), ("CLF-1",), ("CLF-1", "CLF-3")])
def test_other_rules_than_those_that_failed_are_refused(rules: tuple[str, ...]) -> None:
    bad = on("S01", screened(eligible=False, rules=FAILED_RULES), by=SC)
    given([bad]).when(RecordScreenFailure("S01", rules)).refused("RULES_DIFFER")


def test_an_eligible_candidate_has_no_screen_failure() -> None:
    story = given([on("S01", screened(), by=SC)]).when(RecordScreenFailure("S01", ()))
    story.refused("RULES_DIFFER")


def test_a_screen_failure_needs_a_screening() -> None:
    given().when(RecordScreenFailure("S01", ())).refused("UNKNOWN_SUBJECT")


@pytest.mark.parametrize("asked", [ConfirmEligibility("S01", Group.ACLF), RecordScreenFailure("S01", ())])
def test_screening_is_concluded_once(asked: ConfirmEligibility | RecordScreenFailure) -> None:
    given(candidate("S01")).when(asked).refused("ILLEGAL_SEQUENCE")


def test_a_failed_candidate_is_not_confirmed_later() -> None:
    failed = [on("S01", screened(eligible=False), by=SC), on("S01", SubjectScreenFailed(("CLF-3",)))]
    given(failed).when(ConfirmEligibility("S01", Group.ACLF)).refused("ILLEGAL_SEQUENCE")


# -- enrolment --------------------------------------------------------------------------------------


def test_the_first_candidate_takes_the_first_slot() -> None:
    given(candidate("S01")).when(EnrolSubject("S01", 1, None)).then([SubjectEnrolled(1, None)])


def test_an_unknown_subject_is_not_enrolled() -> None:
    given().when(EnrolSubject("S01", 1, None)).refused("UNKNOWN_SUBJECT")


@pytest.mark.parametrize(
    "events",
    [
        [on("S01", screened(), by=SC)],
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
        [SubjectEnrolled(1, None)]
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
    given(events).when(EnrolSubject("S04", 2, None)).then([SubjectEnrolled(2, None)])


def test_a_signed_level_closes_again_when_the_protocol_changes_its_mind() -> None:
    late_dlts = [*with_dlt("S01"), *with_dlt("S02"), opened(2), *candidate("S03")]
    given(late_dlts).when(EnrolSubject("S03", 2, None)).refused("LEVEL_NOT_OPEN")


# -- replacement ------------------------------------------------------------------------------------


def test_who_left_before_evaluation_is_replaced() -> None:
    events = [*left_early("S01"), *candidate("S02")]
    given(events).when(EnrolSubject("S02", 1, "S01")).then([SubjectEnrolled(1, "S01")])


def test_a_subject_is_replaced_once() -> None:
    replacement = [
        on("S02", SubjectEnrolled(1, "S01")) if p.payload == SubjectEnrolled(1, None) else p
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


# -- dosing -----------------------------------------------------------------------------------------


def test_an_enrolled_subject_is_dosed() -> None:
    story = given(enrolled("S01")).when(dose("S01"))
    story.then([DoseAdministered(1, dose("S01").cells, Route.INTRAPERITONEAL)])


def test_an_unknown_subject_is_not_dosed() -> None:
    given().when(dose("S01")).refused("UNKNOWN_SUBJECT")


def test_the_product_is_given_once() -> None:
    given(dosed("S01")).when(dose("S01")).refused("ALREADY_DOSED")


def test_a_candidate_is_not_dosed() -> None:
    given(candidate("S01")).when(dose("S01")).refused("ILLEGAL_SEQUENCE")


def test_a_subject_who_left_is_not_dosed() -> None:
    gone = on("S01", LiverTransplantRecorded(START.date()))
    given([*enrolled("S01"), gone]).when(dose("S01")).refused("ILLEGAL_SEQUENCE")


def test_the_level_is_that_of_the_enrolment() -> None:
    given(enrolled("S01")).when(dose("S01", 2)).refused("LEVEL_MISMATCH")


@pytest.mark.parametrize(
    ("amount", "unit", "code"),
    [
        ("150", "10*6", "WRONG_UNIT"),
        ("0", "10*9", "BAD_DECIMAL"),
        ("-0.15", "10*9", "BAD_DECIMAL"),
        ("0.165000000001", "10*9", "DOSE_ABOVE_LEVEL"),
        ("0.5", "10*9", "DOSE_ABOVE_LEVEL"),
    ],
)
def test_an_amount_beyond_the_level_is_refused(amount: str, unit: str, code: str) -> None:
    asked = AdministerDose("S01", 1, cells(amount, unit), Route.INTRAPERITONEAL)
    given(enrolled("S01")).when(asked).refused(code)


def test_less_than_nine_tenths_of_the_level_needs_a_reason() -> None:
    asked = AdministerDose("S01", 1, cells("0.134"), Route.INTRAPERITONEAL)
    given(enrolled("S01")).when(asked).refused("REASON_REQUIRED")
    made = DoseAdministered(1, cells("0.134"), Route.INTRAPERITONEAL)
    given(enrolled("S01")).when(asked, reason=why()).then([made])


@pytest.mark.parametrize("amount", ["0.165", "0.135"])
def test_ten_percent_above_and_below_the_level_is_recorded(amount: str) -> None:
    asked = AdministerDose("S01", 1, cells(amount), Route.INTRAPERITONEAL)
    given(enrolled("S01")).when(asked).then([DoseAdministered(1, cells(amount), Route.INTRAPERITONEAL)])


def test_a_level_that_closed_since_enrolment_takes_no_dose() -> None:
    events = [*enrolled("S03"), *with_dlt("S01"), *with_dlt("S02")]
    given(events).when(dose("S03")).refused("LEVEL_NOT_OPEN")


def test_a_level_that_the_committee_left_takes_no_dose() -> None:
    events = [*enrolled("S02"), *completed("S01"), opened(2)]
    given(events).when(dose("S02")).refused("LEVEL_NOT_OPEN")


@pytest.mark.parametrize("asked", [EnrolSubject("S02", 1, None), dose("S01")])
def test_slots_are_decided_from_every_subject_and_from_their_number(
    asked: EnrolSubject | AdministerDose,
) -> None:
    story = given([*enrolled("S01"), *candidate("S02")]).when(asked)
    assert {"study", "escalation", "subject/S01", "subject/S02"} == set(story.facts.reads)
    assert story.facts.births == {"subject/": 2}


def test_the_exclusion_attestations_are_all_answered_in_the_example() -> None:
    assert set(Attestation) == {a.id for a in screening("S01").attestations}
