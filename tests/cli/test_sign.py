"""`dosetrail sign` against a real server: the key never leaves its file, the receipt comes back."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from api.signing.device_key import read_device_key
from api.signing.key_file import read_key_file
from api.wiring import open_instance
from core.clock import ServerClock, new_txn_id
from core.handle import Request
from core.kernel.actors import Role
from core.kernel.time import write_instant
from core.keys.ed25519 import parse_key_id
from core.keys.possession import verify_possession
from core.trial.devices.decide import holder_of
from core.trial.people.commands import ApproveEnrolment, EnrolPerson
from tests.http.conftest import founded, store
from tests.http.test_served_streams import Server
from tests.http.training import ORIGIN, ZONE, let_stand, password_of
from tests.support.enrolment import identity

if TYPE_CHECKING:
    from pathlib import Path

    from api.instance import Instance
    from core.trial.catalogue import Command
    from tests.cli.conftest import Cli

__all__ = ["founded", "store"]

PERSON, PASSWORD = "pi.own", "a kettle of blue herons"


@pytest.fixture
def enrolled(inside: Cli, store: Path, tmp_path: Path) -> Path:
    """A folder with the key file of an investigator whom two officers have enrolled."""
    (tmp_path / "password").write_text(PASSWORD)
    words = ["--file", str(tmp_path / "own.key"), "--origin", ORIGIN, "--environment", "training"]
    made = inside("keys", "file", PERSON, *words, "--password-file", str(tmp_path / "password"))
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    with closing(open_instance(f"sqlite:///{store}")) as instance:
        enrol = EnrolPerson(PERSON, "Own Key", "RenJi", told["key"], told["proof"], Role.PI)
        by_officer(instance, "jun.xu", Role.ADM, enrol)
        covers = tuple(p.digest for p in instance.log.trial.people[PERSON].proposals)
        by_officer(instance, "mei.lin", Role.SEC, identity(PERSON))
        by_officer(instance, "mei.lin", Role.SEC, ApproveEnrolment(PERSON, covers))
        let_stand(instance, PERSON, Role.PI, read_key_file(tmp_path / "own.key").open(PASSWORD))
    return tmp_path


def test_a_device_gets_a_key_with_the_proof_that_its_registration_needs(inside: Cli, tmp_path: Path) -> None:
    path = tmp_path / "device.key"
    made = inside("keys", "device", "WS-1", "--file", str(path), "--origin", ORIGIN)
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert told["key"] == read_device_key(path).key.key_id
    verify_possession(parse_key_id(told["key"]), told["proof"], ORIGIN, holder_of("WS-1"))


def by_officer(instance: Instance, person: str, role: Role, command: Command) -> None:
    now = instance.clock()
    unlock = lambda: instance.unlocker.open(person, password_of(person))  # noqa: E731 - as everywhere
    instance.handler.submit(command, Request(person, role, now, ZONE, new_txn_id(now)), unlock)
    with instance.log.lock:
        instance.log.catch_up()


def consent(number: int) -> str:
    data = {"version": "1.0", "language": "zh-CN", "given_by": "subject", "witness": None}
    body = {"data": data, "occurred_at": write_instant(ServerClock()()), "zone": ZONE}
    return json.dumps({"path": f"/v1/subjects/T{number:03}/consents", "body": body})


@pytest.mark.slow
def test_an_order_is_shown_signed_and_receipted(inside: Cli, enrolled: Path, store: Path) -> None:
    server = Server(store)
    try:
        words: list[Any] = ["sign", "-", "--server", f"http://127.0.0.1:{server.port}", "--role", "PI"]
        words += ["--key-file", enrolled / "own.key", "--state", enrolled / "state.json"]
        words = [str(word) for word in [*words, "--password-file", enrolled / "password"]]
        unasked = inside(*words, stdin=consent(1))
        assert (unasked.returncode, "YES_NEEDED" in unasked.stderr) == (2, True)
        done = inside(*words, "--yes", "--receipt", str(enrolled / "r.json"), stdin=consent(1))
        assert done.returncode == 0, done.stderr
        assert "topic: subject.ConsentGiven/1\n" in done.stderr
        assert "signer: Own Key\nuser id: pi.own\n" in done.stderr
        receipt = json.loads((enrolled / "r.json").read_text())
        assert (receipt["stream"], receipt["version"]) == ("subject/T001", 1)
        again = inside(*words, "--yes", stdin=consent(2))
        assert json.loads(again.stdout)["positions"][0] > receipt["positions"][0]
    finally:
        server.stop()
    remembered = json.loads((enrolled / "state.json").read_text())
    assert remembered["size"] >= receipt["positions"][0]
