"""A real key signs past the writer without training, duty, acceptance or role: verification finds it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from api.verification import verify_store
from core.kernel.actors import Duty, Role
from core.keys.ed25519 import SigningKey, new_seed
from core.trial.people.commands import (
    ApproveEnrolment,
    DelegateDuties,
    DisablePerson,
    EndDelegation,
    EndRole,
    ProposeRole,
)
from core.trial.people.events import PasswordChanged
from tests.support.enrolment import acceptance, delegation, identity, training
from tests.support.given import ADM, PI, SEC, Member, consent, consented
from tests.support.world import World, founded, world
from tests.verify.test_going_around_the_deciders import append_around

if TYPE_CHECKING:
    from core.trial.catalogue import Command

__all__ = ["founded", "world"]

NEW = Member("si.new", "New One", Role.SI)
DAY = timedelta(days=1)


def found(world: World, member: Member = NEW, *, delegated: bool = True) -> set[str]:
    """Let the member sign a consent past the writer, naming their newest delegation; return what is found."""
    person = world.trial.people[member.id]
    named = person.delegations[-1].digest if delegated and person.delegations else None
    (past,) = consented("S77")
    append_around(world, member, past.stream, past.payload, ("study",), delegation=named)
    report = verify_store(world.url, world.trust, workers=0)
    assert all(finding.position == world.log.size() for finding in report.findings)
    return {finding.code for finding in report.findings}


@pytest.fixture
def newcomer(world: World) -> World:
    """The world with somebody whom two officers enrolled, and who has done nothing yet."""
    world.keys[NEW.id] = SigningKey(new_seed())
    covers = world.propose(NEW, world.keys[NEW.id])
    world.do(identity(NEW.id), SEC)
    world.do(ApproveEnrolment(NEW.id, covers), SEC)
    return world


def standing(world: World, *, but: str = "", until: int | None = None) -> World:
    """Do what comes before the first signature, but for one thing; a delegation counts for some days."""
    today, end = world.clock().date(), until and world.clock() + until * DAY
    acts: dict[str, tuple[Command, Member]] = {
        "training": (training(NEW.id, today), ADM),
        "acceptance": (acceptance(NEW.id), NEW),
        "delegation": (DelegateDuties(NEW.id, Role.SI, tuple(Duty), None, end or None), PI),
    }
    for name, (command, by) in acts.items():
        if name != but:
            world.do(command, by)
    return world


def test_who_stands_is_not_blamed(newcomer: World) -> None:
    """The tool itself is right: with everything in its place nothing is found."""
    assert found(standing(newcomer)) == set()


@pytest.mark.parametrize(
    ("lacking", "code"),
    [
        ("training", "TRAINING_MISSING"),
        ("acceptance", "POLICY_NOT_ACCEPTED"),
        ("delegation", "DELEGATION_MISSING"),
    ],
)
def test_who_lacks_one_thing_is_blamed_for_it(newcomer: World, lacking: str, code: str) -> None:
    assert code in found(standing(newcomer, but=lacking))


def test_a_signature_behind_the_last_day_of_the_training(newcomer: World) -> None:
    standing(newcomer)
    newcomer.advance(days=3653)
    assert "TRAINING_EXPIRED" not in found(newcomer)
    newcomer.advance(days=1)
    assert "TRAINING_EXPIRED" in found(newcomer)


def test_a_signature_behind_the_end_of_the_delegation(newcomer: World) -> None:
    standing(newcomer, until=1)
    newcomer.advance(days=1)
    assert "DELEGATION_INACTIVE" in found(newcomer)


def test_a_signature_under_a_delegation_that_was_ended(newcomer: World) -> None:
    standing(newcomer)
    (given,) = newcomer.trial.people[NEW.id].delegations
    newcomer.do(EndDelegation(NEW.id, given.digest), PI, reason="left the ward")
    assert "DELEGATION_INACTIVE" in found(newcomer)


def test_a_signature_under_a_delegation_of_another_duty(newcomer: World) -> None:
    standing(newcomer, but="delegation")
    newcomer.do(delegation(NEW.id, Role.SI, (Duty.LABS,)), PI)
    assert "DELEGATION_MISSING" in found(newcomer)


def test_a_signature_that_names_no_delegation(newcomer: World) -> None:
    assert found(standing(newcomer), delegated=False) == {"DELEGATION_DIFFERS"}


def test_an_investigator_who_claims_to_act_for_somebody(newcomer: World) -> None:
    standing(newcomer)
    digest = newcomer.trial.people[NEW.id].delegations[0].digest
    (past,) = consented("S77")
    append_around(newcomer, PI, past.stream, past.payload, ("study",), delegation=digest)
    report = verify_store(newcomer.url, newcomer.trust, workers=0)
    assert {finding.code for finding in report.findings} == {"DELEGATION_DIFFERS"}


def test_a_signature_by_somebody_who_is_locked_out(newcomer: World) -> None:
    standing(newcomer)
    stranger = SigningKey(new_seed())
    tries = [newcomer.refused(consent("S77"), NEW, key=stranger) for _ in range(5)]
    assert tries == ["WRONG_KEY"] * 5
    assert newcomer.trial.people[NEW.id].locked_at == newcomer.log.size()
    assert newcomer.refused(consent("S77"), NEW) == "LOCKED_OUT"
    assert "LOCKED_OUT" in found(newcomer)


@pytest.mark.parametrize("end", [EndRole(NEW.id, Role.SI), DisablePerson(NEW.id)], ids=["ended", "disabled"])
def test_a_signature_in_a_role_that_was_taken_away(newcomer: World, end: Command) -> None:
    standing(newcomer)
    newcomer.do(end, SEC, reason="left the site")
    assert {"ROLE_NOT_VALID", "DELEGATION_INACTIVE"} <= found(newcomer)


@pytest.mark.parametrize(("days", "blamed"), [(0, True), (1, False), (2, True)], ids=["early", "in", "late"])
def test_a_signature_outside_the_dates_of_the_role(newcomer: World, days: int, *, blamed: bool) -> None:
    standing(newcomer)
    start = newcomer.clock() + DAY
    newcomer.do(ProposeRole(NEW.id, Role.PI, start, start + DAY), ADM)
    covers = tuple(p.digest for p in newcomer.trial.people[NEW.id].proposals)
    newcomer.do(ApproveEnrolment(NEW.id, covers), SEC)
    newcomer.advance(days=days)
    as_investigator = Member(NEW.id, NEW.name, Role.PI)
    assert ("ROLE_NOT_VALID" in found(newcomer, as_investigator, delegated=False)) is blamed


def test_a_signature_before_the_second_officer_approved(world: World) -> None:
    world.keys[NEW.id] = SigningKey(new_seed())
    world.propose(NEW, world.keys[NEW.id])
    assert "UNKNOWN_SIGNER" in found(world)


def test_an_act_about_somebody_elses_account(newcomer: World) -> None:
    standing(newcomer)
    event = PasswordChanged(newcomer.keys[NEW.id].key_id)
    append_around(newcomer, PI, f"person/{NEW.id}", event)
    report = verify_store(newcomer.url, newcomer.trust, workers=0)
    assert "NOT_AS_DECIDED" in {finding.code for finding in report.findings}
