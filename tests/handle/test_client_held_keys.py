"""Prepare, sign elsewhere, commit: only the very bytes, by the right key, in time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from api.verification import verify_store
from core.audit import canonical
from core.audit.dsse import PAYLOAD_TYPE, POSSESSION_TYPE, pae
from core.audit.merkle import EMPTY_ROOT
from core.handle import Receipt, Signed
from core.kernel.actors import Auth, Role
from core.kernel.encoding import to_base64
from core.kernel.errors import TrialError
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.trial.people.commands import ApproveEnrolment, EnrolPerson, RevokeSigningKey
from core.trial.subject.commands import EnrolSubject
from tests.support.enrolment import acceptance, identity
from tests.support.given import ADM, ORIGIN, PI, SC, SC2, SEC, Member, screening

if TYPE_CHECKING:
    from core.handle import Request
    from tests.support.world import World

ASKED = screening("S01")
NEW = Member("x.new", "X New", Role.SC)


def sign(key: SigningKey, statements: tuple[bytes, ...], kind: str = PAYLOAD_TYPE) -> list[Signed]:
    return [Signed(data, key.sign(pae(kind, data))) for data in statements]


def prepared(world: World, **request: Any) -> tuple[Request, tuple[bytes, ...]]:
    asked = world.request(SC, **request)
    return asked, world.handler.prepare(ASKED, asked)


def refused(world: World, request: Request, signed: list[Signed]) -> str:
    try:
        world.handler.commit(ASKED, request, signed)
    except TrialError as error:
        return error.code
    raise AssertionError("accepted")


def commit(world: World, request: Request, statements: tuple[bytes, ...]) -> Receipt:
    return world.handler.commit(ASKED, request, sign(world.keys[SC.id], statements))


def edited(statement: bytes, **changes: object) -> bytes:
    return canonical.dumps({**json.loads(statement), **changes})


def test_what_was_signed_is_what_is_stored(world: World) -> None:
    request, statements = prepared(world)
    entry = world.log.entry(commit(world, request, statements).positions[0])
    assert (statements[0], Auth.CLIENT_KEY) == (entry.leaf.envelope.statement, entry.leaf.seal.auth)


def test_preparing_writes_nothing(world: World) -> None:
    size = world.log.size()
    prepared(world)
    assert size == world.log.size()


def test_a_command_of_several_events_is_signed_event_by_event(world: World) -> None:
    key = type(world.keys[SC.id])(b"\x21" * 32)
    proof = prove_possession(key, ORIGIN, "x.new")
    asked = EnrolPerson("x.new", "X New", "RenJi", key.key_id, proof, Role.SC)
    request = world.request(ADM)
    statements = world.handler.prepare(asked, request)
    receipt = world.handler.commit(asked, request, sign(world.keys[ADM.id], statements))
    assert (len(statements), len(receipt.positions)) == (3, 3)


def test_committing_takes_up_to_15_minutes(world: World) -> None:
    request, statements = prepared(world)
    world.advance(minutes=15)
    assert commit(world, request, statements).version == 2
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_committing_takes_no_longer(world: World) -> None:
    request, statements = prepared(world)
    world.advance(minutes=15, seconds=1)
    assert refused(world, request, sign(world.keys[SC.id], statements)) == "PREPARED_EXPIRED"


def test_a_statement_from_the_future_is_refused(world: World) -> None:
    request, (statement,) = prepared(world)
    later = edited(statement, signed_at="2024-03-01T01:00:00.001Z")
    assert refused(world, request, sign(world.keys[SC.id], (later,))) == "PREPARED_EXPIRED"


TAMPERED: dict[str, dict[str, object]] = {
    "another stream": {"stream": "subject/S02"},
    "another version": {"ver": 3},
    "another meaning": {"meaning": "approved"},
    "another reason": {"reason": {"code": "x", "text": "y"}},
    "another environment": {"environment": "production"},
    "another origin": {"origin": "evil.example/NCT05727722"},
    "fewer reads": {"reads": {}},
    "another zone": {"zone": "Etc/UTC"},
    "an earlier occurrence": {"occurred_at": "2024-02-01T01:00:00.000Z"},
    "another type": {"type": "subject.DoseAdministered/1"},
}


@pytest.mark.parametrize("what", TAMPERED)
def test_other_bytes_than_those_decided_are_refused_even_if_signed(world: World, what: str) -> None:
    request, (statement,) = prepared(world)
    forged = edited(statement, **TAMPERED[what])
    assert refused(world, request, sign(world.keys[SC.id], (forged,))) == "VERSION_CONFLICT"


def test_other_data_than_the_command_is_refused(world: World) -> None:
    request, (statement,) = prepared(world)
    data = {**json.loads(statement)["data"], "age_years": 47}
    assert (
        refused(world, request, sign(world.keys[SC.id], (edited(statement, data=data),)))
        == "VERSION_CONFLICT"
    )


def test_every_flipped_byte_is_refused_and_nothing_is_written(world: World) -> None:
    request, (statement,) = prepared(world)
    accepted = 0
    for at in range(0, len(statement), 7):
        bad = bytearray(statement)
        bad[at] ^= 1
        try:
            world.handler.commit(ASKED, request, sign(world.keys[SC.id], (bytes(bad),)))
            accepted += 1
        except TrialError:
            pass
    assert accepted == 0
    assert all(b"SubjectScreened" not in state for state in world.states())


def test_every_flipped_byte_of_the_signature_is_refused(world: World) -> None:
    request, statements = prepared(world)
    (good,) = sign(world.keys[SC.id], statements)
    for at in range(64):
        bad = bytearray(good.signature)
        bad[at] ^= 1
        assert refused(world, request, [Signed(good.statement, bytes(bad))]) == "BAD_SIGNATURE"
        world.trial.attempts.clear()  # else the fifth locks out: tests/handle/test_lockout.py


@pytest.mark.parametrize("signature", [b"", b"\x00" * 64, b"\x00" * 63, b"\x00" * 65])
def test_no_signature_of_another_length_or_of_zeroes_passes(world: World, signature: bytes) -> None:
    request, (statement,) = prepared(world)
    assert refused(world, request, [Signed(statement, signature)]) == "BAD_SIGNATURE"


@pytest.mark.parametrize("other", [SC2.id, PI.id, "service", "log"])
def test_the_signature_of_another_key_is_refused(world: World, other: str) -> None:
    keys = {**world.keys, "service": world.secrets.service_key, "log": world.secrets.log_key}
    request, statements = prepared(world)
    assert refused(world, request, sign(keys[other], statements)) == "BAD_SIGNATURE"


def test_a_statement_that_names_another_key_is_refused(world: World) -> None:
    request, (statement,) = prepared(world)
    signer = {**json.loads(statement)["signer"], "key": world.keys[SC2.id].key_id}
    assert (
        refused(world, request, sign(world.keys[SC2.id], (edited(statement, signer=signer),))) == "WRONG_KEY"
    )


def test_a_signature_over_another_payload_type_is_refused(world: World) -> None:
    request, statements = prepared(world)
    assert refused(world, request, sign(world.keys[SC.id], statements, POSSESSION_TYPE)) == "BAD_SIGNATURE"


def test_another_persons_prepared_statement_is_refused(world: World) -> None:
    theirs = world.request(SC2)
    statements = world.handler.prepare(ASKED, theirs)
    mine = world.request(SC, txn=theirs.txn)
    assert refused(world, mine, sign(world.keys[SC2.id], statements)) == "WRONG_KEY"


def test_a_statement_of_another_command_is_refused(world: World) -> None:
    _, statements = prepared(world)
    request = world.request(SC)
    assert refused(world, request, sign(world.keys[SC.id], statements)) == "STATEMENT_DIFFERS"


def test_a_statement_too_many_or_too_few_is_refused(world: World) -> None:
    request, statements = prepared(world)
    (good,) = sign(world.keys[SC.id], statements)
    assert refused(world, request, [good, good]) == "VERSION_CONFLICT"
    assert refused(world, request, []) == "NOTHING_SIGNED"


def test_a_key_revoked_since_preparing_is_refused(world: World) -> None:
    request, statements = prepared(world)
    world.do(RevokeSigningKey(SC.id, world.keys[SC.id].key_id), SEC, reason="stolen")
    assert refused(world, request, sign(world.keys[SC.id], statements)) == "NO_ACTIVE_KEY"


def test_a_stream_that_moved_since_preparing_is_a_conflict(world: World) -> None:
    key = world.candidate()
    request = world.request(PI)
    asked = EnrolSubject(key, 1, None)
    statements = world.handler.prepare(asked, request)
    world.do(screening("S77"), SC)
    world.do(EnrolSubject(world.candidate("S78"), 1, None), PI)
    with pytest.raises(TrialError) as caught:
        world.handler.commit(asked, request, sign(world.keys[PI.id], statements))
    assert caught.value.code in {"VERSION_CONFLICT", "NO_FREE_SLOT", "BAD_SEEN"}


def test_an_older_head_than_the_signer_has_seen_before_is_refused(world: World) -> None:
    request, statements = prepared(world)
    world.do(screening("S50"), SC2)
    world.do(screening("S51"), SC)
    assert refused(world, request, sign(world.keys[SC.id], statements)) == "VERSION_CONFLICT"


def test_a_head_that_is_not_this_logs_is_refused(world: World) -> None:
    request, (statement,) = prepared(world)
    seen = {**json.loads(statement)["seen"], "root": to_base64(b"\x01" * 32)}
    assert refused(world, request, sign(world.keys[SC.id], (edited(statement, seen=seen),))) == "BAD_SEEN"


@pytest.mark.parametrize("ahead", [1, 1000, 2**53 - 1])
def test_a_head_that_does_not_exist_yet_is_refused(world: World, ahead: int) -> None:
    request, (statement,) = prepared(world)
    size = min(world.log.size() + ahead, 2**53 - 1)
    seen = {**json.loads(statement)["seen"], "size": size}
    assert refused(world, request, sign(world.keys[SC.id], (edited(statement, seen=seen),))) == "BAD_SEEN"


def test_a_true_root_between_two_checkpoints_was_nobodys_to_see(world: World) -> None:
    """Inside a command of three events: the root is right, but no verifier would find its checkpoint."""
    request, (statement,) = prepared(world)
    world.propose(NEW, SigningKey(new_seed()))
    inside = world.log.size() - 1
    assert not world.log.has_checkpoint(inside)
    seen = {"size": inside, "root": to_base64(world.log.root_at(inside))}
    assert refused(world, request, sign(world.keys[SC.id], (edited(statement, seen=seen),))) == "BAD_SEEN"


def test_a_signer_who_has_seen_nothing_yet_may_say_so(world: World) -> None:
    key, asked = SigningKey(new_seed()), acceptance(NEW.id)
    covers = world.propose(NEW, key)
    world.do(identity(NEW.id), SEC)
    world.do(ApproveEnrolment(NEW.id, covers), SEC)
    request = world.request(NEW)
    (statement,) = world.handler.prepare(asked, request)
    seen = {"size": 0, "root": to_base64(EMPTY_ROOT)}
    world.handler.commit(asked, request, sign(key, (edited(statement, seen=seen),)))
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_an_unreadable_statement_is_malformed_and_not_recorded(world: World) -> None:
    request, _ = prepared(world)
    size = world.log.size()
    unreadable = (b"", b"{}", b"null", b"\xff", b"[" * 100)
    codes = [refused(world, request, [Signed(data, b"\x00" * 64)]) for data in unreadable]
    assert codes == ["NOT_JSON", "BAD_STATEMENT", "BAD_STATEMENT", "NOT_JSON", "NOT_JSON"]
    assert size == world.log.size()


def test_a_commit_sent_twice_gets_the_first_receipt(world: World) -> None:
    request, statements = prepared(world)
    first, second = commit(world, request, statements), commit(world, request, statements)
    assert (first.positions, first.leaf_hashes, True) == (
        second.positions,
        second.leaf_hashes,
        second.replayed,
    )
