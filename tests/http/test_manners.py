"""What every answer carries; what the log of requests holds, and what it must never hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.http import forms
from tests.http.desk import refused
from tests.http.training import PEOPLE, password_of

if TYPE_CHECKING:
    from tests.http.desk import Desk


@pytest.mark.parametrize("path", ["/healthz", "/v1/subjects", "/v1/nothing", "/openapi.json", "/v1/events"])
def test_security_headers(desk: Desk, path: str) -> None:
    headers = desk.get("au.gao", path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Request-Id"]
    assert (headers.get("Cache-Control") == "no-store") == path.startswith("/v1")


def test_a_request_id_is_taken_over_if_it_is_plain(desk: Desk) -> None:
    answer = desk.client.get("/v1/subjects", headers={"X-Request-Id": "trace-7"})
    assert refused(answer, 401, "NOT_SIGNED_IN")["request_id"] == answer.headers["X-Request-Id"] == "trace-7"
    answer = desk.client.get("/healthz", headers={"X-Request-Id": 'x" evil'})
    assert "evil" not in answer.headers["X-Request-Id"]


def test_the_log_holds_lines_of_json_and_no_secret(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    forms.screened(desk)
    position, token = desk.size, desk.token("sc.liu")
    asked = {"person": "sc.liu", "password": "my-secret-guess", "role": "SC"}
    desk.client.post("/v1/sessions", json=asked)
    why = {"code": "x", "text": "words of the person"}
    signing = {"person": "sc.liu", "password": "my-other-guess"}
    desk.post("sc.liu", "/v1/subjects/S002/screenings", forms.screening(), reason=why, signing=signing)
    desk.get("au.gao", "/v1/audit-trail?actor=zhang.san")
    written = capsys.readouterr().err
    lines = [json.loads(line) for line in written.splitlines()]
    done = next(line for line in lines if line["position"] == position)
    assert (done["method"], done["status"], done["person"]) == ("POST", 201, "sc.liu")
    assert done["position"] == position
    secrets = [token, "my-secret-guess", "my-other-guess", "words of the person", "zhang.san", "S001", "68.0"]
    secrets += [password_of(person) for person in PEOPLE]
    assert not [secret for secret in secrets if secret in written]


def test_a_fault_shows_no_traceback_and_no_value(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("secret-in-a-message")

    monkeypatch.setattr("api.reading.ReadSide.rows", fail)
    answer = desk.get("au.gao", "/v1/subjects")
    refused(answer, 500, "INTERNAL")
    written = capsys.readouterr().err
    assert "secret-in-a-message" not in written + answer.text
    assert "Traceback" not in written
    assert '"kind": "RuntimeError"' in written


def test_errors_of_fields_never_echo_values(desk: Desk) -> None:
    data = forms.screening(group="top-secret-group", age_years="top-secret-age")
    answer = desk.post("sc.liu", "/v1/subjects/S001/screenings", data)
    assert answer.status_code == 422
    assert "top-secret" not in answer.text
