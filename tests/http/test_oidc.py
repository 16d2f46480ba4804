"""Log-in by an OpenID provider: its word names a person, and everything else is as the log says."""

from __future__ import annotations

import logging
import time
import warnings
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from api.oidc.login import Login
from api.oidc.settings import OidcSettings
from api.service import EXTENSION
from core.clock import ServerClock
from core.trial.instance.events import CommandRefused, UnknownSignInsRefused
from core.trial.people.events import LockedOut
from tests.http import forms
from tests.http import test_devices as terminals
from tests.http.desk import refused
from tests.http.training import password_of
from tests.support.extras import require_extra

if TYPE_CHECKING:
    from tests.http.desk import Desk
    from tests.http.lying_provider import LyingProvider, Place

CALLBACK = "http://127.0.0.1:5173/signed-in"
SUB = "248289761001"
PEOPLE = {SUB: "sc.liu", "sub-of-pi": "pi.chen", "sub-of-nobody": "who.knows"}
WHY = {"code": "left", "text": "left the site"}
SCREENINGS = "/v1/subjects/S001/screenings"


@pytest.fixture
def idp(place: Place, desk: Desk) -> LyingProvider:
    from tests.http.lying_provider import SECRET, LyingProvider

    place.provider = LyingProvider(desk.clock, issuer=place.issuer)
    let_in(desk, place.issuer, SECRET)
    return place.provider


def let_in(desk: Desk, issuer: str, secret: str) -> Login:
    from api.oidc.provider import Provider

    settings = OidcSettings(issuer, "dosetrail", (CALLBACK,), PEOPLE, secret)
    login = Login(settings, Provider(settings))
    desk.app.extensions[EXTENSION] = replace(desk.app.extensions[EXTENSION], login=login)
    return login


def begin(desk: Desk, role: str = "SC", redirect_uri: str = CALLBACK) -> Any:
    return desk.client.post("/v1/sessions/oidc-starts", json={"role": role, "redirect_uri": redirect_uri})


def end(desk: Desk, flow: str, state: str, code: str, **more: Any) -> Any:
    return desk.client.post("/v1/sessions/oidc", json={"flow": flow, "state": state, "code": code, **more})


def log_in(desk: Desk, idp: LyingProvider, role: str = "SC") -> Any:
    begun = begin(desk, role).json
    return end(desk, begun["flow"], *idp.authorize(begun["authorization_url"]))


# -- what works ---------------------------------------------------------------------------------------


# The provider is built on Authlib's older interfaces.
@pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")
def test_with_a_real_provider(desk: Desk) -> None:
    require_extra("oidc", "authlib", "requests", "oidc_provider_mock")
    with warnings.catch_warnings(record=True):  # it warns that its own library moves
        warnings.simplefilter("ignore")
        from oidc_provider_mock import run_server_in_thread
        from requests import post

    desk.clock.advance_to(ServerClock()())  # the provider has no other clock
    with run_server_in_thread() as server:
        let_in(desk, f"http://localhost:{server.server_port}", "secret")
        begun = begin(desk).json
        back = post(begun["authorization_url"], data={"sub": SUB}, allow_redirects=False, timeout=5)
        came = {
            name: values[0] for name, values in parse_qs(urlsplit(back.headers["Location"]).query).items()
        }
        answer = end(desk, begun["flow"], came["state"], came["code"])
    assert answer.status_code == 201, answer.text
    assert {name: answer.json[name] for name in ("person", "role")} == {"person": "sc.liu", "role": "SC"}
    bearer = {"Authorization": f"Bearer {answer.json['token']}"}
    assert desk.client.get("/v1/sessions/current", headers=bearer).json["name"] == "Liu Yan"


def test_what_the_provider_is_asked(desk: Desk, idp: LyingProvider) -> None:
    begun = begin(desk).json
    query = {name: values[0] for name, values in parse_qs(urlsplit(begun["authorization_url"]).query).items()}
    secrets = {name: query.pop(name) for name in ("state", "nonce", "code_challenge")}
    assert all(len(value) == 43 for value in secrets.values())
    assert query == {
        "response_type": "code",
        "client_id": "dosetrail",
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "code_challenge_method": "S256",
        "prompt": "login",
        "max_age": "0",
    }
    assert begun["flow"] not in begun["authorization_url"]
    assert begun["seconds"] == 300
    assert begin(desk).json["flow"] != begun["flow"]
    assert idp.asked == ["/.well-known/openid-configuration"]


def test_no_cookie_is_set(desk: Desk, idp: LyingProvider) -> None:
    answer = log_in(desk, idp)
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_such_a_session_only_reads(desk: Desk, idp: LyingProvider) -> None:
    desk.tokens["sc.liu"] = (log_in(desk, idp).json["token"], desk.clock())
    assert desk.get("sc.liu", "/v1/subjects").status_code == 200
    unsigned = desk.post("sc.liu", SCREENINGS, forms.screening(), signing=...)
    refused(unsigned, 401, "SIGN_AUTH_REQUIRED")
    wrong = {"person": "sc.liu", "password": "guess"}
    refused(desk.post("sc.liu", SCREENINGS, forms.screening(), signing=wrong), 401, "WRONG_PASSWORD")
    right = {"person": "sc.liu", "password": password_of("sc.liu")}
    assert desk.post("sc.liu", SCREENINGS, forms.screening(), signing=right).status_code == 201


@pytest.mark.slow
def test_where_devices_are_required_a_log_in_comes_from_one(desk: Desk, idp: LyingProvider) -> None:
    device = terminals.approved(desk)
    terminals.require_devices(desk)
    refused(log_in(desk, idp), 403, "DEVICE_NOT_REGISTERED")
    begun = begin(desk).json
    came = idp.authorize(begun["authorization_url"])
    answer = end(desk, begun["flow"], *came, device=terminals.proof(desk, device))
    assert answer.status_code == 201, answer.text
    assert [s.device for s in desk.instance.sessions.open_of("sc.liu", desk.clock()).values()] == ["WS-1"]


def test_keys_are_fetched_anew_once_for_an_unknown_one(desk: Desk, idp: LyingProvider) -> None:
    from tests.http.lying_provider import EC, RSA

    idp.published = [RSA]
    refused(log_in(desk, idp), 401, "SIGN_IN_FAILED")
    assert idp.asked.count("/jwks") == 2
    idp.published = [RSA, EC]
    assert log_in(desk, idp).status_code == 201
    assert idp.asked.count("/jwks") == 3
    assert log_in(desk, idp).status_code == 201
    assert idp.asked.count("/jwks") == 3


# -- what the provider says is not so ------------------------------------------------------------------


def test_what_nobody_signed_is_about_nobody(desk: Desk, idp: LyingProvider) -> None:
    from tests.http.lying_provider import signed

    idp.signing, size = lambda claims: signed(claims, kid="other"), desk.size
    refused(log_in(desk, idp), 401, "SIGN_IN_FAILED")
    assert desk.size == size


def test_who_is_nobody_of_the_trial(desk: Desk, idp: LyingProvider) -> None:
    size, minute = desk.size, desk.clock().replace(second=0, microsecond=0)
    nobodies = ("stranger", "sc.liu", "sub-of-nobody", "", 7, None, ["sc.liu"])
    for sub in nobodies:
        idp.claims = {"sub": sub}
        refused(log_in(desk, idp), 401, "SIGN_IN_FAILED")
    assert desk.size == size
    desk.clock.advance_to(desk.clock() + timedelta(minutes=1))
    desk.instance.strangers.state_sums()
    assert desk.newest() == UnknownSignInsRefused(minute, len(nobodies))


def test_a_refused_log_in_takes_its_time(desk: Desk, idp: LyingProvider) -> None:
    service = desk.app.extensions[EXTENSION]
    slow = replace(service.settings, refused_sign_in_seconds=0.1)
    desk.app.extensions[EXTENSION] = replace(service, settings=slow)
    for claims in ({"sub": "stranger"}, {"nonce": "x"}):
        idp.claims, began = claims, time.monotonic()
        refused(log_in(desk, idp), 401, "SIGN_IN_FAILED")
        assert time.monotonic() - began >= 0.1


def test_an_answer_that_does_not_fit_is_on_the_record(desk: Desk, idp: LyingProvider) -> None:
    idp.claims, size = {"auth_time": int(desk.clock().timestamp()) - 3600}, desk.size
    refused(log_in(desk, idp), 401, "SIGN_IN_FAILED")
    assert desk.size == size + 1
    assert desk.newest() == CommandRefused("BAD_ANSWER", "SignIn", "sc.liu", None)


# -- flows --------------------------------------------------------------------------------------------


def test_a_flow_works_once(desk: Desk, idp: LyingProvider) -> None:
    begun = begin(desk).json
    state, code = idp.authorize(begun["authorization_url"])
    assert end(desk, begun["flow"], state, code).status_code == 201
    _, again = idp.authorize(begun["authorization_url"])
    refused(end(desk, begun["flow"], state, again), 401, "SIGN_IN_FAILED")


def test_the_state_of_another_log_in_ends_the_flow(desk: Desk, idp: LyingProvider) -> None:
    begun, other = begin(desk).json, begin(desk).json
    state, code = idp.authorize(begun["authorization_url"])
    foreign, _ = idp.authorize(other["authorization_url"])
    refused(end(desk, begun["flow"], foreign, code), 401, "SIGN_IN_FAILED")
    refused(end(desk, begun["flow"], state, code), 401, "SIGN_IN_FAILED")
    assert "/token" not in idp.asked


def test_the_code_of_another_log_in(desk: Desk, idp: LyingProvider) -> None:
    begun, other = begin(desk).json, begin(desk).json
    state, _ = idp.authorize(begun["authorization_url"])
    _, foreign = idp.authorize(other["authorization_url"])
    refused(end(desk, begun["flow"], state, foreign), 401, "SIGN_IN_FAILED")


@pytest.mark.parametrize(("minutes", "status"), [(5, 201), (5.01, 401)])
def test_a_flow_lasts_five_minutes(desk: Desk, idp: LyingProvider, minutes: float, status: int) -> None:
    begun = begin(desk).json
    desk.clock.advance_to(desk.clock() + timedelta(minutes=minutes))
    answer = end(desk, begun["flow"], *idp.authorize(begun["authorization_url"]))
    assert answer.status_code == status


def test_only_a_configured_way_back(desk: Desk, idp: LyingProvider) -> None:
    refused(begin(desk, redirect_uri=CALLBACK + "/"), 422, "REDIRECT_NOT_ALLOWED")
    assert not idp.asked


# -- the person as the log has them --------------------------------------------------------------------


def test_a_locked_out_person(desk: Desk, idp: LyingProvider) -> None:
    idp.claims = {"nonce": "of-another-log-in"}
    for _ in range(5):
        refused(log_in(desk, idp), 401, "SIGN_IN_FAILED")
    assert isinstance(desk.newest(), LockedOut)
    idp.claims = {}
    refused(log_in(desk, idp), 401, "SIGN_IN_FAILED")
    assert desk.newest() == CommandRefused("LOCKED_OUT", "SignIn", "sc.liu", None)


def test_a_role_that_ended_or_was_never_held(desk: Desk, idp: LyingProvider) -> None:
    refused(log_in(desk, idp, "PI"), 401, "SIGN_IN_FAILED")
    assert desk.newest() == CommandRefused("ROLE_NOT_HELD", "SignIn", "sc.liu", None)
    token = log_in(desk, idp).json["token"]
    desk.done("mei.lin", "/v1/people/sc.liu/role-endings", {"role": "SC"}, "person/sc.liu", reason=WHY)
    refused(log_in(desk, idp), 401, "SIGN_IN_FAILED")
    assert desk.newest() == CommandRefused("ROLE_NOT_HELD", "SignIn", "sc.liu", None)
    ended = desk.client.get("/v1/subjects", headers={"Authorization": f"Bearer {token}"})
    refused(ended, 403, "ROLE_NOT_HELD")


# -- the provider is not there -------------------------------------------------------------------------


def test_a_provider_that_is_gone(desk: Desk, idp: LyingProvider) -> None:
    begun, size = begin(desk).json, desk.size
    idp.token_answer = (500, {"error": "server_error"})
    refused(end(desk, begun["flow"], *idp.authorize(begun["authorization_url"])), 503, "OIDC_UNAVAILABLE")
    let_in(desk, "http://127.0.0.1:1", "secret")
    refused(begin(desk), 503, "OIDC_UNAVAILABLE")
    assert desk.size == size


def test_a_server_without_such_a_log_in(desk: Desk) -> None:
    refused(begin(desk), 404, "OIDC_NOT_CONFIGURED")
    refused(end(desk, "flow", "state", "code"), 404, "OIDC_NOT_CONFIGURED")


# -- secrets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lie", [{}, {"nonce": "x"}, "fault"])
def test_no_secret_is_ever_told(
    desk: Desk,
    idp: LyingProvider,
    lie: Any,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tests.http.lying_provider import SECRET

    caplog.set_level(logging.DEBUG)
    if lie == "fault":
        monkeypatch.setattr("api.oidc.sign_in.member", lambda *_: 1 / 0)
    else:
        idp.claims = lie
    begun = begin(desk).json
    state, code = idp.authorize(begun["authorization_url"])
    nonce = idp.begun[code]["nonce"]
    answer = end(desk, begun["flow"], state, code)
    told = [answer.text, caplog.text, *capsys.readouterr(), *(str(desk.instance.log.entry(desk.size)),)]
    for secret in (SECRET, begun["flow"], state, code, nonce, *idp.told):
        assert not any(secret in text for text in told)
    assert len(idp.told) == 2


def test_a_repr_holds_no_secret(desk: Desk, idp: LyingProvider) -> None:
    from tests.http.lying_provider import SECRET

    begun = begin(desk).json
    text = repr(desk.app.extensions[EXTENSION].login)
    state, code = idp.authorize(begun["authorization_url"])
    assert not any(one in text for one in (SECRET, state, code, begun["flow"], SUB))
