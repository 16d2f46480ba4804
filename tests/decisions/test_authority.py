"""Who may sign what, meaning what: judged from the policy in the log alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.kernel.actors import Duty, Environment, Meaning, Role
from core.kernel.errors import Refused, Unavailable
from core.trial.authority import (
    require_fresh_password,
    require_member,
    require_signatory,
    require_standing,
    require_trusted_clock,
    resolve_meaning,
)
from core.trial.instance.events import Grant
from core.trial.instance.state import ClockStanding, Enacted, Instance
from core.trial.people.events import PasswordChanged, PolicyAccepted
from core.trial.people.person import Person
from core.trial.people.rights import Delegation, Held, Training
from core.trial.policy import ACCOUNTABILITY, PASSWORD_DAYS, SERVICE_TYPES, founding_policy
from tests.support.given import LONG_AFTER, given

SCREENED = "subject.SubjectScreened/1"
LABS = "casebook.LabPanelReported/1"
MEDDLED = "study.ProtocolConfigProposed/1"
NOW = LONG_AFTER
DAY = timedelta(days=1)


def instance(*more: Grant, **policy: Any) -> Instance:
    created = given().trial.instance.created
    assert created is not None
    told = replace(created.policy, grants=(*created.policy.grants, *more), **policy)
    return Instance(replace(created, policy=told), enacted=(Enacted(1, 1, told),))


def refusal(topic: str, role: Role, wanted: Meaning | None, *more: Grant) -> str:
    with pytest.raises(Refused) as caught:
        resolve_meaning(instance(*more), topic, role, wanted)
    return caught.value.code


REVIEWS = Grant(Role.SC, SCREENED, Meaning.REVIEWED)


def test_the_one_meaning_of_a_role_needs_not_be_said() -> None:
    assert resolve_meaning(instance(), SCREENED, Role.SC, None) == Meaning.AUTHORED


def test_a_meaning_that_is_allowed_may_be_said() -> None:
    assert resolve_meaning(instance(REVIEWS), SCREENED, Role.SC, Meaning.REVIEWED) == Meaning.REVIEWED


def test_where_several_meanings_are_allowed_one_must_be_chosen() -> None:
    assert refusal(SCREENED, Role.SC, None, REVIEWS) == "MEANING_REQUIRED"


def test_a_meaning_that_is_not_allowed_is_refused() -> None:
    assert refusal(SCREENED, Role.SC, Meaning.REVIEWED) == "MEANING_NOT_PERMITTED"


def test_a_role_without_a_grant_is_refused() -> None:
    assert refusal(SCREENED, Role.CRA, None) == "NOT_AUTHORISED"


@pytest.mark.parametrize("topic", sorted(SERVICE_TYPES))
@pytest.mark.parametrize("role", [Role.SVC, Role.ADM])
def test_what_the_service_signs_no_person_signs(topic: str, role: Role) -> None:
    assert refusal(topic, role, None, Grant(role, topic, Meaning.RECORDED)) == "NOT_AUTHORISED"
    with pytest.raises(Refused, match="NOT_AUTHORISED"):
        require_signatory(instance(Grant(role, topic, Meaning.RECORDED)), role, [topic])


def test_a_role_signs_a_command_that_can_open_with_one_of_its_types() -> None:
    require_signatory(instance(), Role.SC, [MEDDLED, SCREENED])
    with pytest.raises(Refused, match="NOT_AUTHORISED"):
        require_signatory(instance(), Role.SC, [MEDDLED])


# -- the person -------------------------------------------------------------------------------------

MEMBER = Person("a.b", "A B", keys=(Held("key", 1),), roles=(Held(Role.SC, 1),))


def test_a_member_has_name_role_and_key() -> None:
    assert require_member(MEMBER, Role.SC, NOW) == "key"


@pytest.mark.parametrize(
    ("person", "code"),
    [
        (replace(MEMBER, name=""), "UNKNOWN_PERSON"),
        (replace(MEMBER, locked_at=7), "LOCKED_OUT"),
        (replace(MEMBER, roles=()), "ROLE_NOT_HELD"),
        (replace(MEMBER, roles=(Held(Role.SC, 1, 2),)), "ROLE_NOT_HELD"),
        (replace(MEMBER, roles=(Held(Role.SC, 1, None, NOW + DAY),)), "ROLE_NOT_HELD"),
        (replace(MEMBER, roles=(Held(Role.SC, 1, None, None, NOW),)), "ROLE_NOT_HELD"),
        (replace(MEMBER, keys=()), "NO_ACTIVE_KEY"),
        (replace(MEMBER, keys=(Held("key", 1, 2),)), "NO_ACTIVE_KEY"),
    ],
)
def test_who_lacks_one_of_them_is_no_member(person: Person, code: str) -> None:
    with pytest.raises(Refused, match=code):
        require_member(person, Role.SC, NOW)


# -- the standing -----------------------------------------------------------------------------------

TRAINED = Training("GCP", NOW.date() - 9 * DAY, NOW.date() + DAY, 4)
DELEGATED = Delegation(Held("sha256:labs", 5, None, NOW, NOW + DAY), Role.SC, (Duty.LABS,), "pi")
STANDING = replace(MEMBER, accepted=(ACCOUNTABILITY.digest,), trainings=(TRAINED,), delegations=(DELEGATED,))


def stands(person: Person, role: Role = Role.SC, *topics: str, at: Any = NOW) -> str | None:
    try:
        return require_standing(instance(), person, role, topics or (LABS,), at)
    except Refused as error:
        return error.code


def test_who_stands_signs_under_the_delegation_that_covers_the_duty() -> None:
    assert stands(STANDING) == "sha256:labs"
    assert stands(STANDING, Role.PI) is None


@pytest.mark.parametrize(
    ("person", "code"),
    [
        (replace(STANDING, accepted=()), "POLICY_NOT_ACCEPTED"),
        (replace(STANDING, accepted=("sha256:another",)), "POLICY_NOT_ACCEPTED"),
        (replace(STANDING, trainings=()), "TRAINING_MISSING"),
        (replace(STANDING, trainings=(replace(TRAINED, expires_on=NOW.date() - DAY),)), "TRAINING_EXPIRED"),
        (replace(STANDING, delegations=()), "DELEGATION_MISSING"),
        (replace(STANDING, delegations=(replace(DELEGATED, role=Role.LB),)), "DELEGATION_MISSING"),
        (replace(STANDING, delegations=(replace(DELEGATED, duties=(Duty.DOSING,)),)), "DELEGATION_MISSING"),
        (replace(STANDING, delegations=(replace(DELEGATED, held=Held("x", 5, 6)),)), "DELEGATION_INACTIVE"),
        (
            replace(STANDING, delegations=(replace(DELEGATED, held=Held("x", 5, None, NOW + DAY)),)),
            "DELEGATION_INACTIVE",
        ),
        (
            replace(STANDING, delegations=(replace(DELEGATED, held=Held("x", 5, None, None, NOW)),)),
            "DELEGATION_INACTIVE",
        ),
    ],
)
def test_who_lacks_something_is_told_what(person: Person, code: str) -> None:
    assert stands(person) == code


def test_ones_own_account_takes_no_training_and_the_first_act_no_acceptance() -> None:
    bare = replace(MEMBER, accepted=())
    assert stands(bare, Role.SC, PolicyAccepted.TOPIC) is None
    assert stands(bare, Role.SC, PasswordChanged.TOPIC) == "POLICY_NOT_ACCEPTED"
    assert stands(replace(bare, accepted=(ACCOUNTABILITY.digest,)), Role.SC, PasswordChanged.TOPIC) is None


def test_nobody_signs_by_a_clock_that_the_log_calls_wrong() -> None:
    stands_trusted = replace(instance(), clock=ClockStanding(True, NOW))  # noqa: FBT003 - trusted
    require_trusted_clock(instance())
    require_trusted_clock(stands_trusted)
    with pytest.raises(Unavailable, match="CLOCK_UNTRUSTED"):
        require_trusted_clock(replace(stands_trusted, clock=ClockStanding(False, NOW)))  # noqa: FBT003 - not


def test_before_the_founding_nobody_stands() -> None:
    with pytest.raises(Refused, match="INSTANCE_NOT_OPEN"):
        require_standing(Instance(), STANDING, Role.SC, (LABS,), NOW)


@pytest.mark.parametrize(
    ("age", "topic", "refused"),
    [
        (PASSWORD_DAYS * DAY, LABS, False),
        (PASSWORD_DAYS * DAY + timedelta(seconds=1), LABS, True),
        (PASSWORD_DAYS * DAY + timedelta(seconds=1), PasswordChanged.TOPIC, False),
    ],
)
def test_a_password_of_a_real_trial_is_changed_within_a_year(
    age: timedelta,
    topic: str,
    refused: bool,  # noqa: FBT001
) -> None:
    real = instance(password_days=founding_policy(Environment.PRODUCTION).password_days)
    person = replace(STANDING, credential_since=NOW - age)
    require_fresh_password(instance(), person, [topic], NOW)
    if not refused:
        require_fresh_password(real, person, [topic], NOW)
        return
    with pytest.raises(Refused, match="PASSWORD_TOO_OLD"):
        require_fresh_password(real, person, [topic], NOW)
