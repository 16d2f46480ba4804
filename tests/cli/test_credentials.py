"""Invited, sealed, changed and rotated on the command line of the server."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from api.wiring import open_instance
from core.clock import new_txn_id
from core.handle import Request
from core.kernel.actors import Role
from tests.support.enrolment import acceptance

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

OFFICERS = {"lin.mei": "the password of Lin Mei", "xu.jun": "the password of Xu Jun"}


@pytest.fixture
def store(inside: Cli, tmp_path: Path) -> str:
    """A founded training instance."""
    files = [str(secret_file(tmp_path, person, password)) for person, password in OFFICERS.items()]
    url = f"sqlite:///{tmp_path}/instance"
    founded = inside(
        *("init", "--store", url, "--environment", "training", "--origin", "renji.example/NCT05727722"),
        *("--sec", "lin.mei:Lin Mei", "--adm", "xu.jun:Xu Jun"),
        *("--sec-password-file", files[0], "--adm-password-file", files[1]),
    )
    assert founded.returncode == 0, founded.stderr
    return url


def secret_file(folder: Path, name: str, secret: str) -> Path:
    path = folder / name
    path.write_text(secret + "\n", encoding="utf-8")
    return path


def answered(inside: Cli, *args: str) -> Any:
    run = inside(*args)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_invite_and_seal(inside: Cli, store: str, tmp_path: Path) -> None:
    officer = ("--as", "xu.jun", "--password-file", str(tmp_path / "xu.jun"))
    invited = answered(inside, "users", "invite", "gao.lan", "--store", store, *officer)
    code = secret_file(tmp_path, "code", invited["code"])
    password = secret_file(tmp_path, "gao.lan", "nobody else knows it")
    files = ("--code-file", str(code), "--password-file", str(password))
    sealed = answered(inside, "keys", "seal", "gao.lan", "--store", store, *files)
    assert sealed.keys() == {"person", "key", "proof"}
    again = inside("keys", "seal", "gao.lan", "--store", store, *files)
    assert (again.returncode, "INVITATION_REFUSED" in again.stderr) == (4, True)


@pytest.mark.parametrize(("officer", "file"), [("lin.mei", "lin.mei"), ("xu.jun", "lin.mei")])
def test_nobody_but_an_administrator_invites(
    inside: Cli, store: str, tmp_path: Path, officer: str, file: str
) -> None:
    asked = ("--as", officer, "--password-file", str(tmp_path / file))
    assert inside("users", "invite", "gao.lan", "--store", store, *asked).returncode == 4


def test_change_the_password_then_rotate(inside: Cli, store: str, tmp_path: Path) -> None:
    policy_accepted(store)
    old, new = tmp_path / "xu.jun", secret_file(tmp_path, "new", "another one of Xu Jun")
    change = ("--password-file", str(old), "--new-password-file", str(new))
    changed = answered(inside, "keys", "change-password", "xu.jun", "--store", store, *change)
    third = ("--new-password-file", str(secret_file(tmp_path, "third", "a third one of Xu Jun")))
    refused = inside("keys", "rotate", "xu.jun", "--store", store, "--password-file", str(old), *third)
    assert (refused.returncode, "WRONG_PASSWORD" in refused.stderr) == (4, True)
    same = ("--password-file", str(new), "--new-password-file", str(new))
    refused = inside("keys", "rotate", "xu.jun", "--store", store, *same)
    assert (refused.returncode, "SAME_PASSWORD" in refused.stderr) == (4, True)
    with_new = ("--password-file", str(new), *third)
    rotated = answered(inside, "keys", "rotate", "xu.jun", "--store", store, *with_new)
    assert rotated["old"] == changed["key"] != rotated["key"]
    assert inside("verify", "--store", store).returncode == 0


def policy_accepted(store: str) -> None:
    """Let the administrator accept the policy: nobody signs anything before that."""
    with closing(open_instance(store)) as instance:
        now = instance.clock()
        request = Request("xu.jun", Role.ADM, now, "UTC", new_txn_id(now))
        key = instance.unlocker.open("xu.jun", OFFICERS["xu.jun"])
        instance.handler.submit(acceptance("xu.jun"), request, lambda: key)
