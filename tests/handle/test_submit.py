"""A command that is allowed becomes one signed event, with a receipt that proves it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from api.verification import verify_store
from core.audit.checkpoint import open_note, parse_checkpoint
from core.audit.merkle import inclusion_proof, verify_inclusion
from core.kernel.actors import Auth, Environment, Meaning, Role
from core.kernel.errors import Conflict, Malformed, Refused
from core.keys.ed25519 import SigningKey, new_seed, verify
from core.rules.screening_facts import Group
from core.trial.people.commands import EndRole, RevokeSigningKey
from core.trial.subject.commands import ConfirmEligibility, EnrolSubject
from tests.support.given import (
    ADM,
    LB,
    ORIGIN,
    PI,
    SC,
    SEC,
    SI,
    Member,
    adverse_event,
    report,
    screening,
)
from tests.support.world import CANDIDATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World


def test_one_command_is_one_signed_event(world: World) -> None:
    before, consented = world.log.size(), world.trial.digests["subject/S01"]
    receipt = world.do(screening("S01"), SC)
    entry = world.log.entry(before + 1)
    statement = entry.statement
    assert (before + 1,) == receipt.positions
    assert (statement.signer.id, statement.signer.role) == (SC.id, Role.SC)
    assert (
        statement.origin,
        statement.environment,
        statement.stream,
        statement.ver,
        statement.prev,
    ) == (ORIGIN, Environment.TRAINING, "subject/S01", 2, consented)
    assert (
        statement.meaning,
        statement.legal,
        entry.leaf.seal.auth,
    ) == (Meaning.AUTHORED, "authored/1", Auth.PASSWORD)


def test_the_receipt_proves_inclusion_under_a_signed_head(world: World) -> None:
    receipt = world.do(screening("S01"), SC)
    note = open_note(receipt.checkpoint, ORIGIN, world.secrets.log_key.public_key, verify)
    head = parse_checkpoint(note)
    index = receipt.positions[0] - 1
    proof = inclusion_proof(index, head.size, world.log.tree.node)
    verify_inclusion(receipt.leaf_hashes[0], index, head.size, proof, head.root)
    assert receipt.positions[-1] == head.size


def test_each_statement_of_a_stream_chains_to_the_one_before(world: World) -> None:
    first = world.log.entry(world.do(screening("S01"), SC).positions[0])
    second = world.log.entry(world.do(ConfirmEligibility("S01", Group.ACLF), PI).positions[0])
    assert first.digest == second.statement.prev


def test_the_signer_states_the_head_that_they_had_seen(world: World) -> None:
    size = world.log.size()
    entry = world.log.entry(world.do(screening("S01"), SC).positions[0])
    assert size == entry.statement.seen.size


def test_reads_name_every_other_stream_as_it_stood(world: World) -> None:
    world.history("1N")
    world.sign_decision()
    key = world.candidate()
    versions = dict(world.trial.versions)
    entry = world.log.entry(world.do(EnrolSubject(key, 2, None), PI).positions[0])
    others = {f"subject/{candidate}" for candidate in CANDIDATES}
    read = {"escalation", "instance", f"person/{PI.id}", "study", "subject/S001", *others}
    assert {stream: versions[stream] for stream in read} == dict(entry.statement.reads)


def test_a_stream_that_does_not_exist_yet_is_read_as_version_0(world: World) -> None:
    receipt = world.do(EnrolSubject(world.candidate(), 1, None), PI)
    assert world.log.entry(receipt.positions[0]).statement.reads["escalation"] == 0


def test_a_whole_small_trial_verifies(world: World) -> None:
    world.history("1N 2NNT")
    found = verify_store(world.url, world.trust, workers=0)
    assert (str(found.verdict), found.findings) == ("verified", ())


# -- authority ------------------------------------------------------------------------------------------


def test_a_role_that_does_not_sign_the_type_is_refused(world: World) -> None:
    assert world.refused(screening("S01"), LB) == "NOT_AUTHORISED"
    assert world.refused(ConfirmEligibility("S01", Group.ACLF), SI) in {"NOT_AUTHORISED", "UNKNOWN_SUBJECT"}


def test_a_role_that_the_person_does_not_hold_is_refused(world: World) -> None:
    assert world.refused(screening("S01"), Member(PI.id, PI.name, Role.SC)) == "ROLE_NOT_HELD"


def test_nobody_signs_as_the_service(world: World) -> None:
    assert world.refused(
        screening("S01"), Member("service", "x", Role.SVC), key=world.secrets.service_key
    ) == ("UNKNOWN_PERSON")


def test_an_unknown_person_is_refused(world: World) -> None:
    stranger = Member("a.stranger", "A", Role.SC)
    assert world.refused(screening("S01"), stranger, key=world.keys[SC.id]) == "UNKNOWN_PERSON"


@pytest.mark.parametrize("meaning", [Meaning.APPROVED, Meaning.RESPONSIBILITY, Meaning.RECORDED])
def test_a_meaning_that_the_policy_does_not_allow_is_refused(world: World, meaning: Meaning) -> None:
    assert world.refused(screening("S01"), SC, meaning=meaning) == "MEANING_NOT_PERMITTED"


def test_an_ended_role_signs_nothing_more(world: World) -> None:
    world.do(EndRole(SC.id, Role.SC), SEC, reason="left the site")
    assert world.refused(screening("S01"), SC) == "ROLE_NOT_HELD"


def test_a_revoked_key_signs_nothing_more(world: World) -> None:
    world.do(RevokeSigningKey(SC.id, world.keys[SC.id].key_id), ADM, reason="lost laptop")
    assert world.refused(screening("S01"), SC) == "NO_ACTIVE_KEY"


def test_a_founding_officer_can_lose_their_role_once_another_can_act(world: World) -> None:
    assert world.refused(EndRole(SEC.id, Role.SEC), ADM, reason="left") == "LAST_OFFICER"
    assert (
        world.refused(RevokeSigningKey(ADM.id, world.keys[ADM.id].key_id), SEC, reason="lost")
        == "LAST_OFFICER"
    )
    world.enrol(Member("sec.two", "Second Officer", Role.SEC), SigningKey(new_seed()))
    world.do(EndRole(SEC.id, Role.SEC), ADM, reason="left")
    assert world.refused(EndRole(SC.id, Role.SC), SEC, reason="x") == "ROLE_NOT_HELD"


def test_a_key_that_is_proposed_but_not_approved_signs_nothing(world: World) -> None:
    newcomer, key = Member("sc.new", "New Person", Role.SC), SigningKey(new_seed())
    world.propose(newcomer, key)
    assert world.refused(screening("S01"), newcomer, key=key) == "UNKNOWN_PERSON"


def test_key_and_role_count_from_their_approval_on(world: World) -> None:
    newcomer, key = Member("sc.new", "New Person", Role.SC), SigningKey(new_seed())
    approved = world.enrol(newcomer, key).positions[0]
    assert world.do(screening("S01"), newcomer, key=key).positions > (approved,)


@pytest.mark.parametrize("whose", ["service", "log", PI.id, "nobody"])
def test_a_key_that_is_not_the_persons_own_is_refused(world: World, whose: str) -> None:
    keys = {
        **world.keys,
        "service": world.secrets.service_key,
        "log": world.secrets.log_key,
        "nobody": SigningKey(new_seed()),
    }
    assert world.refused(screening("S01"), SC, key=keys[whose]) == "WRONG_KEY"


# -- what a request must be -----------------------------------------------------------------------------


def test_what_lies_in_the_future_is_refused(world: World) -> None:
    request = world.request(SC)
    late = replace(request, occurred_at=world.clock() + timedelta(milliseconds=1))
    with pytest.raises(Malformed, match="FUTURE_TIME"):
        world.handler.submit(screening("S01"), late, lambda: world.keys[SC.id])


@pytest.mark.parametrize("zone", ["", "Mars/Phobos", "Asia/Shanghai ", "../zone"])
def test_a_zone_that_nobody_could_read_again_is_refused(world: World, zone: str) -> None:
    assert world.refused(screening("S01"), SC, zone=zone) == "UNKNOWN_ZONE"
    assert world.do(screening("S01"), SC).version == 2


@pytest.mark.parametrize("txn", ["", "x", "018F0000-0000-7000-8000-000000000000", "0" * 36])
def test_an_idempotency_key_is_a_uuid7(world: World, txn: str) -> None:
    request = world.request(SC)
    odd = replace(request, txn=txn)
    with pytest.raises(Malformed, match="BAD_TXN"):
        world.handler.submit(screening("S01"), odd, lambda: world.keys[SC.id])


@pytest.mark.parametrize("value", ["NaN", "-0", "1E-13", "1234567890123456789"])
def test_a_number_that_cannot_be_read_back_never_enters_the_log(world: World, value: str) -> None:
    """One such leaf would stop every later reader: the whole trial, for ever."""
    key = world.candidate()
    world.do(EnrolSubject(key, 1, None), PI)
    world.prepare(key)
    poisoned = world.dose(key)
    cells = type(poisoned.cells)(Decimal(value), poisoned.cells.unit)
    size = world.log.size()
    request = world.request(PI)
    with pytest.raises((Refused, ArithmeticError)):
        world.handler.submit(replace(poisoned, cells=cells), request, lambda: world.keys[PI.id])
    assert all(b"DoseAdministered" not in state for state in world.states()[size:])
    world.do(world.dose(key), PI)


def test_a_time_finer_than_the_record_keeps_is_refused_not_cut(world: World) -> None:
    fine = datetime(2024, 3, 1, 1, 0, 0, 1, tzinfo=world.clock().tzinfo)
    world.advance(minutes=1)
    assert world.refused(screening("S01"), SC, at=fine) == "BAD_STATEMENT"


def test_a_flag_in_place_of_a_number_never_enters_the_log(world: World) -> None:
    key = world.candidate()
    odd = replace(adverse_event(), grade=True)
    world.advance(days=3)
    assert world.refused(type(report(key))(key, odd), SC) == "BAD_PAYLOAD"


@pytest.mark.parametrize("text", ["\u202eevil", "\u200bx", "x\x00y", "e\u0301", "\ud800"])
def test_text_outside_the_profile_is_refused_and_not_recorded(world: World, text: str) -> None:
    key, size = world.candidate(), world.log.size()
    world.advance(days=3)
    with pytest.raises(Malformed, match="BAD_TEXT"):
        world.do(report(key, verbatim=text), SC)
    assert size == world.log.size()


def test_a_statement_beyond_40_kilobytes_is_refused(world: World) -> None:
    key = world.candidate()
    world.advance(days=3)
    with pytest.raises(Malformed, match="TOO_LARGE"):
        world.do(report(key), SC, reason="x" * 41_000)


# -- expected version -----------------------------------------------------------------------------------


def test_the_version_that_was_looked_at_must_still_stand(world: World) -> None:
    world.do(screening("S01"), SC)
    with pytest.raises(Conflict, match="now at version 2") as caught:
        world.do(ConfirmEligibility("S01", Group.ACLF), PI, expected_version=1)
    assert caught.value.facts == {"version": 2}
    assert world.do(ConfirmEligibility("S01", Group.ACLF), PI, expected_version=2).version == 3


def test_a_moved_target_is_a_conflict_and_no_refusal(world: World) -> None:
    world.do(screening("S01"), SC)
    size = world.log.size()
    assert world.refused(ConfirmEligibility("S01", Group.ACLF), PI, expected_version=7) == "VERSION_CONFLICT"
    assert size == world.log.size()


def _racing(world: World, other: Callable[[], object]) -> None:
    """Let somebody else append between the next decision and its own append, once."""
    append, fired = world.log.append, list[bool]()

    def racing(batch: object) -> object:
        if not fired:
            fired.append(True)
            other()
        return append(batch)  # type: ignore[arg-type]

    world.log.append = racing  # type: ignore[method-assign,assignment]


def test_the_server_decides_again_when_another_stream_moved(world: World) -> None:
    key, other = world.candidate(), world.sibling()
    _racing(world, lambda: other.do(screening("S77"), SC))  # a subject is born: enrolment counts them
    assert world.do(EnrolSubject(key, 1, None), PI, expected_version=3).version == 4


def test_the_second_decision_may_be_a_refusal(world: World) -> None:
    key, rival, other = world.candidate(), world.candidate(), world.sibling()
    _racing(world, lambda: other.do(EnrolSubject(rival, 1, None), PI))
    assert world.refused(EnrolSubject(key, 1, None), PI) == "NO_FREE_SLOT"


def test_the_same_person_never_signs_with_an_older_head_than_before(world: World) -> None:
    """Two servers, one signer: the later event must not state an earlier head."""
    other = world.sibling()

    def meanwhile() -> None:
        other.do(screening("S50"), SC)
        other.do(screening("S51"), SC)

    _racing(world, meanwhile)
    last = world.do(screening("S01"), SC).positions[0]
    seen = [world.log.entry(p).statement.seen.size for p in range(last - 2, last + 1)]
    assert sorted(seen) == seen
    assert verify_store(world.url, world.trust, workers=0).findings == ()
