"""Each signature is judged by the policy in force at its position: by the writer, then by the verifier."""

from __future__ import annotations

from dataclasses import replace
from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest

from api.verification import verify_store
from core.kernel.actors import Meaning, Role
from core.keys.ed25519 import SigningKey, new_seed
from core.trial.instance.commands import ApprovePolicyChange
from core.trial.instance.events import (
    Accountability,
    Grant,
    Lockout,
    PolicyChanged,
    PolicyChangeProposed,
    PolicyChangeWithdrawn,
)
from core.trial.people.commands import AcceptPolicy
from core.trial.people.events import LockedOut
from core.trial.subject.events import ConsentGiven
from tests.support.given import ADM, MEMBERS, PI, SC, SEC, SI, Member, consent, consented, why
from tests.support.policy import REASON, change_policy, policy_of, propose_policy
from tests.support.world import World, founded, world
from tests.verify.test_going_around_the_deciders import append_around, go_around

if TYPE_CHECKING:
    from core.trial.instance.events import Policy

__all__ = ["founded", "world"]

CONSENTS = ConsentGiven.TOPIC
NEXT_TEXT = Accountability("accountability/2", "What is signed in my name is mine, on paper and on screen.")


def found(world: World) -> set[str]:
    """Return the codes of what verification finds, all of it at the newest position."""
    report = verify_store(world.url, world.trust, workers=0)
    assert all(finding.position == world.log.size() for finding in report.findings)
    return {finding.code for finding in report.findings}


def without(policy: Policy, role: Role, topic: str) -> tuple[Grant, ...]:
    return tuple(g for g in policy.grants if (g.role, g.type) != (role, topic))


def consent_around(world: World, key: str, member: Member, delegation: str | None = None) -> None:
    """Let somebody sign a consent past the writer."""
    (past,) = consented(key)
    append_around(world, member, past.stream, past.payload, ("study",), delegation=delegation)


def delegated(world: World, member: Member) -> str:
    return world.trial.people[member.id].delegations[-1].digest


# -- a policy that one officer makes alone ----------------------------------------------------------


@pytest.fixture
def proposed(world: World) -> str:
    """The digest of a stricter policy that the administrator proposed."""
    return propose_policy(world, lockout=Lockout(3, 30))


def words(world: World) -> tuple[str, ...]:
    proposal = world.trial.instance.proposal
    assert proposal is not None
    return proposal.proposed.changes


@pytest.mark.slow
def test_a_policy_that_nobody_proposed(world: World) -> None:
    forged = PolicyChanged("sha256:" + "0" * 64, ("all is well",))
    assert "NOT_AS_DECIDED" in go_around(world, SEC, "instance", forged, reason=why())


@pytest.mark.slow
def test_a_policy_that_its_proposer_approved(world: World, proposed: str) -> None:
    forged = PolicyChanged(proposed, words(world))
    assert go_around(world, ADM, "instance", forged, reason=why()) == {"NOT_AS_DECIDED"}


@pytest.mark.slow
def test_a_policy_that_a_second_officer_of_the_same_kind_approved(world: World, proposed: str) -> None:
    second = Member("adm.two", "Second Administrator", Role.ADM)
    world.keys[second.id] = SigningKey(new_seed())
    world.enrol(second, world.keys[second.id])
    forged = PolicyChanged(proposed, words(world))
    assert world.refused(ApprovePolicyChange(proposed), second, reason=REASON) == "OTHER_OFFICER_NEEDED"
    assert go_around(world, second, "instance", forged, reason=why()) == {"NOT_AS_DECIDED"}


@pytest.mark.slow
def test_a_policy_that_somebody_else_approved(world: World, proposed: str) -> None:
    forged = PolicyChanged(proposed, words(world))
    assert "MEANING_NOT_PERMITTED" in go_around(world, PI, "instance", forged, reason=why())


@pytest.mark.slow
@pytest.mark.parametrize("said", [(), ("nothing of weight",)], ids=["nothing", "something else"])
def test_an_approval_that_says_other_words_than_the_proposal(
    world: World, proposed: str, said: tuple[str, ...]
) -> None:
    forged = PolicyChanged(proposed, said)
    assert go_around(world, SEC, "instance", forged, ("study",), why()) == {"NOT_AS_DECIDED"}


@pytest.mark.slow
def test_a_policy_without_a_reason(world: World, proposed: str) -> None:
    assert go_around(world, SEC, "instance", PolicyChanged(proposed, words(world))) == {"NOT_AS_DECIDED"}


@pytest.mark.slow
def test_a_proposal_that_would_take_a_control_away(world: World) -> None:
    policy = replace(policy_of(world), lockout=Lockout(1000, 15))
    said = ("lock-out: 1000 failed attempts within 15 minutes, was 5 failed attempts within 15 minutes",)
    forged = PolicyChangeProposed(policy, said)
    assert go_around(world, ADM, "instance", forged, reason=why()) == {"NOT_AS_DECIDED"}


@pytest.mark.slow
def test_a_withdrawal_of_what_is_not_proposed(world: World) -> None:
    forged = PolicyChangeWithdrawn("sha256:" + "0" * 64, ())
    assert "NOT_AS_DECIDED" in go_around(world, SEC, "instance", forged, reason=why())


# -- rights, from a position on ---------------------------------------------------------------------


def test_a_right_that_was_taken_away_counted_until_then(world: World) -> None:
    world.do(consent("S71"), SI)
    change_policy(world, grants=without(policy_of(world), Role.SI, CONSENTS))
    assert world.refused(consent("S72"), SI) == "NOT_AUTHORISED"
    assert found(world) == set()
    consent_around(world, "S72", SI, delegated(world, SI))
    assert found(world) == {"MEANING_NOT_PERMITTED"}


@pytest.mark.slow
def test_a_right_is_not_used_before_it_was_given(world: World) -> None:
    """Signed by a coordinator, whom the policy of position 1 lets enter no consent."""
    granted = Grant(Role.SC, CONSENTS, Meaning.AUTHORED)
    digest = propose_policy(world, grants=(*policy_of(world).grants, granted))
    assert world.refused(consent("S73"), SC) == "NOT_AUTHORISED"
    world.do(ApprovePolicyChange(digest), SEC, reason=REASON)
    world.do(consent("S73"), SC)
    assert found(world) == set()


@pytest.mark.slow
def test_a_right_that_is_given_later_does_not_count_backwards(world: World) -> None:
    granted = Grant(Role.SC, CONSENTS, Meaning.AUTHORED)
    digest = propose_policy(world, grants=(*policy_of(world).grants, granted))
    at = world.log.size() + 1
    consent_around(world, "S73", SC, delegated(world, SC))
    world.do(ApprovePolicyChange(digest), SEC, reason=REASON)
    report = verify_store(world.url, world.trust, workers=0)
    assert report.first_bad_position == at
    assert "MEANING_NOT_PERMITTED" in {finding.code for finding in report.findings}


@pytest.mark.slow
def test_a_delegation_is_needed_where_the_policy_in_force_asks_for_one(world: World) -> None:
    policy = policy_of(world)
    change_policy(world, delegated=tuple(role for role in policy.delegated if role is not Role.SI))
    world.do(consent("S74"), SI)
    signed = world.log.entry(world.log.size()).statement
    assert signed.signer.delegation is None
    change_policy(world, delegated=policy.delegated)
    world.do(consent("S75"), SI)
    assert world.log.entry(world.log.size()).statement.signer.delegation == delegated(world, SI)
    assert found(world) == set()


# -- texts and limits -------------------------------------------------------------------------------


@pytest.mark.slow
def test_another_accountability_text_is_accepted_anew_by_everybody(world: World) -> None:
    change_policy(world, accountability=NEXT_TEXT)
    for member in (SEC, ADM, *MEMBERS):
        assert world.refused(consent("S76"), member) in {"POLICY_NOT_ACCEPTED", "NOT_AUTHORISED"}
    accept = {m: AcceptPolicy(m.id, NEXT_TEXT.id, NEXT_TEXT.digest) for m in (ADM, SEC, PI)}
    for member, command in accept.items():
        world.do(command, member)
    world.do(consent("S76"), PI)
    change_policy(world, lockout=Lockout(4, 15))
    assert found(world) == set()
    consent_around(world, "S77", SI, delegated(world, SI))
    assert "POLICY_NOT_ACCEPTED" in found(world)


@pytest.mark.slow
def test_the_accepted_text_is_the_one_in_force(world: World) -> None:
    change_policy(world, accountability=NEXT_TEXT)
    old = AcceptPolicy(PI.id, "accountability/1", world.trial.people[PI.id].accepted[0])
    assert world.refused(old, PI) == "POLICY_DIFFERS"


@pytest.mark.slow
def test_a_sentence_is_shown_as_it_read_when_it_was_signed(world: World) -> None:
    world.do(consent("S71"), PI)
    policy = policy_of(world)
    legal = tuple(
        replace(s, id="responsibility/2", text="I answer for this.")
        if s.meaning is Meaning.RESPONSIBILITY
        else s
        for s in policy.legal
    )
    change_policy(world, legal=legal)
    world.do(consent("S72"), PI)
    ids = [world.log.entry(at).statement.legal for at in (world.log.size() - 3, world.log.size())]
    assert ids == ["responsibility/1", "responsibility/2"]
    assert found(world) == set()


@pytest.mark.slow
def test_a_sentence_that_counts_no_more_is_signed_by_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = dict(world.trial.instance.legal)
    legal = tuple(
        replace(s, id=f"{s.meaning}/2") if s.meaning is Meaning.RESPONSIBILITY else s
        for s in policy_of(world).legal
    )
    change_policy(world, legal=legal)
    monkeypatch.setitem(world.trial.instance.legal, Meaning.RESPONSIBILITY, old[Meaning.RESPONSIBILITY])
    consent_around(world, "S72", PI)
    assert "LEGAL_SENTENCE" in found(world)


@pytest.mark.slow
@pytest.mark.parametrize(("attempts", "locked"), [(3, True), (4, False)])
def test_attempts_are_counted_by_the_limit_in_force(world: World, attempts: int, *, locked: bool) -> None:
    change_policy(world, lockout=Lockout(attempts, 15))
    stranger = SigningKey(new_seed())
    for _ in range(3):
        world.refused(consent("S77"), SI, key=stranger)
    assert (world.trial.people[SI.id].locked_at is not None) is locked
    assert found(world) == set()


@pytest.mark.slow
def test_a_limit_that_is_lowered_locks_out_at_the_next_failure(world: World) -> None:
    stranger = SigningKey(new_seed())
    for _ in range(4):
        world.refused(consent("S77"), SI, key=stranger)
    change_policy(world, lockout=Lockout(3, 15))
    assert world.trial.people[SI.id].locked_at is None
    world.refused(consent("S77"), SI, key=stranger)
    assert isinstance(world.log.entry(world.log.size()).payload, LockedOut)
    assert found(world) == set()


# -- two servers ------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("first", ["the policy", "the signing"])
def test_whichever_is_first_in_the_log_wins(world: World, first: str) -> None:
    """The one server has folded the log before the other one writes to it."""
    other = world.sibling()
    digest = propose_policy(world, grants=without(policy_of(world), Role.SI, CONSENTS))
    assert other.trial.instance.proposal is not None
    approve = ApprovePolicyChange(digest)
    if first == "the policy":
        world.do(approve, SEC, reason=REASON)
        assert other.refused(consent("S71"), SI) == "NOT_AUTHORISED"
    else:
        other.do(consent("S71"), SI)
        world.do(approve, SEC, reason=REASON)
        assert other.refused(consent("S72"), SI) == "NOT_AUTHORISED"
    assert found(world) == set()


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(5))
def test_an_approval_races_with_what_it_forbids(world: World, turn: int) -> None:
    other, start = world.sibling(), Barrier(2)
    digest = propose_policy(world, grants=without(policy_of(world), Role.SI, CONSENTS))
    refused: list[str] = []

    def sign() -> None:
        start.wait()
        for number in range(20):
            try:
                other.do(consent(f"S{turn + 1}{number:02}"), SI)
            except Exception as error:  # noqa: BLE001 - judged below
                refused.append(getattr(error, "code", repr(error)))

    signing = Thread(target=sign)
    signing.start()
    start.wait()
    approved_at = world.do(ApprovePolicyChange(digest), SEC, reason=REASON).positions[0]
    signing.join()
    entries = [world.log.entry(at) for at in range(1, world.log.size() + 1)]
    consents = [
        e.position for e in entries if e.statement.type == CONSENTS and e.statement.signer.id == SI.id
    ]
    assert all(at < approved_at for at in consents)
    assert refused == ["NOT_AUTHORISED"] * (20 - len(consents))
    assert found(world) == set()
