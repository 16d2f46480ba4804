"""Signing in tells nothing of why it fails; afterwards the log decides at each request."""

from __future__ import annotations

import dataclasses
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from api.service import EXTENSION
from api.settings import Settings
from core.kernel.errors import Malformed
from core.trial.instance.events import CommandRefused
from tests.http.desk import refused
from tests.http.training import password_of

if TYPE_CHECKING:
    from tests.http.desk import Desk

SIGN_IN = "/v1/sessions"


def sign_in(desk: Desk, person: str, password: str, role: str = "SC") -> Any:
    return desk.client.post(SIGN_IN, json={"person": person, "password": password, "role": role})


def test_a_session_begins_and_ends(desk: Desk) -> None:
    bearer = desk.bearer("sc.liu")
    me = desk.client.get("/v1/sessions/current", headers=bearer).json
    assert me == {"person": "sc.liu", "name": "Liu Yan", "role": "SC"}
    assert desk.client.delete("/v1/sessions/current", headers=bearer).status_code == 204
    refused(desk.client.get("/v1/sessions/current", headers=bearer), 401, "NOT_SIGNED_IN")


@pytest.mark.parametrize("person", ["nobody", "sc.liu", "9 bad id", "x" * 500])
def test_one_problem_for_whatever_was_wrong(desk: Desk, person: str) -> None:
    problem = refused(sign_in(desk, person, "guess"), 401, "SIGN_IN_FAILED")
    del problem["request_id"]
    reference = refused(sign_in(desk, "nobody.else", "guess"), 401, "SIGN_IN_FAILED")
    del reference["request_id"]
    assert problem == reference


def test_a_wrong_password_of_a_known_person_is_on_the_record(desk: Desk) -> None:
    before = desk.size
    sign_in(desk, "sc.liu", "guess")
    assert desk.size == before + 1
    assert desk.newest() == CommandRefused("WRONG_PASSWORD", "SignIn", "sc.liu", None)


def test_an_unknown_person_leaves_no_trace(desk: Desk) -> None:
    before = desk.size
    sign_in(desk, "nobody", "guess")
    assert desk.size == before


def test_a_refused_sign_in_takes_its_time_whoever_was_named(desk: Desk) -> None:
    service = desk.app.extensions[EXTENSION]
    settings = dataclasses.replace(service.settings, refused_sign_in_seconds=0.1)
    desk.app.extensions[EXTENSION] = dataclasses.replace(service, settings=settings)
    for person in ("nobody", "sc.liu"):
        began = time.monotonic()
        sign_in(desk, person, "guess")
        assert time.monotonic() - began >= 0.1


def test_a_role_that_is_not_held(desk: Desk) -> None:
    refused(sign_in(desk, "sc.liu", password_of("sc.liu"), "PI"), 403, "ROLE_NOT_HELD")
    assert desk.newest() == CommandRefused("ROLE_NOT_HELD", "SignIn", "sc.liu", None)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", "Basic c2M6cHc=", "dts_abc", "Bearer dts_" + "A" * 43, "Bearer \u00e9"],
)
def test_a_garbled_token_comes_before_any_other_complaint(desk: Desk, header: str) -> None:
    answer = desk.client.post(
        "/v1/subjects/S001/doses", data=b"{not json", headers={"Authorization": header.encode("latin-1")}
    )
    refused(answer, 401, "NOT_SIGNED_IN")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_no_token_no_route(desk: Desk) -> None:
    for path in ("/v1/subjects", "/v1/nothing", "/v1/log/checkpoint", "/v1/events"):
        refused(desk.client.get(path), 401, "NOT_SIGNED_IN")


def test_an_expired_session(desk: Desk) -> None:
    bearer = desk.bearer("sc.liu")
    desk.clock.advance_to(desk.clock() + timedelta(minutes=16))
    refused(desk.client.get("/v1/subjects", headers=bearer), 401, "SESSION_EXPIRED")


def test_an_ended_role_and_a_revoked_key_end_the_access_at_once(desk: Desk) -> None:
    sc, pi = desk.bearer("sc.liu"), desk.bearer("pi.chen")
    why = {"code": "left", "text": "left the site"}
    desk.done("mei.lin", "/v1/people/sc.liu/role-endings", {"role": "SC"}, "person/sc.liu", reason=why)
    refused(desk.client.get("/v1/subjects", headers=sc), 403, "ROLE_NOT_HELD")
    with desk.instance.log.lock:
        key = desk.instance.log.trial.people["pi.chen"].active_key
    gone = {"key": key}
    desk.done("jun.xu", "/v1/people/pi.chen/key-revocations", gone, "person/pi.chen", reason=why)
    refused(desk.client.get("/v1/subjects", headers=pi), 401, "NOT_SIGNED_IN")
    refused(sign_in(desk, "pi.chen", password_of("pi.chen"), "PI"), 401, "SIGN_IN_FAILED")


def test_what_needs_no_session(desk: Desk) -> None:
    assert desk.client.get("/healthz").json == {"status": "alive"}
    ready = desk.client.get("/readyz").json
    assert (ready["views_position"], ready["clock_trusted"]) == (desk.size, True)
    assert desk.client.get("/openapi.json").status_code == 200
    assert b"code: VERSION_CONFLICT" in desk.client.get("/problems/version-conflict").data
    refused(desk.client.get("/problems/no-such-thing"), 404, "NOT_FOUND")
    refused(desk.client.get("/problems/Version-Conflict"), 404, "NOT_FOUND")


def test_settings_come_from_the_environment_and_unknown_ones_are_refused() -> None:
    assert Settings.from_environment({"DOSETRAIL_HTTP_STREAM_SLOTS": "4", "HOME": "/"}).stream_slots == 4
    for wrong in ({"DOSETRAIL_HTTP_NOPE": "1"}, {"DOSETRAIL_HTTP_STREAM_SLOTS": "many"}):
        with pytest.raises(Malformed, match="BAD_SETTING"):
            Settings.from_environment(wrong)
