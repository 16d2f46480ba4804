"""At the dose: consent that still stands, and screening values that are young enough and confirmed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from core.kernel.errors import Refused
from core.rules.eligibility import RuleResult
from core.rules.screening_facts import Group
from core.trial.study.config import ConsentForm
from core.trial.subject.events import (
    ConsentScope,
    ConsentWithdrawn,
    EligibilityConfirmed,
    Measured,
    RuleAnswer,
    ScreeningCorrected,
)
from core.trial.subject.evidence import evidence_from, require_evidence_fresh
from core.trial.subject.field_change import FieldChange
from tests.support.given import NCT05727722, SC, START, dose, enrolled, given, on, screened

if TYPE_CHECKING:
    from datetime import datetime

    from core.trial.study.config import ProtocolConfig
    from tests.support.given import Past, Story

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
VALID = timedelta(hours=72)
WAITING = enrolled("S01")
FAILS = (RuleAnswer("ACLF-1", RuleResult.FAIL),)


def dosing(*news: Past, at: datetime = START + DAY, study: ProtocolConfig = NCT05727722) -> Story:
    return given([*WAITING, *news], study=study).when(dose("S01", at=at), at=at)


def corrected(*, eligible: bool) -> Past:
    change = FieldChange("measurements.weight.value", "68.0", "40.0" if not eligible else "86.0")
    return on("S01", ScreeningCorrected((change,), "scale", eligible=eligible, rules=FAILS), by=SC)


# -- age of the evidence ----------------------------------------------------------------------------


def test_screening_values_may_be_72_hours_old_at_the_dose() -> None:
    """Domain 5 (j): at most 72 hours; the golden subjects are dosed at exactly that age."""
    assert dosing(at=START + VALID).decided
    dosing(at=START + VALID + SECOND).refused("EVIDENCE_STALE")


def test_how_old_they_may_be_is_configuration() -> None:
    day = replace(NCT05727722, dosing=replace(NCT05727722.dosing, screening_valid_hours=24))
    assert dosing(at=START + DAY, study=day).decided
    dosing(at=START + DAY + SECOND, study=day).refused("EVIDENCE_STALE")


def test_the_oldest_value_counts() -> None:
    """One weighed an hour before the screening makes the whole screening an hour older."""
    weight = Measured("weight", Decimal("68.0"), "kg", measured_at=START - timedelta(hours=1))
    form = screened()
    older = on("S01", replace(form, measurements=(weight, *form.measurements[1:])), by=SC)
    subject = given([older]).trial.subjects["S01"]
    assert evidence_from(subject) == START - timedelta(hours=1)
    younger = replace(weight, measured_at=START)
    fresh = given([on("S01", replace(form, measurements=(younger,)), by=SC)]).trial.subjects["S01"]
    assert evidence_from(fresh) == START


def test_without_a_screening_there_is_no_evidence() -> None:
    subject = given().facts.subject("S01")
    assert evidence_from(subject) is None
    with pytest.raises(Refused, match="NOT_ELIGIBLE"):
        require_evidence_fresh(subject, START, NCT05727722)


# -- what was confirmed -----------------------------------------------------------------------------


def test_renewed_values_are_confirmed_before_the_dose() -> None:
    later = START + VALID + DAY
    renewed = on("S01", screened(), by=SC, at=later)
    dosing(renewed, at=later).refused("NOT_ELIGIBLE")
    assert dosing(renewed, on("S01", EligibilityConfirmed(Group.ACLF), at=later), at=later).decided


def test_an_enrolled_subject_found_ineligible_is_not_dosed() -> None:
    assert dosing(corrected(eligible=True)).decided
    dosing(corrected(eligible=False)).refused("NOT_ELIGIBLE")


# -- consent at the dose ----------------------------------------------------------------------------


@pytest.mark.parametrize("scope", list(ConsentScope))
def test_nobody_is_dosed_after_taking_consent_back(scope: ConsentScope) -> None:
    taken_back = on("S01", ConsentWithdrawn(scope), at=START + DAY)
    assert dosing(taken_back, at=START + DAY - SECOND).decided
    dosing(taken_back, at=START + DAY).refused("CONSENT_WITHDRAWN")


def test_nobody_is_dosed_while_consent_is_due_again() -> None:
    """The form counts from midnight of 3 March in Shanghai: 16:00 of the day before in Greenwich."""
    form = ConsentForm("2.0", "zh-CN", "sha256:" + "2" * 64, date(2024, 3, 3), reconsent=True)
    study = replace(NCT05727722, consent_forms=(*NCT05727722.consent_forms, form))
    midnight = START.replace(day=2, hour=16, minute=0)
    assert dosing(at=midnight - SECOND, study=study).decided
    dosing(at=midnight, study=study).refused("RECONSENT_DUE")


def test_a_dose_without_consent_is_refused() -> None:
    """No decision makes such a record; were there one, the dose would still be refused."""
    unasked = [past for past in WAITING if past.payload.TOPIC != "subject.ConsentGiven/1"]
    given(unasked).when(dose("S01", at=START), at=START).refused("CONSENT_MISSING")
