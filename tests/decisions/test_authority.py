"""Who may sign what, meaning what: judged from the policy in the log alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.kernel.actors import Meaning, Role
from core.kernel.errors import Refused
from core.trial.authority import require_member, resolve_meaning
from core.trial.instance.events import Grant
from core.trial.instance.state import Instance
from core.trial.people.state import Held, Person
from core.trial.policy import SERVICE_TYPES
from tests.support.given import given

SCREENED = "subject.SubjectScreened/1"


def instance(*more: Grant) -> Instance:
    created = given().trial.instance.created
    assert created is not None
    return Instance(replace(created, policy=replace(created.policy, grants=(*created.policy.grants, *more))))


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


MEMBER = Person("a.b", "A B", keys=(Held("key", 1),), roles=(Held(Role.SC, 1),))


def test_a_member_has_name_role_and_key() -> None:
    assert require_member(MEMBER, Role.SC) == "key"


@pytest.mark.parametrize(
    ("person", "code"),
    [
        (replace(MEMBER, name=""), "UNKNOWN_PERSON"),
        (replace(MEMBER, roles=()), "ROLE_NOT_HELD"),
        (replace(MEMBER, roles=(Held(Role.SC, 1, 2),)), "ROLE_NOT_HELD"),
        (replace(MEMBER, keys=()), "NO_ACTIVE_KEY"),
        (replace(MEMBER, keys=(Held("key", 1, 2),)), "NO_ACTIVE_KEY"),
    ],
)
def test_who_lacks_one_of_them_is_no_member(person: Person, code: str) -> None:
    with pytest.raises(Refused, match=code):
        require_member(person, Role.SC)
