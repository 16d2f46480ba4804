"""The gate against the hand-written table: every command, role, delegation and training there is."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from core.kernel.actors import Duty, Role
from core.kernel.errors import Refused
from core.trial.authority import (
    OWN_ACCOUNT,
    require_member,
    require_signatory,
    require_standing,
    resolve_meaning,
)
from core.trial.catalogue import DECIDERS, OPENS_WITH, opening_topics
from core.trial.people.delegation import DELEGATED_ROLES
from core.trial.people.person import Person
from core.trial.people.rights import Delegation, Held, Training
from core.trial.policy import ACCOUNTABILITY, SERVICE_TYPES, founding_policy
from tests.matrix.table import PEOPLE, TABLE, allowed, expected
from tests.support.given import LONG_AFTER, given

DAY = timedelta(days=1)
NOW = LONG_AFTER
TODAY = NOW.date()
BY_NAME = {command.__name__: command for command in DECIDERS}
INSTANCE = given().trial.instance

TRAININGS: dict[str, tuple[Training, ...]] = {
    "none": (),
    "current": (Training("GCP", TODAY - DAY, TODAY, 5),),
    "expired": (Training("GCP", TODAY - 9 * DAY, TODAY - DAY, 5),),
}
DELEGATIONS: dict[str, Held | None] = {
    "none": None,
    "active": Held("sha256:d", 6, None, NOW - DAY, NOW + DAY),
    "ended": Held("sha256:d", 6, 7),
    "not_yet": Held("sha256:d", 6, None, NOW + DAY, None),
    "expired": Held("sha256:d", 6, None, None, NOW),
}


def somebody(role: Role, delegation: str, training: str) -> Person:
    held = DELEGATIONS[delegation]
    return Person(
        "a.b",
        "A B",
        keys=(Held("key", 1),),
        roles=(Held(role, 1),),
        delegations=(Delegation(held, role, tuple(Duty), "pi"),) if held else (),
        trainings=TRAININGS[training],
        accepted=(ACCOUNTABILITY.digest,),
    )


SOMEBODY: dict[tuple[Role, str, str], Person] = {
    state: somebody(*state) for state in product(PEOPLE, DELEGATIONS, TRAININGS)
}


def gate(command: type, person: Person, role: Role) -> str | None:
    """Ask the gate as the writer does, up to the meaning of what is signed."""
    topics = opening_topics(command)
    try:
        require_member(person, role, NOW)
        require_signatory(INSTANCE, role, topics)
        require_standing(INSTANCE, person, role, topics, NOW)
        for topic in topics:
            resolve_meaning(INSTANCE, topic, role, None)
    except Refused as error:
        return error.code
    return None


def test_the_table_names_every_command_and_no_other() -> None:
    assert set(TABLE) == set(BY_NAME)


@pytest.mark.parametrize("name", TABLE)
def test_the_gate_is_the_table(name: str) -> None:
    command = BY_NAME[name]
    differing = {
        state: (found, wanted)
        for state, person in SOMEBODY.items()
        if (found := gate(command, person, state[0])) != (wanted := expected(name, *state))
    }
    assert differing == {}


@pytest.mark.parametrize("name", [name for name in TABLE if any(allowed(name).values())])
def test_a_delegation_of_every_other_duty_does_not_help(name: str) -> None:
    """The duty is the one that the table names: with all but that one nobody signs, with it alone they do."""
    command = BY_NAME[name]
    for role, duty in allowed(name).items():
        if duty is None:
            continue
        person = SOMEBODY[role, "active", "current"]
        (whole,) = person.delegations
        for duties, code in (
            (tuple(d for d in Duty if d != duty), "DELEGATION_MISSING"),
            ((Duty(duty),), None),
        ):
            held = Delegation(whole.held, role, duties, whole.by)
            changed = Person(
                person.id,
                person.name,
                keys=person.keys,
                roles=person.roles,
                delegations=(held,),
                trainings=person.trainings,
                accepted=person.accepted,
            )
            assert gate(command, changed, role) == code, (role, duties)


def test_nobody_without_the_accepted_policy_signs_anything_but_its_acceptance() -> None:
    bare = {role: Person("a.b", "A B", keys=(Held("key", 1),), roles=(Held(role, 1),)) for role in PEOPLE}
    for (name, command), role in product(BY_NAME.items(), PEOPLE):
        wanted = "POLICY_NOT_ACCEPTED" if role in allowed(name) else "NOT_AUTHORISED"
        if name == "AcceptPolicy":
            wanted = None  # type: ignore[assignment]
        assert gate(command, bare[role], role) == wanted, (name, role)


# -- what has to hold of any policy of this trial -------------------------------------------------------


def test_whatever_a_delegated_role_signs_is_a_duty() -> None:
    """Own-account types apart: else somebody at the site would work without the investigator's word."""
    policy = founding_policy()
    duties = {row.type for row in policy.duties}
    loose = {
        (g.role, g.type) for g in policy.grants if g.role in DELEGATED_ROLES and g.type not in OWN_ACCOUNT
    }
    assert {pair for pair in loose if pair[1] not in duties} == set()


def test_a_type_belongs_to_one_duty_and_every_duty_has_one() -> None:
    rows = founding_policy().duties
    assert len({row.type for row in rows}) == len(rows)
    assert {row.duty for row in rows} == set(Duty)


@pytest.mark.parametrize(
    "role", [Role.AUD, Role.CRA, Role.DM, Role.MM, Role.SRC, Role.ADM, Role.SEC, Role.PI]
)
def test_who_does_not_work_for_the_investigator_needs_no_delegation(role: Role) -> None:
    assert role not in DELEGATED_ROLES
    assert role not in founding_policy().delegated
    for name, command in BY_NAME.items():
        if role in allowed(name):
            assert gate(command, SOMEBODY[role, "none", "current"], role) is None, name


def test_administrators_and_registrars_sign_nothing_clinical_and_inspectors_nothing_but_their_account() -> (
    None
):
    signed = {
        role: {g.type.partition(".")[0] for g in founding_policy().grants if g.role is role}
        for role in PEOPLE
    }
    assert signed[Role.ADM] == signed[Role.SEC] == {"people", "instance", "devices"}
    assert signed[Role.AUD] == {"people"}


@pytest.mark.parametrize("role", [Role.CRA, Role.MM, Role.DM, Role.AUD])
def test_who_monitors_never_changes_a_clinical_value(role: Role) -> None:
    """ISO 14155 9.2.4.5(i): nobody of sponsor or inspection enters or corrects what the site observed."""
    of_the_site = {"subject", "casebook", "product"}
    theirs = {g.type for g in founding_policy().grants if g.role is role}
    deviations = {"casebook.DeviationRecorded/1", "casebook.DeviationAssessed/1"}
    assert {t for t in theirs - deviations if t.partition(".")[0] in of_the_site} == set()


def test_the_service_signs_what_no_command_opens_with() -> None:
    opening = {event.TOPIC for events in OPENS_WITH.values() for event in events}
    assert opening.isdisjoint(SERVICE_TYPES)
