"""Law: what the gates refuse under a policy the verifier finds, and what they let through it does not."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.verification import verify_store
from core.kernel.actors import Role
from core.trial.instance.events import Accountability, Grant, Lockout
from core.trial.people.commands import AcceptPolicy
from core.trial.policy import ACCOUNTABILITY
from core.trial.subject.events import ConsentGiven
from tests.support.given import ADM, PI, SC, SEC, SI, Member, consent, consented
from tests.support.policy import change_policy, policy_of
from tests.support.world import World, founded
from tests.verify.test_going_around_the_deciders import append_around

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["founded"]

pytestmark = pytest.mark.slow

CONSENTS = ConsentGiven.TOPIC
SIGNERS = (PI, SI, SC)
TEXTS = (
    ACCOUNTABILITY,
    Accountability("accountability/2", "Mine."),
    Accountability("accountability/3", "Ours."),
)
# How the verifier names what the writer refuses.
FOUND = {"NOT_AUTHORISED": "MEANING_NOT_PERMITTED", "POLICY_NOT_ACCEPTED": "POLICY_NOT_ACCEPTED"}

GRANTED = st.sets(st.sampled_from([m.role for m in SIGNERS]))
CHANGES = st.fixed_dictionaries(
    {"granted": GRANTED, "text": st.sampled_from(TEXTS), "attempts": st.integers(3, 10)}
)
STEPS = st.lists(
    st.tuples(st.just("change"), CHANGES)
    | st.tuples(st.just("sign"), st.sampled_from(SIGNERS))
    | st.tuples(st.just("accept"), st.sampled_from(SIGNERS)),
    min_size=1,
    max_size=6,
)


@dataclass
class Told:
    """What should count, written from the changes alone: who may sign, which text, who accepted which."""

    granted: set[Role] = field(default_factory=lambda: {Role.PI, Role.SI})
    text: Accountability = ACCOUNTABILITY
    accepted: set[tuple[str, str]] = field(
        default_factory=lambda: {(m.id, ACCOUNTABILITY.id) for m in (*SIGNERS, ADM, SEC)}
    )

    def refusal(self, member: Member) -> str | None:
        """Return the code with which a consent by the member is to be refused, None where it counts."""
        if member.role not in self.granted:
            return "NOT_AUTHORISED"
        return None if (member.id, self.text.id) in self.accepted else "POLICY_NOT_ACCEPTED"


def accept(world: World, told: Told, member: Member) -> None:
    if (member.id, told.text.id) not in told.accepted:
        world.do(AcceptPolicy(member.id, told.text.id, told.text.digest), member)
        told.accepted.add((member.id, told.text.id))


def change(world: World, told: Told, wanted: dict[str, Any]) -> None:
    policy = policy_of(world)
    meanings = {g.role: g.meaning for g in policy.grants}
    others = tuple(g for g in policy.grants if g.type != CONSENTS)
    grants = (*others, *(Grant(role, CONSENTS, meanings[role]) for role in sorted(wanted["granted"])))
    items = {"grants": grants, "accountability": wanted["text"], "lockout": Lockout(wanted["attempts"], 15)}
    if set(grants) == set(policy.grants) and all(getattr(policy, k) == v for k, v in list(items.items())[1:]):
        return  # says what the one in force says
    for officer in (ADM, SEC):
        accept(world, told, officer)
    change_policy(world, **items)
    told.granted, told.text = set(wanted["granted"]), wanted["text"]


def sign(world: World, told: Told, member: Member, key: str) -> None:
    code = told.refusal(member)
    if code is None:
        world.do(consent(key), member)
    else:
        assert world.refused(consent(key), member) == code


@settings(max_examples=25, deadline=None)
@given(steps=STEPS, last=st.sampled_from(SIGNERS))
def test_gates_and_verifier_judge_by_the_same_policy(
    founded: World, tmp_path_factory: pytest.TempPathFactory, steps: list[Any], last: Member
) -> None:
    folder: Path = tmp_path_factory.mktemp("policies") / "instance"
    shutil.copytree(founded.folder, folder)
    world, told = World.open(folder, dict(founded.keys), founded.clock()), Told()
    for number, (act, what) in enumerate(steps):
        match act:
            case "change":
                change(world, told, what)
            case "sign":
                sign(world, told, what, f"S2{number}")
            case _:
                accept(world, told, what)
    assert verify_store(world.url, world.trust, workers=0).findings == ()
    (past,) = consented("S99")
    delegation = world.trial.people[last.id].delegations[-1].digest if last is not PI else None
    append_around(world, last, past.stream, past.payload, ("study",), delegation=delegation)
    found = {one.code for one in verify_store(world.url, world.trust, workers=0).findings}
    code = told.refusal(last)
    world.close()
    assert found == set() if code is None else FOUND[code] in found
