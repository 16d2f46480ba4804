"""The policy over HTTP: read whole by everybody, proposed by one officer, approved by the other kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.http.desk import refused

if TYPE_CHECKING:
    from tests.http.desk import Desk

ADM, SEC = "jun.xu", "mei.lin"
WHY = {"code": "sop_revised", "text": "The sponsor's procedure was revised."}
STREAM = "instance"


def rows(desk: Desk, reader: str = ADM) -> list[dict[str, Any]]:
    answer = desk.get(reader, "/v1/policies")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json["rows"]
    return found


def propose(desk: Desk, **changes: Any) -> str:
    """Propose the policy as it is shown with some items replaced; return the covers of its approval."""
    policy = {**rows(desk)[-1]["policy"], **changes}
    desk.done(ADM, "/v1/policy-changes", {"policy": policy}, STREAM, reason=WHY)
    digest: str = rows(desk)[-1]["digest"]
    return digest


def change(desk: Desk, **changes: Any) -> None:
    """Let two officers put the policy in force with some items replaced."""
    covers = propose(desk, **changes)
    desk.done(SEC, "/v1/policy-changes/approvals", {"covers": covers}, STREAM, reason=WHY)


def test_what_is_shown_is_changed_by_two_officers(desk: Desk) -> None:
    covers = propose(desk, lockout={"attempts": 3, "minutes": 30})
    approval = {"covers": covers}
    refused(
        desk.post(ADM, "/v1/policy-changes/approvals", approval, STREAM, reason=WHY), 403, "SOD_VIOLATION"
    )
    desk.done(SEC, "/v1/policy-changes/approvals", approval, STREAM, reason=WHY)
    born, row = rows(desk, "sc.liu")
    assert (born["status"], row["status"]) == ("was in force until the next", "in force")
    assert row["signature"]["printed_name"] == row["settled"]["printed_name"]


@pytest.mark.slow
def test_what_is_proposed_is_withdrawn(desk: Desk) -> None:
    covers = propose(desk, trained=[])
    another = {"policy": rows(desk)[0]["policy"]}
    refused(desk.post(SEC, "/v1/policy-changes", another, STREAM, reason=WHY), 409, "PROPOSAL_OPEN")
    desk.done(SEC, "/v1/policy-changes/withdrawals", {"covers": covers}, STREAM, reason=WHY)
    assert rows(desk)[-1]["status"] == "withdrawn"


@pytest.mark.slow
def test_a_policy_that_takes_a_control_away_is_refused(desk: Desk) -> None:
    policy = rows(desk)[0]["policy"]
    for changes, status, code in (
        ({"lockout": {"attempts": 100, "minutes": 1}}, 422, "BAD_LOCKOUT"),
        ({"grants": policy["grants"][1:]}, 409, "SERVICE_FIXED"),
        ({"trained": [*policy["trained"], "SEC"]}, 409, "OFFICERS_LOCKED_OUT"),
        ({"surprise": 1}, 422, "VALIDATION"),
    ):
        body = {"policy": {**policy, **changes}}
        refused(desk.post(ADM, "/v1/policy-changes", body, STREAM, reason=WHY), status, code)
    refused(desk.post(ADM, "/v1/policy-changes", {"policy": policy}, STREAM), 428, "REASON_REQUIRED")
    refused(desk.post("pi.chen", "/v1/policy-changes", {"policy": policy}, STREAM), 403, "NOT_AUTHORISED")


@pytest.mark.slow
def test_an_auditor_is_enrolled_until_a_date_where_the_policy_says_so(desk: Desk) -> None:
    change(desk, time_boxed=["AUD"])
    asked = {"person": "aud.new", "name": "Inga Inspector", "organisation": "Agency", "role": "AUD"}
    key = {"key": "ed25519:" + "0" * 64, "proof": "none"}
    refused(desk.post(ADM, "/v1/people", {**asked, **key}), 422, "TIME_BOX_REQUIRED")
    until = {"valid_until": "2024-09-01T00:00:00Z"}
    refused(desk.post(ADM, "/v1/people", {**asked, **key, **until}), 422, "WEAK_KEY")
