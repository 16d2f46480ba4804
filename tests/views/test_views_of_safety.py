"""Safety as people read it: adverse events, their table, dose-limiting toxicities, clocks of reports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel.actors import Role
from core.trial.subject import commands as subject
from core.trial.subject.adverse_events import AdverseEventOutcome, SafetyRecipient, Seriousness
from projections.ae_table import AeTable
from projections.dlts import Dlts
from projections.runner import Runner
from projections.sae_clocks import SaeClockBoard
from tests.views.golden_script import EXPECTED, SCRIPT
from tests.views.stage import WHY
from tests.views.wander import OPENING, Wanderer

if TYPE_CHECKING:
    from projections.views import Views
    from tests.views.stage import Stage

LATER = datetime(2030, 1, 1, tzinfo=UTC)
SPONSOR, REGULATOR = SafetyRecipient.SPONSOR, SafetyRecipient.REGULATOR


# -- the golden trial ---------------------------------------------------------------------------------------


def test_the_lists_of_the_golden_trial(golden_views: Views) -> None:
    rows = golden_views.rows("safety")
    for expected, field in (("saes", "serious"), ("dlts", "dlt"), ("teae", "teae")):
        assert sorted(row["ae_id"] for row in rows if row[field]) == EXPECTED[expected]


def test_grade_and_subject_of_every_adverse_event_are_those_of_the_script(golden_views: Views) -> None:
    said: dict[str, tuple[str, int]] = {}
    for line in SCRIPT["events"]:
        payload = line["payload"]
        if line["type"] == "AERecorded":
            said[payload["ae_id"]] = (line["subject"], payload["grade"])
        elif line["type"] == "AECorrected":
            said[payload["ae_id"]] = (line["subject"], payload["changes"]["grade"][1])
    rows = golden_views.rows("safety")
    assert {row["ae_id"]: (row["subject_key"], row["grade"]) for row in rows} == said


def test_the_table_of_dose_limiting_toxicities(golden_views: Views) -> None:
    """Onset days by the calendar: S002 dosed 8 April, S006 12 June, S010 8 August."""
    names = ("level", "subject_key", "ae_id", "term", "grade", "onset_day", "adjudicators")
    found = [tuple(row[name] for name in names) for row in golden_views.rows("dlts") if row["dlt"]]
    both = ["Wang Fang", "Tang Yi"]
    assert sorted(found) == [
        (2, "S002", "AE-002", "Ascites", 3, 25, both),
        (3, "S006", "AE-005", "Peritoneal infection", 3, 12, both),
        (3, "S010", "AE-008", "Sepsis", 5, 9, both),
    ]


def test_what_was_judged_and_corrected_away_stays_in_the_table(golden_views: Views) -> None:
    listed = Dlts().present(golden_views.rows("dlts"), LATER)
    assert sorted(row["ae_id"] for row in listed) == ["AE-002", "AE-003", "AE-005", "AE-008"]
    (row,) = [row for row in listed if row["ae_id"] == "AE-003"]
    assert (row["dlt"], row["adjudicated"], row["candidate"], row["grade"]) == (False, False, False, 2)
    judged = next(row for row in golden_views.rows("safety") if row["ae_id"] == "AE-003")["adjudications"]
    assert [(one["is_dlt"], one["counts"]) for one in judged] == [(True, False)] * 2 + [(False, True)] * 2


GI = "Gastrointestinal disorders"
INFECTIONS = "Infections and infestations"


# Dose level, class and term; then who was dosed, events, subjects, and subjects by worst grade.
TABLE: dict[tuple[int | None, str | None, str | None], tuple[int, int, int, dict[int, int]]] = {
    (None, None, None): (10, 8, 6, {1: 1, 2: 1, 3: 1, 5: 3}),
    (None, GI, None): (10, 2, 2, {2: 1, 3: 1}),
    (None, INFECTIONS, None): (10, 2, 2, {3: 1, 5: 1}),
    (None, INFECTIONS, "Sepsis"): (10, 1, 1, {5: 1}),
    (1, None, None): (1, 1, 1, {1: 1}),
    (2, None, None): (7, 4, 3, {2: 1, 3: 1, 5: 1}),
    (2, GI, "Ascites"): (7, 1, 1, {3: 1}),
    (3, None, None): (2, 3, 2, {5: 2}),
}


def test_subjects_by_term_and_worst_grade(golden_views: Views) -> None:
    """Counted by hand from the script: 10 dosed, 8 adverse events in 6 subjects."""
    found = {}
    for row in AeTable().present(golden_views.rows("ae-table"), LATER):
        grades = {grade: row[f"grade_{grade}"] for grade in range(1, 6) if row[f"grade_{grade}"]}
        counts = (row["dosed"], row["events"], row["subjects"], grades)
        found[row["level"], row["soc"], row["term"]] = counts
    assert {line: found[line] for line in TABLE} == TABLE


def test_a_serious_event_that_nobody_declared_is_overdue(golden_views: Views) -> None:
    clocks = SaeClockBoard().present(golden_views.rows("sae-clocks"), LATER)
    assert sorted(clock["ae_id"] for clock in clocks) == EXPECTED["saes"]
    assert {(clock["to"], clock["declaration"], clock["state"]) for clock in clocks} == {
        ("sponsor", 0, "overdue")
    }


def test_a_correction_that_makes_it_serious_starts_the_clock(golden_views: Views) -> None:
    """AE-002 became serious on 18 June 10:00 at the site; the sponsor has 24 hours."""
    clocks = SaeClockBoard().present(golden_views.rows("sae-clocks"), LATER)
    (clock,) = [one for one in clocks if one["ae_id"] == "AE-002"]
    assert (clock["aware_at"], clock["due_at"]) == (
        "2024-06-18T10:00:00+08:00",
        "2024-06-19T10:00:00+08:00",
    )


# -- a course, step by step ---------------------------------------------------------------------------------


@pytest.fixture
def wanderer(stage: Stage) -> Wanderer:
    stage.staff()
    stage.configure()
    made = Wanderer(stage)
    for name, number in OPENING:
        made.step(name, number)
    return made


def event_of(wanderer: Wanderer) -> str:
    (ae_id,) = wanderer.trial.subjects["S1"].adverse_events
    return ae_id


def only(wanderer: Wanderer, views: Views, view: str = "safety") -> dict[str, Any]:
    Runner(wanderer.stage.log, views).catch_up()
    (row,) = views.rows(view)
    return row


def test_worst_and_current_grade_and_the_outcome(wanderer: Wanderer, views: Views) -> None:
    ae_id, today = event_of(wanderer), wanderer.stage.clock().date()
    for from_grade, to_grade in ((3, 4), (4, 1)):
        asked = subject.RegradeAdverseEvent("S1", ae_id, from_grade, to_grade, today, None, (), None)
        wanderer.stage.do(Role.SC, asked)
    ended = subject.ResolveAdverseEvent("S1", ae_id, AdverseEventOutcome.RECOVERED, today)
    wanderer.stage.do(Role.SC, ended)
    row = only(wanderer, views)
    assert (row["grade"], row["current_grade"], len(row["regradings"])) == (4, 1, 2)
    assert (row["outcome"], row["resolved_on"]) == ("recovered", today.isoformat())


def test_the_trail_names_the_grade_from_and_to(wanderer: Wanderer, views: Views) -> None:
    ae_id, today = event_of(wanderer), wanderer.stage.clock().date()
    asked = subject.RegradeAdverseEvent("S1", ae_id, 3, 4, today, None, (), None)
    wanderer.stage.do(Role.SC, asked)
    Runner(wanderer.stage.log, views).catch_up()
    row = views.rows("trail")[-1]
    assert (row["event"], row["about"]) == ("AdverseEventRegraded", {"ae_id": ae_id})
    assert {"field": "grade", "old": 3, "new": 4} in row["changes"]


def test_an_open_judgement_is_due_until_two_members_agree(wanderer: Wanderer, views: Views) -> None:
    states = []
    for step in (None, "judge", "second judge"):
        if step:
            wanderer.step(step, 0)
        row = only(wanderer, views)
        states.append((row["dlt_candidate"], row["dlt_adjudication_due"], row["dlt"]))
    assert states == [(True, True, False), (True, True, False), (True, False, True)]


def test_an_event_before_the_dose_is_not_emergent_and_has_no_level(stage: Stage, views: Views) -> None:
    stage.staff()
    stage.configure()
    early = Wanderer(stage)
    for name, number in (*OPENING[:2], ("adverse event", 8)):
        early.step(name, number)
    if "S1" not in early.trial.subjects or not early.trial.subjects["S1"].adverse_events:
        early.step("adverse event", 8)
    row = only(early, views)
    assert (row["teae"], row["level"], row["dlt_candidate"]) == (False, None, False)
    assert views.rows("dlts") == []


# -- clocks -------------------------------------------------------------------------------------------------


def make_serious(wanderer: Wanderer, aware_at: datetime) -> str:
    ae_id, today = event_of(wanderer), wanderer.stage.clock().date()
    met = (Seriousness.LIFE_THREATENING,)
    asked = subject.RegradeAdverseEvent("S1", ae_id, 3, 4, today, None, met, aware_at)
    wanderer.stage.do(Role.SC, asked, reason=WHY)
    return ae_id


def clocks_at(wanderer: Wanderer, views: Views, moment: datetime) -> list[tuple[int, str, str]]:
    Runner(wanderer.stage.log, views).catch_up()
    clocks = SaeClockBoard().present(views.rows("sae-clocks"), moment)
    return [(one["declaration"], one["to"], one["state"]) for one in clocks]


def test_a_clock_is_open_to_its_last_moment(wanderer: Wanderer, views: Views) -> None:
    aware = wanderer.stage.clock()
    make_serious(wanderer, aware)
    due = aware + timedelta(hours=24)
    assert clocks_at(wanderer, views, due) == [(0, "sponsor", "open")]
    assert clocks_at(wanderer, views, due + timedelta(milliseconds=1)) == [(0, "sponsor", "overdue")]


def declare(ae_id: str, aware: datetime, words: str) -> subject.DeclareSae:
    return subject.DeclareSae("S1", ae_id, (Seriousness.LIFE_THREATENING,), aware, words, expected=False)


def test_a_susar_has_two_clocks_and_reports_meet_them_in_time_or_late(
    wanderer: Wanderer, views: Views
) -> None:
    aware = wanderer.stage.clock()
    ae_id = make_serious(wanderer, aware)
    wanderer.stage.do(Role.PI, declare(ae_id, aware, "septic shock"))
    in_time, late = aware + timedelta(hours=24), aware + timedelta(days=7, milliseconds=1)
    wanderer.stage.clock.advance_to(late)
    wanderer.stage.do(Role.PI, subject.SubmitSae("S1", ae_id, SPONSOR, in_time))
    assert clocks_at(wanderer, views, late) == [(1, "sponsor", "met"), (1, "regulator", "overdue")]
    wanderer.stage.do(Role.PI, subject.SubmitSae("S1", ae_id, REGULATOR, late))
    assert clocks_at(wanderer, views, late) == [(1, "sponsor", "met"), (1, "regulator", "met_late")]


def test_a_report_of_the_follow_up_answers_the_first_clock_too(wanderer: Wanderer, views: Views) -> None:
    aware = wanderer.stage.clock()
    ae_id = make_serious(wanderer, aware)
    wanderer.stage.do(Role.PI, declare(ae_id, aware, "septic shock"))
    sent = aware + timedelta(hours=2)
    wanderer.stage.do(Role.PI, declare(ae_id, aware + timedelta(minutes=1), "cultures are positive"), sent)
    wanderer.stage.do(Role.PI, subject.SubmitSae("S1", ae_id, SPONSOR, sent), sent)
    assert clocks_at(wanderer, views, sent) == [
        (1, "sponsor", "met"),
        (1, "regulator", "open"),
        (2, "sponsor", "met"),
        (2, "regulator", "open"),
    ]
