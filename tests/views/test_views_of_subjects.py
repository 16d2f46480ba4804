"""Given events about subjects and casebooks, these rows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel.actors import Role
from core.kernel.recorded import Reason
from projections.runner import Runner
from tests.views.golden_script import screening
from tests.views.stage import WHY
from tests.views.wander import FORM, OPENING, Wanderer, wander

if TYPE_CHECKING:
    from projections.views import Views
    from tests.views.stage import Stage


@pytest.fixture
def wanderer(stage: Stage) -> Wanderer:
    stage.staff()
    stage.configure()
    stage.consent("S1")
    return Wanderer(stage)


def rows(wanderer: Wanderer, views: Views, view: str) -> list[dict[str, Any]]:
    Runner(wanderer.stage.log, views).catch_up()
    return views.rows(view)


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ("screen", "screened"),
        ("screen, confirm", "eligible"),
        ("screen, confirm, enrol", "enrolled"),
        ("screen, confirm, enrol, dose", "in_dlt_window"),
        ("screen, confirm, enrol, dose, complete window", "dlt_window_completed"),
        ("screen, confirm, enrol, dose, complete window, survive", "completed_day60"),
        ("screen, confirm, enrol, withdraw", "withdrawn_not_evaluable"),
        ("screen, confirm, enrol, dose, withdraw", "withdrawn_not_evaluable"),
        ("screen, confirm, enrol, dose, complete window, withdraw", "withdrawn"),
        ("screen, confirm, enrol, dose, complete window, survive, withdraw", "withdrawn"),
        ("screen, confirm, enrol, dose, complete window, withdraw, die", "died"),
    ],
)
def test_a_subject_is_where_the_last_step_left_it(
    wanderer: Wanderer, views: Views, steps: str, status: str
) -> None:
    for step in steps.split(", "):
        wanderer.step(step, 0)
    (row,) = rows(wanderer, views, "subjects")
    assert (row["subject_key"], row["status"], row["group"]) == ("S1", status, "ACLF")


def test_a_subject_row_carries_level_dose_and_local_time(wanderer: Wanderer, views: Views) -> None:
    for name, number in OPENING:
        wanderer.step(name, number)
    (row,) = rows(wanderer, views, "subjects")
    assert (row["level"], row["cells"]) == (1, {"value": "0.15", "unit": "10*9"})
    assert row["dosed_at"].endswith("+08:00")


def test_a_dlt_counts_as_evaluable_at_once(wanderer: Wanderer, views: Views) -> None:
    for name, number in OPENING:
        wanderer.step(name, number)
    (before,) = rows(wanderer, views, "evaluability")
    wanderer.step("judge", 0)
    (alone,) = rows(wanderer, views, "evaluability")
    assert alone == before
    wanderer.step("second judge", 0)
    (after,) = rows(wanderer, views, "evaluability")
    assert (before["evaluable"], before["dlt"], before["max_related_grade_in_window"]) == (False, False, 3)
    assert (after["evaluable"], after["dlt"]) == (True, True)
    (counts,) = views.rows("cohorts")
    assert counts == {"level": 1, "dosed": 1, "evaluable": 1, "dlt": 1, "pending": 0, "withdrawn": 0}


def test_a_due_adjudication_makes_a_row_and_labs_make_none(wanderer: Wanderer, views: Views) -> None:
    for name, number in OPENING:
        wanderer.step(name, number)
    found = rows(wanderer, views, "decisions")
    assert [row["event"] for row in found] == [
        "ProtocolConfigApproved",
        "DoseAdministered",
        "AdverseEventReported",
    ]
    assert found[-1]["dlt_adjudication_due"] == ["AE-7"]
    wanderer.step("panel", 4)
    assert rows(wanderer, views, "decisions") == found


def test_a_replacement_of_nothing_new_makes_no_version(wanderer: Wanderer, views: Views) -> None:
    for name, number in (*OPENING, ("adverse event", 4)):
        wanderer.step(name, number)
    Runner(wanderer.stage.log, views).catch_up()
    assert views.row("evaluability", "S1") == views.row("evaluability", "S1", views.position() - 1)


def test_meld_keeps_the_scores_that_a_correction_replaced(wanderer: Wanderer, views: Views) -> None:
    wanderer.step("screen", 0)
    wanderer.step("panel", 100)
    (first,) = rows(wanderer, views, "meld")
    wanderer.step("correct result", 340)
    (second,) = rows(wanderer, views, "meld")
    assert first["computable"] is True
    assert second["superseded"] == [{name: first[name] for name in ("meld", "meld_na", "meld3")}]
    assert second["meld"] > first["meld"]
    assert second["drawn_at"] == first["drawn_at"]
    wanderer.step("correct result", 344)
    (third,) = rows(wanderer, views, "meld")
    assert third["meld"] == second["meld"]
    assert third["superseded"] == second["superseded"]


def test_meld_without_albumin_is_partial_and_says_what_is_missing(wanderer: Wanderer, views: Views) -> None:
    wanderer.step("screen", 0)
    wanderer.step("panel", 3 * 4)
    (row,) = rows(wanderer, views, "meld")
    assert (row["computable"], row["reason"]) == ("partial:meld,meld_na", "MISSING:albumin")
    assert row["meld3"] is None


def test_meld_of_a_child_is_a_row_with_the_code_of_the_refusal(
    wanderer: Wanderer, views: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORM, "age", 17)
    wanderer.step("screen", 0)
    wanderer.step("panel", 100)
    (row,) = rows(wanderer, views, "meld")
    assert (row["computable"], row["reason"], row["meld"]) == (False, "AGE_OUT_OF_TRIAL", None)


def test_trail_shows_old_and_new_of_a_correction_and_why(wanderer: Wanderer, views: Views) -> None:
    for name, number in OPENING:
        wanderer.step(name, number)
    wanderer.step("correct event", 0)
    row = rows(wanderer, views, "trail")[-1]
    assert row["event"] == "AdverseEventCorrected"
    assert row["about"] == {"ae_id": "AE-7", "source": None}
    assert row["changes"] == [{"field": "grade", "old": 3, "new": 1}]
    assert row["reason"] == {"code": WHY.code, "text": WHY.text}
    reported = views.rows("trail")[-2]
    assert row["corrects"] == wanderer.stage.recorded(reported["position"]).digest
    assert {"field": "adverse_event.grade", "old": None, "new": 3} in reported["changes"]


def test_trail_shows_old_and_new_of_a_laboratory_value(wanderer: Wanderer, views: Views) -> None:
    wanderer.step("screen", 0)
    wanderer.step("panel", 100)
    wanderer.step("correct result", 300)
    row = rows(wanderer, views, "trail")[-1]
    about = {"visit": 100, "specimen_set": "S1-2", "analyte": "creatinine", "source": "analyser printout"}
    assert row["about"] == about
    assert row["changes"] == [{"field": "creatinine.value", "old": "120", "new": "320"}]


def test_claimed_time_and_recorded_time_stand_side_by_side(stage: Stage, views: Views) -> None:
    wander(stage, [])
    stage.consent("S9")
    stage.clock.advance_to(stage.clock() + timedelta(days=3))
    claimed = stage.clock() - timedelta(days=2)
    stage.do(Role.SC, screening("S9", FORM), claimed, Reason("late", "the page was found on Monday"))
    Runner(stage.log, views).catch_up()
    row = views.rows("trail")[-1]
    assert row["occurred_at"] < row["recorded_at"]
