"""21 CFR 11.300: user ids, passwords and keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.audit.dsse import statement_digest
from core.kernel.actors import Environment, Role
from core.kernel.errors import Refused
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.keys.sealing import TRAINING, open_seed, seal_seed
from core.trial.authority import require_fresh_password
from core.trial.instance.commands import ApprovePolicyChange
from core.trial.instance.state import Enacted
from core.trial.people.commands import (
    ApproveEnrolment,
    DeclareKeyCompromise,
    EnrolPerson,
    ProposeSigningKey,
    ReaffirmSignatures,
    RevokeSigningKey,
)
from core.trial.people.events import LockedOut
from core.trial.policy import PASSWORD_DAYS, founding_policy
from core.trial.subject.events import SubjectScreened
from tests.compliance.product import newest, proposals, verified
from tests.support.enrolment import identity
from tests.support.given import ADM, ORIGIN, SC, SC2, SEC, screening
from tests.support.policy import propose_policy

if TYPE_CHECKING:
    from tests.compliance.conftest import Look
    from tests.support.world import World


def test_11_300_a_the_same_password_of_two_people_opens_two_keys() -> None:
    password, pepper = "the same words twice", b"p" * 32
    sealed = []
    for person in ("a.b", "c.d"):
        seed = new_seed()
        sealed.append(seal_seed(seed, password, person, SigningKey(seed).key_id, pepper, TRAINING))
    first, second = sealed
    assert first.salt != second.salt
    with pytest.raises(Refused):
        open_seed(replace(first, person=second.person), password, pepper)


def test_11_300_b_an_old_password_has_to_be_changed(world: World) -> None:
    instance, person = world.trial.instance, world.trial.people[SC.id]
    assert instance.created is not None
    assert person.credential_since is not None
    policy = founding_policy(Environment.PRODUCTION)
    instance = replace(instance, enacted=(Enacted(1, 1, policy),))
    last = person.credential_since + timedelta(days=PASSWORD_DAYS)
    require_fresh_password(instance, person, {SubjectScreened.TOPIC}, last)
    with pytest.raises(Refused, match="PASSWORD_TOO_OLD"):
        require_fresh_password(instance, person, {SubjectScreened.TOPIC}, last + timedelta(seconds=1))


def test_11_300_b_the_days_of_a_password_change_on_two_officers_word(world: World) -> None:
    digest = propose_policy(world, password_days=30)
    assert world.refused(ApprovePolicyChange(digest), ADM, reason="no") == "SOD_VIOLATION"
    world.do(ApprovePolicyChange(digest), SEC, reason="the sponsor's procedure was revised")
    world.advance(days=31)
    instance, person = world.trial.instance, world.trial.people[SC.id]
    with pytest.raises(Refused, match="PASSWORD_TOO_OLD"):
        require_fresh_password(instance, person, {SubjectScreened.TOPIC}, world.clock())
    assert verified(world).first_bad_position is None


def test_11_300_c_a_revoked_key_signs_nothing_more(world: World) -> None:
    world.do(RevokeSigningKey(SC.id, world.keys[SC.id].key_id), SEC, reason="the laptop was stolen")
    assert world.refused(screening("S01"), SC) == "NO_ACTIVE_KEY"


def test_11_300_c_what_it_signed_before_still_verifies(world: World) -> None:
    world.do(screening("S01"), SC)
    world.do(RevokeSigningKey(SC.id, world.keys[SC.id].key_id), SEC, reason="the laptop was stolen")
    assert verified(world).findings == ()


def states_of(world: World, look: Look, position: int) -> tuple[str, str]:
    """Return what the view and what verification say of a signature."""
    told = {row["position"]: row["state"] for row in verified(world).to_value()["signatures"]}
    return look("signatures")[position - 1]["state"], told.get(position, "valid")


def test_11_300_c_what_a_stolen_key_signed_is_in_doubt_until_its_owner_stands_by_it(
    world: World, look: Look
) -> None:
    before, after = (world.do(screening(key), SC).positions[-1] for key in ("S01", "S02"))
    stolen = world.keys[SC.id].key_id
    world.do(DeclareKeyCompromise(SC.id, stolen, after), SEC, reason="the laptop was stolen")
    assert world.refused(screening("S03"), SC) == "NO_ACTIVE_KEY"
    assert [states_of(world, look, one)[0] for one in (before, after)] == ["valid", "indeterminate"]
    assert states_of(world, look, after)[1] == "indeterminate"
    assert [row["position"] for row in look("doubtful-signatures")] == [after]
    renew(world)
    stand_by = ReaffirmSignatures(SC.id, (statement_digest(world.log.entry(after).leaf.envelope.statement),))
    assert world.refused(stand_by, SC2) == "SOD_VIOLATION"
    world.do(stand_by, SC)
    assert states_of(world, look, after) == ("reaffirmed", "reaffirmed")
    assert look("doubtful-signatures") == []


def renew(world: World) -> None:
    """Give the coordinator a new key on two officers' word."""
    key = SigningKey(new_seed())
    proof = prove_possession(key, ORIGIN, SC.id)
    world.do(ProposeSigningKey(SC.id, key.key_id, proof), ADM, reason="the old one was stolen")
    world.do(identity(SC.id), SEC)
    world.do(ApproveEnrolment(SC.id, proposals(world, SC)), SEC)
    world.keys[SC.id] = key


def test_11_300_d_a_refused_signing_is_on_record(world: World) -> None:
    assert world.refused(screening("S01"), SC, key=world.keys[ADM.id]) == "WRONG_KEY"
    said = newest(world).statement
    assert (said.stream, said.data["code"], said.data["person"]) == ("refusals", "WRONG_KEY", SC.id)


def fail_to_sign(world: World) -> None:
    """Try five wrong passwords in a person's name."""

    def unlock() -> SigningKey:
        raise Refused("WRONG_PASSWORD", "this is not the person's password")

    for _ in range(5):
        with pytest.raises(Refused):
            world.handler.submit(screening("S01"), world.request(SC), unlock)


def test_11_300_d_a_lock_out_is_an_alert_at_once(world: World, look: Look) -> None:
    fail_to_sign(world)
    (alert,) = look("alerts")
    assert (alert["alert"], alert["person"], alert["position"]) == ("locked_out", SC.id, world.log.size())


def test_11_300_d_failed_attempts_lock_a_person_out(world: World) -> None:
    fail_to_sign(world)
    assert isinstance(newest(world).payload, LockedOut)
    assert world.refused(screening("S01"), SC) == "LOCKED_OUT"
    assert verified(world).findings == ()


def test_11_300_e_a_key_without_proof_of_possession_is_refused(world: World) -> None:
    owned, other = SigningKey(new_seed()), SigningKey(new_seed())
    for proof in (prove_possession(other, ORIGIN, "li.na"), prove_possession(owned, ORIGIN, "someone.else")):
        asked = EnrolPerson("li.na", "Li Na", "RenJi", owned.key_id, proof, Role.SC)
        assert world.refused(asked, ADM) == "BAD_PROOF_OF_POSSESSION"
