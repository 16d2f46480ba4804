"""The matrix through the real writer: whoever the table refuses is refused, and the refusal is recorded.

Whom the table allows is the matter of every other test; here nothing is ever written but refusals.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest

from core.kernel.actors import Duty, Role
from core.keys.ed25519 import SigningKey, new_seed
from core.trial.catalogue import DECIDERS
from core.trial.instance.events import CommandRefused
from core.trial.people.commands import ApproveEnrolment, DelegateDuties, EndDelegation, RecordTraining
from core.trial.people.delegation import DELEGATED_ROLES
from tests.golden.strategies import example
from tests.matrix.table import PEOPLE, TABLE, UNTRAINED, allowed, expected
from tests.support.enrolment import acceptance, identity
from tests.support.given import ADM, PI, SEC, Member
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.trial.catalogue import Command

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
BY_NAME = {command.__name__: command for command in DECIDERS}
STATES = [("none", "current"), ("ended", "current"), ("not_yet", "current"), ("expired", "current")]
UNTAUGHT = [("active", "none"), ("active", "expired")]
# Fields in which an example text would be no id of a stream.
IDS = {"subject_key": "S01", "person": "x.y", "lot": "LOT-1", "query": "Q-1", "review": "R-1"}


def asked(command: type) -> Command:
    """Return the command with an example in every field."""
    hints = get_type_hints(command)
    said: dict[str, Any] = {f.name: IDS.get(f.name) or example(hints[f.name]) for f in fields(command)}
    made: Command = command(**said)
    return made


def named(role: Role, delegation: str, training: str) -> Member:
    identifier = f"{role.lower()}.{delegation.replace('_', '-')}.{training}"
    return Member(identifier, f"{role} {delegation} {training}", role)


def people() -> Iterator[tuple[Member, str, str]]:
    for role in PEOPLE:
        yield named(role, "active", "current"), "active", "current"
        for delegation, training in UNTAUGHT if role not in UNTRAINED else ():
            yield named(role, delegation, training), delegation, training
        for delegation, training in STATES if role in DELEGATED_ROLES else ():
            yield named(role, delegation, training), delegation, training


EVERYBODY = list(people())


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with one person for each role, delegation and training; two days later."""
    world = World.found(tmp_path_factory.mktemp("matrix"))
    for member, delegation, training in EVERYBODY:
        enrol(world, member, delegation, training)
    world.advance(days=2)
    yield world
    world.close()


def enrol(world: World, member: Member, delegation: str, training: str) -> None:
    world.keys[member.id] = SigningKey(new_seed())
    covers = world.propose(member, world.keys[member.id])
    world.do(identity(member.id), SEC)
    world.do(ApproveEnrolment(member.id, covers), SEC)
    world.do(acceptance(member.id), member)
    today = world.clock().date()
    if training != "none":
        last = today if training == "expired" else today + 30 * DAY
        world.do(RecordTraining(member.id, "GCP", today, last), ADM)
    if member.role in DELEGATED_ROLES and delegation != "none":
        delegate(world, member, delegation)


def delegate(world: World, member: Member, delegation: str) -> None:
    now = world.clock()
    start = now + 30 * DAY if delegation == "not_yet" else None
    end = now + DAY if delegation == "expired" else None
    world.do(DelegateDuties(member.id, member.role, tuple(Duty), start, end), PI)
    if delegation == "ended":
        (given,) = world.trial.people[member.id].delegations
        world.do(EndDelegation(member.id, given.digest), PI, reason="left the ward")


@pytest.mark.parametrize(
    ("member", "delegation", "training"), EVERYBODY, ids=[member.id for member, _, _ in EVERYBODY]
)
def test_whoever_the_table_refuses_is_refused_and_the_refusal_is_recorded(
    staffed: World, member: Member, delegation: str, training: str
) -> None:
    for name in TABLE:
        wanted = expected(name, member.role, delegation, training)
        if wanted is None:
            continue
        size, command = staffed.log.size(), asked(BY_NAME[name])
        assert staffed.refused(command, member) == wanted, name
        assert staffed.log.size() == size + 1, name
        recorded = staffed.log.entry(size + 1).payload
        assert recorded == CommandRefused(wanted, name, member.id, command.target)


def test_the_sweep_meets_every_code_and_every_command() -> None:
    met = {
        (name, expected(name, member.role, delegation, training))
        for name in TABLE
        for member, delegation, training in EVERYBODY
    }
    assert {code for _, code in met if code} == {
        "NOT_AUTHORISED",
        "TRAINING_MISSING",
        "TRAINING_EXPIRED",
        "DELEGATION_MISSING",
        "DELEGATION_INACTIVE",
    }
    assert {name for name, code in met if code} | {n for n in TABLE if len(allowed(n)) == len(PEOPLE)} == set(
        TABLE
    )
