"""Meetings, decisions, holds and questions over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.release import code_digest
from core.trial.escalation.events import DecisionSimulated
from tests.http import committee, forms
from tests.http.committee import STREAM
from tests.http.desk import refused

if TYPE_CHECKING:
    from tests.http.desk import Desk


def test_a_decision_from_the_meeting_to_its_explanation(desk: Desk) -> None:
    receipt = committee.decided(desk, "enrol", 1)
    (row,) = desk.get("cra.he", "/v1/meetings").json["rows"]
    assert (row["status"], row["result"]["decision"], len(row["votes"])) == ("decided", "enrol", 2)
    (mtd,) = desk.get("cra.he", "/v1/mtd").json["rows"]
    assert (mtd["status"], mtd["decision_position"]) == ("not_yet", receipt["positions"][0])
    answer = desk.get("cra.he", f"/v1/decisions/{receipt['positions'][0]}/explanation")
    assert answer.status_code == 200, answer.text
    assert answer.json["row"]["number"] == 0
    assert answer.json["program"]["code"] == code_digest()
    assert [vote["person"] for vote in answer.json["signed"]["votes"]] == list(committee.MEMBERS)


def test_explanations_are_of_positions_that_exist_and_for_those_who_read_decisions(desk: Desk) -> None:
    refused(desk.get("cra.he", f"/v1/decisions/{desk.size + 1}/explanation"), 404, "UNKNOWN_POSITION")
    refused(desk.get("cra.he", "/v1/decisions/0/explanation"), 404, "UNKNOWN_POSITION")
    refused(desk.get("cra.he", "/v1/decisions/3/explanation"), 409, "NO_PROTOCOL_CONFIG")
    refused(desk.get("jun.xu", f"/v1/decisions/{desk.size}/explanation"), 403, "NOT_AUTHORISED")


def test_a_meeting_on_another_log_is_refused(desk: Desk) -> None:
    data = {
        "meeting": "M1",
        "snapshot_position": desk.size,
        "snapshot_root": "A" * 43 + "=",
        "roster": list(committee.MEMBERS),
        "documents": [],
    }
    refused(desk.post("mm.zhao", "/v1/src-meetings", data), 409, "BAD_SNAPSHOT")


def test_votes_are_not_shown_before_the_meeting_has_ended(desk: Desk) -> None:
    committee.opened(desk)
    committee.voted(desk, "enrol", 1)
    (row,) = desk.get("cra.he", "/v1/meetings").json["rows"]
    assert (row["voted"], row["votes"], row["result"]) == (list(committee.MEMBERS), [], None)
    desk.done("mm.zhao", "/v1/src-meetings/M1/closings", {"cause": "postponed"}, STREAM)
    (row,) = desk.get("cra.he", "/v1/meetings").json["rows"]
    assert (row["status"], row["result"], len(row["votes"])) == ("closed", {"cause": "postponed"}, 2)


def test_nobody_learns_by_trying_to_sign_how_the_others_voted(desk: Desk) -> None:
    """Neither by preparing a decision nor by signing one, before and after one's own vote."""
    committee.opened(desk)
    vote = {"decision": "enrol", "level": 1, "rationale": "as the table says"}
    asked = {"meeting": "M1", "decision": "enrol", "level": 1, "override": None}
    for has_voted in (False, True):
        if has_voted:
            desk.done("src.tang", "/v1/src-meetings/M1/votes", vote, STREAM)
        refused(desk.post("src.tang", "/v1/cohort-decisions", asked, STREAM), 409, "VOTING_OPEN")
        prepared = {"prepare": True}
        answer = desk.post("src.tang", "/v1/cohort-decisions", asked, STREAM, signing=prepared)
        refused(answer, 409, "VOTING_OPEN")
    refused(desk.post("mm.zhao", "/v1/src-meetings/M1/voting-ends", {}, STREAM), 409, "NO_QUORUM")
    desk.done("src.wang", "/v1/src-meetings/M1/votes", vote, STREAM)
    desk.done("src.tang", "/v1/cohort-decisions", asked, STREAM)


def test_a_hold_stops_dosing_until_it_is_lifted(desk: Desk) -> None:
    desk.done("pi.chen", "/v1/safety-holds", {"cause": "a cluster of fevers"})
    (row,) = desk.get("cra.he", "/v1/holds").json["rows"]
    assert (row["hold"], row["in_force"]) == ("manual:1", True)
    lift = {"triggers": ["manual:1"], "rationale": "explained by the season"}
    refused(desk.post("pi.chen", "/v1/safety-hold-liftings", lift, STREAM), 403, "NOT_AUTHORISED")
    desk.done("src.wang", "/v1/safety-hold-liftings", lift, STREAM)
    (row,) = desk.get("cra.he", "/v1/holds").json["rows"]
    assert (row["in_force"], row["lifted_by"]) == (False, "src.wang")


def test_a_question_is_answered_and_recorded(desk: Desk) -> None:
    forms.dosed(desk)
    before = desk.get("cra.he", "/v1/decisions").json["rows"]
    desk.done("mm.zhao", "/v1/decision-simulations", {"assumptions": ["S001=N", "+2TT"]})
    answer = desk.newest()
    assert isinstance(answer, DecisionSimulated)
    assert (answer.decision, answer.level) == ("deescalate", 1)
    assert desk.get("cra.he", "/v1/decisions").json["rows"] == before
