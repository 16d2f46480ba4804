"""Given events about people and signatures, these rows; and who may read which view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.kernel.actors import Role
from core.trial.people.commands import EndRole, RevokeSigningKey
from core.trial.policy import founding_policy
from core.trial.registry import EVENTS
from core.trial.study.commands import ApproveProtocolConfig
from projections.catalogue import PROJECTIONS
from projections.runner import Runner
from tests.views.stage import STAFF, WHY

if TYPE_CHECKING:
    from projections.views import Views
    from tests.views.stage import Stage


def person(stage: Stage, views: Views, identifier: str) -> dict[str, Any]:
    Runner(stage.log, views).catch_up()
    row = views.row("people", identifier)
    assert row is not None
    return row


def test_the_birth_of_the_instance_brings_both_officers(stage: Stage, views: Views) -> None:
    row = person(stage, views, "mei.lin")
    assert (row["name"], row["status"], row["roles"]) == ("Mei Lin", "active", ["SEC"])
    assert row["keys"] == [{"key": stage.keys[Role.SEC].key_id, "since": 1, "until": None}]
    assert [r["person"] for r in views.rows("people", 1)] == ["mei.lin", "jun.xu"]


def test_a_proposed_person_has_a_name_but_nothing_that_counts(stage: Stage, views: Views) -> None:
    stage.propose(Role.PI)
    row = person(stage, views, "pi.chen")
    assert (row["name"], row["status"], row["roles"], row["key"]) == ("Chen Wei", "proposed", [], None)
    assert [p["event"] for p in row["proposals"]] == ["PersonInvited", "SigningKeyEnrolled", "RoleGranted"]
    assert {p["proposer"] for p in row["proposals"]} == {"jun.xu"}


def test_approval_puts_a_person_to_work_and_officers_take_it_back(stage: Stage, views: Views) -> None:
    stage.propose(Role.PI)
    stage.approve(Role.PI)
    row = person(stage, views, "pi.chen")
    assert (row["status"], row["roles"], row["proposals"]) == ("active", ["PI"], [])
    assert row["key"] == stage.keys[Role.PI].key_id
    stage.do(Role.SEC, RevokeSigningKey("pi.chen", row["key"]), reason=WHY)
    assert person(stage, views, "pi.chen")["status"] == "without_key"
    stage.do(Role.SEC, EndRole("pi.chen", Role.PI), reason=WHY)
    ended = person(stage, views, "pi.chen")
    assert (ended["status"], ended["roles"], ended["key"]) == ("without_role", [], None)
    assert ended["role_history"][0]["until"] == stage.log.size()


def test_a_signature_row_manifests_name_time_and_meaning(stage: Stage, views: Views) -> None:
    stage.propose(Role.PI)
    Runner(stage.log, views).catch_up()
    row = views.rows("signatures")[-1]
    sentence = {str(s.meaning): s.text for s in founding_policy().legal}["approved"]
    assert (row["printed_name"], row["role"], row["meaning"]) == ("Jun Xu", "ADM", "approved")
    assert (row["legal"], row["auth"], row["zone"]) == (sentence, "password", "Asia/Shanghai")
    assert row["signed_at"].endswith("+08:00")
    assert row["key"] == stage.keys[Role.ADM].key_id


def test_a_refusal_row_names_command_and_person(stage: Stage, views: Views) -> None:
    stage.staff()
    code = stage.refused(Role.PI, ApproveProtocolConfig(1))
    Runner(stage.log, views).catch_up()
    (row,) = views.rows("refusals")
    assert row["code"] == code == "NOTHING_TO_APPROVE"
    assert (row["command"], row["person"], row["target"]) == (
        "ApproveProtocolConfig",
        STAFF[Role.PI][0],
        "study",
    )
    assert views.rows("trail")[-1]["event"] == "CommandRefused"


def test_the_birth_in_the_trail_is_flat_and_complete(stage: Stage, views: Views) -> None:
    Runner(stage.log, views).catch_up()
    fields = {change["field"] for change in views.rows("trail")[0]["changes"]}
    assert {"origin", "environment", "policy.grants", "policy.legal", "officers"} <= fields


# What tells of people, keys and the running instance, and of no subject.
OF_THE_INSTANCE = {
    "people",
    "devices",
    "access-register",
    "policies",
    "doubtful-signatures",
    "alerts",
    "clock",
}


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda p: p.name)
def test_administrators_and_registrars_see_no_clinical_rows(projection: Any) -> None:
    clinical = projection.name not in {"refusals", *OF_THE_INSTANCE}
    assert Role.AUD in projection.readers
    assert not (clinical and projection.readers & {Role.ADM, Role.SEC})
    assert projection.name in OF_THE_INSTANCE or Role.ADM not in projection.readers


def test_names_of_views_are_kebab_case_and_unique() -> None:
    names = [projection.name for projection in PROJECTIONS]
    assert len(set(names)) == len(names)
    assert all(name == name.lower() and name.replace("-", "").isalpha() for name in names)


def test_the_trail_shows_names_of_the_registry(golden_views: Views) -> None:
    shown = {row["event"] for row in golden_views.rows("trail")}
    known = {topic.partition(".")[2].partition("/")[0] for topic in EVENTS}
    assert shown <= known
    assert {"InstanceCreated", "EnrolmentApproved", "DecisionSigned", "LabResultCorrected"} <= shown
