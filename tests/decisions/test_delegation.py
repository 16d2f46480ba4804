"""The site's delegation log: who does what for the investigator, from and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.kernel.actors import Duty, Role
from core.trial.people.commands import DelegateDuties, EndDelegation
from core.trial.people.events import DelegationEnded, DutiesDelegated, RoleEnded
from tests.decisions.enrolled import (
    DAY,
    NEW,
    NOW,
    delegated,
    enrolled,
    granted,
    person_after,
    proposed,
    with_command,
)
from tests.support.given import ADM, PI, SEC, Member, digest, given, on, why

BOTH = (Duty.LABS, Duty.VISITS)
ASKED = DelegateDuties(NEW.id, Role.SC, BOTH, None, None)
# The enrolment of the newcomer ends at position 8.
GIVEN = [*enrolled(), delegated()]
DELEGATION = digest(9)
ENDED = DelegationEnded(DELEGATION, Role.SC, (Duty.LABS,))


def test_the_investigator_delegates_duties_in_a_role() -> None:
    given(enrolled()).when(ASKED, PI).then([DutiesDelegated(Role.SC, BOTH, None, None)])


def test_a_delegation_is_found_by_role_duty_and_moment() -> None:
    person = person_after([*enrolled(), delegated(since=NOW, until=NOW + DAY)])
    found = person.delegation_of(Role.SC, {Duty.LABS}, NOW)
    assert (found.digest, found.by) == (DELEGATION, PI.id) if found else False
    assert person.delegation_of(Role.SC, {Duty.LABS}, NOW + DAY) is None
    assert person.delegation_of(Role.SC, {Duty.LABS}, NOW - timedelta(seconds=1)) is None
    assert person.delegation_of(Role.SC, {Duty.VISITS}, NOW) is None
    assert person.delegation_of(Role.SC, {Duty.LABS, Duty.VISITS}, NOW) is None
    assert person.delegation_of(Role.LB, {Duty.LABS}, NOW) is None


def test_nobody_delegates_to_themselves() -> None:
    given(enrolled()).when(ASKED, Member(NEW.id, NEW.name, Role.PI)).refused("SOD_VIOLATION")


@pytest.mark.parametrize("role", [r for r in Role if r not in {Role.SI, Role.SC, Role.LB, Role.PH}], ids=str)
def test_only_the_sites_own_roles_work_under_delegation(role: Role) -> None:
    given(enrolled()).when(DelegateDuties(NEW.id, role, BOTH, None, None), PI).refused("NOT_DELEGABLE")


def test_only_in_a_role_that_is_held() -> None:
    given(enrolled()).when(DelegateDuties(NEW.id, Role.LB, BOTH, None, None), PI).refused("ROLE_NOT_HELD")


def test_who_is_not_enrolled_is_not_delegated_to() -> None:
    given(proposed()).when(ASKED, PI).refused("UNKNOWN_PERSON")


@pytest.mark.parametrize("duties", [(), (Duty.LABS, Duty.LABS)])
def test_duties_are_named_once_and_one_at_least(duties: tuple[Duty, ...]) -> None:
    given(enrolled()).when(DelegateDuties(NEW.id, Role.SC, duties, None, None), PI).refused("BAD_DUTIES")


def test_no_duty_is_delegated_for_the_past() -> None:
    late = DelegateDuties(NEW.id, Role.SC, BOTH, NOW - timedelta(seconds=1), None)
    given(enrolled()).when(late, PI, at=NOW).refused("BACKDATED")


def test_a_delegation_ends_after_it_begins() -> None:
    never = DelegateDuties(NEW.id, Role.SC, BOTH, NOW + DAY, NOW + DAY)
    given(enrolled()).when(never, PI, at=NOW).refused("BAD_INTERVAL")


@pytest.mark.parametrize("by", [PI, ADM, SEC], ids=lambda m: m.role)
def test_investigator_or_officer_ends_a_delegation_at_once(by: Member) -> None:
    asked = EndDelegation(NEW.id, DELEGATION)
    given(GIVEN).when(asked, by, reason=why()).then([ENDED])
    (ended,) = with_command(GIVEN, asked, by, reason=why()).delegations
    assert (ended.held.until, ended.held.ended_by) == (10, "DelegationEnded")


@pytest.mark.parametrize("named", [digest(8), digest(99)])
def test_only_a_delegation_that_stands_is_ended(named: str) -> None:
    given(GIVEN).when(EndDelegation(NEW.id, named), PI, reason=why()).refused("UNKNOWN_DELEGATION")
    ended = [*GIVEN, on(NEW.id, ENDED)]
    again = EndDelegation(NEW.id, DELEGATION)
    given(ended).when(again, PI, reason=why()).refused("UNKNOWN_DELEGATION")


def test_ending_a_delegation_needs_a_reason() -> None:
    given(GIVEN).when(EndDelegation(NEW.id, DELEGATION), PI).refused("REASON_REQUIRED")


def test_a_delegation_stands_when_the_investigator_leaves() -> None:
    """It is the site's: the successor ends what they do not answer for."""
    left = [*GIVEN, on(PI.id, RoleEnded(Role.PI), by=SEC)]
    assert person_after(left).delegation_of(Role.SC, {Duty.LABS}, NOW)


def test_a_role_that_is_granted_anew_does_not_bring_its_delegations_back() -> None:
    back = granted(Role.SC, before=[*GIVEN, on(NEW.id, RoleEnded(Role.SC), by=SEC)])
    assert person_after(back).active_roles(NOW) == (Role.SC,)
    assert person_after(back).delegation_of(Role.SC, {Duty.LABS}, NOW) is None
