"""A signature counts if its key counted at its position: not before, not behind, not for somebody else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from api.verification import verify_positions, verify_store
from core.audit.report import Verdict
from core.kernel.errors import IntegrityFinding
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.trial.people.commands import (
    DeclareKeyCompromise,
    EndRole,
    ProposeSigningKey,
    RevokeSigningKey,
    RotateSigningKey,
)
from core.trial.people.events import SigningKeyEnrolled, SigningKeyRotated
from core.trial.subject.adverse_events import AdverseEventReported
from tests.support.given import ADM, ORIGIN, SC, SC2, SEC, adverse_event, on, recorded, screening
from tests.support.world import World, founded, world
from tests.verify.test_going_around_the_deciders import append_around

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.given import Member

__all__ = ["founded", "world"]

WHY = "lost with the bag"


def proof_of(key: SigningKey, member: Member = SC) -> str:
    return prove_possession(key, ORIGIN, member.id)


def key_id(world: World, member: Member = SC) -> str:
    return world.keys[member.id].key_id


def granted_later(world: World) -> None:
    """Sign with a key that is proposed and waits for its approval."""
    world.do(RevokeSigningKey(SC.id, key_id(world)), SEC, reason=WHY)
    world.keys[SC.id] = following = SigningKey(new_seed())
    world.do(ProposeSigningKey(SC.id, following.key_id, proof_of(following)), ADM)


def revoked(world: World) -> None:
    world.do(RevokeSigningKey(SC.id, key_id(world)), SEC, reason=WHY)


def rotated_away(world: World) -> None:
    following = SigningKey(new_seed())
    rotation = RotateSigningKey(SC.id, key_id(world), following.key_id, proof_of(following))
    world.do(rotation, SC)


def compromised(world: World) -> None:
    world.do(DeclareKeyCompromise(SC.id, key_id(world), 1), SEC, reason=WHY)


def never_seen(world: World) -> None:
    world.keys[SC.id] = SigningKey(new_seed())


def of_a_colleague(world: World) -> None:
    world.keys[SC.id] = world.keys[SC2.id]


def of_the_service(world: World) -> None:
    world.keys[SC.id] = world.secrets.service_key


def of_the_log(world: World) -> None:
    world.keys[SC.id] = world.secrets.log_key


WITHOUT_KEY = [
    granted_later,
    revoked,
    rotated_away,
    compromised,
    never_seen,
    of_a_colleague,
    of_the_service,
    of_the_log,
]


def signed_around(world: World) -> set[str]:
    """Let the person sign a report past the writer; return what verification finds there."""
    world.consented("S01")
    delegation = world.trial.people[SC.id].delegations[-1].digest
    event = AdverseEventReported(adverse_event())
    append_around(world, SC, "subject/S01", event, ("study",), delegation=delegation)
    report = verify_store(world.url, world.trust, workers=0)
    assert report.verdict is Verdict.FAILED
    assert report.first_bad_position == world.log.size()
    return {finding.code for finding in report.findings}


def verdicts(world: World, earlier: int) -> list[str]:
    """Return what the interface says of an earlier record and of the newest one."""
    instance: Any = SimpleNamespace(log=world.log)
    return list(verify_positions(instance, [earlier, world.log.size()]).values())


@pytest.mark.parametrize("lose", WITHOUT_KEY)
def test_a_signature_by_a_key_that_did_not_count(world: World, lose: Callable[[World], None]) -> None:
    world.do(screening("S01"), SC)
    before = world.log.size()
    lose(world)
    assert "KEY_NOT_VALID" in signed_around(world)
    assert verdicts(world, before) == ["verified", "failed"]


def test_what_was_signed_while_the_role_counted_stays_good(world: World) -> None:
    world.do(screening("S01"), SC)
    before = world.log.size()
    world.do(EndRole(SC.id, SC.role), SEC, reason=WHY)
    assert "ROLE_NOT_VALID" in signed_around(world)
    assert verdicts(world, before) == ["verified", "failed"]


@pytest.mark.parametrize("whose", ["colleague", "service", "log", "own"])
def test_a_key_is_enrolled_once_for_one_person(world: World, whose: str) -> None:
    """Not even who goes around the deciders can bring a used key in: no fold goes on behind it."""
    taken = {
        "colleague": world.keys[SC2.id],
        "service": world.secrets.service_key,
        "log": world.secrets.log_key,
        "own": world.keys[SC.id],
    }[whose]
    world.do(RevokeSigningKey(SC.id, key_id(world)), SEC, reason=WHY)
    proposal = ProposeSigningKey(SC.id, taken.key_id, proof_of(taken))
    assert world.refused(proposal, ADM) == "KEY_IN_USE"
    append_around(world, ADM, f"person/{SC.id}", SigningKeyEnrolled(taken.key_id, proof_of(taken)))
    report = verify_store(world.url, world.trust, workers=0)
    assert report.first_bad_position == world.log.size()


def test_two_keys_that_count_at_once_cannot_be_folded(world: World) -> None:
    trial, key = world.trial, SigningKey(new_seed()).key_id
    other = SigningKey(new_seed()).key_id
    event = on(SC.id, SigningKeyRotated(other, key, "proof"), by=SC)
    version = trial.versions[f"person/{SC.id}"] + 1
    with pytest.raises(IntegrityFinding) as found:
        trial.apply(recorded(event, trial.position + 1, version))
    assert found.value.code == "CANNOT_FOLD"
    assert trial.people[SC.id].active_key == key_id(world)


def test_a_key_of_somebody_else_cannot_be_folded(world: World) -> None:
    trial, mine = world.trial, key_id(world)
    event = on(SC.id, SigningKeyRotated(mine, key_id(world, SC2), "proof"), by=SC)
    with pytest.raises(IntegrityFinding) as found:
        trial.apply(recorded(event, trial.position + 1, trial.versions[f"person/{SC.id}"] + 1))
    assert found.value.code == "CANNOT_FOLD"
    assert trial.people[SC2.id].active_key == key_id(world, SC2)
