"""What an operator may say about a provider, and what happens without one; needs no extra."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from api.cli.serve import Address, serve_store
from api.oidc.flows import LIFETIME, Flows, begin
from api.oidc.login import open_login
from api.oidc.settings import is_safe_address, read_settings
from core.kernel.actors import Role
from core.kernel.errors import Malformed, Refused, Unavailable
from tests.http.training import START
from tests.support.extras import require_extra

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, Any] = {
    "issuer": "https://idp.example/realms/trial",
    "client_id": "dosetrail",
    "client_secret_file": "client.secret",
    "redirect_uris": ["https://trial.example/signed-in", "http://127.0.0.1:5173/signed-in"],
    "people": {"248289761001": "sc.liu"},
}


def private(path: Path, content: str) -> Path:
    path.write_text(content)
    path.chmod(0o600)
    return path


def written(folder: Path, **changes: Any) -> Path:
    private(folder / "client.secret", "hush\n")
    given = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return private(folder / "oidc.json", json.dumps(given))


# -- settings -----------------------------------------------------------------------------------------


def test_settings_that_fit(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    found = read_settings(written(tmp_path, ca_file="ca.pem"))
    assert (found.issuer, found.client_id, found.client_secret) == (GOOD["issuer"], "dosetrail", "hush")
    assert found.redirect_uris == tuple(GOOD["redirect_uris"])
    assert found.people == GOOD["people"]
    assert found.ca_file == tmp_path / "ca.pem"
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, ...) for name in GOOD),
        ("surprise", 1),
        ("issuer", "http://idp.example"),
        ("issuer", 7),
        ("client_id", " "),
        ("redirect_uris", []),
        ("redirect_uris", "https://trial.example"),
        ("redirect_uris", ["http://trial.example"]),
        ("people", []),
        ("people", {"": "sc.liu"}),
        ("people", {"a": 7}),
        ("people", {"a": "9 bad id"}),
        ("people", {"a": "sc.liu", "b": "sc.liu"}),
        ("ca_file", "nowhere.pem"),
    ],
)
def test_settings_that_do_not_fit(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(Malformed, match=f"BAD_SETTING: {name} ") as refused:
        read_settings(written(tmp_path, **{name: value}))
    assert refused.value.facts == {"setting": name}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"issuer": 1, "issuer": 2}'])
def test_what_is_no_document(tmp_path: Path, content: str) -> None:
    with pytest.raises(Malformed, match="BAD_SETTING"):
        read_settings(private(tmp_path / "oidc.json", content))


@pytest.mark.parametrize("content", ["", " \n", "g\u00e9heim", "x" * 5000])
def test_what_is_no_secret(tmp_path: Path, content: str) -> None:
    path = written(tmp_path)
    private(tmp_path / "client.secret", content)
    with pytest.raises(Malformed, match="BAD_SETTING"):
        read_settings(path)


@pytest.mark.parametrize("name", ["oidc.json", "client.secret"])
def test_both_files_are_closed_to_others(tmp_path: Path, name: str) -> None:
    path = written(tmp_path)
    (tmp_path / name).chmod(0o640)
    with pytest.raises(Refused, match="SECRETS_EXPOSED"):
        read_settings(path)
    (tmp_path / name).unlink()
    with pytest.raises(Unavailable, match="SECRETS_MISSING"):
        read_settings(path)


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://idp.example/x", True),
        ("http://localhost:1/x", True),
        ("http://[::1]:1", True),
        ("http://127.0.0.1.example", False),
        ("http://localhost.example", False),
        ("https://user@idp.example", False),
        ("https://idp.example/#here", False),
        ("https://[", False),
        ("https://", False),
        ("file:///etc/passwd", False),
        (None, False),
    ],
)
def test_which_addresses_are_guarded(address: object, *, safe: bool) -> None:
    assert is_safe_address(address) is safe


def test_without_the_extra_the_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "api.oidc.provider", raising=False)
    monkeypatch.setitem(sys.modules, "authlib", None)
    monkeypatch.setitem(sys.modules, "authlib.integrations.base_client", None)
    with pytest.raises(Unavailable, match="needs the extra oidc") as error:
        open_login(written(tmp_path))
    assert error.value.code == "OIDC_NOT_INSTALLED"


def test_the_server_does_not_start_with_settings_that_do_not_fit(tmp_path: Path, store: Path) -> None:
    require_extra("oidc", "authlib", "requests")
    with pytest.raises(Malformed, match="client_id in the settings of the log-in is missing"):
        serve_store(f"sqlite:///{store}", Address("127.0.0.1", 0, 2), written(tmp_path, client_id=...))


# -- flows --------------------------------------------------------------------------------------------


def test_only_the_newest_flows_are_kept() -> None:
    flows = Flows(most=2)
    begun = [begin(Role.SC, "https://trial.example", START) for _ in range(3)]
    first, second, third = [flows.keep(one) for one in begun]
    with pytest.raises(Refused, match="BAD_ANSWER"):
        flows.take(first, begun[0].state, START)
    assert flows.take(second, begun[1].state, START) == begun[1]
    assert flows.take(third, begun[2].state, START) == begun[2]


def test_old_flows_are_dropped() -> None:
    flows = Flows()
    old = begin(Role.SC, "https://trial.example", START)
    flows.keep(old)
    later = START + LIFETIME + timedelta(seconds=1)
    flows.keep(begin(Role.SC, "https://trial.example", later))
    assert len(flows._kept) == 1


def test_a_flow_of_the_future_is_none() -> None:
    flows, begun = Flows(), begin(Role.SC, "https://trial.example", START)
    with pytest.raises(Refused, match="BAD_ANSWER"):
        flows.take(flows.keep(begun), begun.state, START - timedelta(seconds=1))


def test_what_is_kept_is_not_what_is_told() -> None:
    flows, begun = Flows(), begin(Role.SC, "https://trial.example", START)
    flow = flows.keep(begun)
    assert flow.encode() not in flows._kept
    assert not any(one in repr(begun) for one in (begun.state, begun.nonce, begun.verifier))
    assert len({begun.state, begun.nonce, begun.verifier, flow}) == 4


# -- the tests themselves -----------------------------------------------------------------------------


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_a_missing_extra_fails_where_ci_is_true(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="the extra oidc is not installed: no_such_package"):
        require_extra("oidc", "no_such_package", "json")
