"""Roles and standing: who may act as what, from and until when, and how it ends at once."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest

from core.kernel.actors import Role
from core.trial.people.commands import (
    AcceptPolicy,
    DisablePerson,
    EndRole,
    LiftLockout,
    ProposeRole,
    RecordTraining,
)
from core.trial.people.events import (
    LockoutLifted,
    PersonDisabled,
    PolicyAccepted,
    RoleEnded,
    RoleGranted,
    TrainingRecorded,
)
from core.trial.policy import ACCOUNTABILITY
from tests.decisions.enrolled import (
    ADM2,
    DAY,
    KEY,
    NEW,
    NOW,
    SEC2,
    approving,
    delegated,
    enrolled,
    granted,
    locked_out,
    officers,
    person_after,
    proposed,
    with_command,
)
from tests.support.given import ADM, SEC, Member, digest, given, on, why

SELF = Member(NEW.id, NEW.name, Role.ADM)
LB = ProposeRole(NEW.id, Role.LB, None, None)
TODAY = NOW.date()
COURSE = RecordTraining(NEW.id, "GCP", TODAY, TODAY)
ACCEPT = AcceptPolicy(NEW.id, ACCOUNTABILITY.id, ACCOUNTABILITY.digest)
ACCEPTED = PolicyAccepted(ACCOUNTABILITY.id, ACCOUNTABILITY.digest, ACCOUNTABILITY.text)
# Who may not be what else at once: written from part 11 section 5, not from the code.
TOGETHER = [{"PI", "SI", "SC", "LB", "PH"}, {"CRA", "DM"}, {"MM", "SRC"}, {"AUD"}, {"ADM"}, {"SEC"}]
PEOPLE = [role for role in Role if role is not Role.SVC]


# -- granting ---------------------------------------------------------------------------------------


def test_a_further_role_is_proposed_with_its_dates() -> None:
    asked = ProposeRole(NEW.id, Role.LB, NOW + DAY, NOW + 2 * DAY)
    story = given(enrolled()).when(asked, ADM, at=NOW)
    story.then([RoleGranted(Role.LB, NOW + DAY, NOW + 2 * DAY)])


@pytest.mark.parametrize(
    ("days", "holds"), [(-1, False), (0, True), (1, True), (2, False)], ids=["before", "from", "in", "until"]
)
def test_a_role_counts_from_its_first_instant_up_to_its_last(days: int, holds: bool) -> None:  # noqa: FBT001
    person = person_after(granted(Role.LB, before=enrolled(), since=NOW, until=NOW + 2 * DAY))
    assert person.holds_role(Role.LB, NOW + days * DAY) is holds


@pytest.mark.parametrize("person", ["nobody", NEW.id])
def test_who_is_not_enrolled_gets_no_further_role(person: str) -> None:
    asked = ProposeRole(person, Role.LB, None, None)
    given(proposed()).when(asked, ADM).refused("UNKNOWN_PERSON")


def test_nobody_proposes_a_role_for_themselves() -> None:
    given(enrolled()).when(LB, SELF).refused("SOD_VIOLATION")


def test_a_role_that_is_held_is_not_granted_again() -> None:
    given(enrolled()).when(ProposeRole(NEW.id, Role.SC, None, None), ADM).refused("ROLE_HELD")


def test_a_role_is_renewed_from_the_instant_at_which_it_lapses_and_no_earlier() -> None:
    events = granted(Role.LB, before=enrolled(), until=NOW + DAY)
    early = ProposeRole(NEW.id, Role.LB, NOW + DAY - timedelta(seconds=1), None)
    given(events).when(early, ADM, at=NOW).refused("ROLE_HELD")
    given(events).when(ProposeRole(NEW.id, Role.LB, NOW + DAY, None), ADM, at=NOW).then(
        [RoleGranted(Role.LB, NOW + DAY, None)]
    )


def test_a_role_is_proposed_once() -> None:
    events = [*enrolled(), on(NEW.id, RoleGranted(Role.LB, None, None), by=ADM)]
    given(events).when(LB, ADM).refused("PROPOSAL_OPEN")


def test_no_role_is_given_for_the_past() -> None:
    asked = ProposeRole(NEW.id, Role.LB, NOW - timedelta(seconds=1), None)
    given(enrolled()).when(asked, ADM, at=NOW).refused("BACKDATED")
    given(enrolled()).when(ProposeRole(NEW.id, Role.LB, NOW, None), ADM, at=NOW).then(
        [RoleGranted(Role.LB, NOW, None)]
    )


@pytest.mark.parametrize(("since", "until"), [(None, NOW), (NOW + DAY, NOW + DAY), (NOW + DAY, NOW)])
def test_a_role_ends_after_it_begins(since: object, until: object) -> None:
    asked = ProposeRole(NEW.id, Role.LB, since, until)  # type: ignore[arg-type]
    given(enrolled()).when(asked, ADM, at=NOW).refused("BAD_INTERVAL")


@pytest.mark.parametrize(("held", "wanted"), [p for p in product(PEOPLE, PEOPLE) if p[0] is not p[1]])
def test_no_person_holds_conflicting_roles(held: Role, wanted: Role) -> None:
    events = enrolled(Member(NEW.id, NEW.name, held))
    story = given(events).when(ProposeRole(NEW.id, wanted, None, None), ADM)
    if any({held, wanted} <= group for group in TOGETHER):
        story.then([RoleGranted(wanted, None, None)])
    else:
        story.refused("CONFLICTING_ROLES")


def test_a_conflicting_role_waits_for_the_end_of_the_other() -> None:
    events = [*enrolled(), on(NEW.id, RoleEnded(Role.SC), by=SEC)]
    given(events).when(ProposeRole(NEW.id, Role.CRA, None, None), ADM).then(
        [RoleGranted(Role.CRA, None, None)]
    )


def test_the_role_of_the_instance_is_nobodys() -> None:
    given(enrolled()).when(ProposeRole(NEW.id, Role.SVC, None, None), ADM).refused("BAD_ROLE")


# -- ending -----------------------------------------------------------------------------------------


def test_one_officer_ends_a_role() -> None:
    given(enrolled()).when(EndRole(NEW.id, Role.SC), SEC, reason=why()).then([RoleEnded(Role.SC)])


def test_an_ended_role_does_not_count_and_takes_its_delegations_with_it() -> None:
    events = [*granted(Role.LB, before=enrolled()), delegated()]
    person = with_command(events, EndRole(NEW.id, Role.SC), SEC, reason=why())
    assert person.active_roles(NOW) == (Role.LB,)
    assert [d.held.ended_by for d in person.delegations] == ["RoleEnded"]
    other = with_command(events, EndRole(NEW.id, Role.LB), SEC, reason=why())
    assert [d.held.until for d in other.delegations] == [None]


@pytest.mark.parametrize(("person", "role"), [(NEW.id, Role.SRC), ("nobody", Role.SC)])
def test_a_role_that_is_not_held_cannot_be_ended(person: str, role: Role) -> None:
    given(enrolled()).when(EndRole(person, role), SEC, reason=why()).refused("ROLE_NOT_HELD")


def test_ending_a_role_needs_a_reason() -> None:
    given(enrolled()).when(EndRole(NEW.id, Role.SC), SEC).refused("REASON_REQUIRED")


@pytest.mark.parametrize(("text", "code"), [("", "x"), ("x", ""), (" ", "\t")])
def test_a_blank_reason_is_none(text: str, code: str) -> None:
    story = given(enrolled()).when(EndRole(NEW.id, Role.SC), SEC, reason=why(text, code))
    story.refused("REASON_REQUIRED")


@pytest.mark.parametrize("officer", [SEC, ADM])
def test_the_last_officer_of_a_kind_stays(officer: Member) -> None:
    for asked in (EndRole(officer.id, officer.role), DisablePerson(officer.id)):
        given(enrolled()).when(asked, ADM if officer is SEC else SEC, reason=why()).refused("LAST_OFFICER")


def test_beside_another_officer_who_can_act_the_first_may_leave() -> None:
    given(officers()).when(EndRole(SEC.id, Role.SEC), ADM, reason=why()).then([RoleEnded(Role.SEC)])
    given(officers()).when(DisablePerson(ADM.id), SEC, reason=why()).then([PersonDisabled()])


def test_an_officer_who_is_locked_out_replaces_nobody() -> None:
    events = [*officers(), locked_out(SEC2)]
    given(events).when(EndRole(SEC.id, Role.SEC), ADM2, reason=why()).refused("LAST_OFFICER")


def test_an_officer_whose_role_lapses_replaces_nobody_for_good() -> None:
    lapsing = on(SEC2.id, RoleGranted(Role.SEC, None, NOW + DAY), by=ADM)
    events = [*officers(), on(SEC2.id, RoleEnded(Role.SEC), by=SEC), lapsing]
    events += [approving(digest(len(events) + 3), member=SEC2)]
    assert person_after(events, SEC2).holds_role(Role.SEC, NOW)
    given(events).when(EndRole(SEC.id, Role.SEC), ADM, at=NOW, reason=why()).refused("LAST_OFFICER")


def test_disabling_ends_every_role_and_delegation_at_once() -> None:
    events = [*granted(Role.LB, before=enrolled()), delegated()]
    given(events).when(DisablePerson(NEW.id), SEC, reason=why()).then([PersonDisabled()])
    person = with_command(events, DisablePerson(NEW.id), SEC, reason=why())
    assert (person.open_roles, person.active_roles(NOW)) == ((), ())
    assert [d.held.ended_by for d in person.delegations] == ["PersonDisabled"]


def test_who_was_disabled_returns_by_two_officers_only() -> None:
    events = [*enrolled(), on(NEW.id, PersonDisabled(), by=SEC)]
    given(events).when(DisablePerson(NEW.id), SEC, reason=why()).refused("ROLE_NOT_HELD")
    back = [*events, on(NEW.id, RoleGranted(Role.SC, None, None), by=ADM)]
    assert person_after(back).active_roles(NOW) == ()
    approved = [*back, approving(digest(len(back) + 3))]
    assert person_after(approved).active_roles(NOW) == (Role.SC,)


def test_disabling_needs_a_reason_and_somebody() -> None:
    given(enrolled()).when(DisablePerson(NEW.id), SEC).refused("REASON_REQUIRED")
    given(proposed()).when(DisablePerson(NEW.id), SEC, reason=why()).refused("UNKNOWN_PERSON")


def test_a_key_counts_from_the_position_after_its_approval_to_the_end_of_the_role() -> None:
    person = person_after([*enrolled(), on(NEW.id, RoleEnded(Role.SC), by=SEC)])
    could = [p for p in range(1, 12) if person.could_sign(KEY.key_id, Role.SC, p)]
    assert could == [9]  # approved at 8, ended at 9: the end itself could still be one's own


# -- training, accountability, lock-out -------------------------------------------------------------


def test_a_completed_course_is_recorded() -> None:
    given(enrolled()).when(COURSE, ADM, at=NOW).then([TrainingRecorded("GCP", TODAY, TODAY)])


@pytest.mark.parametrize(("day", "counts"), [(-1, True), (0, True), (30, True), (31, False)])
def test_a_training_counts_to_the_end_of_its_last_day(day: int, counts: bool) -> None:  # noqa: FBT001
    training = TrainingRecorded("GCP", TODAY, TODAY + 30 * DAY)
    person = person_after([*enrolled(), on(NEW.id, training, by=ADM)])
    assert person.is_trained(TODAY + day * DAY) is counts


def test_nobody_records_their_own_training() -> None:
    given(enrolled()).when(COURSE, SELF, at=NOW).refused("SOD_VIOLATION")


@pytest.mark.parametrize(
    ("course", "done", "until", "code"),
    [
        ("", TODAY, TODAY, "BAD_TEXT"),
        ("x" * 121, TODAY, TODAY, "BAD_TEXT"),
        ("GCP", TODAY + DAY, TODAY + DAY, "FUTURE_TIME"),
        ("GCP", TODAY, TODAY - DAY, "BAD_INTERVAL"),
    ],
)
def test_a_training_is_told_in_full(course: str, done: date, until: date, code: str) -> None:
    given(enrolled()).when(RecordTraining(NEW.id, course, done, until), ADM, at=NOW).refused(code)


def test_who_is_not_enrolled_is_not_trained() -> None:
    given(proposed()).when(COURSE, ADM, at=NOW).refused("UNKNOWN_PERSON")


def test_one_accepts_the_accountability_policy_oneself() -> None:
    given(enrolled()).when(ACCEPT, NEW).then([ACCEPTED])
    given(enrolled()).when(ACCEPT, ADM).refused("SOD_VIOLATION")


@pytest.mark.parametrize(
    "fields", [(ACCOUNTABILITY.id, digest(1)), ("accountability/0", ACCOUNTABILITY.digest)]
)
def test_only_the_policy_in_force_is_accepted(fields: tuple[str, str]) -> None:
    given(enrolled()).when(AcceptPolicy(NEW.id, *fields), NEW).refused("POLICY_DIFFERS")


def test_a_policy_is_accepted_once() -> None:
    accepted = on(NEW.id, ACCEPTED, by=NEW)
    given([*enrolled(), accepted]).when(ACCEPT, NEW).refused("ALREADY_RECORDED")


@pytest.mark.parametrize("officer", [SEC, ADM])
def test_another_person_lets_in_who_was_locked_out(officer: Member) -> None:
    events = [*enrolled(), locked_out()]
    given(events).when(LiftLockout(NEW.id), officer, reason=why()).then([LockoutLifted()])
    assert person_after(events).locked_at == 9
    assert with_command(events, LiftLockout(NEW.id), officer, reason=why()).locked_at is None


def test_lifting_a_lockout_is_separated_and_reasoned() -> None:
    events = [*enrolled(), locked_out(SEC)]
    given(events).when(LiftLockout(SEC.id), SEC, reason=why()).refused("SOD_VIOLATION")
    given(events).when(LiftLockout(SEC.id), ADM).refused("REASON_REQUIRED")
    given(events).when(LiftLockout(NEW.id), SEC, reason=why()).refused("NOT_LOCKED_OUT")
