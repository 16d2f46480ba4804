"""Keys, roles and people taken away while many sign: what stands in the log was valid at its position."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Barrier, Event
from typing import TYPE_CHECKING

import pytest

from api.verification import verify_store
from core.audit.dsse import PAYLOAD_TYPE, pae
from core.audit.report import Verdict
from core.handle import Receipt, Signed
from core.kernel.actors import Environment
from core.kernel.errors import Conflict, Refused, TrialError
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.trial.instance.events import CommandRefused
from core.trial.people.commands import (
    DisablePerson,
    EndDelegation,
    ProposeSigningKey,
    RevokeSigningKey,
    RotateSigningKey,
)
from core.trial.policy import founding_policy
from tests.support.enrolment import acceptance
from tests.support.given import ADM, ORIGIN, SC, SC2, SEC, SI, report
from tests.support.world import World, founded, world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.trial.catalogue import Command
    from tests.support.given import Member

__all__ = ["founded", "world"]

SIGNERS = (SC, SC2, SI)
ATTEMPTS = founding_policy(Environment.TRAINING).lockout.attempts
TAKEN_AWAY = {
    "KEY_NOT_VALID",
    "WRONG_KEY",
    "NO_ACTIVE_KEY",
    "ROLE_NOT_HELD",
    "DELEGATION_INACTIVE",
    "LOCKED_OUT",
}


@dataclass
class Crowd:
    """Threads that sign on two servers, one event after another, until they are refused or done."""

    world: World
    subjects: Sequence[str]
    each: int
    enough: int
    refusals: list[str] = field(default_factory=list)
    signed: list[int] = field(default_factory=list)
    begun: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.sibling = self.world.sibling()

    def sign(self, number: int) -> None:
        """Sign reports as one of the people, by password or by a key of one's own."""
        server = self.world if number % 2 else self.sibling
        member = SIGNERS[number % len(SIGNERS)]
        for turn in range(self.each):
            subject = self.subjects[(number + turn) % len(self.subjects)]
            onset = self.world.clock().date()
            command = report(subject, f"AE-{number}-{turn}", grade=1, onset=onset)
            try:
                if number % 4 < 2:
                    receipt = server.do(command, member)
                else:
                    receipt = self.commit(server, command, member)
            except Conflict:
                continue
            except TrialError as error:
                self.refusals.append(error.code)
                continue
            self.signed.append(receipt.positions[-1])
            if len(self.signed) >= self.enough:
                self.begun.set()

    def commit(self, server: World, command: Command, member: Member) -> Receipt:
        """Prepare, sign with a key of one's own, commit."""
        request = server.request(member)
        (statement,) = server.handler.prepare(command, request)
        signature = self.world.keys[member.id].sign(pae(PAYLOAD_TYPE, statement))
        return server.handler.commit(command, request, [Signed(statement, signature)])


def take_away(world: World) -> None:
    """Take from each of the people something that they sign with."""

    def mistyped() -> SigningKey:
        raise Refused("WRONG_PASSWORD", "the password is not this person's")

    for _ in range(ATTEMPTS):
        with suppress(Refused):
            world.handler.submit(acceptance(SC2.id), world.request(SC2), mistyped)
    for command in (
        RevokeSigningKey(SC.id, world.keys[SC.id].key_id),
        EndDelegation(SI.id, world.trial.people[SI.id].delegations[-1].digest),
        DisablePerson(SI.id),
    ):
        world.do(command, SEC, reason="at once")


def race(world: World, threads: int, each: int, enough: int) -> Crowd:
    """Let threads sign, and take away what they sign with once enough stands in the log."""
    subjects = [world.candidate() for _ in range(8)]
    crowd = Crowd(world, subjects, each, enough)
    with ThreadPoolExecutor(threads + 1) as pool:
        signing = [pool.submit(crowd.sign, number) for number in range(threads)]
        crowd.begun.wait(10)
        pool.submit(take_away, world).result()
        for one in signing:
            one.result()
    return crowd


def require_nothing_stands_that_was_not_valid(world: World, crowd: Crowd) -> None:
    report = verify_store(world.url, world.trust, workers=0)
    assert report.verdict is Verdict.VERIFIED, report.findings
    assert crowd.refusals
    assert set(crowd.refusals) <= TAKEN_AWAY, set(crowd.refusals)
    recorded = Counter(e.payload.code for e in world.log.recorded() if isinstance(e.payload, CommandRefused))
    refused = Counter(crowd.refusals)
    # While somebody is locked out, one refusal a minute speaks for all.
    assert 0 < recorded.pop("LOCKED_OUT", 1) <= refused.pop("LOCKED_OUT", 1)
    assert recorded == refused + Counter(WRONG_PASSWORD=ATTEMPTS)


def test_a_few_sign_while_rights_are_taken_away(world: World) -> None:
    crowd = race(world, threads=6, each=8, enough=10)
    require_nothing_stands_that_was_not_valid(world, crowd)


@pytest.mark.slow
def test_thirty_two_threads_sign_while_rights_are_taken_away(world: World) -> None:
    crowd = race(world, threads=32, each=24, enough=150)
    assert len(crowd.signed) >= 150
    require_nothing_stands_that_was_not_valid(world, crowd)


def test_two_servers_do_not_give_one_key_to_two_people(world: World) -> None:
    """A rotation here and a proposal there bring the same new key at once: one of them is refused."""
    sibling, key = world.sibling(), SigningKey(new_seed())
    world.do(RevokeSigningKey(SC2.id, world.keys[SC2.id].key_id), SEC, reason="lost")
    proof, proof2 = (prove_possession(key, ORIGIN, member.id) for member in (SC, SC2))
    rotation = RotateSigningKey(SC.id, world.keys[SC.id].key_id, key.key_id, proof)
    proposal = ProposeSigningKey(SC2.id, key.key_id, proof2)
    together, codes = Barrier(2), list[str]()

    def ask(server: World, command: Command, member: Member) -> None:
        together.wait()
        try:
            server.do(command, member)
        except TrialError as error:
            codes.append(error.code)

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ask, world, rotation, SC), pool.submit(ask, sibling, proposal, ADM)]
        for one in asked:
            one.result()
    assert codes == ["KEY_IN_USE"]
    assert verify_store(world.url, world.trust, workers=0).verdict is Verdict.VERIFIED
