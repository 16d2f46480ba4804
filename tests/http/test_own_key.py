"""A person who holds their key themselves: prepare, read, sign, commit; every other byte is refused."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core.audit.dsse import pae, statement_digest
from core.kernel.actors import Auth, Role
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from tests.http import forms
from tests.http.desk import refused
from tests.http.training import ORIGIN, let_stand, password_of

if TYPE_CHECKING:
    from tests.http.desk import Desk

SCREENINGS = "/v1/subjects/S001/screenings"


def key_of(desk: Desk, person: str = "sc.liu") -> SigningKey:
    return desk.instance.unlocker.open(person, password_of(person))


def signed(prepared: dict[str, Any], key: SigningKey) -> dict[str, Any]:
    statements = [base64.b64decode(s["statement"]) for s in prepared["statements"]]
    signatures = [key.sign(pae(prepared["payload_type"], s)) for s in statements]
    pairs = zip(statements, signatures, strict=True)
    return {"signed": [{"statement": _b64(s), "signature": _b64(g)} for s, g in pairs]}


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Ceremony:
    """One command, prepared."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.headers = desk.headers("sc.liu", "subject/S001")
        self.order = desk.order("sc.liu", forms.screening(), signing={"prepare": True})
        answer = desk.client.post(SCREENINGS, json=self.order, headers=self.headers)
        assert answer.status_code == 200, answer.text
        self.prepared: dict[str, Any] = answer.json

    def commit(self, signing: dict[str, Any], **changes: Any) -> Any:
        order = {**self.order, "signing": signing, **changes}
        return self.desk.client.post(SCREENINGS, json=order, headers=self.headers)


def test_prepare_writes_nothing_and_shows_everything(desk: Desk) -> None:
    before = desk.size
    (statement,) = Ceremony(desk).prepared["statements"]
    assert desk.size == before
    assert statement["digest"] == statement_digest(base64.b64decode(statement["statement"]))
    for line in (
        "event: Subject screened\ntopic: subject.SubjectScreened/1\n",
        "environment: training\n",
        "signer: Liu Yan\nuser id: sc.liu\nrole: SC\n",
        "meaning: authored\nlegal sentence: I entered this record",
        "occurred at: 2024-02-21T08:00:00+08:00\ntime zone: Asia/Shanghai\n",
        "record: subject/S001, version 2\n",
        "measurements[1].value, unit: 68.0 kg\n",
        "age_years: 46\n",
    ):
        assert line in statement["text"]


def test_commit(desk: Desk) -> None:
    ceremony = Ceremony(desk)
    answer = ceremony.commit(signed(ceremony.prepared, key_of(desk)))
    assert answer.status_code == 201, answer.text
    entry = desk.instance.log.entry(desk.size)
    assert entry.leaf.seal.auth is Auth.CLIENT_KEY
    assert ceremony.commit(signed(ceremony.prepared, key_of(desk))).status_code == 200


def test_another_statement_than_the_one_prepared(desk: Desk) -> None:
    ceremony, before = Ceremony(desk), desk.size
    original = base64.b64decode(ceremony.prepared["statements"][0]["statement"])
    ceremony.prepared["statements"][0]["statement"] = _b64(
        original.replace(b'"age_years":46', b'"age_years":45')
    )
    refused(ceremony.commit(signed(ceremony.prepared, key_of(desk))), 409, "VERSION_CONFLICT")
    assert desk.size == before


def test_another_order_than_the_one_signed(desk: Desk) -> None:
    ceremony, before = Ceremony(desk), desk.size
    answer = ceremony.commit(signed(ceremony.prepared, key_of(desk)), data=forms.screening(age_years=45))
    refused(answer, 409, "VERSION_CONFLICT")
    assert desk.size == before


def test_somebody_elses_signature(desk: Desk) -> None:
    ceremony, before = Ceremony(desk), desk.size
    answer = ceremony.commit(signed(ceremony.prepared, key_of(desk, "pi.chen")))
    refused(answer, 422, "BAD_SIGNATURE")
    assert desk.size == before + 1


def test_a_flipped_bit_in_the_signature(desk: Desk) -> None:
    ceremony = Ceremony(desk)
    signing = signed(ceremony.prepared, key_of(desk))
    raw = bytearray(base64.b64decode(signing["signed"][0]["signature"]))
    raw[5] ^= 1
    signing["signed"][0]["signature"] = _b64(bytes(raw))
    refused(ceremony.commit(signing), 422, "BAD_SIGNATURE")


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_signature_of_another_length(desk: Desk, length: int) -> None:
    ceremony = Ceremony(desk)
    signing = signed(ceremony.prepared, key_of(desk))
    signing["signed"][0]["signature"] = _b64(b"s" * length)
    refused(ceremony.commit(signing), 422, "BAD_SIGNATURE")


def test_the_record_moved_meanwhile(desk: Desk) -> None:
    ceremony = Ceremony(desk)
    forms.screened(desk)
    before = desk.size
    answer = ceremony.commit(signed(ceremony.prepared, key_of(desk)))
    assert answer.status_code == 412
    assert desk.size == before


def test_sixteen_minutes_later(desk: Desk) -> None:
    ceremony = Ceremony(desk)
    signing = signed(ceremony.prepared, key_of(desk))
    desk.clock.advance_to(desk.clock() + timedelta(minutes=16))
    ceremony.headers.update(desk.bearer("sc.liu"))
    refused(ceremony.commit(signing), 409, "PREPARED_EXPIRED")


def test_statements_too_many(desk: Desk) -> None:
    ceremony = Ceremony(desk)
    signing = signed(ceremony.prepared, key_of(desk))
    refused(ceremony.commit({"signed": signing["signed"] * 2}), 409, "VERSION_CONFLICT")


# -- signing in without any password ---------------------------------------------------------------------


@pytest.fixture
def own_key(desk: Desk) -> SigningKey:
    """A newcomer whose key the server has never held."""
    key = SigningKey(new_seed())
    proof = prove_possession(key, ORIGIN, "sc.own")
    person = {"name": "Own Key", "organisation": "RenJi", "key": key.key_id, "proof": proof, "role": "SC"}
    desk.done("jun.xu", "/v1/people", {"person": "sc.own", **person})
    with desk.instance.log.lock:
        desk.instance.log.catch_up()
        covers = [p.digest for p in desk.instance.log.trial.people["sc.own"].proposals]
    seen = {"evidence": "passport", "document": None}
    desk.done("mei.lin", "/v1/people/sc.own/identity-verifications", seen, "person/sc.own")
    desk.done("mei.lin", "/v1/people/sc.own/approvals", {"covers": covers}, "person/sc.own")
    let_stand(desk.instance, "sc.own", Role.SC, key)
    return key


def answer(desk: Desk, key: SigningKey, person: str = "sc.own") -> dict[str, Any]:
    asked = desk.client.post("/v1/sessions/challenges", json={"person": person}).json
    signature = key.sign(pae(asked["payload_type"], base64.b64decode(asked["challenge"])))
    return {"person": person, "role": "SC", "challenge": asked["challenge"], "signature": _b64(signature)}


def test_a_person_signs_in_with_their_own_key_and_records_with_it(desk: Desk, own_key: SigningKey) -> None:
    told = desk.client.post("/v1/sessions", json=answer(desk, own_key))
    assert told.status_code == 201, told.text
    bearer = {"Authorization": f"Bearer {told.json['token']}"}
    headers = {**desk.headers("sc.liu", "subject/S001"), **bearer}
    order = desk.order("sc.liu", forms.screening(), signing={"prepare": True})
    prepared = desk.client.post(SCREENINGS, json=order, headers=headers).json
    done = desk.client.post(SCREENINGS, json={**order, "signing": signed(prepared, own_key)}, headers=headers)
    assert done.status_code == 201, done.text
    entry = desk.instance.log.entry(done.json["positions"][-1])
    assert (entry.statement.signer.id, entry.leaf.seal.auth) == ("sc.own", Auth.CLIENT_KEY)


def test_an_answer_counts_once(desk: Desk, own_key: SigningKey) -> None:
    told = answer(desk, own_key)
    assert desk.client.post("/v1/sessions", json=told).status_code == 201
    refused(desk.client.post("/v1/sessions", json=told), 401, "SIGN_IN_FAILED")


def test_an_answer_by_another_key_or_about_another_person_is_refused(desk: Desk, own_key: SigningKey) -> None:
    wrong = answer(desk, SigningKey(new_seed()))
    moved = {**answer(desk, own_key), "person": "sc.liu"}
    both = {**answer(desk, own_key), "password": "x"}
    refused(desk.client.post("/v1/sessions", json=wrong), 401, "SIGN_IN_FAILED")
    refused(desk.client.post("/v1/sessions", json=moved), 401, "SIGN_IN_FAILED")
    assert desk.client.post("/v1/sessions", json=both).status_code == 422


def test_an_answer_comes_within_two_minutes(desk: Desk, own_key: SigningKey) -> None:
    told = answer(desk, own_key)
    desk.clock.advance_to(desk.clock() + timedelta(minutes=3))
    refused(desk.client.post("/v1/sessions", json=told), 401, "SIGN_IN_FAILED")
