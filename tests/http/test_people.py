"""Roles, delegations, trainings and their end over HTTP, and the register that tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.trial.policy import ACCOUNTABILITY
from tests.http.desk import refused

if TYPE_CHECKING:
    from tests.http.desk import Desk

WHY = {"code": "staffing", "text": "The ward has changed."}
SC = "/v1/people/sc.liu"
STREAM = "person/sc.liu"


def rows(desk: Desk, reader: str, view: str) -> list[dict[str, Any]]:
    answer = desk.get(reader, f"/v1/{view}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = [row for row in answer.json["rows"] if row["person"] == "sc.liu"]
    return found


def states(desk: Desk) -> dict[str, str]:
    return {row["right"]: row["state"] for row in rows(desk, "au.gao", "access-register")}


def test_a_further_role_is_proposed_approved_delegated_and_ended(desk: Desk) -> None:
    asked = {"role": "LB", "valid_from": None, "valid_until": "2031-01-01T00:00:00Z"}
    desk.done("jun.xu", f"{SC}/role-proposals", asked, STREAM)
    (row,) = rows(desk, "mei.lin", "people")
    covers = [proposal["digest"] for proposal in row["proposals"]]
    desk.done("mei.lin", f"{SC}/approvals", {"covers": covers}, STREAM)
    given = {"role": "LB", "duties": ["labs"], "valid_from": None, "valid_until": None}
    desk.done("pi.chen", f"{SC}/delegations", given, STREAM)
    assert (states(desk)["LB"], states(desk)["LB: labs"]) == ("counts", "counts")
    (row,) = rows(desk, "pi.chen", "people")
    (delegation,) = [d["delegation"] for d in row["delegations"] if d["role"] == "LB"]
    desk.done("pi.chen", f"{SC}/delegation-endings", {"delegation": delegation}, STREAM, reason=WHY)
    assert (states(desk)["LB"], states(desk)["LB: labs"]) == ("counts", "ended")
    desk.done("mei.lin", f"{SC}/disablings", {}, STREAM, reason=WHY)
    assert (states(desk)["LB"], states(desk)["SC"]) == ("ended", "ended")


def test_a_training_is_recorded_and_a_proposal_rejected(desk: Desk) -> None:
    course = {"course": "Protocol 2.0", "completed_on": "2024-02-20", "expires_on": "2026-02-20"}
    desk.done("jun.xu", f"{SC}/trainings", course, STREAM)
    desk.done(
        "jun.xu", f"{SC}/role-proposals", {"role": "PH", "valid_from": None, "valid_until": None}, STREAM
    )
    (row,) = rows(desk, "mei.lin", "people")
    covers = [proposal["digest"] for proposal in row["proposals"]]
    desk.done("mei.lin", f"{SC}/rejections", {"covers": covers}, STREAM, reason=WHY)
    (after,) = rows(desk, "mei.lin", "people")
    assert (after["proposals"], after["missing"]) == ([], [])
    assert states(desk)["Protocol 2.0"] == "counts"


def test_a_right_for_the_past_and_a_conflicting_role_are_refused(desk: Desk) -> None:
    past = {"role": "LB", "valid_from": "2020-01-01T00:00:00Z", "valid_until": None}
    refused(desk.post("jun.xu", f"{SC}/role-proposals", past, STREAM), 422, "BACKDATED")
    clash = {"role": "CRA", "valid_from": None, "valid_until": None}
    refused(desk.post("jun.xu", f"{SC}/role-proposals", clash, STREAM), 409, "CONFLICTING_ROLES")
    missing: dict[str, Any] = {"role": "SC", "duties": [], "valid_from": None, "valid_until": None}
    refused(desk.post("pi.chen", f"{SC}/delegations", missing, STREAM), 422, "BAD_DUTIES")


def test_the_register_is_for_those_who_oversee_access(desk: Desk) -> None:
    for reader in ("pi.chen", "cra.he", "au.gao", "mm.zhao", "jun.xu", "mei.lin"):
        assert desk.get(reader, "/v1/access-register").status_code == 200
    for other in ("sc.liu", "ph.qian", "src.wang"):
        refused(desk.get(other, "/v1/access-register"), 403, "NOT_AUTHORISED")


# -- what everybody may know of themselves ---------------------------------------------------------------


def test_everybody_reads_their_own_standing_and_rights(desk: Desk) -> None:
    refused(desk.get("sc.liu", "/v1/people"), 403, "NOT_AUTHORISED")
    refused(desk.get("sc.liu", "/v1/access-register"), 403, "NOT_AUTHORISED")
    own = desk.get("sc.liu", "/v1/people/me").json
    (row,) = rows(desk, "mei.lin", "people")
    assert own["row"] == row
    assert own["rights"] == rows(desk, "mei.lin", "access-register")


def test_what_somebody_still_lacks_is_theirs_to_know(desk: Desk) -> None:
    row = desk.get("sc.liu", "/v1/people/me").json["row"]
    (delegation,) = [d["delegation"] for d in row["delegations"]]
    desk.done("pi.chen", f"{SC}/delegation-endings", {"delegation": delegation}, STREAM, reason=WHY)
    assert desk.get("sc.liu", "/v1/people/me").json["row"]["missing"] == ["DELEGATION_MISSING"]


def test_the_policy_that_is_accepted_can_be_read_by_whoever_signs_in(desk: Desk) -> None:
    shown = desk.get("sc.liu", "/v1/accountability-policy").json
    expected = {"policy": ACCOUNTABILITY.id, "digest": ACCOUNTABILITY.digest, "text": ACCOUNTABILITY.text}
    assert shown == expected
    assert desk.client.get("/v1/accountability-policy").status_code == 401
