"""Consent: the first step of a subject, in the form that counts, before everything that is done to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from core.rules.screening_facts import Group
from core.trial.study.config import ConsentForm
from core.trial.subject.commands import (
    CompleteDltWindow,
    ConfirmEligibility,
    EnrolSubject,
    GiveConsent,
    ReconfirmConsent,
    WithdrawConsent,
)
from core.trial.subject.events import (
    ConsentGiven,
    ConsentGiver,
    ConsentReconfirmed,
    ConsentScope,
    ConsentWithdrawn,
    DeathRecorded,
)
from tests.support.given import (
    NCT05727722,
    PI,
    SC,
    SI,
    START,
    Past,
    Story,
    candidate,
    consent,
    consented,
    dosed,
    given,
    on,
    report,
    screened,
    screening,
    why,
)

FIRST = NCT05727722.consent_forms[0]
SECOND = ConsentForm("2.0", "zh-CN", "sha256:" + "2" * 64, date(2024, 3, 5), reconsent=True)
ENGLISH = ConsentForm("2.0", "en", "sha256:" + "3" * 64, date(2024, 3, 9), reconsent=True)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# The first instant of 5 March 2024 in Shanghai, eight hours before that of Greenwich.
FIFTH = START.replace(month=3, day=4, hour=16)
GIVEN = ConsentGiven("1.0", "zh-CN", FIRST.digest, ConsentGiver.SUBJECT, None)


def with_forms(*forms: ConsentForm) -> Any:
    return replace(NCT05727722, consent_forms=(FIRST, *forms))


def story(*events: Past, forms: tuple[ConsentForm, ...] = ()) -> Story:
    return given(events, study=with_forms(*forms))


def withdrawn(scope: ConsentScope, at: Any = START + DAY) -> Past:
    return on("S01", ConsentWithdrawn(scope), at=at)


# -- giving -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("investigator", [PI, SI])
def test_consent_is_the_first_event_of_a_subject(investigator: Any) -> None:
    given().when(consent("S01"), investigator, at=START).then([GIVEN])


def test_nobody_consents_without_a_configuration() -> None:
    given(study=None).when(consent("S01")).refused("NO_PROTOCOL_CONFIG")


@pytest.mark.parametrize("events", [consented("S01"), candidate("S01"), [on("S01", screened(), by=SC)]])
def test_a_subject_key_is_never_used_again(events: list[Past]) -> None:
    given(events).when(consent("S01")).refused("SUBJECT_EXISTS")


@pytest.mark.parametrize(("version", "language"), [("1.1", "zh-CN"), ("1.0", "en"), ("", "")])
def test_only_an_approved_form_is_signed(version: str, language: str) -> None:
    asked = GiveConsent("S01", version, language, ConsentGiver.SUBJECT, None)
    given().when(asked).refused("CONSENT_FORM_UNKNOWN")


@pytest.mark.parametrize(
    ("version", "at", "code"),
    [
        ("1.0", FIFTH - timedelta(seconds=1), None),
        ("1.0", FIFTH, "CONSENT_FORM_NOT_CURRENT"),
        ("2.0", FIFTH - timedelta(seconds=1), "CONSENT_FORM_NOT_CURRENT"),
        ("2.0", FIFTH, None),
    ],
)
def test_a_form_counts_from_the_first_moment_of_its_day_at_the_site(
    version: str, at: Any, code: str | None
) -> None:
    asked = GiveConsent("S01", version, "zh-CN", ConsentGiver.SUBJECT, None)
    told = story(forms=(SECOND,)).when(asked, at=at)
    if code is None:
        assert told.decided
    else:
        told.refused(code)


def test_a_translation_does_not_supersede_its_own_version() -> None:
    asked = GiveConsent("S01", "2.0", "zh-CN", ConsentGiver.SUBJECT, None)
    told = story(forms=(SECOND, ENGLISH)).when(asked, at=START + 20 * DAY)
    told.then([ConsentGiven("2.0", "zh-CN", SECOND.digest, ConsentGiver.SUBJECT, None)])


def test_a_legal_representative_signs_before_a_witness() -> None:
    alone = GiveConsent("S01", "1.0", "zh-CN", ConsentGiver.LEGAL_REPRESENTATIVE, None)
    given().when(alone).refused("WITNESS_REQUIRED")
    seen = replace(alone, witness="ward nurse 12")
    made = replace(GIVEN, given_by=ConsentGiver.LEGAL_REPRESENTATIVE, witness="ward nurse 12")
    given().when(seen).then([made])


@pytest.mark.parametrize(
    ("witness", "code"),
    [(" ", "BAD_TEXT"), (PI.id, "SOD_VIOLATION"), ("Li, 138 0013 8000", "PII_SUSPECTED")],
)
def test_a_witness_is_another_person_and_named_without_numbers(witness: str, code: str) -> None:
    given().when(replace(consent("S01"), witness=witness), PI).refused(code)


@pytest.mark.parametrize("key", ["S110101199003071234", "S13800138000", "S-11010119900307123X"])
def test_a_subject_key_is_no_identity_or_telephone_number(key: str) -> None:
    given().when(consent(key)).refused("PII_SUSPECTED")


def test_consent_lies_in_the_past() -> None:
    given().when(consent("S01"), at=START + HOUR, now=START).refused("FUTURE_TIME")


# -- giving again -----------------------------------------------------------------------------------


def again(version: str = "2.0", language: str = "zh-CN") -> ReconfirmConsent:
    return ReconfirmConsent("S01", version, language, ConsentGiver.SUBJECT, None)


def test_consent_is_given_again_under_the_newer_form() -> None:
    told = story(*consented("S01"), forms=(SECOND,)).when(again(), at=FIFTH)
    told.then([ConsentReconfirmed("2.0", "zh-CN", SECOND.digest, ConsentGiver.SUBJECT, None)])


def test_the_form_already_agreed_to_is_not_signed_again() -> None:
    story(*consented("S01")).when(again("1.0")).refused("NO_CHANGE")


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([], "UNKNOWN_SUBJECT"),
        (consented("S01", START + 10 * DAY), "CONSENT_MISSING"),
        ([*consented("S01"), withdrawn(ConsentScope.ALL_PROCEDURES)], "CONSENT_WITHDRAWN"),
        (
            [*consented("S01"), on("S01", DeathRecorded(START.date(), None, related=False))],
            "ILLEGAL_SEQUENCE",
        ),
    ],
)
def test_only_who_has_consented_and_lives_is_asked_again(events: list[Past], code: str) -> None:
    story(*events, forms=(SECOND,)).when(again(), at=FIFTH).refused(code)


def test_forms_are_agreed_to_in_the_order_of_time() -> None:
    later = on(
        "S01", ConsentReconfirmed("2.0", "zh-CN", SECOND.digest, ConsentGiver.SUBJECT, None), at=FIFTH + DAY
    )
    asked = again("2.0", "en")
    forms = (SECOND, replace(ENGLISH, effective_from=SECOND.effective_from))
    story(*consented("S01"), later, forms=forms).when(asked, at=FIFTH + HOUR).refused("ILLEGAL_SEQUENCE")


# -- taking back ------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", list(ConsentScope))
def test_consent_is_taken_back_with_a_reason(scope: ConsentScope) -> None:
    asked = WithdrawConsent("S01", scope)
    story(*consented("S01")).when(asked).refused("REASON_REQUIRED")
    story(*consented("S01")).when(asked, reason=why()).then([ConsentWithdrawn(scope)])


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([], "UNKNOWN_SUBJECT"),
        (consented("S01", START + 10 * DAY), "CONSENT_MISSING"),
        (
            [*consented("S01"), on("S01", DeathRecorded(START.date(), None, related=False))],
            "ILLEGAL_SEQUENCE",
        ),
    ],
)
def test_only_given_consent_of_the_living_is_taken_back(events: list[Past], code: str) -> None:
    asked = WithdrawConsent("S01", ConsentScope.ALL_PROCEDURES)
    story(*events).when(asked, at=START + 2 * DAY, reason=why()).refused(code)


@pytest.mark.parametrize(
    ("first", "then", "accepted"),
    [
        (ConsentScope.TREATMENT_ONLY, ConsentScope.ALL_PROCEDURES, True),
        (ConsentScope.TREATMENT_ONLY, ConsentScope.TREATMENT_ONLY, False),
        (ConsentScope.ALL_PROCEDURES, ConsentScope.TREATMENT_ONLY, False),
        (ConsentScope.ALL_PROCEDURES, ConsentScope.ALL_PROCEDURES, False),
    ],
)
def test_what_is_withdrawn_is_not_withdrawn_again(
    first: ConsentScope,
    then: ConsentScope,
    accepted: bool,  # noqa: FBT001 - a table's column
) -> None:
    told = story(*consented("S01"), withdrawn(first)).when(WithdrawConsent("S01", then), reason=why())
    if accepted:
        told.then([ConsentWithdrawn(then)])
    else:
        told.refused("CONSENT_WITHDRAWN")


# -- what it permits --------------------------------------------------------------------------------


def test_nobody_is_screened_without_consent() -> None:
    given().when(screening("S01"), SC).refused("CONSENT_MISSING")


@pytest.mark.parametrize(
    ("after", "code"), [(timedelta(0), None), (timedelta(seconds=-1), "CONSENT_MISSING")]
)
def test_screening_begins_with_the_moment_of_consent(after: timedelta, code: str | None) -> None:
    told = given(consented("S01")).when(screening("S01"), SC, at=START + after)
    if code is None:
        assert told.decided
    else:
        told.refused(code)


PROCEDURES = {
    "screening": (consented("S01"), screening("S01"), SC),
    "confirmation": (candidate("S01")[:2], ConfirmEligibility("S01", Group.ACLF), PI),
    "enrolment": (candidate("S01"), EnrolSubject("S01", 1, None), PI),
}


@pytest.mark.parametrize("step", PROCEDURES)
@pytest.mark.parametrize(("after", "refused"), [(timedelta(seconds=-1), False), (timedelta(0), True)])
def test_no_procedure_follows_a_withdrawal_in_whole(step: str, after: timedelta, refused: bool) -> None:  # noqa: FBT001 - a table's column
    """What happened before the withdrawal is recorded even if it is entered after it."""
    events, command, person = PROCEDURES[step]
    told = given([*events, withdrawn(ConsentScope.ALL_PROCEDURES)])
    told.when(command, person, at=START + DAY + after, now=START + 2 * DAY)
    if refused:
        told.refused("CONSENT_WITHDRAWN")
    else:
        assert told.decided


@pytest.mark.parametrize("step", ["screening", "enrolment"])
def test_no_treatment_follows_a_withdrawal_of_treatment(step: str) -> None:
    events, command, person = PROCEDURES[step]
    told = given([*events, withdrawn(ConsentScope.TREATMENT_ONLY)])
    told.when(command, person, at=START + DAY).refused("CONSENT_WITHDRAWN")


@pytest.mark.parametrize(("at", "due"), [(FIFTH - timedelta(seconds=1), False), (FIFTH, True)])
def test_a_newer_form_that_asks_for_it_stops_enrolment(at: Any, due: bool) -> None:  # noqa: FBT001 - a table's column
    told = story(*candidate("S01"), forms=(SECOND,)).when(EnrolSubject("S01", 1, None), at=at)
    if due:
        told.refused("RECONSENT_DUE")
    else:
        assert told.decided


def test_a_newer_form_that_does_not_ask_for_it_stops_nothing() -> None:
    forms = (replace(SECOND, reconsent=False),)
    assert story(*candidate("S01"), forms=forms).when(EnrolSubject("S01", 1, None), at=FIFTH).decided


def test_enrolment_goes_on_once_consent_is_given_again() -> None:
    event = on("S01", ConsentReconfirmed("2.0", "zh-CN", SECOND.digest, ConsentGiver.SUBJECT, None), at=FIFTH)
    told = story(*candidate("S01"), event, forms=(SECOND, ENGLISH))
    assert told.when(EnrolSubject("S01", 1, None), at=FIFTH + 20 * DAY).decided


@pytest.mark.parametrize(
    ("onset", "code"), [(date(2024, 2, 29), "ONSET_BEFORE_CONSENT"), (date(2024, 3, 1), None)]
)
def test_an_adverse_event_counts_from_the_day_of_consent(onset: date, code: str | None) -> None:
    told = given(consented("S01")).when(report("S01", onset=onset), SC)
    if code is None:
        assert told.decided
    else:
        told.refused(code)


@pytest.mark.parametrize("scope", list(ConsentScope))
def test_safety_is_recorded_after_any_withdrawal(scope: ConsentScope) -> None:
    told = given([*dosed("S01"), withdrawn(scope)]).when(report("S01", onset=date(2024, 3, 9)), SC)
    assert told.decided


LAST_DAY = START + 28 * DAY


@pytest.mark.parametrize(
    ("scope", "at", "refused"),
    [
        (ConsentScope.ALL_PROCEDURES, LAST_DAY - DAY, True),
        (ConsentScope.ALL_PROCEDURES, LAST_DAY, False),
        (ConsentScope.TREATMENT_ONLY, LAST_DAY - DAY, False),
    ],
)
def test_a_window_that_consent_did_not_outlast_is_not_closed(
    scope: ConsentScope,
    at: Any,
    refused: bool,  # noqa: FBT001 - a table's column
) -> None:
    told = given([*dosed("S01"), withdrawn(scope, at)]).when(CompleteDltWindow("S01"), at=LAST_DAY + HOUR)
    if refused:
        told.refused("CONSENT_WITHDRAWN")
    else:
        assert told.decided
