"""What ends takes with it whatever rested on it: proposals, delegations, the proof of identity."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from core.kernel.actors import Duty, Role
from core.trial.people.commands import (
    ApproveEnrolment,
    DisablePerson,
    EndRole,
    ProposeSigningKey,
    RecordTraining,
    RejectEnrolment,
    RevokeSigningKey,
    VerifyIdentity,
)
from core.trial.people.events import (
    CredentialResetProposed,
    IdentityEvidence,
    KeyCompromiseDeclared,
    PersonDisabled,
    RoleEnded,
    RoleGranted,
    SigningKeyEnrolled,
    SigningKeyRevoked,
    SigningKeyRotated,
    TrainingRecorded,
)
from tests.decisions.enrolled import (
    COVERS,
    DAY,
    KEY,
    NEW,
    NEXT_KEY,
    NOW,
    approving,
    delegated,
    enrolled,
    granted,
    person_after,
    proposed,
    seen,
    with_command,
)
from tests.support.given import ADM, SEC, Member, Past, digest, given, on, why

if TYPE_CHECKING:
    from core.kernel.recorded import Event

LAB = Member(NEW.id, NEW.name, Role.LB)
GHOST = Member("sec.ghost", "", Role.SEC)
PASSPORT = VerifyIdentity(NEW.id, IdentityEvidence.PASSPORT, None)


# -- proposals --------------------------------------------------------------------------------------


def test_what_was_proposed_about_a_disabled_person_is_no_longer_open() -> None:
    events = [*enrolled(), on(NEW.id, RoleGranted(Role.LB, None, None), by=ADM)]
    events.append(on(NEW.id, PersonDisabled(), by=SEC))
    assert person_after(events).proposals == ()
    given(events).when(ApproveEnrolment(NEW.id, (digest(9),)), SEC).refused("NOTHING_TO_APPROVE")


def test_a_role_that_ends_takes_its_renewal_with_it_and_no_other_proposal() -> None:
    renewal = on(NEW.id, RoleGranted(Role.LB, NOW + DAY, None), by=ADM)
    other = on(NEW.id, RoleGranted(Role.SI, None, None), by=ADM)
    events = [*granted(Role.LB, before=enrolled(), until=NOW + DAY), renewal, other]
    ended = person_after([*events, on(NEW.id, RoleEnded(Role.LB), by=SEC)])
    assert [proposal.event for proposal in ended.proposals] == [other.payload]


@pytest.mark.parametrize("covers", [COVERS[:1], COVERS[1:], COVERS[:2]], ids=len)
def test_an_enrolment_is_rejected_as_a_whole(covers: tuple[str, ...]) -> None:
    """Else a key and a role without a name would wait for approval."""
    story = given([*proposed(), seen()]).when(RejectEnrolment(NEW.id, covers), ADM, reason=why())
    story.refused("ENROLMENT_WHOLE")


def test_an_officer_without_a_name_replaces_nobody() -> None:
    """They could sign nothing (`UNKNOWN_PERSON`)."""
    key = on(GHOST.id, SigningKeyEnrolled("another key", "proof"), by=ADM)
    role = on(GHOST.id, RoleGranted(Role.SEC, None, None), by=ADM)
    events = [key, role, approving(digest(4), digest(5), member=GHOST)]
    assert person_after(events, GHOST).active_roles(NOW) == (Role.SEC,)
    for asked in (
        EndRole(SEC.id, Role.SEC),
        DisablePerson(SEC.id),
        RevokeSigningKey(SEC.id, "key of sec.lin"),
    ):
        given(events).when(asked, ADM, at=NOW, reason=why()).refused("LAST_OFFICER")


# -- delegations ------------------------------------------------------------------------------------


def test_a_delegation_lapses_with_the_role_in_which_it_was_given() -> None:
    events = [*granted(Role.SC, before=enrolled(LAB), until=NOW + DAY), delegated()]
    assert person_after(events).delegation_of(Role.SC, {Duty.LABS}, NOW)
    later = granted(Role.SC, before=events, since=NOW + 300 * DAY)
    assert person_after(later).holds_role(Role.SC, NOW + 300 * DAY)
    assert person_after(later).delegation_of(Role.SC, {Duty.LABS}, NOW + 300 * DAY) is None
    anew = person_after([*later, delegated()])
    assert anew.delegation_of(Role.SC, {Duty.LABS}, NOW + 300 * DAY)


def test_a_delegation_counts_in_a_renewal_that_was_known_when_it_was_given() -> None:
    events = granted(Role.SC, before=enrolled(LAB), until=NOW + DAY)
    renewed = [*granted(Role.SC, before=events, since=NOW + DAY), delegated()]
    assert person_after(renewed).delegation_of(Role.SC, {Duty.LABS}, NOW)
    assert person_after(renewed).delegation_of(Role.SC, {Duty.LABS}, NOW + DAY)


# -- the proof of identity --------------------------------------------------------------------------


def reset() -> list[Past]:
    return [on(NEW.id, CredentialResetProposed(KEY.key_id), by=ADM), approving(digest(9))]


ENDS: dict[str, list[Past]] = {
    "reset": reset(),
    "revocation": [on(NEW.id, SigningKeyRevoked(KEY.key_id), by=SEC)],
    "compromise": [on(NEW.id, KeyCompromiseDeclared(KEY.key_id, 9), by=SEC)],
}


@pytest.mark.parametrize("end", ENDS)
def test_a_person_whose_key_was_taken_is_identified_again_before_the_next(end: str) -> None:
    """Trust 2, T11: evidence seen years ago says nothing about who asks for a key now."""
    events = [*enrolled(), *ENDS[end]]
    assert person_after(events).identity_verified_by is None
    waits = [*events, on(NEW.id, SigningKeyEnrolled(NEXT_KEY.key_id, "proof"), by=ADM)]
    approve = ApproveEnrolment(NEW.id, (digest(len(waits) + 3),))
    given(waits).when(approve, SEC).refused("IDENTITY_NOT_VERIFIED")
    assert with_command([*waits, seen()], approve, SEC).active_key == NEXT_KEY.key_id


@pytest.mark.parametrize(
    "event",
    [
        SigningKeyRotated(KEY.key_id, NEXT_KEY.key_id, "proof"),
        CredentialResetProposed(KEY.key_id),
    ],
    ids=lambda event: type(event).__name__,
)
def test_who_keeps_a_key_that_counts_stays_identified(event: Event) -> None:
    events = [*enrolled(), on(NEW.id, event, by=ADM)]
    assert person_after(events).identity_verified_by == SEC.id
    given(events).when(PASSPORT, Member("sec.x", "X", Role.SEC)).refused("ALREADY_RECORDED")


def test_the_compromise_of_a_key_long_ended_leaves_the_identity() -> None:
    rotated = on(NEW.id, SigningKeyRotated(KEY.key_id, NEXT_KEY.key_id, "proof"), by=NEW)
    events = [*enrolled(), rotated, on(NEW.id, KeyCompromiseDeclared(KEY.key_id, 10), by=SEC)]
    person = person_after(events)
    assert (person.active_key, person.identity_verified_by) == (NEXT_KEY.key_id, SEC.id)
    given(events).when(ProposeSigningKey(NEW.id, "k", "proof"), ADM).refused("KEY_ACTIVE")


# -- the day of a training --------------------------------------------------------------------------


def test_a_course_of_this_morning_is_recorded_where_it_is_morning_and_counts_at_once() -> None:
    """07:30 in Shanghai is yesterday in UTC."""
    now, today = datetime(2024, 3, 5, 23, 30, tzinfo=UTC), date(2024, 3, 6)
    asked = RecordTraining(NEW.id, "GCP", today, today)
    given(enrolled()).when(asked, ADM, at=now).then([TrainingRecorded("GCP", today, today)])
    trained = person_after([*enrolled(), on(NEW.id, TrainingRecorded("GCP", today, today), by=ADM)])
    assert trained.is_trained(now.date())
    tomorrow = RecordTraining(NEW.id, "GCP", today + DAY, today + DAY)
    given(enrolled()).when(tomorrow, ADM, at=now).refused("FUTURE_TIME")
