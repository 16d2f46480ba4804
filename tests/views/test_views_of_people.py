"""Who held which right when, and what somebody still lacks: as people read it, now and as of a day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core.kernel.actors import Role
from core.trial.people.commands import (
    DelegateDuties,
    DisablePerson,
    EndDelegation,
    EndRole,
    ProposeRole,
    RejectEnrolment,
)
from core.trial.policy import ACCOUNTABILITY
from core.trial.study.nct05727722 import SITE_ZONE
from projections.access_register import AccessRegister
from projections.people import People
from projections.presenting import presented
from projections.runner import Runner
from tests.support.enrolment import acceptance, identity, training
from tests.views.stage import STAFF, START, WHY

if TYPE_CHECKING:
    from datetime import datetime

    from projections.views import Views
    from tests.views.stage import Stage

Row = dict[str, Any]
SC = STAFF[Role.SC][0]
PI = STAFF[Role.PI][0]
DAY = timedelta(days=1)


def register(stage: Stage, views: Views, person: str, at: datetime | None = None) -> list[Row]:
    Runner(stage.log, views).catch_up()
    rows = presented(AccessRegister(), views.rows("access-register"), at or stage.clock())
    return [row for row in rows if row["person"] == person]


def missing(stage: Stage, views: Views, person: str, at: datetime | None = None) -> list[str]:
    Runner(stage.log, views).catch_up()
    row = views.row("people", person)
    assert row is not None
    (shown,) = presented(People(), [row], at or stage.clock())
    found: list[str] = shown["missing"]
    return found


def states(rows: list[Row]) -> dict[str, str]:
    return {row["kind"]: row["state"] for row in rows}


def test_everything_that_lets_somebody_sign_is_a_row_with_who_gave_it(stage: Stage, views: Views) -> None:
    stage.staff()
    rows = {row["kind"]: row for row in register(stage, views, SC)}
    assert set(rows) == {"role", "key", "training", "policy", "delegation"}
    assert {row["state"] for row in rows.values()} == {"counts"}
    role = rows["role"]
    assert (role["right"], role["proposed_by"], role["since"]["by"]) == ("SC", "jun.xu", "mei.lin")
    assert rows["key"]["right"] == stage.keys[Role.SC].key_id
    assert rows["policy"]["right"] == ACCOUNTABILITY.id
    assert rows["policy"]["since"]["by"] == SC
    assert (rows["delegation"]["since"]["by"], rows["training"]["since"]["by"]) == (PI, "jun.xu")
    assert role["since"]["at"].endswith("+08:00")
    assert stage.recorded(role["since"]["position"]).payload.TOPIC == "people.EnrolmentApproved/1"


def test_the_founders_hold_role_and_key_from_position_1(stage: Stage, views: Views) -> None:
    rows = register(stage, views, "mei.lin")
    assert [(r["kind"], r["since"]["position"]) for r in rows if r["kind"] in {"role", "key"}] == [
        ("role", 1),
        ("key", 1),
    ]


def test_who_ended_a_right_and_why_stands_beside_it(stage: Stage, views: Views) -> None:
    stage.staff()
    before = stage.log.size()
    stage.do(Role.SEC, EndRole(SC, Role.SC), reason=WHY)
    rows = {row["kind"]: row for row in register(stage, views, SC)}
    for kind in ("role", "delegation"):
        ended = rows[kind]
        assert (ended["state"], ended["ended_by"], ended["until"]["by"]) == ("ended", "RoleEnded", "mei.lin")
        assert ended["until"]["reason"] == {"code": WHY.code, "text": WHY.text}
        assert ended["until"]["position"] == before + 1
    assert rows["key"]["state"] == "counts"


def test_as_of_a_position_the_register_is_what_it_was(stage: Stage, views: Views) -> None:
    stage.staff()
    before = stage.log.size()
    stage.do(Role.SEC, DisablePerson(SC), reason=WHY)
    assert states(register(stage, views, SC))["role"] == "ended"
    rows = [r for r in views.rows("access-register", before) if r["person"] == SC]
    assert states(presented(AccessRegister(), rows, stage.clock()))["role"] == "counts"


def test_a_right_with_dates_is_not_yet_there_counts_and_lapses(stage: Stage, views: Views) -> None:
    stage.staff()
    start = stage.clock() + DAY
    stage.do(Role.ADM, ProposeRole(SC, Role.LB, start, start + DAY))
    stage.approve_open(SC)
    for moment, state in (
        (start - timedelta(seconds=1), "not_yet"),
        (start, "counts"),
        (start + DAY - timedelta(seconds=1), "counts"),
        (start + DAY, "lapsed"),
    ):
        (row,) = [r for r in register(stage, views, SC, moment) if r["right"] == "LB"]
        assert row["state"] == state


def test_a_training_lapses_behind_its_last_day(stage: Stage, views: Views) -> None:
    stage.staff()
    last = START.date() + timedelta(days=3653)
    noon = START.replace(year=last.year, month=last.month, day=last.day, hour=12)
    assert states(register(stage, views, SC, noon))["training"] == "counts"
    assert states(register(stage, views, SC, noon + DAY))["training"] == "lapsed"
    assert missing(stage, views, SC, noon) == []
    assert missing(stage, views, SC, noon + DAY) == ["TRAINING_EXPIRED"]


def test_the_list_of_people_says_what_somebody_still_lacks(stage: Stage, views: Views) -> None:
    stage.propose(Role.PI)
    assert missing(stage, views, PI) == ["UNKNOWN_PERSON"]
    stage.approve(Role.PI)
    assert missing(stage, views, PI) == []
    stage.propose(Role.SC)
    stage.do(Role.SEC, identity(SC))
    stage.approve_open(SC)
    assert missing(stage, views, SC) == ["POLICY_NOT_ACCEPTED", "TRAINING_MISSING", "DELEGATION_MISSING"]
    stage.do(Role.ADM, training(SC, stage.clock().date()))
    stage.do(Role.SC, acceptance(SC))
    assert missing(stage, views, SC) == ["DELEGATION_MISSING"]


def test_an_ended_delegation_is_missing_again(stage: Stage, views: Views) -> None:
    stage.staff()
    (row,) = [r for r in views_rows(stage, views) if r["person"] == SC]
    (delegation,) = row["delegations"]
    assert delegation["by"] == PI
    stage.do(Role.PI, EndDelegation(SC, delegation["delegation"]), reason=WHY)
    assert missing(stage, views, SC) == ["DELEGATION_MISSING"]
    duties = tuple(delegation["duties"])
    stage.do(Role.PI, DelegateDuties(SC, Role.SC, duties, None, None))
    assert missing(stage, views, SC) == []


def test_who_was_rejected_is_told_from_who_waits(stage: Stage, views: Views) -> None:
    stage.propose(Role.SC)
    (row,) = [r for r in views_rows(stage, views) if r["person"] == SC]
    covers = tuple(proposal["digest"] for proposal in row["proposals"])
    stage.do(Role.SEC, RejectEnrolment(SC, covers), reason=WHY)
    (rejected,) = [r for r in views_rows(stage, views) if r["person"] == SC]
    assert (row["status"], rejected["status"], rejected["proposals"]) == ("proposed", "rejected", [])
    assert missing(stage, views, SC) == ["UNKNOWN_PERSON"]


def views_rows(stage: Stage, views: Views) -> list[Row]:
    Runner(stage.log, views).catch_up()
    return views.rows("people")


def test_the_register_is_told_in_the_zone_of_who_signed(stage: Stage, views: Views) -> None:
    stage.staff()
    (policy,) = [r for r in register(stage, views, SC) if r["kind"] == "policy"]
    assert SITE_ZONE == "Asia/Shanghai"
    assert policy["since"]["at"].endswith("+08:00")
