"""Consent and screen failures as people read them, from commands that were really signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel.actors import Role
from core.kernel.time import parse_offset_time
from core.trial.study.commands import ApproveAmendment, ProposeAmendment
from core.trial.study.config import ConsentForm
from core.trial.subject.commands import (
    CorrectScreening,
    GiveConsent,
    ReconfirmConsent,
    RecordScreenFailure,
    WithdrawConsent,
)
from core.trial.subject.events import ConsentGiver, ConsentScope, Measured
from core.trial.subject.field_change import FieldChange
from projections.consents import Consents
from projections.deviations import Deviations
from projections.runner import Runner
from tests.views.golden_script import EXPECTED, screening
from tests.views.stage import WHY
from tests.views.wander import FORM, OPENING, Wanderer

if TYPE_CHECKING:
    from projections.views import Views
    from tests.views.stage import Stage

NEWER = ConsentForm("2.0", "zh-CN", "sha256:" + "2" * 64, date(2024, 2, 3), reconsent=True)


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.staff()
    stage.configure()
    return stage


def rows(stage: Stage, views: Views, view: str) -> list[dict[str, Any]]:
    Runner(stage.log, views).catch_up()
    return views.rows(view)


def test_screen_failures_of_the_golden_trial(golden_views: Views) -> None:
    found = {row["subject_key"]: row["rules"] for row in golden_views.rows("screen-failures")}
    assert found == EXPECTED["screen_failures"]
    assert [(r["failed_rules"], r["attempt"]) for r in golden_views.rows("screen-failures")] == [
        (["CLF-3"], 1),
        (["EXC-7"], 1),
    ]


def test_every_screened_subject_of_the_golden_trial_has_consented(golden_views: Views) -> None:
    consents = {row["subject_key"]: row for row in golden_views.rows("consents")}
    assert consents.keys() == {row["subject_key"] for row in golden_views.rows("subjects")}
    first = consents["S001"]
    assert (first["given_at"], first["version"], first["given_by"]) == (
        "2024-03-01T09:00:00+08:00",
        "1.0",
        "subject",
    )


def amend(stage: Stage, form: ConsentForm) -> None:
    proposal = ProposeAmendment("EC-2024-7", None, None, None, form)
    stage.do(Role.MM, proposal, reason=WHY)
    stage.do(Role.PI, ApproveAmendment(2))


def presented(stage: Stage, views: Views, moment: str) -> dict[str, Any]:
    (row,) = Consents().present(rows(stage, views, "consents"), parse_offset_time(moment))
    return row


def test_a_newer_form_makes_consent_due_from_its_first_day_at_the_site(site: Stage, views: Views) -> None:
    site.consent("S1")
    assert presented(site, views, "2030-01-01T00:00:00+08:00")["reconsent_due"] is False
    amend(site, NEWER)
    assert presented(site, views, "2024-02-02T23:59:59+08:00")["reconsent_due"] is False
    row = presented(site, views, "2024-02-03T00:00:00+08:00")
    assert (row["reconsent_due"], row["reconsent_due_from"], row["version"]) == (True, "2024-02-03", "1.0")


def test_consent_given_again_is_due_no_more_and_keeps_its_beginning(site: Stage, views: Views) -> None:
    site.consent("S1")
    began = presented(site, views, "2024-02-05T00:00:00+08:00")["given_at"]
    amend(site, NEWER)
    later = site.clock() + timedelta(days=3)
    site.do(
        Role.PI, ReconfirmConsent("S1", "2.0", "zh-CN", ConsentGiver.LEGAL_REPRESENTATIVE, "nurse 4"), later
    )
    row = presented(site, views, "2024-02-05T00:00:00+08:00")
    assert (row["given_at"], row["version"], row["reconsent_due"]) == (began, "2.0", False)
    assert (row["given_by"], row["witness"], row["form_digest"]) == (
        "legal_representative",
        "nurse 4",
        NEWER.digest,
    )


@pytest.mark.parametrize(
    ("scope", "procedures"), [(ConsentScope.TREATMENT_ONLY, False), (ConsentScope.ALL_PROCEDURES, True)]
)
def test_what_was_withdrawn_is_said_and_is_not_asked_for_again(
    site: Stage,
    views: Views,
    scope: ConsentScope,
    procedures: bool,  # noqa: FBT001 - a table's column
) -> None:
    site.consent("S1")
    amend(site, NEWER)
    site.do(Role.PI, WithdrawConsent("S1", scope), reason=WHY)
    row = presented(site, views, "2030-01-01T00:00:00+08:00")
    assert row["treatment_withdrawn_at"] is not None
    assert (row["procedures_withdrawn_at"] is not None) == procedures
    assert row["reconsent_due"] is False


def failing(key: str, weight: str) -> Any:
    asked = screening(key, FORM)
    measured = tuple(m for m in asked.measurements if m.analyte != "weight")
    return replace(asked, measurements=(*measured, Measured("weight", Decimal(weight), "kg")))


def test_each_failed_attempt_keeps_its_row_and_its_own_values(site: Stage, views: Views) -> None:
    site.consent("S1")
    for weight in ("39.50", "40"):
        site.do(Role.SC, failing("S1", weight))
        site.do(Role.PI, RecordScreenFailure("S1", ("ACLF-1",)))
    assert site.refused(Role.SC, screening("S1", FORM)) == "NO_RESCREENING_LEFT"
    found = [(r["attempt"], r["rules"]) for r in rows(site, views, "screen-failures")]
    assert found == [(1, ["ACLF-1 (39.5 <= 40)"]), (2, ["ACLF-1 (40 <= 40)"])]


def test_a_failure_is_explained_by_the_values_as_corrected_before_it(site: Stage, views: Views) -> None:
    site.consent("S1")
    site.do(Role.SC, screening("S1", FORM))
    change = FieldChange("measurements.weight.value", str(FORM["weight_kg"]), "38.0")
    site.do(Role.SC, CorrectScreening("S1", (change,), "scale"), reason=WHY)
    site.do(Role.PI, RecordScreenFailure("S1", ("ACLF-1",)))
    (row,) = rows(site, views, "screen-failures")
    assert row["rules"] == ["ACLF-1 (38 <= 40)"]
    (corrected,) = (r for r in views.rows("trail") if r["event"] == "ScreeningCorrected")
    assert corrected["changes"] == [{"field": "measurements.weight.value", "old": "68.0", "new": "38.0"}]
    assert corrected["about"] == {"source": "scale", "eligible": False}


def test_who_has_only_consented_is_a_subject_already(site: Stage, views: Views) -> None:
    site.do(Role.PI, GiveConsent("S1", "1.0", "zh-CN", ConsentGiver.SUBJECT, None))
    (row,) = rows(site, views, "subjects")
    assert (row["status"], row["group"]) == ("consented", None)


def test_a_correction_after_the_dose_that_breaks_a_rule_is_a_deviation(site: Stage, views: Views) -> None:
    wanderer = Wanderer(site)
    for step, number in OPENING:
        wanderer.step(step, number)
    change = FieldChange("measurements.weight.value", str(FORM["weight_kg"]), "38.0")
    site.do(Role.SC, CorrectScreening("S1", (change,), "scale"), reason=WHY)
    stored = rows(site, views, "deviations")
    found = [r for r in Deviations().present(stored, site.clock()) if r["type"] == "DOSED_INELIGIBLE"]
    assert [(r["subject_key"], r["rules"]) for r in found] == [("S1", ["ACLF-1"])]
