"""Where people and tools sign in from: registered, approved, proved at each sign-in, and ended at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from api.service import EXTENSION
from api.settings import Settings
from api.signing.device_key import DeviceKey, prove_device
from core.kernel.errors import IntegrityFinding, Malformed
from core.kernel.time import write_instant
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.trial.devices.decide import holder_of
from tests.http import forms
from tests.http.desk import refused
from tests.http.test_access import bearer_of
from tests.http.training import ORIGIN, password_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.http.desk import Desk

WHY = {"code": "lost", "text": "stolen from the ward"}


def register(
    desk: Desk, kind: str = "terminal", name: str = "WS-1", key: SigningKey | None = None
) -> DeviceKey:
    """Let the administrator register a device; return its key."""
    key = key or SigningKey(new_seed())
    said = {"key": key.key_id, "proof": prove_possession(key, ORIGIN, holder_of(name))}
    data = {"device": name, "kind": kind, "name": "ward computer", "location": "ward 3", "serial": "SN 1"}
    desk.done("jun.xu", "/v1/devices", {**data, **said}, "devices")
    return DeviceKey(ORIGIN, name, key)


def row(desk: Desk, name: str = "WS-1") -> dict[str, Any]:
    (found,) = [one for one in desk.get("mei.lin", "/v1/devices").json["rows"] if one["device"] == name]
    return dict(found)


def approve(desk: Desk, name: str = "WS-1") -> None:
    data = {"registration": row(desk, name)["registration"]}
    desk.done("mei.lin", f"/v1/devices/{name}/approvals", data, "devices")


def approved(desk: Desk, kind: str = "terminal", name: str = "WS-1") -> DeviceKey:
    device = register(desk, kind, name)
    approve(desk, name)
    return device


def revoke(desk: Desk, name: str = "WS-1") -> None:
    desk.done("mei.lin", f"/v1/devices/{name}/revocations", {}, "devices", reason=WHY)


def require_devices(desk: Desk) -> None:
    service = desk.app.extensions[EXTENSION]
    settings = replace(service.settings, devices_required=True)
    desk.app.extensions[EXTENSION] = replace(service, settings=settings)


def proof(desk: Desk, device: DeviceKey) -> dict[str, str]:
    def post(path: str, body: object) -> Mapping[str, Any]:
        told: Mapping[str, Any] = desk.client.post(path, json=body).json
        return told

    return prove_device(post, device)


def sign_in(desk: Desk, device: dict[str, str] | None = None, **changes: str) -> Any:
    asked = {"person": "sc.liu", "password": password_of("sc.liu"), "role": "SC", **changes}
    return desk.client.post("/v1/sessions", json=asked if device is None else {**asked, "device": device})


def refusals(desk: Desk) -> list[tuple[str, str, str, str | None]]:
    rows = desk.get("au.gao", "/v1/refusals").json["rows"]
    return [(one["code"], one["command"], one["person"], one["target"]) for one in rows]


def test_a_device_from_its_registration_to_its_end(desk: Desk) -> None:
    device = register(desk)
    assert (row(desk)["state"], row(desk)["registered"]["by"]) == ("proposed", "jun.xu")
    refused(sign_in(desk, proof(desk, device)), 403, "DEVICE_NOT_REGISTERED")
    approve(desk)
    assert (row(desk)["state"], row(desk)["approved"]["by"]) == ("counts", "mei.lin")
    officers = {person: desk.bearer(person) for person in ("mei.lin", "au.gao")}
    answer = sign_in(desk, proof(desk, device))
    assert answer.status_code == 201, answer.text
    mine = bearer_of(answer.json["token"])
    (shown,) = desk.client.get("/v1/sessions", headers=mine).json["sessions"]
    assert shown["device"] == "WS-1"
    revoke(desk)
    refused(desk.client.get("/v1/subjects", headers=mine), 401, "NOT_SIGNED_IN")
    refused(sign_in(desk, proof(desk, device)), 403, "DEVICE_REVOKED")
    ended = row(desk)
    assert (ended["state"], ended["revoked"]["by"], ended["revoked"]["reason"]) == ("revoked", "mei.lin", WHY)
    assert desk.client.get("/v1/devices", headers=officers["mei.lin"]).status_code == 200
    of_liu = [
        one for one in desk.get("au.gao", "/v1/access-journal").json["rows"] if one["person"] == "sc.liu"
    ]
    assert [(one["what"], one["device"], one["by"]) for one in of_liu] == [
        ("started", "WS-1", None),
        ("ended", "WS-1", "mei.lin"),
    ]
    assert refusals(desk) == [
        ("DEVICE_NOT_REGISTERED", "SignIn", "sc.liu", "devices"),
        ("DEVICE_REVOKED", "SignIn", "sc.liu", "devices"),
    ]


@pytest.mark.slow
def test_where_devices_are_required_nobody_signs_in_without_one(desk: Desk) -> None:
    device, before = approved(desk), desk.bearer("sc.liu")
    reader = desk.bearer("mei.lin")
    require_devices(desk)
    refused(sign_in(desk), 403, "DEVICE_NOT_REGISTERED")
    unknown = DeviceKey(ORIGIN, "WS-9", device.key)
    refused(sign_in(desk, proof(desk, unknown)), 403, "DEVICE_NOT_REGISTERED")
    # What began on no device before is no way around it.
    for held in (before, reader):
        refused(desk.client.get("/v1/subjects", headers=held), 403, "DEVICE_NOT_REGISTERED")
    mine = bearer_of(sign_in(desk, proof(desk, device)).json["token"])
    assert desk.client.get("/v1/subjects", headers=mine).status_code == 200


@pytest.mark.parametrize(("text", "required"), [("0", False), ("1", True), ("yes", None), ("2", None)])
def test_an_operator_says_whether_devices_are_required(text: str, required: bool | None) -> None:  # noqa: FBT001 - a table
    environment = {"DOSETRAIL_HTTP_DEVICES_REQUIRED": text}
    if required is None:
        with pytest.raises(Malformed, match="BAD_SETTING"):
            Settings.from_environment(environment)
    else:
        assert Settings.from_environment(environment) == Settings(devices_required=required)


def test_from_an_unknown_device_no_password_is_tried(desk: Desk) -> None:
    require_devices(desk)
    for _ in range(7):
        refused(sign_in(desk, password="wrong"), 403, "DEVICE_NOT_REGISTERED")
    person = desk.instance.log.trial.people["sc.liu"]
    assert person.locked_at is None
    recorded = [e for e in desk.instance.log.rows() if e.originator_id == "refusals"]
    assert len(recorded) == 5, "behind the fifth within a minute only their sum is recorded"


def test_a_stranger_is_counted_and_not_listed(desk: Desk) -> None:
    require_devices(desk)
    before = desk.size
    refused(sign_in(desk, person="nobody"), 403, "DEVICE_NOT_REGISTERED")
    assert desk.size == before


def wrong_proofs(desk: Desk, device: DeviceKey) -> dict[str, dict[str, str]]:
    other = approved(desk, name="WS-2")
    old = proof(desk, device)
    desk.clock.advance_to(desk.clock() + timedelta(minutes=2, milliseconds=1))
    return {
        "too old": old,
        "of another device": {**proof(desk, other), "device": "WS-1"},
        "to the challenge of another": {**proof(desk, replace(device, device="WS-2")), "device": "WS-1"},
        "by another key": proof(desk, replace(device, key=other.key)),
        "made up": {**proof(desk, device), "challenge": "e30="},
        "no base64": {**proof(desk, device), "signature": "!"},
    }


def test_a_proof_is_of_the_device_fresh_and_counts_once(desk: Desk) -> None:
    device = approved(desk)
    good = proof(desk, device)
    assert sign_in(desk, good).status_code == 201
    refused(sign_in(desk, good), 403, "BAD_DEVICE_PROOF")
    for how, wrong in wrong_proofs(desk, device).items():
        answer = sign_in(desk, wrong)
        assert (answer.status_code, answer.json["code"]) == (403, "BAD_DEVICE_PROOF"), how
    codes = {code for code, command, person, _ in refusals(desk) if (command, person) == ("SignIn", "sc.liu")}
    assert codes == {"BAD_DEVICE_PROOF"}


@pytest.mark.slow
def test_a_good_device_makes_no_wrong_password_good(desk: Desk) -> None:
    device = approved(desk)
    refused(sign_in(desk, proof(desk, device), password="wrong"), 401, "SIGN_IN_FAILED")


@pytest.mark.slow
def test_a_session_ends_with_its_device_even_if_nobody_ended_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = approved(desk)
    mine = bearer_of(sign_in(desk, proof(desk, device)).json["token"])
    with monkeypatch.context() as patched:
        patched.setattr(desk.instance.sessions, "end_all_on", lambda *_: 0)  # the server stopped in between
        revoke(desk)
    refused(desk.client.get("/v1/subjects", headers=mine), 403, "DEVICE_REVOKED")
    refused(desk.client.get("/v1/subjects", headers=mine), 401, "NOT_SIGNED_IN")


def test_a_client_answers_no_challenge_of_another_log_or_device(desk: Desk) -> None:
    device = DeviceKey(ORIGIN, "WS-1", SigningKey(new_seed()))
    told = desk.client.post("/v1/sessions/device-challenges", json={"device": "WS-1"}).json
    for other in (replace(device, origin="elsewhere.example/1"), replace(device, device="WS-2")):
        with pytest.raises(IntegrityFinding, match="BAD_CHALLENGE"):
            prove_device(lambda _path, _body: told, other)


# -- tools ----------------------------------------------------------------------------------------------


def issue(desk: Desk) -> None:
    data = {
        "token": "dashboard",
        "tool": "Safety dashboard",
        "owner": "mm.zhao",
        "scopes": ["views:read"],
        "expires_at": write_instant(desk.clock() + timedelta(days=30)),
    }
    desk.done("mei.lin", "/v1/service-tokens", data, "instance")


@pytest.mark.slow
def test_a_tool_reads_while_its_interface_counts(desk: Desk) -> None:
    issue(desk)
    lims, terminal = approved(desk, "interface", "LIMS-1"), approved(desk)
    path = "/v1/service-tokens/dashboard/interface-secrets"
    owner = desk.bearer("mm.zhao")
    refused(desk.client.post(path, json=proof(desk, terminal), headers=owner), 403, "DEVICE_NOT_REGISTERED")
    told = desk.client.post(path, json=proof(desk, lims), headers=owner)
    assert told.status_code == 201, told.text
    tool = bearer_of(told.json["secret"])
    assert desk.client.get("/v1/subjects", headers=tool).status_code == 200
    revoke(desk, "LIMS-1")
    refused(desk.client.get("/v1/subjects", headers=tool), 403, "DEVICE_REVOKED")
    assert refusals(desk) == [("DEVICE_NOT_REGISTERED", "TellSecret", "mm.zhao", "devices")]


@pytest.mark.slow
def test_where_devices_are_required_a_secret_is_for_an_interface(desk: Desk) -> None:
    issue(desk)
    terminal = approved(desk)
    require_devices(desk)
    asked = {"person": "mm.zhao", "password": password_of("mm.zhao"), "role": "MM"}
    owner = desk.client.post("/v1/sessions", json={**asked, "device": proof(desk, terminal)}).json["token"]
    told = desk.client.post("/v1/service-tokens/dashboard/secrets", headers=bearer_of(owner))
    refused(told, 403, "DEVICE_NOT_REGISTERED")


# -- results ----------------------------------------------------------------------------------------------


def test_a_panel_names_an_analyser_or_says_nothing_of_one(desk: Desk) -> None:
    forms.screened(desk)
    panel = forms.lab_panel("S001-V0", "2024-02-21T07:00:00+08:00", "2024-02-21T08:00:00+08:00")

    def answer(**measured: Any) -> Any:
        results = [{**one, **measured} for one in panel["results"]]
        return desk.post("sc.liu", "/v1/subjects/S001/lab-panels", {**panel, "results": results})

    refused(answer(measured={"analyser": "AN-1"}), 403, "DEVICE_NOT_REGISTERED")
    name = {"analyser": "AN-1"}
    for odd in (None, {"analyser": None}, {**name, "sent_at": None}, {**name, "surprise": 1}):
        refused(answer(measured=odd), 422, "VALIDATION")
    assert answer().status_code == 201
