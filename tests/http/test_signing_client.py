"""The reference client against servers that are honest and servers that are not."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from api.routes.commands import AREAS
from api.signing.ceremony import Desk as OwnDesk
from api.signing.ceremony import sign_in, sign_order
from api.signing.device_key import make_device_key, read_device_key
from api.signing.exchange import Exchange
from api.signing.key_file import make_key_file, read_key_file
from api.signing.order import Intent, read_order
from core.audit.display import digest_of_text, display_text
from core.audit.statement import Seen, read_statement
from core.clock import new_txn_id
from core.kernel.actors import Environment, Meaning, Role
from core.kernel.codec import to_data
from core.kernel.encoding import to_base64
from core.kernel.errors import Malformed, Refused, TrialError
from core.keys.possession import prove_possession
from core.trial.people.commands import ApproveEnrolment, EnrolPerson
from core.trial.policy import founding_policy
from tests.http import forms
from tests.http import test_devices as terminals
from tests.http.test_policy import change
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


@pytest.mark.parametrize(
    ("command", "pattern"), [row for rows in AREAS.values() for row in rows], ids=lambda one: str(one)[-40:]
)
def test_the_client_finds_the_command_of_every_path(
    monkeypatch: pytest.MonkeyPatch, command: type, pattern: str
) -> None:
    class Found(Exception):  # noqa: N818 - says what was found
        pass

    def found(*asked: object) -> None:
        raise Found(*asked)

    monkeypatch.setattr("api.signing.order.order_schema", found)
    path = re.sub(r"<\w+>", "X-1", re.sub(r"<int:\w+>", "7", pattern))
    with pytest.raises(Found) as told:
        read_order(f"/v1{path}", {})
    assert told.value.args == (command, frozenset(re.findall(r"<(?:int:)?(\w+)>", pattern)))


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


@pytest.mark.slow
def test_a_person_signs_in_with_a_key_of_their_own_from_a_device(signer: Signer, tmp_path: Path) -> None:
    desk, path = signer.desk, tmp_path / "device.key"
    key = make_device_key(path, "WS-1", ORIGIN)
    assert path.stat().st_mode & 0o777 == 0o600
    terminals.register(desk, key=key)
    terminals.approve(desk)
    own = OwnDesk(InProcess(desk), signer.kept.open(PASSWORD), signer.memory, desk.clock, lambda _texts: True)
    sign_in(own, signer.kept, Role.SC, read_device_key(path))
    (shown,) = own.exchange.get("/v1/sessions")["sessions"]
    assert shown["device"] == "WS-1"


@pytest.mark.parametrize("change", [{"v": "dosetrail/device-key/2"}, {"seed": "!"}, {"seed": "QUJD"}])
def test_what_is_no_key_file_of_a_device(tmp_path: Path, change: dict[str, str]) -> None:
    path = tmp_path / "device.key"
    make_device_key(path, "WS-1", ORIGIN)
    assert code_of(lambda: make_device_key(path, "WS-1", ORIGIN)) == "SECRETS_EXIST"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert code_of(lambda: read_device_key(path)) == "BAD_KEY_FILE"


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
        one.update(shown(change(read_statement(base64.b64decode(one["statement"])))))

    return prepared(put)


def shown(statement: Statement) -> dict[str, Any]:
    """Return a statement as a server shows it, with its own text and digests all in order."""
    text = display_text(statement, LEGAL[statement.meaning].text)
    statement = replace(statement, display=digest_of_text(text))
    return {"statement": to_base64(statement.to_bytes()), "text": text, "display": statement.display}


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


def test_a_sentence_of_a_later_policy_is_read_and_signed(signer: Signer) -> None:
    said = {"id": "authored/2", "meaning": "authored", "text": "I entered this, and I saw its source."}
    kept = [to_data(sentence) for meaning, sentence in LEGAL.items() if meaning is not Meaning.AUTHORED]
    change(signer.desk, legal=[*kept, said])
    signer.sign()
    assert "legal sentence: I entered this, and I saw its source. (authored/2)" in signer.texts[0]


def test_a_sentence_that_is_known_is_that_of_its_meaning(signer: Signer) -> None:
    lie = restated(lambda s: replace(s, legal="approved/1"))
    assert code_of(lambda: signer.sign(lie)) == "LEGAL_SENTENCE"
    assert signer.texts == []


FURTHER: dict[str, Callable[[Statement], tuple[Statement, Statement]]] = {
    "something else": lambda meant: (meant, replace(meant, type="quality.CasebookFrozen/1", data={})),
    "what excuses the first": lambda meant: (replace(meant, data={**meant.data, "age_years": 64}), meant),
}


@pytest.mark.parametrize("further", FURTHER)
def test_no_second_statement_comes_along(signer: Signer, further: str) -> None:
    """Signed with `--yes` it would be one more act of the person, about anything."""

    def add(path: str, answer: Any) -> Any:
        if path == PATH and "statements" in answer:
            meant = read_statement(base64.b64decode(answer["statements"][0]["statement"]))
            two = FURTHER[further](meant)
            answer["statements"] = [
                shown(replace(one, ver=meant.ver + i, txn=replace(meant.txn, i=i, n=2)))
                for i, one in enumerate(two)
            ]
        return answer

    assert code_of(lambda: signer.sign(add)) == "NOT_WHAT_WAS_ORDERED"
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
