"""Screening: every rule answered from evidence that can be true, after consent and before the dose."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.rules.eligibility import RuleResult
from core.rules.screening_facts import Attestation, Group
from core.trial.study.config import PlausibleRange
from core.trial.subject.commands import (
    ConfirmEligibility,
    CorrectScreening,
    RecordScreenFailure,
    ScreenSubject,
)
from core.trial.subject.events import (
    Attested,
    EligibilityConfirmed,
    LiverTransplantRecorded,
    Measured,
    RuleAnswer,
    ScreeningCorrected,
    SubjectScreened,
    SubjectScreenFailed,
    SubjectWithdrawn,
)
from core.trial.subject.field_change import FieldChange
from tests.support.given import (
    NCT05727722,
    SC,
    START,
    Past,
    candidate,
    consented,
    digest,
    dosed,
    enrolled,
    given,
    on,
    screened,
    screening,
    why,
)

FAILED_RULES = (RuleAnswer("CLF-1", RuleResult.PASS), RuleAnswer("CLF-3", RuleResult.FAIL))
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


# -- screening --------------------------------------------------------------------------------------


def test_an_eligible_candidate_is_screened_with_every_rule_answered() -> None:
    story = given(consented("S01")).when(screening("S01"), SC)
    made = story.decided[0].event
    assert isinstance(made, SubjectScreened)
    story.then([made])
    assert made.eligible
    assert {RuleResult.PASS} == {r.answer for r in made.rules}
    assert made.config_number == 1


def test_a_light_candidate_is_screened_as_not_eligible() -> None:
    made = given(consented("S01")).when(screening("S01", weight="40"), SC).decided[0].event
    assert isinstance(made, SubjectScreened)
    assert not made.eligible


def test_what_is_not_known_is_not_eligible_either() -> None:
    asked = screening("S01")
    unsaid = replace(asked, attestations=tuple(Attested(a.id, holds=None) for a in asked.attestations))
    made = given(consented("S01")).when(unsaid, SC).decided[0].event
    assert isinstance(made, SubjectScreened)
    assert not made.eligible
    assert RuleResult.UNKNOWN in {r.answer for r in made.rules}


def test_nobody_is_screened_without_a_configuration() -> None:
    given(study=None).when(screening("S01"), SC).refused("NO_PROTOCOL_CONFIG")


def twice(asked: ScreenSubject, field: str) -> ScreenSubject:
    return replace(asked, **{field: getattr(asked, field) * 2})


@pytest.mark.parametrize("field", ["measurements", "attestations"])
def test_a_field_given_twice_is_refused(field: str) -> None:
    given(consented("S01")).when(twice(screening("S01"), field), SC).refused("DUPLICATE_FIELD")


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
    given(consented("S01")).when(replace(screening("S01"), measurements=(measured,)), SC).refused(code)


# -- eligibility ------------------------------------------------------------------------------------


def test_an_investigator_confirms_an_eligible_candidate() -> None:
    story = given([*consented("S01"), on("S01", screened(), by=SC)]).when(
        ConfirmEligibility("S01", Group.ACLF)
    )
    story.then([EligibilityConfirmed(Group.ACLF)])


def test_only_a_screened_subject_is_confirmed() -> None:
    given().when(ConfirmEligibility("S01", Group.ACLF)).refused("UNKNOWN_SUBJECT")


def test_the_group_is_the_one_that_was_screened() -> None:
    story = given([*consented("S01"), on("S01", screened(), by=SC)]).when(
        ConfirmEligibility("S01", Group.CLF)
    )
    story.refused("GROUP_MISMATCH")


def test_a_candidate_who_fails_a_rule_is_not_confirmed() -> None:
    bad = on("S01", screened(eligible=False, rules=FAILED_RULES), by=SC)
    given([*consented("S01"), bad]).when(ConfirmEligibility("S01", Group.ACLF)).refused("NOT_ELIGIBLE")


def test_a_screen_failure_names_exactly_the_failed_rules() -> None:
    bad = on("S01", screened(eligible=False, rules=FAILED_RULES), by=SC)
    story = given([*consented("S01"), bad]).when(RecordScreenFailure("S01", ("CLF-3",)))
    story.then([SubjectScreenFailed(("CLF-3",))])


@pytest.mark.parametrize("rules", [(), ("CLF-1",), ("CLF-1", "CLF-3")])
def test_other_rules_than_those_that_failed_are_refused(rules: tuple[str, ...]) -> None:
    bad = on("S01", screened(eligible=False, rules=FAILED_RULES), by=SC)
    given([*consented("S01"), bad]).when(RecordScreenFailure("S01", rules)).refused("RULES_DIFFER")


def test_an_eligible_candidate_has_no_screen_failure() -> None:
    story = given([*consented("S01"), on("S01", screened(), by=SC)]).when(RecordScreenFailure("S01", ()))
    story.refused("RULES_DIFFER")


def test_a_screen_failure_needs_a_screening() -> None:
    given().when(RecordScreenFailure("S01", ())).refused("UNKNOWN_SUBJECT")


@pytest.mark.parametrize("asked", [ConfirmEligibility("S01", Group.ACLF), RecordScreenFailure("S01", ())])
def test_screening_is_concluded_once(asked: ConfirmEligibility | RecordScreenFailure) -> None:
    given(candidate("S01")).when(asked).refused("ILLEGAL_SEQUENCE")


def test_a_failed_candidate_is_not_confirmed_later() -> None:
    failed = [on("S01", screened(eligible=False), by=SC), on("S01", SubjectScreenFailed(("CLF-3",)))]
    given(failed).when(ConfirmEligibility("S01", Group.ACLF)).refused("ILLEGAL_SEQUENCE")


# -- evidence ---------------------------------------------------------------------------------------


def weighing(**fields: Any) -> ScreenSubject:
    """Return a screening whose weight says when and from where it was taken."""
    asked = screening("S01")
    weight = Measured("weight", Decimal("68.0"), "kg", **fields)
    return replace(asked, measurements=(weight, *asked.measurements[1:]))


@pytest.mark.parametrize(
    ("taken", "code"),
    [
        (START - SECOND, "CONSENT_MISSING"),
        (START, None),
        (START + HOUR, None),
        (START + HOUR + SECOND, "FUTURE_TIME"),
    ],
)
def test_a_value_is_taken_between_consent_and_screening(taken: Any, code: str | None) -> None:
    told = given(consented("S01")).when(weighing(measured_at=taken), SC, at=START + HOUR)
    if code is None:
        assert told.decided
    else:
        told.refused(code)


@pytest.mark.parametrize(
    ("source", "code"),
    [(" ", "BAD_TEXT"), ("x" * 501, "BAD_TEXT"), ("ID 110101 19900307 1234", "PII_SUSPECTED")],
)
def test_a_source_is_named_without_personal_data(source: str, code: str) -> None:
    given(consented("S01")).when(weighing(source=source), SC).refused(code)


@pytest.mark.parametrize(("name", "low", "high"), [("weight", "20", "300"), ("platelets", "1", "3000")])
def test_both_ends_of_a_plausible_range_are_in(name: str, low: str, high: str) -> None:
    """The ranges are those of the signed configuration; platelets are one of them."""
    for value, fits in ((low, True), (high, True), (f"{int(low) - 1}.99", False), (f"{high}.01", False)):
        told = given(consented("S01")).when(screening("S01", **{name: value}), SC)
        if fits:
            assert told.decided
        else:
            told.refused("IMPLAUSIBLE")


@pytest.mark.parametrize(
    ("umol_l", "fits"), [("171", True), ("170.9", False), ("342", True), ("342.1", False)]
)
def test_a_range_in_another_unit_is_converted(umol_l: str, fits: bool) -> None:  # noqa: FBT001 - a table's column
    """10 to 20 mg/dL are 171 to 342 umol/L (domain 3: factor 17.1)."""
    ranges = (PlausibleRange("bilirubin", "mg/dL", Decimal(10), Decimal(20)),)
    told = given(consented("S01"), study=replace(NCT05727722, plausible_ranges=ranges))
    told.when(screening("S01", bilirubin=umol_l), SC)
    if fits:
        assert told.decided
    else:
        told.refused("IMPLAUSIBLE")


@pytest.mark.parametrize(
    ("field", "value", "fits"),
    [
        ("age_years", -1, False),
        ("age_years", 0, True),
        ("age_years", 130, True),
        ("age_years", 131, False),
        ("days_of_prior_treatment", -1, False),
        ("days_of_prior_treatment", 0, True),
        ("days_of_prior_treatment", 36_500, True),
        ("days_of_prior_treatment", 36_501, False),
    ],
)
def test_a_slip_of_the_keyboard_is_no_age(field: str, value: int, fits: bool) -> None:  # noqa: FBT001 - a table's column
    entered: dict[str, Any] = {field: value}
    told = given(consented("S01")).when(replace(screening("S01"), **entered), SC)
    if fits:
        assert told.decided
    else:
        told.refused("IMPLAUSIBLE")


def attesting(name: Attestation, *, holds: bool, note: str | None) -> ScreenSubject:
    asked = screening("S01")
    said = tuple(Attested(name, holds, note) if a.id is name else a for a in asked.attestations)
    return replace(asked, attestations=said)


def test_another_reason_against_inclusion_is_said_in_words() -> None:
    """EXC-12: free text mandatory."""
    other = Attestation.OTHER_REASON_AGAINST_INCLUSION
    told = given(consented("S01"))
    told.when(attesting(other, holds=True, note=None), SC).refused("REASON_REQUIRED")
    made = given(consented("S01")).when(attesting(other, holds=True, note="frailty"), SC).decided[0].event
    assert isinstance(made, SubjectScreened)
    assert [r.rule for r in made.rules if r.answer is RuleResult.FAIL] == ["EXC-12"]
    assert given(consented("S01")).when(attesting(other, holds=False, note=None), SC).decided


def test_a_note_holds_no_telephone_number() -> None:
    asked = attesting(Attestation.ACTIVE_BLEEDING, holds=False, note="call 13800138000")
    given(consented("S01")).when(asked, SC).refused("PII_SUSPECTED")


# -- screening again --------------------------------------------------------------------------------


def failed_once(at: Any = START) -> list[Past]:
    bad = on("S01", screened(eligible=False, rules=FAILED_RULES), by=SC, at=at)
    return [bad, on("S01", SubjectScreenFailed(("CLF-3",)), at=at)]


def test_a_failed_candidate_is_screened_again_as_often_as_the_protocol_says() -> None:
    once = [*consented("S01"), *failed_once()]
    assert given(once).when(screening("S01"), SC).decided
    given([*once, *failed_once()]).when(screening("S01"), SC).refused("NO_RESCREENING_LEFT")
    never = replace(NCT05727722, data=replace(NCT05727722.data, rescreenings=0))
    given(once, study=never).when(screening("S01"), SC).refused("NO_RESCREENING_LEFT")


def test_another_attempt_starts_anew_and_keeps_the_failure() -> None:
    told = given([*consented("S01"), *failed_once(), on("S01", screened(), by=SC)])
    subject = told.trial.subjects["S01"]
    assert (subject.attempt, subject.failures) == (2, (SubjectScreenFailed(("CLF-3",)),))
    assert subject.screen_failed is None
    told.when(ConfirmEligibility("S01", Group.ACLF)).then([EligibilityConfirmed(Group.ACLF)])


def test_another_attempt_comes_after_the_failure_and_may_choose_the_other_group() -> None:
    events = [*consented("S01"), *failed_once(START + HOUR)]
    given(events).when(screening("S01"), SC, at=START + HOUR - SECOND).refused("ILLEGAL_SEQUENCE")
    assert given(events).when(replace(screening("S01"), group=Group.CLF), SC, at=START + HOUR).decided


VALID = timedelta(hours=72)


@pytest.mark.parametrize("events", [candidate("S01"), enrolled("S01"), candidate("S01")[:2]])
def test_values_are_renewed_once_they_are_too_old_for_a_dose(events: list[Past]) -> None:
    given(events).when(screening("S01"), SC, at=START + VALID).refused("SUBJECT_EXISTS")
    assert given(events).when(screening("S01"), SC, at=START + VALID + SECOND).decided


def test_renewed_values_are_for_the_same_group_and_wait_for_confirmation() -> None:
    later = START + VALID + SECOND
    other = replace(screening("S01"), group=Group.CLF)
    given(candidate("S01")).when(other, SC, at=later).refused("GROUP_MISMATCH")
    told = given([*enrolled("S01"), on("S01", screened(), by=SC, at=later)])
    assert told.trial.subjects["S01"].attempt == 1
    told.when(ConfirmEligibility("S01", Group.ACLF), at=later).then([EligibilityConfirmed(Group.ACLF)])


@pytest.mark.parametrize(
    "events", [dosed("S01"), [*enrolled("S01"), on("S01", LiverTransplantRecorded(START.date()))]]
)
def test_nobody_is_screened_after_the_dose_or_after_leaving(events: list[Past]) -> None:
    given(events).when(screening("S01"), SC).refused("ILLEGAL_SEQUENCE")


def test_who_fails_a_rule_is_a_screen_failure_before_another_screening() -> None:
    """Otherwise the attempts would not count; only values that fail no rule are renewed."""
    light = screened(eligible=False, rules=(RuleAnswer("ACLF-1", RuleResult.FAIL),))
    unknown = screened(eligible=False, rules=(RuleAnswer("ACLF-6", RuleResult.UNKNOWN),))
    for event, code in ((light, "ILLEGAL_SEQUENCE"), (unknown, None)):
        story = given([*consented("S01"), on("S01", event, by=SC)]).when(screening("S01"), SC)
        if code:
            story.refused(code)
        else:
            assert len(story.decided) == 1


def test_who_has_left_is_not_confirmed_on_renewed_values() -> None:
    gone = on("S01", SubjectWithdrawn(START.date(), "own wish", dlt_related=False))
    renewed = [*enrolled("S01"), on("S01", screened(), by=SC), gone]
    given(renewed).when(ConfirmEligibility("S01", Group.ACLF)).refused("ILLEGAL_SEQUENCE")


def test_an_enrolled_subject_is_no_screen_failure() -> None:
    bad = on("S01", screened(eligible=False, rules=FAILED_RULES), by=SC, at=START + VALID + SECOND)
    given([*enrolled("S01"), bad]).when(RecordScreenFailure("S01", ("CLF-3",))).refused("ILLEGAL_SEQUENCE")


def test_a_failure_does_not_precede_its_screening() -> None:
    bad = [*consented("S01"), on("S01", screened(eligible=False, rules=FAILED_RULES), by=SC)]
    asked = RecordScreenFailure("S01", ("CLF-3",))
    given(bad).when(asked, at=START - SECOND).refused("ILLEGAL_SEQUENCE")


# -- corrections ------------------------------------------------------------------------------------

SCREENED = [*consented("S01"), on("S01", screened(), by=SC)]


def correction(field: str, old: object, new: object, source: str = "laboratory report 7") -> CorrectScreening:
    return CorrectScreening("S01", (FieldChange(field, old, new),), source)


def test_a_corrected_value_answers_every_rule_again() -> None:
    """212 umol/L passes ACLF-5 (85 and more); 80 does not."""
    asked = correction("measurements.bilirubin.value", "212", "80")
    told = given(SCREENED).when(asked, SC, reason=why())
    made = told.decided[0].event
    assert isinstance(made, ScreeningCorrected)
    assert [r.rule for r in made.rules if r.answer is RuleResult.FAIL] == ["ACLF-5"]
    assert not made.eligible
    told.then([made], corrects=digest(5))


def test_a_corrected_screening_reads_as_corrected_and_is_confirmed_anew() -> None:
    change = FieldChange("measurements.weight.value", "68.0", "86.0")
    event = ScreeningCorrected((change,), "scale", eligible=True, rules=())
    subject = given([*candidate("S01"), on("S01", event, by=SC)]).trial.subjects["S01"]
    assert subject.screened is not None
    assert subject.screened.measurements[0] == Measured("weight", Decimal("86.0"), "kg")
    assert subject.confirmed is None
    stays = given([*enrolled("S01"), on("S01", event, by=SC)]).trial.subjects["S01"]
    assert stays.confirmed is not None


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("age_years", 46, 47),
        ("group", "ACLF", "CLF"),
        ("days_of_prior_treatment", 5, None),
        ("attestations.active_bleeding.holds", False, True),
        ("attestations.active_bleeding.note", None, "seen on the ward"),
        (
            "measurements.pao2_fio2",
            None,
            {"value": "300", "unit": "mm[Hg]", "measured_at": None, "source": None},
        ),
        ("measurements.albumin", {"value": "31", "unit": "g/L", "measured_at": None, "source": None}, None),
    ],
)
def test_every_entry_can_be_corrected_added_or_struck(field: str, old: object, new: object) -> None:
    assert given(SCREENED).when(correction(field, old, new), SC, reason=why()).decided


@pytest.mark.parametrize(
    ("field", "old", "new", "code"),
    [
        ("measurements.bilirubin.value", "211", "80", "STALE_VALUE"),
        ("age_years", "46", 47, "STALE_VALUE"),
        ("age_years", True, 47, "STALE_VALUE"),
        ("age_years", 46, 46, "NO_CHANGE"),
        ("age_years", 46, 131, "IMPLAUSIBLE"),
        ("age_years", 46, "47", "BAD_PAYLOAD"),
        ("eligible", True, False, "UNKNOWN_FIELD"),
        ("rules", None, [], "UNKNOWN_FIELD"),
        ("config_number", 1, 2, "UNKNOWN_FIELD"),
        ("measurements", [], None, "UNKNOWN_FIELD"),
        ("measurements.", None, {}, "UNKNOWN_FIELD"),
        ("measurements.weight.analyte", "weight", "inr", "UNKNOWN_FIELD"),
        ("measurements.pao2_fio2.value", None, "300", "UNKNOWN_FIELD"),
        ("measurements.pao2_fio2", None, "300", "BAD_PAYLOAD"),
        ("measurements.pao2_fio2", None, {"value": "300"}, "BAD_PAYLOAD"),
        (
            "measurements.pao2_fio2",
            None,
            {"analyte": "inr", "value": "2", "unit": "1", "measured_at": None, "source": None},
            "BAD_PAYLOAD",
        ),
        ("measurements.weight.unit", "kg", "g", "UNKNOWN_UNIT"),
        ("measurements.weight.value", "68.0", "301", "IMPLAUSIBLE"),
        ("measurements.weight.measured_at", None, "2024-03-01T00:59:59.000Z", "CONSENT_MISSING"),
        ("measurements.weight.measured_at", None, "2024-03-01T01:00:01.000Z", "FUTURE_TIME"),
        ("attestations.other_reason_against_inclusion.holds", False, True, "REASON_REQUIRED"),
    ],
)
def test_a_correction_that_does_not_fit_is_refused(field: str, old: object, new: object, code: str) -> None:
    given(SCREENED).when(correction(field, old, new), SC, reason=why()).refused(code)


def test_a_correction_needs_a_reason_a_source_and_a_change() -> None:
    asked = correction("age_years", 46, 47)
    given(SCREENED).when(asked, SC).refused("REASON_REQUIRED")
    given(SCREENED).when(replace(asked, source=" "), SC, reason=why()).refused("BAD_TEXT")
    given(SCREENED).when(replace(asked, source="x" * 501), SC, reason=why()).refused("BAD_TEXT")
    given(SCREENED).when(replace(asked, source="13800138000"), SC, reason=why()).refused("PII_SUSPECTED")
    given(SCREENED).when(replace(asked, changes=()), SC, reason=why()).refused("NO_CHANGE")
    given(consented("S01")).when(asked, SC, reason=why()).refused("UNKNOWN_SUBJECT")


def test_a_correction_names_each_entry_once() -> None:
    twice_named = (
        FieldChange("measurements.albumin.value", "31", "32"),
        FieldChange(
            "measurements.albumin", {"value": "31", "unit": "g/L", "measured_at": None, "source": None}, None
        ),
    )
    asked = CorrectScreening("S01", twice_named, "report")
    given(SCREENED).when(asked, SC, reason=why()).refused("DUPLICATE_FIELD")
