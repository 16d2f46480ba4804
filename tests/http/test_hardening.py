"""No answer leaves without its headers, no browser carries a session along, and no secret is ever shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from api import manners
from core.keys.sessions import SessionStore
from tests.http.desk import refused
from tests.http.training import PEOPLE, password_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.http.desk import Desk

# What every answer carries, whatever it is: the one table of it, compared with the code's.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}

ANSWERS: dict[str, Callable[[Desk], Any]] = {
    "a view": lambda desk: desk.get("au.gao", "/v1/subjects"),
    "no session": lambda desk: desk.client.get("/v1/subjects"),
    "no route": lambda desk: desk.get("au.gao", "/v1/nothing"),
    "no method": lambda desk: desk.client.put("/v1/sessions", headers=desk.bearer("au.gao")),
    "not allowed": lambda desk: desk.get("sc.liu", "/v1/alerts"),
    "no json": lambda desk: desk.client.post("/v1/sessions", data=b"{"),
    "a sign-in": lambda desk: desk.client.post(
        "/v1/sessions", json={"person": "au.gao", "password": password_of("au.gao"), "role": "AUD"}
    ),
    "a refused sign-in": lambda desk: desk.client.post(
        "/v1/sessions", json={"person": "au.gao", "password": "x", "role": "AUD"}
    ),
    "a stream of events": lambda desk: desk.get("au.gao", "/v1/events", Accept="text/event-stream"),
    "a stream of alerts": lambda desk: desk.get("au.gao", "/v1/alerts", Accept="text/event-stream"),
    "bytes": lambda desk: desk.get("au.gao", "/v1/log/leaves/1"),
    "health": lambda desk: desk.client.get("/healthz"),
    "documentation": lambda desk: desk.client.get("/openapi.json"),
    "a question before a request": lambda desk: desk.client.options(
        "/v1/sessions", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    ),
}


def test_the_table_is_the_codes() -> None:
    assert manners.HEADERS == HEADERS


@pytest.mark.parametrize("what", ANSWERS)
def test_every_answer_carries_the_headers_and_sets_no_cookie(desk: Desk, what: str) -> None:
    answer = ANSWERS[what](desk)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value, name
    assert "Set-Cookie" not in answer.headers
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]
    answer.close()


def test_a_fault_carries_them_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("x")

    monkeypatch.setattr("api.reading.ReadSide.rows", fail)
    answer = desk.get("au.gao", "/v1/subjects")
    refused(answer, 500, "INTERNAL")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("name", ["session", "token", "Authorization", "dosetrail"])
def test_what_a_browser_sends_along_by_itself_is_no_session(desk: Desk, name: str) -> None:
    """Cookies and credentials in the address are ambient; a bearer token is not (CSRF)."""
    token, client = desk.token("au.gao"), desk.app.test_client()
    client.set_cookie(name, token)
    refused(client.get("/v1/subjects"), 401, "NOT_SIGNED_IN")
    refused(client.get(f"/v1/subjects?{name}={token}"), 401, "NOT_SIGNED_IN")
    basic = {"Authorization": "Basic YXUuZ2FvOng="}
    refused(client.get("/v1/subjects", headers=basic), 401, "NOT_SIGNED_IN")


def test_a_form_of_another_site_is_not_read(desk: Desk) -> None:
    asked = {"person": "au.gao", "password": password_of("au.gao"), "role": "AUD"}
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
        answer = desk.client.post("/v1/sessions", data=json.dumps(asked), content_type=kind)
        assert answer.status_code in {400, 415, 422}, kind
        assert "token" not in (answer.json or {})


# -- secrets --------------------------------------------------------------------------------------------


def test_no_line_and_no_problem_shows_a_token_or_a_password(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    token, made_up = desk.token("sc.liu"), "aud_" + "Zebra" * 8 + "xyz"
    bearer = desk.bearer("sc.liu")
    shown = ""
    for path in ("/v1/sessions", "/v1/access-journal", "/v1/alerts", "/v1/sessions/current"):
        shown += desk.client.get(path, headers=bearer).text
        shown += desk.client.get(path, headers={"Authorization": f"Bearer {made_up}"}).text
    shown += desk.client.delete(f"/v1/sessions/{token}", headers=bearer).text
    shown += desk.client.post(f"/v1/service-tokens/{made_up}/secrets", headers=bearer).text
    shown += desk.client.delete("/v1/people/sc.liu/sessions", headers=desk.bearer("mei.lin")).text
    for _ in range(6):
        shown += desk.client.get("/v1/subjects", headers=bearer).text
        asked = {"person": "sc.liu", "password": "zebra-guess", "role": "SC"}
        shown += desk.client.post("/v1/sessions", json=asked).text
    shown += desk.get("mei.lin", "/v1/alerts").text + desk.get("mei.lin", "/v1/access-journal").text
    shown += capsys.readouterr().err
    secrets = [token, made_up, "zebra-guess", *(password_of(person) for person in PEOPLE)]
    assert "locked_out" in shown
    assert "session_misuse" in shown
    assert not [secret for secret in secrets if secret in shown]


def test_a_broken_token_store_shows_no_token(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_store: object, token: str, _now: object) -> None:
        raise RuntimeError(f"could not look up {token}")

    token = desk.token("au.gao")
    monkeypatch.setattr(SessionStore, "require", fail)
    answer = desk.client.get("/v1/subjects", headers={"Authorization": f"Bearer {token}"})
    refused(answer, 500, "INTERNAL")
    assert token not in answer.text + capsys.readouterr().err
