"""The reference client against servers that are honest and servers that are not."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from api.signing.ceremony import Desk as OwnDesk
from api.signing.ceremony import sign_in, sign_order
from api.signing.exchange import Exchange
from api.signing.key_file import make_key_file, read_key_file
from api.signing.order import Intent, read_order
from core.audit.display import digest_of_text, display_text
from core.audit.statement import Seen, read_statement
from core.clock import new_txn_id
from core.kernel.actors import Environment, Meaning, Role
from core.kernel.encoding import to_base64
from core.kernel.errors import Malformed, Refused, TrialError
from core.keys.possession import prove_possession
from core.trial.people.commands import ApproveEnrolment, EnrolPerson
from core.trial.policy import founding_policy
from tests.http import forms
from tests.http.training import ORIGIN, let_stand, submit
from tests.support.enrolment import identity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from api.signing.key_file import KeyFile
    from core.audit.statement import Statement
    from tests.http.desk import Desk

PERSON, PASSWORD, PATH = "sc.own", "a kettle of blue herons", "/v1/subjects/S001/screenings"
LEGAL = {sentence.meaning: sentence for sentence in founding_policy().legal}


class InProcess(Exchange):
    """Talks to the application of the test; `lie` may change what the server answers."""

    def __init__(self, desk: Desk, lie: Callable[[str, Any], Any] = lambda _path, answer: answer) -> None:
        super().__init__("http://127.0.0.1:1")
        self.desk, self.lie = desk, lie

    def post(self, path: str, body: object, headers: Any = None) -> dict[str, Any]:
        return self._told(path, self.desk.client.post(path, json=body, headers=self._sent(headers or {})))

    def get(self, path: str) -> dict[str, Any]:
        return self._told(path, self.desk.client.get(path, headers=self._sent({})))

    def _sent(self, headers: dict[str, str]) -> dict[str, str]:
        return {**headers, **({"Authorization": f"Bearer {self.token}"} if self.token else {})}

    def _told(self, path: str, answer: Any) -> dict[str, Any]:
        if answer.status_code >= 400:
            raise Refused(answer.json["code"], answer.json["detail"])
        told: dict[str, Any] = self.lie(path, answer.json)
        return told


@pytest.fixture
def kept(desk: Desk, tmp_path: Path) -> KeyFile:
    """A coordinator whose key nobody but they hold, enrolled by two officers."""
    instance, path = desk.instance, tmp_path / "own.key"
    key = make_key_file(path, PERSON, ORIGIN, Environment.TRAINING, PASSWORD)
    proof = prove_possession(key, ORIGIN, PERSON)
    enrolment = EnrolPerson(PERSON, "Own Key", "RenJi", key.key_id, proof, Role.SC)
    submit(instance, "jun.xu", Role.ADM, enrolment)
    with instance.log.lock:
        instance.log.catch_up()
        covers = tuple(p.digest for p in instance.log.trial.people[PERSON].proposals)
    submit(instance, "mei.lin", Role.SEC, identity(PERSON))
    submit(instance, "mei.lin", Role.SEC, ApproveEnrolment(PERSON, covers))
    let_stand(instance, PERSON, Role.SC, key)
    return read_key_file(path)


class Signer:
    """A person with a key file at their own machine."""

    def __init__(self, desk: Desk, kept: KeyFile, memory: Path, *, agrees: bool = True) -> None:
        self.desk, self.kept, self.memory, self.agrees = desk, kept, memory, agrees
        self.texts: list[str] = []

    def sign(self, lie: Callable[[str, Any], Any] = lambda _path, answer: answer, **changes: Any) -> Any:
        body = self.desk.order(PERSON, forms.screening(), signing=..., **changes)
        command, order = read_order(PATH, body)
        exchange = InProcess(self.desk, lie)
        desk = OwnDesk(exchange, self.kept.open(PASSWORD), self.memory, self.desk.clock, self._agree)
        sign_in(desk, self.kept, Role.SC)
        intent = Intent(self.kept, Role.SC, new_txn_id(self.desk.clock()), command, order)
        return sign_order(desk, intent, PATH, body, self.desk.version("subject/S001"))

    def _agree(self, texts: Any) -> bool:
        self.texts = list(texts)
        return self.agrees


@pytest.fixture
def signer(desk: Desk, kept: KeyFile, tmp_path: Path) -> Signer:
    return Signer(desk, kept, tmp_path / "state.json")


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(TrialError) as caught:
        act()
    return caught.value.code


def test_an_honest_server_gets_the_signature(signer: Signer) -> None:
    before = signer.desk.size
    receipt = signer.sign()
    assert receipt["positions"] == [before + 1]
    entry = signer.desk.instance.log.entry(before + 1)
    assert entry.leaf.seal.auth == "client-key"
    assert digest_of_text(signer.texts[0]) == entry.statement.display
    remembered = json.loads(signer.memory.read_text())
    assert remembered["size"] == before
    assert (remembered["origin"], remembered["person"]) == (ORIGIN, PERSON)


def test_who_does_not_agree_signs_nothing(signer: Signer) -> None:
    signer.agrees = False
    before = signer.desk.size
    assert code_of(signer.sign) == "NOT_AGREED"
    assert signer.desk.size == before
    assert not signer.memory.exists()


# -- servers that lie: the text, the bytes, or both together ---------------------------------------------


def prepared(change: Callable[[dict[str, Any]], None]) -> Callable[[str, Any], Any]:
    def lie(path: str, answer: Any) -> Any:
        if path == PATH and "statements" in answer:
            change(answer["statements"][0])
        return answer

    return lie


def restated(change: Callable[[Statement], Statement]) -> Callable[[str, Any], Any]:
    """Lie as well as one can: another statement, with its own text and digests all in order."""

    def put(one: dict[str, Any]) -> None:
        changed = change(read_statement(base64.b64decode(one["statement"])))
        text = display_text(changed, LEGAL[changed.meaning].text)
        changed = replace(changed, display=digest_of_text(text))
        one.update(statement=base64.b64encode(changed.to_bytes()).decode(), text=text)
        one["display"] = changed.display

    return prepared(put)


LIES: dict[str, tuple[str, Callable[[str, Any], Any]]] = {
    "a text that is not that of the bytes": (
        "DISPLAY_DIFFERS",
        prepared(lambda one: one.update(text=one["text"].replace("46", "64"))),
    ),
    "another value": (
        "NOT_WHAT_WAS_ORDERED",
        restated(lambda s: replace(s, data={**s.data, "age_years": 64})),
    ),
    "another meaning": (
        "NOT_WHAT_WAS_ORDERED",
        restated(lambda s: replace(s, meaning=Meaning.APPROVED, legal="approved/1")),
    ),
    "another subject": ("NOT_WHAT_WAS_ORDERED", restated(lambda s: replace(s, stream="subject/S002"))),
    "another type": (
        "NOT_WHAT_WAS_ORDERED",
        restated(lambda s: replace(s, type="subject.SubjectScreened/9")),
    ),
    "another log": ("NOT_MY_STATEMENT", restated(lambda s: replace(s, origin="else.example/NCT0"))),
    "another environment": (
        "NOT_MY_STATEMENT",
        restated(lambda s: replace(s, environment=Environment.PRODUCTION)),
    ),
    "another signer": (
        "NOT_MY_STATEMENT",
        restated(lambda s: replace(s, signer=replace(s.signer, id="sc.liu"))),
    ),
    "another time of the event": (
        "NOT_WHAT_WAS_ORDERED",
        restated(lambda s: replace(s, occurred_at=s.occurred_at.replace(year=2023))),
    ),
    "another time of signing": (
        "SIGNED_AT_SKEW",
        restated(lambda s: replace(s, signed_at=s.signed_at.replace(year=2023))),
    ),
    "bytes that are no statement": ("NOT_JSON", prepared(lambda one: one.update(statement="AAAA"))),
    "an older log than before": ("SEEN_SHRANK", restated(lambda s: replace(s, seen=Seen(3, s.seen.root)))),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_server_that_lies_gets_no_signature(signer: Signer, lie: str) -> None:
    code, told = LIES[lie]
    meaning = {"meaning": "authored"} if lie == "another meaning" else {}
    if code == "SEEN_SHRANK":
        remembered = {"origin": ORIGIN, "person": PERSON, "key": signer.kept.sealed.key_id}
        signer.memory.write_text(json.dumps({**remembered, "size": 4, "root": "x"}))
    before = signer.desk.size
    refused_with = code_of(lambda: signer.sign(told, **meaning))
    assert refused_with == code or (lie == "another type" and refused_with == "UNKNOWN_TYPE")
    assert signer.desk.size == before
    assert signer.texts == []


def remember_head(signer: Signer, size: int, root: str | None = None) -> None:
    """Let the person have signed under an earlier head: that of the log, or another of the same size."""
    kept = {"origin": ORIGIN, "person": PERSON, "key": signer.kept.sealed.key_id}
    root = root or to_base64(signer.desk.instance.log.root_at(size))
    signer.memory.write_text(json.dumps({**kept, "size": size, "root": root}))


def test_a_log_that_has_grown_is_signed_under(signer: Signer) -> None:
    remember_head(signer, signer.desk.size - 7)
    before = signer.desk.size
    assert signer.sign()["positions"] == [before + 1]


def test_a_log_that_was_written_anew_and_has_grown_gets_no_signature(signer: Signer) -> None:
    remember_head(signer, signer.desk.size - 7, to_base64(b"r" * 32))
    before = signer.desk.size
    assert code_of(signer.sign) == "SEEN_MISMATCH"
    assert (signer.desk.size, signer.texts) == (before, [])


@pytest.mark.parametrize(
    ("proof", "code"),
    [([], "SEEN_MISMATCH"), (["00" * 32] * 4, "SEEN_MISMATCH"), (["x"], "BAD_ANSWER_OF_SERVER")],
)
def test_a_proof_that_proves_nothing_gets_no_signature(signer: Signer, proof: list[str], code: str) -> None:
    def lie(path: str, answer: Any) -> Any:
        return {"proof": proof} if path.startswith("/v1/log/consistency-proof") else answer

    remember_head(signer, signer.desk.size - 7)
    assert code_of(lambda: signer.sign(lie)) == code
    assert signer.texts == []


def test_a_challenge_for_somebody_else_is_not_answered(signer: Signer) -> None:
    def lie(path: str, answer: Any) -> Any:
        if path.endswith("/challenges"):
            exchange = InProcess(signer.desk)
            return exchange.post(path, {"person": "pi.chen"})
        return answer

    assert code_of(lambda: signer.sign(lie)) == "BAD_CHALLENGE"


def test_a_memory_of_another_log_is_not_written_over(signer: Signer) -> None:
    other = {"origin": "else.example/X", "person": PERSON, "key": "k", "size": 9, "root": "x"}
    signer.memory.write_text(json.dumps(other))
    assert code_of(signer.sign) == "BAD_STATE_FILE"
    assert json.loads(signer.memory.read_text()) == other


@pytest.mark.parametrize("server", ["http://dosetrail.example", "ftp://127.0.0.1", "//127.0.0.1", ""])
def test_nothing_is_sent_in_the_clear_over_a_network(server: str) -> None:
    with pytest.raises(Malformed, match="INSECURE_SERVER"):
        Exchange(server)


def test_a_key_file_is_for_its_owner_only(signer: Signer, tmp_path: Path) -> None:
    path = tmp_path / "own.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert code_of(lambda: signer.kept.open("a kettle of blue herring")) == "WRONG_PASSWORD"
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({**kept, "v": "dosetrail/key-file/2"}))
    assert code_of(lambda: read_key_file(path)) == "BAD_KEY_FILE"
    path.chmod(0o644)
    assert code_of(lambda: read_key_file(path)) == "SECRETS_EXPOSED"
