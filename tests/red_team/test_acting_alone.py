"""What takes two people, tried by one: refused by the server, and found where it was written past it.

The second half is the colluding officer who also runs the server: their own signature is real, and stands
under something that no decision allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import pytest

from api.verification import verify_store
from core.kernel.actors import Duty, Role
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.trial.people import commands, events
from core.trial.people.events import IdentityEvidence
from core.trial.policy import ACCOUNTABILITY
from tests.support.given import ADM, ORIGIN, PI, SC, SC2, SEC, Member, screening, why
from tests.verify.test_going_around_the_deciders import go_around

if TYPE_CHECKING:
    from core.kernel.recorded import Event
    from core.store.recorder import Batch
    from core.trial.catalogue import Command
    from tests.support.world import World

KEY: Final = SigningKey(bytes(range(32)))
PASSPORT: Final = IdentityEvidence.PASSPORT
DAYS: Final = (date(2024, 1, 1), date(2030, 1, 1))
POLICY: Final = (ACCOUNTABILITY.id, ACCOUNTABILITY.digest)
GHOST: Final = Member("ghost", "Nobody At All", Role.PI)


def proof(person: Member) -> str:
    return prove_possession(KEY, ORIGIN, person.id)


@dataclass(frozen=True)
class Attack:
    """Who tries what about whom, the code that stops it, and what they would write past the writer."""

    by: Member
    command: Command
    code: str
    event: Event
    about: Member
    locked_out: bool = False

    def prepare(self, world: World) -> None:
        """Let as many attempts fail in the person's name as lock them out, where the attack starts there."""
        for _ in range(5 if self.locked_out else 0):
            world.handler.record_refusal("WRONG_PASSWORD", "SignIn", self.by.id, None)
        assert (world.trial.people[self.by.id].locked_at is not None) is self.locked_out


ATTACKS: Final = {
    "verify one's own identity": Attack(
        SEC,
        commands.VerifyIdentity(SEC.id, PASSPORT, None),
        "SOD_VIOLATION",
        events.IdentityVerified(PASSPORT, None),
        SEC,
    ),
    "give oneself a role": Attack(
        ADM,
        commands.ProposeRole(ADM.id, Role.PI, None, None),
        "SOD_VIOLATION",
        events.RoleGranted(Role.PI, None, None),
        ADM,
    ),
    "give oneself a second key": Attack(
        ADM,
        commands.ProposeSigningKey(ADM.id, KEY.key_id, proof(ADM)),
        "SOD_VIOLATION",
        events.SigningKeyEnrolled(KEY.key_id, proof(ADM)),
        ADM,
    ),
    "record one's own training": Attack(
        ADM,
        commands.RecordTraining(ADM.id, "GCP", *DAYS),
        "SOD_VIOLATION",
        events.TrainingRecorded("GCP", *DAYS),
        ADM,
    ),
    "delegate to oneself": Attack(
        PI,
        commands.DelegateDuties(PI.id, Role.SI, tuple(Duty), None, None),
        "SOD_VIOLATION",
        events.DutiesDelegated(Role.SI, tuple(Duty), None, None),
        PI,
    ),
    "delegate what is delegated": Attack(
        SC,
        commands.DelegateDuties(SC.id, Role.SC, tuple(Duty), None, None),
        "NOT_AUTHORISED",
        events.DutiesDelegated(Role.SC, tuple(Duty), None, None),
        SC,
    ),
    "accept accountability for somebody else": Attack(
        SC,
        commands.AcceptPolicy(SC2.id, *POLICY),
        "SOD_VIOLATION",
        events.PolicyAccepted(*POLICY, "the policy"),
        SC2,
    ),
    "replace somebody else's key": Attack(
        ADM,
        commands.RotateSigningKey(SC.id, "ed25519:" + "0" * 64, KEY.key_id, proof(SC)),
        "SOD_VIOLATION",
        events.SigningKeyRotated("ed25519:" + "0" * 64, KEY.key_id, proof(SC)),
        SC,
    ),
    "let oneself in again": Attack(
        SEC,
        commands.LiftLockout(SEC.id),
        "LOCKED_OUT",
        events.LockoutLifted(),
        SEC,
        locked_out=True,
    ),
    "approve what one has made up": Attack(
        SEC,
        commands.ApproveEnrolment(SC.id, ("sha256:" + "1" * 64,)),
        "NOTHING_TO_APPROVE",
        events.EnrolmentApproved(("sha256:" + "1" * 64,), ("made up",)),
        SC,
    ),
}


@pytest.mark.parametrize("what", ATTACKS)
def test_the_server_refuses_and_records_it(world: World, what: str) -> None:
    attack = ATTACKS[what]
    attack.prepare(world)
    assert world.refused(attack.command, attack.by, reason=why()) == attack.code
    said = world.log.entry(world.log.size()).statement.data
    assert (said["code"], said["person"]) == (attack.code, attack.by.id)


@pytest.mark.slow
@pytest.mark.parametrize("what", ATTACKS)
def test_written_past_the_server_it_does_not_verify(world: World, what: str) -> None:
    attack = ATTACKS[what]
    attack.prepare(world)
    stream = f"person/{attack.about.id}"
    reads = tuple(f"person/{one}" for one in sorted({attack.about.id} - {attack.by.id}))
    assert go_around(world, attack.by, stream, attack.event, reads, why())


# -- longer ways to the same end ------------------------------------------------------------------------


def proposals(world: World, person: Member) -> tuple[str, ...]:
    return tuple(one.digest for one in world.trial.people[person.id].proposals)


def ghost(world: World) -> tuple[str, ...]:
    """Let the administrator make up a person whose key is the administrator's."""
    world.keys[GHOST.id] = key = SigningKey(new_seed())
    return world.propose(GHOST, key)


def test_the_administrator_cannot_approve_their_own_proposal(world: World) -> None:
    covers = ghost(world)
    assert world.refused(commands.ApproveEnrolment(GHOST.id, covers), ADM) == "NOT_AUTHORISED"
    assert world.refused(screening("S01"), GHOST) == "UNKNOWN_PERSON"
    assert go_around(world, ADM, "person/ghost", events.EnrolmentApproved(covers, ("made up",) * len(covers)))


def test_the_ghost_cannot_sign_past_the_server_either(world: World) -> None:
    ghost(world)
    assert "UNKNOWN_SIGNER" in go_around(
        world, GHOST, "person/ghost", events.PolicyAccepted(*POLICY, "the policy")
    )


def test_a_registrar_cannot_approve_a_person_whom_nobody_has_seen(world: World) -> None:
    covers = ghost(world)
    approve = commands.ApproveEnrolment(GHOST.id, covers)
    assert world.refused(approve, SEC) == "IDENTITY_NOT_VERIFIED"
    assert go_around(world, SEC, "person/ghost", events.EnrolmentApproved(covers, ("made up",) * len(covers)))


def test_officers_cannot_make_each_other_investigators(world: World) -> None:
    """Together they enrol people; neither of them may be one whose entries they would then vouch for."""
    for officer, other in ((SEC, ADM), (SC, ADM)):
        role = Role.PI if officer is SEC else Role.SEC
        asked = commands.ProposeRole(officer.id, role, None, None)
        assert world.refused(asked, other) == "CONFLICTING_ROLES"
    assert go_around(world, ADM, f"person/{SEC.id}", events.RoleGranted(Role.PI, None, None), (), why())


def test_a_reset_gives_the_administrator_nothing(world: World) -> None:
    """Both officers agree that the password is lost; the administrator alone then wants to be the person."""
    world.do(commands.ProposeCredentialReset(SC.id, world.keys[SC.id].key_id), ADM, reason=why())
    world.do(commands.ApproveEnrolment(SC.id, proposals(world, SC)), SEC)
    own = SigningKey(new_seed())
    world.do(
        commands.ProposeSigningKey(SC.id, own.key_id, prove_possession(own, ORIGIN, SC.id)), ADM, reason=why()
    )
    for key in (own, world.keys[SC.id]):
        assert world.refused(screening("S01"), SC, key=key) == "NO_ACTIVE_KEY"
    approve = commands.ApproveEnrolment(SC.id, proposals(world, SC))
    assert world.refused(approve, ADM) == "NOT_AUTHORISED"


def test_the_administrator_alone_ends_no_officer_but_stays_alone(world: World) -> None:
    """Alone at the top, they could answer for both halves of every act of two."""
    assert world.refused(commands.EndRole(SEC.id, Role.SEC), ADM, reason=why()) == "LAST_OFFICER"
    assert world.refused(commands.DisablePerson(SEC.id), ADM, reason=why()) == "LAST_OFFICER"
    key: Any = world.keys[SEC.id].key_id
    assert world.refused(commands.RevokeSigningKey(SEC.id, key), ADM, reason=why()) == "LAST_OFFICER"


@pytest.mark.parametrize("end", ["role", "key", "person"])
def test_whose_time_is_over_signs_nothing(world: World, end: str) -> None:
    ends = {
        "role": commands.EndRole(SC.id, Role.SC),
        "key": commands.RevokeSigningKey(SC.id, world.keys[SC.id].key_id),
        "person": commands.DisablePerson(SC.id),
    }
    world.do(ends[end], SEC, reason=why())
    assert world.refused(screening("S01"), SC) in {"ROLE_NOT_HELD", "NO_ACTIVE_KEY"}
    found = go_around(world, SC, f"person/{SC.id}", events.PolicyAccepted(*POLICY, "the policy"))
    assert found & {"ROLE_NOT_VALID", "KEY_NOT_VALID"}


# -- words that say something else ----------------------------------------------------------------------


def test_an_approval_that_says_something_else_than_it_covers_does_not_verify(world: World) -> None:
    world.do(commands.ProposeRole(SC.id, Role.LB, None, None), ADM)
    covers, stream = proposals(world, SC), f"person/{SC.id}"
    said = events.EnrolmentApproved(covers, ("the role SC, from now on, without end",))
    assert "NOT_AS_DECIDED" in go_around(world, SEC, stream, said)


# -- a stolen officer's key, and what it left behind -----------------------------------------------------


def deputised(world: World) -> Member:
    """Enrol a second administrator, so that the first one's key can be declared stolen."""
    deputy = Member("adm.yu", "Yu Fei", Role.ADM)
    world.keys[deputy.id] = SigningKey(new_seed())
    world.enrol(deputy, world.keys[deputy.id])
    return deputy


def stolen(world: World, covers: tuple[str, ...]) -> commands.DeclareKeyCompromise:
    since = world.trial.signed[covers[0]].position
    return commands.DeclareKeyCompromise(ADM.id, world.keys[ADM.id].key_id, since)


def test_what_a_stolen_key_proposed_is_not_approved_until_its_officer_stands_by_it(world: World) -> None:
    """Else one officer, who does not know what the thief left, completes what takes two."""
    deputy = deputised(world)
    covers = world.propose(GHOST, KEY)
    world.do(commands.VerifyIdentity(GHOST.id, PASSPORT, None), SEC)
    world.do(stolen(world, covers), SEC, reason="taken on the train")
    approval = commands.ApproveEnrolment(GHOST.id, covers)
    assert world.refused(approval, SEC) == "PROPOSAL_IN_DOUBT"
    following = SigningKey(new_seed())
    proved = prove_possession(following, ORIGIN, ADM.id)
    world.do(commands.ProposeSigningKey(ADM.id, following.key_id, proved), deputy)
    world.do(commands.VerifyIdentity(ADM.id, PASSPORT, None), SEC)
    proposed = tuple(p.digest for p in world.trial.people[ADM.id].proposals)
    world.do(commands.ApproveEnrolment(ADM.id, proposed), SEC)
    world.do(commands.ReaffirmSignatures(ADM.id, covers), ADM, key=following)
    assert world.do(approval, SEC).positions
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_a_compromise_that_is_declared_meanwhile_stops_the_approval(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the decision and its append, on another server."""
    deputy, other, append = deputised(world), world.sibling(), world.log.append
    covers = world.propose(GHOST, KEY)
    world.do(commands.VerifyIdentity(GHOST.id, PASSPORT, None), SEC)

    def append_late(batch: Batch) -> object:
        monkeypatch.setattr(world.log, "append", append)
        other.do(stolen(other, covers), deputy, reason="taken on the train")
        return append(batch)

    monkeypatch.setattr(world.log, "append", append_late)
    assert world.refused(commands.ApproveEnrolment(GHOST.id, covers), SEC) == "PROPOSAL_IN_DOUBT"
    assert verify_store(world.url, world.trust, workers=0).findings == ()
