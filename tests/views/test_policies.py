"""Who changed the policy when, item by item; and what follows in the registers of people and rights."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel.actors import Duty, Role
from core.kernel.codec import to_data
from core.trial.instance.commands import ApprovePolicyChange, ProposePolicyChange, WithdrawPolicyChange
from core.trial.instance.events import Accountability, Lockout
from core.trial.people.commands import AcceptPolicy, DelegateDuties, ProposeRole
from core.trial.policy import ACCOUNTABILITY, founding_policy
from projections.policies import IN_FORCE, PROPOSED, SUPERSEDED, WITHDRAWN
from projections.runner import Runner
from tests.support.enrolment import identity
from tests.views.stage import STAFF, WHY
from tests.views.test_views_of_people import missing, register

if TYPE_CHECKING:
    from projections.views import Views
    from tests.views.stage import Stage

SC = STAFF[Role.SC][0]
DAY = timedelta(days=1)
BORN = founding_policy()
STRICTER = replace(BORN, lockout=Lockout(3, 15), trained=BORN.trained[1:])
NEXT_TEXT = Accountability("accountability/2", "What is signed in my name is mine, on paper and on screen.")


def propose(stage: Stage, **changes: Any) -> str:
    stage.log.catch_up()
    policy = stage.log.trial.instance.policy
    assert policy is not None
    stage.do(Role.ADM, ProposePolicyChange(replace(policy, **changes)), reason=WHY)
    stage.log.catch_up()
    proposal = stage.log.trial.instance.proposal
    assert proposal is not None
    return proposal.digest


def change(stage: Stage, **changes: Any) -> int:
    """Let two officers change the policy; return the position from behind which it counts."""
    return stage.do(Role.SEC, ApprovePolicyChange(propose(stage, **changes)), reason=WHY).positions[0]


def policies(stage: Stage, views: Views) -> list[dict[str, Any]]:
    Runner(stage.log, views).catch_up()
    return views.rows("policies")


@pytest.mark.slow
def test_the_founding_policy_is_the_first_row(stage: Stage, views: Views) -> None:
    (row,) = policies(stage, views)
    assert (row["number"], row["status"], row["counts_from_position"]) == (1, IN_FORCE, 1)
    assert (row["changes"], row["settled"], row["policy"]) == ([], None, to_data(BORN))


def test_a_change_is_told_item_by_item_with_both_signatures(stage: Stage, views: Views) -> None:
    digest = propose(stage, lockout=STRICTER.lockout, trained=STRICTER.trained)
    waiting = policies(stage, views)[1]
    assert (waiting["status"], waiting["digest"], waiting["settled"]) == (PROPOSED, digest, None)
    at = stage.do(Role.SEC, ApprovePolicyChange(digest), reason=WHY).positions[0]
    born, row = policies(stage, views)
    assert (born["status"], row["status"], row["counts_from_position"]) == (SUPERSEDED, IN_FORCE, at)
    assert [(one["item"], one["loosens"]) for one in row["changes"]] == [
        ("roles that need a training", True),
        ("lock-out", False),
    ]
    assert row["changes"][1]["old"] == "5 failed attempts within 15 minutes"
    assert row["changes"][1]["new"] == "3 failed attempts within 15 minutes"
    assert (row["proposed"]["role"], row["settled"]["role"]) == (Role.ADM, Role.SEC)
    assert (row["proposed"]["position"], row["settled"]["position"]) == (at - 1, at)
    assert row["reason"] == {"code": WHY.code, "text": WHY.text}
    assert [one["status"] for one in views.rows("policies", at - 1)] == [IN_FORCE, PROPOSED]


@pytest.mark.slow
def test_a_withdrawn_policy_stays_readable(stage: Stage, views: Views) -> None:
    digest = propose(stage, lockout=Lockout(4, 15))
    stage.do(Role.SEC, WithdrawPolicyChange(digest), reason=WHY)
    change(stage, lockout=Lockout(3, 15))
    rows = policies(stage, views)
    assert [row["status"] for row in rows] == [SUPERSEDED, WITHDRAWN, IN_FORCE]
    assert rows[1]["counts_from_position"] is None


def test_an_acceptance_ends_with_its_text_and_counts_again_with_it(stage: Stage, views: Views) -> None:
    for who in (Role.PI, Role.SC):
        stage.propose(who)
        stage.approve(who)
    at = change(stage, accountability=NEXT_TEXT)
    (row,) = [r for r in register(stage, views, SC) if r["kind"] == "policy"]
    assert (row["state"], row["ended_by"], row["until"]["position"]) == ("ended", "PolicyChanged", at)
    assert missing(stage, views, SC) == ["POLICY_NOT_ACCEPTED"]
    stage.do(Role.SC, AcceptPolicy(SC, NEXT_TEXT.id, NEXT_TEXT.digest))
    assert missing(stage, views, SC) == []
    for officer in (Role.ADM, Role.SEC):
        stage.do(officer, AcceptPolicy(stage.ids[officer], NEXT_TEXT.id, NEXT_TEXT.digest))
    change(stage, accountability=ACCOUNTABILITY)
    rows = [r for r in register(stage, views, SC) if r["kind"] == "policy"]
    assert {r["right"]: r["state"] for r in rows} == {ACCOUNTABILITY.id: "counts", NEXT_TEXT.id: "ended"}


@pytest.mark.slow
def test_what_somebody_lacks_follows_the_policy_in_force(stage: Stage, views: Views) -> None:
    stage.propose(Role.SC)
    stage.do(Role.SEC, identity(SC))
    stage.approve_open(SC)
    assert missing(stage, views, SC) == ["POLICY_NOT_ACCEPTED", "TRAINING_MISSING", "DELEGATION_MISSING"]
    change(stage, trained=tuple(role for role in BORN.trained if role is not Role.SC))
    assert missing(stage, views, SC) == ["POLICY_NOT_ACCEPTED", "DELEGATION_MISSING"]
    change(stage, delegated=tuple(role for role in BORN.delegated if role is not Role.SC))
    assert missing(stage, views, SC) == ["POLICY_NOT_ACCEPTED"]


def test_a_delegation_lapses_with_the_role_in_which_it_was_given(stage: Stage, views: Views) -> None:
    for who in (Role.PI, Role.SC):
        stage.propose(who)
        stage.approve(who)
    end = stage.clock() + 2 * DAY
    stage.do(Role.ADM, ProposeRole(SC, Role.LB, None, end))
    stage.approve_open(SC)
    stage.do(Role.PI, DelegateDuties(SC, Role.LB, (Duty.LABS,), None, None))
    for moment, state in ((end - DAY, "counts"), (end, "lapsed")):
        found = {r["right"]: r["state"] for r in register(stage, views, SC, moment)}
        assert (found["LB"], found["LB: labs"]) == (state, state)
    other = {r["kind"]: r["state"] for r in register(stage, views, SC, end) if r["right"].startswith("SC")}
    assert other == {"role": "counts", "delegation": "counts"}
    stage.clock.advance_to(end)
    stage.do(Role.ADM, ProposeRole(SC, Role.LB, None, None))
    stage.approve_open(SC)
    found = {r["right"]: r["state"] for r in register(stage, views, SC)}
    assert found["LB: labs"] == "lapsed", "a delegation does not pass to a later grant of the role"
