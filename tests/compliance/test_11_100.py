"""21 CFR 11.100: a signature is one person's, and who that is was verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.actors import Role
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.trial.people.commands import ApproveEnrolment, DisablePerson, EnrolPerson
from tests.compliance.product import NEWCOMER, newcomer, proposals
from tests.support.enrolment import identity
from tests.support.given import ADM, ORIGIN, SC, SEC

if TYPE_CHECKING:
    from tests.support.world import World


def asked(person: str, key: SigningKey) -> EnrolPerson:
    return EnrolPerson(person, "Li Na", "RenJi", key.key_id, prove_possession(key, ORIGIN, person), Role.SC)


def test_11_100_a_an_id_is_never_used_again(world: World) -> None:
    world.do(DisablePerson(SC.id), SEC, reason="left the site")
    for taken in (SC.id, SC.id.upper()):
        assert world.refused(asked(taken, SigningKey(new_seed())), ADM) == "PERSON_EXISTS"


def test_11_100_a_a_key_is_never_used_again(world: World) -> None:
    world.do(DisablePerson(SC.id), SEC, reason="left the site")
    assert world.refused(asked("li.na", world.keys[SC.id]), ADM) == "KEY_IN_USE"


def test_11_100_b_nobody_is_enrolled_before_their_identity_is_verified(world: World) -> None:
    newcomer(world)
    covers = proposals(world, NEWCOMER)
    assert world.refused(ApproveEnrolment(NEWCOMER.id, covers), SEC) == "IDENTITY_NOT_VERIFIED"
    world.do(identity(NEWCOMER.id), SEC)
    world.do(ApproveEnrolment(NEWCOMER.id, covers), SEC)
    assert world.trial.people[NEWCOMER.id].active_key == world.keys[NEWCOMER.id].key_id


def test_11_100_b_nobody_verifies_their_own_identity(world: World) -> None:
    assert world.refused(identity(SEC.id), SEC) == "SOD_VIOLATION"
