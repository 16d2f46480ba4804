"""Sessions that one can see and end, the journal of them, and tools that read with a token of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel.time import write_instant
from tests.http.desk import refused

if TYPE_CHECKING:
    from tests.http.desk import Desk

WHY = {"code": "review", "text": "no longer needed"}
SCOPES = ("events:read", "views:read", "log:read", "alerts:read")


def bearer_of(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# -- sessions -------------------------------------------------------------------------------------------


def test_one_sees_and_ends_ones_own_sessions(desk: Desk) -> None:
    first = desk.bearer("sc.liu")
    desk.tokens.clear()
    desk.clock.advance_to(desk.clock() + timedelta(seconds=1))
    second = desk.bearer("sc.liu")
    shown = desk.client.get("/v1/sessions", headers=first).json["sessions"]
    assert len(shown) == 2
    assert not any(token["Authorization"].removeprefix("Bearer ") in str(shown) for token in (first, second))
    for one in shown:
        desk.client.delete(f"/v1/sessions/{one['session']}", headers=second)
    for token in (first, second):
        refused(desk.client.get("/v1/subjects", headers=token), 401, "NOT_SIGNED_IN")


def test_nobody_ends_the_session_of_another_by_its_name(desk: Desk) -> None:
    mine = desk.bearer("sc.liu")
    (one,) = desk.client.get("/v1/sessions", headers=mine).json["sessions"]
    path = f"/v1/sessions/{one['session']}"
    refused(desk.client.delete(path, headers=desk.bearer("pi.chen")), 404, "UNKNOWN_SESSION")
    assert desk.client.get("/v1/subjects", headers=mine).status_code == 200


def test_a_registrar_ends_all_sessions_of_a_person(desk: Desk) -> None:
    mine, path = desk.bearer("sc.liu"), "/v1/people/sc.liu/sessions"
    refused(desk.client.delete(path, headers=desk.bearer("jun.xu")), 403, "NOT_AUTHORISED")
    assert desk.client.delete(path, headers=desk.bearer("mei.lin")).json == {"ended": 1}
    refused(desk.client.get("/v1/subjects", headers=mine), 401, "NOT_SIGNED_IN")


def test_a_session_ends_after_twelve_hours_however_busy_it_is(desk: Desk) -> None:
    mine, began = desk.bearer("sc.liu"), desk.clock()
    while desk.clock() - began < timedelta(hours=12) - timedelta(minutes=14):
        desk.clock.advance_to(desk.clock() + timedelta(minutes=14))
        assert desk.client.get("/v1/sessions/current", headers=mine).status_code == 200
    desk.clock.advance_to(began + timedelta(hours=12))
    refused(desk.client.get("/v1/sessions/current", headers=mine), 401, "SESSION_EXPIRED")


def test_a_disabled_person_has_no_access_any_more(desk: Desk) -> None:
    mine = desk.bearer("sc.liu")
    desk.done("mei.lin", "/v1/people/sc.liu/disablings", {}, "person/sc.liu", reason=WHY)
    assert desk.client.get("/v1/subjects", headers=mine).status_code in {401, 403}


def test_the_journal_tells_who_had_access_when(desk: Desk) -> None:
    mine, began = desk.bearer("sc.liu"), write_instant(desk.clock())
    desk.client.delete("/v1/people/sc.liu/sessions", headers=desk.bearer("mei.lin"))
    desk.tokens.pop("sc.liu")
    mine = desk.bearer("sc.liu")
    desk.clock.advance_to(desk.clock() + timedelta(minutes=15))
    desk.client.get("/v1/subjects", headers=mine)
    rows = desk.get("au.gao", "/v1/access-journal").json["rows"]
    of_liu = [(row["what"], row["role"], row["by"]) for row in rows if row["person"] == "sc.liu"]
    assert of_liu == [
        ("started", "SC", None),
        ("ended", "SC", "mei.lin"),
        ("started", "SC", None),
        ("expired", "SC", None),
    ]
    assert rows[0]["at"] == began
    page = desk.get("mei.lin", "/v1/access-journal?limit=1")
    (first,) = page.json["rows"]
    (second,) = desk.get("mei.lin", page.headers["Link"].split(">")[0].removeprefix("<")).json["rows"]
    assert (first["number"], second["number"]) == (1, 2)
    refused(desk.get("pi.chen", "/v1/access-journal"), 403, "NOT_AUTHORISED")


def test_an_older_custody_file_put_back_revives_no_session(desk: Desk) -> None:
    token = desk.bearer("pi.chen")
    assert desk.client.get("/v1/sessions/current", headers=token).status_code == 200
    desk.client.delete("/v1/sessions/current", headers=token)
    with desk.instance.custody_file.transaction() as connection:
        connection.execute("UPDATE session SET ended_at = NULL")
    assert desk.instance.sessions.open_of("pi.chen", desk.clock()) == {}
    for _ in range(2):
        refused(desk.client.get("/v1/sessions/current", headers=token), 401, "NOT_SIGNED_IN")
    (*_, last) = desk.get("mei.lin", "/v1/access-journal").json["rows"][:-1]
    assert last["what"] == "ended"


# -- tools ----------------------------------------------------------------------------------------------


def issued(desk: Desk, *scopes: str, days: int = 30) -> Any:
    data = {
        "token": "dashboard",
        "tool": "Safety dashboard",
        "owner": "mm.zhao",
        "scopes": list(scopes),
        "expires_at": write_instant(desk.clock() + timedelta(days=days)),
    }
    return desk.done("mei.lin", "/v1/service-tokens", data, "instance")


def secret_of(desk: Desk, *scopes: str) -> dict[str, str]:
    issued(desk, *scopes)
    answer = desk.client.post("/v1/service-tokens/dashboard/secrets", headers=desk.bearer("mm.zhao"))
    assert answer.status_code == 201, answer.text
    assert answer.json["secret"].startswith("aud_")
    return bearer_of(answer.json["secret"])


def test_the_secret_is_told_once_and_to_its_owner_alone(desk: Desk) -> None:
    issued(desk, "events:read")
    path = "/v1/service-tokens/dashboard/secrets"
    for person in ("mei.lin", "jun.xu"):
        refused(desk.client.post(path, headers=desk.bearer(person)), 404, "UNKNOWN_TOKEN")
    secret = desk.client.post(path, headers=desk.bearer("mm.zhao")).json["secret"]
    refused(desk.client.post(path, headers=desk.bearer("mm.zhao")), 409, "TOKEN_TOLD")
    for file in desk.instance.folder.rglob("*.sqlite*"):
        assert secret.encode() not in file.read_bytes()


def test_what_a_tool_may_read_stands_in_the_access_register_of_its_owner(desk: Desk) -> None:
    def row() -> dict[str, Any]:
        rows = desk.get("au.gao", "/v1/access-register").json["rows"]
        (found,) = [one for one in rows if one["kind"] == "service token"]
        return dict(found)

    issued(desk, "events:read", "log:read")
    shown = row()
    assert shown["right"] == "dashboard (Safety dashboard): events:read, log:read"
    assert (shown["person"], shown["since"]["by"], shown["state"]) == ("mm.zhao", "mei.lin", "counts")
    assert shown["valid_until"] is not None
    desk.done("mei.lin", "/v1/service-tokens/dashboard/revocations", {}, "instance", reason=WHY)
    ended = row()
    assert (ended["state"], ended["ended_by"]) == ("ended", "ServiceTokenRevoked")
    assert (ended["until"]["by"], ended["until"]["reason"]) == ("mei.lin", WHY)


REACHED = {
    "events:read": "/v1/events",
    "views:read": "/v1/subjects",
    "log:read": "/v1/log/checkpoint",
    "alerts:read": "/v1/alerts",
}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_reaches_its_part_and_no_other(desk: Desk, scope: str) -> None:
    tool = secret_of(desk, scope)
    for other, path in REACHED.items():
        answer = desk.client.get(path, headers=tool)
        if other == scope:
            assert answer.status_code == 200, answer.text
        else:
            refused(answer, 403, "NOT_AUTHORISED")


def test_a_tool_neither_signs_nor_signs_in(desk: Desk) -> None:
    tool = secret_of(desk, *SCOPES)
    size = desk.size
    order = desk.order("pi.chen", {"study_day": 61, "alive": True})
    headers = {**tool, "Idempotency-Key": desk.txn()}
    for path in ("/v1/subjects/S001/vital-statuses", "/v1/service-tokens", "/v1/signing-series"):
        refused(desk.client.post(path, json=order, headers=headers), 403, "NOT_AUTHORISED")
    for path in ("/v1/sessions/current", "/v1/sessions", "/v1/access-journal"):
        refused(desk.client.get(path, headers=tool), 403, "NOT_AUTHORISED")
    asked = {"person": "dashboard", "password": tool["Authorization"], "role": "SVC"}
    refused(desk.client.post("/v1/sessions", json=asked), 401, "SIGN_IN_FAILED")
    assert desk.size == size


def test_a_tool_reads_until_its_right_ends(desk: Desk) -> None:
    tool = secret_of(desk, "views:read")
    desk.done("mei.lin", "/v1/service-tokens/dashboard/revocations", {}, "instance", reason=WHY)
    refused(desk.client.get("/v1/subjects", headers=tool), 401, "NOT_SIGNED_IN")


def test_a_tool_reads_no_longer_than_its_owner(desk: Desk) -> None:
    tool = secret_of(desk, "views:read")
    for _ in range(5):
        desk.client.post("/v1/sessions", json={"person": "mm.zhao", "password": "wrong", "role": "MM"})
    refused(desk.client.get("/v1/subjects", headers=tool), 401, "NOT_SIGNED_IN")


def test_a_tool_reads_until_its_date(desk: Desk) -> None:
    tool = secret_of(desk, "views:read")
    desk.clock.advance_to(desk.clock() + timedelta(days=30))
    refused(desk.client.get("/v1/subjects", headers=tool), 401, "NOT_SIGNED_IN")


def test_a_tool_reads_while_its_owner_is_active(desk: Desk) -> None:
    tool = secret_of(desk, "views:read")
    desk.done("mei.lin", "/v1/people/mm.zhao/disablings", {}, "person/mm.zhao", reason=WHY)
    refused(desk.client.get("/v1/subjects", headers=tool), 401, "NOT_SIGNED_IN")


@pytest.mark.parametrize("made_up", ["aud_", "aud_" + "A" * 43, "aud_" + "A" * 42 + "é"])
def test_a_made_up_secret_opens_nothing(desk: Desk, made_up: str) -> None:
    headers = {"Authorization": f"Bearer {made_up}".encode("latin-1")}
    refused(desk.client.get("/v1/subjects", headers=headers), 401, "NOT_SIGNED_IN")
