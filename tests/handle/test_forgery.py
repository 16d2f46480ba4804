"""Somebody copied every file of an instance, but knows no password: can they sign as the investigator?

Each attempt is either impossible through the writer, or written past it and found by verification.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from api.verification import verify_store
from api.wiring import OfficerEntry, create_instance, open_instance
from core.audit.checkpoint import Checkpoint, sign_note
from core.audit.drafting import Ceremony, Chain, draft
from core.audit.dsse import PAYLOAD_TYPE, Envelope, pae
from core.audit.leaf import Leaf, Seal, encode
from core.audit.merkle import CompactRange, leaf_hash
from core.audit.statement import Seen
from core.clock import ScriptedClock, new_txn_id
from core.genesis import Birth
from core.handle import Request
from core.kernel.actors import Auth, Environment, Meaning, Role
from core.kernel.encoding import to_base64
from core.kernel.errors import TrialError
from core.kernel.recorded import Signer
from core.kernel.time import write_instant
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.keys.sealing import TRAINING, seal_seed
from core.trial.context import Decided
from core.trial.people.commands import ApproveEnrolment, EndRole, EnrolPerson
from core.trial.people.events import RoleEnded
from tests.support.enrolment import acceptance, identity
from tests.support.given import ADM, ORIGIN, SC, SEC, START, ZONE, Member, why

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from api.instance import Instance
    from core.audit.statement import Statement
    from core.trial.catalogue import Command

# Genesis has 3 events, the officers accept the policy, the enrolment of a coordinator has 5.
NEXT = 11
PASSWORDS = {SEC.id: "correct horse battery", ADM.id: "staple of the xu family"}


@dataclass
class Thief:
    """Holds a copy of the folder: log, custody, pepper, service key, log key. Knows one own password."""

    instance: Instance
    own_password: str = "known to the thief"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.instance.folder}"

    def request(self, txn: str | None = None) -> Request:
        now = self.instance.clock()
        return Request(SEC.id, Role.SEC, now, ZONE, txn or new_txn_id(now), why())

    def try_to_sign(self, unlock: Callable[[], SigningKey]) -> str:
        """End somebody's role in the name of an officer; return the code that stops it."""
        try:
            self.instance.handler.submit(EndRole(SC.id, Role.SC), self.request(), unlock)
        except TrialError as error:
            return error.code
        return "SIGNED"

    def open_with(self, password: str) -> SigningKey:
        return self.instance.unlocker.open(SEC.id, password)


@pytest.fixture(scope="session")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("victim") / "instance"
    officers = (
        OfficerEntry(SEC.id, SEC.name, Role.SEC, PASSWORDS[SEC.id]),
        OfficerEntry(ADM.id, ADM.name, Role.ADM, PASSWORDS[ADM.id]),
    )
    birth = Birth(ORIGIN, Environment.TRAINING, "NCT05727722")
    instance = create_instance(f"sqlite:///{folder}", birth, officers, ScriptedClock(START))
    _enrol_coordinator(instance)
    instance.close()
    return folder


def _enrol_coordinator(instance: Instance) -> None:
    key, now = SigningKey(new_seed()), instance.clock()
    proof = prove_possession(key, ORIGIN, SC.id)
    keys = {o.id: instance.unlocker.open(o.id, PASSWORDS[o.id]) for o in (ADM, SEC)}

    def do(officer: Member, command: Command) -> None:
        request = Request(officer.id, officer.role, now, ZONE, new_txn_id(now))
        instance.handler.submit(command, request, lambda: keys[officer.id])

    for officer in (ADM, SEC):
        do(officer, acceptance(officer.id))
    do(ADM, EnrolPerson(SC.id, SC.name, "RenJi", key.key_id, proof, Role.SC))
    with instance.log.lock:
        instance.log.catch_up()
        covers = tuple(p.digest for p in instance.log.trial.people[SC.id].proposals)
    do(SEC, identity(SC.id))
    do(SEC, ApproveEnrolment(SC.id, covers))


@pytest.fixture
def thief(victim: Path, tmp_path: Path) -> Iterator[Thief]:
    folder = tmp_path / "stolen"
    shutil.copytree(victim, folder)
    instance = open_instance(f"sqlite:///{folder}", ScriptedClock(START))
    yield Thief(instance)
    instance.close()


def test_the_owner_can_sign(thief: Thief) -> None:
    assert thief.try_to_sign(lambda: thief.open_with(PASSWORDS[SEC.id])) == "SIGNED"


@pytest.mark.parametrize(
    "guess", ["", "password", "mei.lin", SEC.id, PASSWORDS[ADM.id], "known to the thief"]
)
def test_guessed_passwords_open_nothing(thief: Thief, guess: str) -> None:
    assert thief.try_to_sign(lambda: thief.open_with(guess)) == "WRONG_PASSWORD"


@pytest.mark.parametrize("whose", ["service", "log", "own"])
def test_keys_that_lie_in_the_files_sign_for_nobody(thief: Thief, whose: str) -> None:
    keys = {
        "service": thief.instance.secrets.service_key,
        "log": thief.instance.secrets.log_key,
        "own": SigningKey(new_seed()),
    }
    assert thief.try_to_sign(lambda: keys[whose]) == "WRONG_KEY"


def test_another_officers_opened_key_does_not_sign_for_this_one(thief: Thief) -> None:
    adm = thief.instance.unlocker.open(ADM.id, PASSWORDS[ADM.id])
    assert thief.try_to_sign(lambda: adm) == "WRONG_KEY"


def rewrite_custody(thief: Thief, sql: str, values: tuple[object, ...]) -> None:
    """Write into the stolen copy as its owner can: the triggers go first."""
    with sqlite3.connect(thief.instance.folder / "custody.sqlite") as custody:
        for (name,) in custody.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            custody.execute(f"DROP TRIGGER {name}")
        assert custody.execute(sql, values).rowcount == 1
    custody.close()


def seal_as(thief: Thief, key_id: str, seed: bytes) -> None:
    """Swap a blob under a known password into custody, in the victim's name."""
    pepper = thief.instance.secrets.pepper
    own = seal_seed(seed, thief.own_password, SEC.id, SigningKey(seed).key_id, pepper, TRAINING)
    rewrite_custody(
        thief,
        "UPDATE sealed_seed SET key_id = ?, salt = ?, nonce = ?, ciphertext = ?, login_verifier = ?"
        " WHERE person = ?",
        (key_id, own.salt, own.nonce, own.ciphertext, own.login_verifier, SEC.id),
    )


def test_a_blob_of_the_thiefs_own_key_is_never_opened_for_the_person(thief: Thief) -> None:
    """Which key counts the log says, so custody cannot bring in another one, not even to log in."""
    seed = new_seed()
    seal_as(thief, SigningKey(seed).key_id, seed)
    assert thief.try_to_sign(lambda: thief.open_with(thief.own_password)) == "NO_SEALED_KEY"


def test_a_blob_under_the_victims_key_id_does_not_even_open(thief: Thief) -> None:
    with thief.instance.log.lock:
        key_id = thief.instance.log.trial.people[SEC.id].active_key
    assert key_id is not None
    seal_as(thief, key_id, new_seed())
    assert thief.try_to_sign(lambda: thief.open_with(thief.own_password)) in {
        "WRONG_PASSWORD",
        "SEALED_KEY_ALTERED",
    }


def test_a_blob_moved_to_another_person_does_not_open(thief: Thief) -> None:
    rewrite_custody(thief, "DELETE FROM sealed_seed WHERE person = ?", (SEC.id,))
    rewrite_custody(
        thief,
        "UPDATE sealed_seed SET person = ?, key_id = ?",
        (SEC.id, thief.instance.log.active_key_of(SEC.id)),
    )
    assert thief.try_to_sign(lambda: thief.open_with(PASSWORDS[ADM.id])) in {
        "WRONG_PASSWORD",
        "SEALED_KEY_ALTERED",
    }


def test_one_officer_cannot_bring_in_a_person_with_a_key_of_their_own_alone(thief: Thief) -> None:
    """An insider who knows one officer's password still needs a second person."""
    adm, key = thief.instance.unlocker.open(ADM.id, PASSWORDS[ADM.id]), SigningKey(new_seed())
    asked = EnrolPerson("ghost", "G", "x", key.key_id, prove_possession(key, ORIGIN, "ghost"), Role.SEC)
    thief.instance.handler.submit(asked, replace(thief.request(), person=ADM.id, role=Role.ADM), lambda: adm)
    ghost = replace(thief.request(), person="ghost")
    with pytest.raises(TrialError, match="UNKNOWN_PERSON"):
        thief.instance.handler.submit(EndRole(SEC.id, Role.SEC), ghost, lambda: key)


# -- past the writer: a self-made leaf, written by plain SQL with everything recomputed -------------------


def forged_statement(thief: Thief, signer: Signer, *, auth_meaning: Meaning = Meaning.APPROVED) -> Statement:
    log, now = thief.instance.log, thief.instance.clock()
    with log.lock:
        log.catch_up()
        trial = log.trial
        ceremony = Ceremony(
            origin=ORIGIN,
            environment=Environment.TRAINING,
            txn=new_txn_id(now),
            signer=signer,
            signed_at=now,
            zone=ZONE,
            occurred_at=now,
            reason=why(),
            seen=Seen(log.head.size, to_base64(log.head.root())),
        )
        decided = Decided(f"person/{SC.id}", RoleEnded(Role.SC))
        chain = Chain(trial.versions, trial.digests)
        (drafted,) = draft(
            ceremony,
            chain,
            ["instance", f"person/{SEC.id}", "study"],
            [(decided, replace(trial.instance.legal[Meaning.APPROVED], meaning=auth_meaning))],
        )
    return drafted.statement


def write_past_the_writer(thief: Thief, statement: Statement, key: SigningKey, auth: Auth) -> None:
    """Append with plain SQL what a perfect forger would: leaf, head, and a checkpoint by the log key."""
    data, folder, log_key = statement.to_bytes(), thief.instance.folder, thief.instance.secrets.log_key
    with sqlite3.connect(folder / "log.sqlite") as database:
        size, frontier, received_at = database.execute(
            "SELECT size, frontier, received_at FROM log_head"
        ).fetchone()
        envelope = Envelope(data, statement.signer.key, key.sign(pae(PAYLOAD_TYPE, data)))
        state = encode(Leaf(envelope, Seal(auth, size, statement.signed_at)))
        tree = CompactRange.from_bytes(size, frontier)
        tree.append(leaf_hash(state))
        database.execute(
            "INSERT INTO stored_events (originator_id, originator_version, topic, state, leaf_hash, rowid)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (statement.stream, statement.ver, statement.type, state, leaf_hash(state), size + 1),
        )
        database.execute(
            "UPDATE log_head SET size = ?, frontier = ?, received_at = ?",
            (size + 1, tree.to_bytes(), max(received_at, write_instant(statement.signed_at))),
        )
        note = sign_note(
            Checkpoint(ORIGIN, size + 1, tree.root()).body(), ORIGIN, log_key.public_key, log_key.sign
        )
        database.execute("INSERT INTO log_checkpoint VALUES (?, ?)", (size + 1, note))
    database.close()


def found_by_verification(thief: Thief) -> set[str]:
    trust = json.loads((thief.instance.folder / "trust.json").read_text(encoding="utf-8"))
    report = verify_store(thief.url, trust, workers=0)
    assert str(report.verdict) == "failed"
    assert report.first_bad_position == NEXT
    return {finding.code for finding in report.findings}


def sec_as_signer(thief: Thief, key_id: str | None = None) -> Signer:
    with thief.instance.log.lock:
        active = thief.instance.log.trial.people[SEC.id].active_key
    assert active is not None
    return Signer(SEC.id, SEC.name, Role.SEC, None, key_id or active)


def test_a_leaf_that_the_owner_signed_and_a_tool_wrote_is_good(thief: Thief) -> None:
    """The forger's tool itself is right: with the right key its leaf verifies."""
    statement = forged_statement(thief, sec_as_signer(thief))
    write_past_the_writer(thief, statement, thief.open_with(PASSWORDS[SEC.id]), Auth.PASSWORD)
    trust = json.loads((thief.instance.folder / "trust.json").read_text(encoding="utf-8"))
    assert verify_store(thief.url, trust, workers=0).findings == ()


@pytest.mark.parametrize("whose", ["service", "log", "own", "other officer"])
def test_a_leaf_in_the_victims_name_by_another_key_is_found(thief: Thief, whose: str) -> None:
    keys = {
        "service": thief.instance.secrets.service_key,
        "log": thief.instance.secrets.log_key,
        "own": SigningKey(new_seed()),
        "other officer": thief.instance.unlocker.open(ADM.id, PASSWORDS[ADM.id]),
    }
    write_past_the_writer(thief, forged_statement(thief, sec_as_signer(thief)), keys[whose], Auth.PASSWORD)
    assert found_by_verification(thief) == {"BAD_SIGNATURE"}


def test_a_leaf_that_names_the_thiefs_own_key_is_found(thief: Thief) -> None:
    own = SigningKey(new_seed())
    write_past_the_writer(
        thief, forged_statement(thief, sec_as_signer(thief, own.key_id)), own, Auth.PASSWORD
    )
    assert "KEY_NOT_VALID" in found_by_verification(thief)


def test_the_service_cannot_sign_what_only_people_sign(thief: Thief) -> None:
    key = thief.instance.secrets.service_key
    service = Signer("service", "dosetrail service", Role.SVC, None, key.key_id)
    statement = forged_statement(thief, service, auth_meaning=Meaning.RECORDED)
    write_past_the_writer(thief, replace(statement, legal="recorded/1"), key, Auth.SERVICE)
    assert "UNKNOWN_SIGNER" in found_by_verification(thief)


def test_a_signature_of_the_owner_moved_to_another_place_is_found(thief: Thief) -> None:
    """Replay the owner's real statement of position 2 as a new row."""
    with sqlite3.connect(thief.instance.folder / "log.sqlite") as database:
        stream, version, topic, state, hashed = database.execute(
            "SELECT originator_id, originator_version, topic, state, leaf_hash FROM stored_events"
            " WHERE rowid = 2"
        ).fetchone()
        database.execute(
            "INSERT INTO stored_events (originator_id, originator_version, topic, state, leaf_hash, rowid)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (stream, version + 2, topic, state, hashed, NEXT),
        )
    database.close()
    assert {"ROW_MISMATCH", "INDEX_MISMATCH"} <= found_by_verification(thief)


def test_after_a_leaf_written_past_the_head_nothing_more_is_accepted(thief: Thief) -> None:
    """A leaf without its head stops the writer: it does not build on what it did not write."""
    statement = forged_statement(thief, sec_as_signer(thief))
    envelope = Envelope(statement.to_bytes(), statement.signer.key, b"\x01" * 64)
    state = encode(Leaf(envelope, Seal(Auth.PASSWORD, NEXT - 1, statement.signed_at)))
    with sqlite3.connect(thief.instance.folder / "log.sqlite") as database:
        database.execute(
            "INSERT INTO stored_events (originator_id, originator_version, topic, state, leaf_hash, rowid)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (statement.stream, statement.ver, statement.type, state, leaf_hash(state), NEXT),
        )
    database.close()
    assert thief.try_to_sign(lambda: thief.open_with(PASSWORDS[SEC.id])) == "HEAD_MISMATCH"
    assert {"BAD_SIGNATURE"} <= found_by_verification(thief)
