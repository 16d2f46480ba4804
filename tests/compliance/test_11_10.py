"""21 CFR 11.10: controls for closed systems."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from api.release import code_digest
from api.settings import ClockSettings, Settings
from core.audit.dsse import PAYLOAD_TYPE, pae
from core.audit.log_copy import read_trust
from core.kernel.actors import Environment, Role
from core.kernel.errors import Malformed
from core.keys.ed25519 import verify
from core.rules.screening_facts import Group
from core.trial.instance.commands import ApprovePolicyChange, ProposePolicyChange
from core.trial.instance.events import Accountability, Lockout
from core.trial.people.commands import (
    AcceptPolicy,
    ApproveEnrolment,
    DisablePerson,
    EndDelegation,
    EndRole,
    ProposeRole,
    RecordTraining,
)
from core.trial.policy import founding_policy
from core.trial.registry import read_payload
from core.trial.study.commands import ApproveProtocolConfig, ProposeProtocolConfig
from core.trial.study.config import LaboratoryRules
from core.trial.study.nct05727722 import protocol_config
from core.trial.subject.commands import ConfirmEligibility, CorrectAdverseEvent, EnrolSubject
from core.trial.subject.events import SubjectScreened
from core.trial.subject.field_change import FieldChange
from tests.compliance.product import NEWCOMER, newcomer, newest, proposals, verified
from tests.http import forms
from tests.http import test_devices as terminals
from tests.http.desk import refused
from tests.support import devices
from tests.support.enrolment import acceptance, delegation, identity, training
from tests.support.given import ADM, CRA, MM, PI, SC, SC2, SEC, Member, report, screening
from tests.support.policy import change_policy, policy_of, propose_policy
from tests.verify.tampering import flipped, tampered_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.keys.ed25519 import SigningKey
    from tests.compliance.conftest import Look
    from tests.http.desk import Desk
    from tests.support.world import World
    from tests.verify.tampering import Tampered

ROOT = Path(__file__).parents[2]
FIFTH = 4  # the index of position 5


def stored(world: World) -> Tampered:
    return tampered_from(world.folder / "log.sqlite")


def first_bad(world: World, log: Tampered) -> int | None:
    return log.verify(read_trust(world.trust)).first_bad_position


# -- (a) invalid or altered records ---------------------------------------------------------------------


def test_11_10_a_an_altered_record_is_found_at_its_position(world: World) -> None:
    log = stored(world)
    assert first_bad(world, log) is None
    state = bytes(log.rows[FIFTH].state)  # type: ignore[call-overload]
    log.rows[FIFTH] = log.rows[FIFTH]._replace(state=flipped(state, len(state) // 2, 1))
    assert first_bad(world, log) == 5


def test_11_10_a_a_missing_record_is_found(world: World) -> None:
    log = stored(world)
    del log.rows[FIFTH]
    assert first_bad(world, log) == 5


def test_11_10_a_a_swapped_record_is_found(world: World) -> None:
    log = stored(world)
    here, there = log.rows[FIFTH], log.rows[FIFTH + 1]
    log.rows[FIFTH], log.rows[FIFTH + 1] = here._replace(state=there.state), there._replace(state=here.state)
    assert first_bad(world, log) == 5


# -- (b) copies -----------------------------------------------------------------------------------------


def test_11_10_b_every_record_is_readable_as_a_sentence_and_as_its_signed_bytes(
    world: World, look: Look
) -> None:
    world.do(screening("S01"), SC)
    trail = look("trail")
    assert [row["position"] for row in trail] == list(range(1, world.log.size() + 1))
    for row in trail:
        assert row["sentence"].endswith(".")
        envelope = world.log.entry(row["position"]).leaf.envelope
        key = bytes.fromhex(envelope.key_id.partition(":")[2])
        verify(key, envelope.signature, pae(PAYLOAD_TYPE, envelope.statement))


# -- (c) protection -------------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", ["UPDATE {} SET rowid = rowid", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["stored_events", "log_head", "log_checkpoint"])
def test_11_10_c_no_statement_changes_or_removes_a_record(world: World, statement: str, table: str) -> None:
    before = world.states()
    database = sqlite3.connect(world.folder / "log.sqlite")
    with pytest.raises(sqlite3.IntegrityError):
        database.execute(statement.format(table))
    database.close()
    assert world.states() == before


def test_11_10_c_every_stored_form_stays_readable() -> None:
    approved = [
        json.loads(p.read_text("utf-8")) for p in (ROOT / "tests" / "golden" / "events").glob("*.json")
    ]
    assert len(approved) > 80
    assert all(read_payload(one["topic"], one["data"]) for one in approved)


# -- (d) access -----------------------------------------------------------------------------------------


def test_11_10_d_who_is_disabled_is_out_at_once(world: World) -> None:
    world.do(screening("S01"), SC)
    world.do(DisablePerson(SC.id), SEC, reason="left the site")
    assert world.refused(screening("S02"), SC) == "ROLE_NOT_HELD"


def test_11_10_d_who_was_never_enrolled_is_refused(world: World) -> None:
    stranger = Member("stranger", "Nobody", SC.role)
    assert world.refused(screening("S01"), stranger, key=world.keys[SC.id]) == "UNKNOWN_PERSON"


def test_11_10_d_an_inspectors_role_ends_by_a_date(world: World) -> None:
    assert founding_policy(Environment.PRODUCTION).time_boxed == (Role.AUD,)
    change_policy(world, time_boxed=(Role.AUD,))
    world.do(EndRole(CRA.id, Role.CRA), SEC, reason="left the sponsor")
    forever = ProposeRole(CRA.id, Role.AUD, None, None)
    assert world.refused(forever, ADM) == "TIME_BOX_REQUIRED"
    world.do(replace(forever, valid_until=world.clock() + timedelta(days=30)), ADM)


def test_11_10_d_who_is_idle_is_logged_out(desk: Desk) -> None:
    bearer = desk.bearer("sc.liu")
    for minutes in (14, 14):  # each use begins the time anew
        desk.clock.advance_to(desk.clock() + timedelta(minutes=minutes))
        assert desk.client.get("/v1/subjects", headers=bearer).status_code == 200
    desk.clock.advance_to(desk.clock() + timedelta(minutes=15))
    for _ in range(2):
        refused(desk.client.get("/v1/subjects", headers=bearer), 401, "SESSION_EXPIRED")


def test_11_10_d_nobody_stays_logged_in_for_longer_than_half_a_day(desk: Desk) -> None:
    bearer, begun = desk.bearer("sc.liu"), desk.clock()
    while (now := desk.clock() + timedelta(minutes=14)) < begun + timedelta(hours=12):
        desk.clock.advance_to(now)
        assert desk.client.get("/v1/sessions/current", headers=bearer).status_code == 200
    desk.clock.advance_to(now)
    refused(desk.client.get("/v1/sessions/current", headers=bearer), 401, "SESSION_EXPIRED")


# -- (e) the trail --------------------------------------------------------------------------------------


def corrected(world: World) -> str:
    """Let an adverse event be entered and its grade be corrected; return the subject key."""
    key = world.dosed()
    world.do(report(key, grade=2, onset=world.clock().date()), SC)
    world.do(correction(key), SC, reason="the source says grade 1")
    return key


def correction(key: str) -> CorrectAdverseEvent:
    return CorrectAdverseEvent(key, "AE-1", (FieldChange("grade", 2, 1),), None)


def test_11_10_e_old_values_stay_readable_after_a_correction(world: World, look: Look) -> None:
    corrected(world)
    entered, changed = look("trail")[-2:]
    assert "grade" in {change["field"].rpartition(".")[2] for change in entered["changes"]}
    (change,) = [c for c in changed["changes"] if c["field"].endswith("grade")]
    assert (str(change["old"]), str(change["new"])) == ("2", "1")


def test_11_10_e_a_change_without_a_reason_is_refused(world: World) -> None:
    key = world.dosed()
    world.do(report(key, grade=2, onset=world.clock().date()), SC)
    assert world.refused(correction(key), SC) == "REASON_REQUIRED"


def test_11_10_e_the_time_of_a_record_is_the_servers_own(world: World, desk: Desk) -> None:
    answer = desk.post(
        "sc.liu", "/v1/subjects/S001/screenings", forms.screening(), recorded_at="1999-01-01T00:00:00Z"
    )
    assert refused(answer, 422, "VALIDATION")["field"] == "recorded_at"
    receipt = world.do(screening("S01"), SC)
    assert world.log.entry(receipt.positions[-1]).leaf.seal.received_at == world.clock()


def test_11_10_e_no_setting_turns_the_trail_off() -> None:
    names = {*Settings.__slots__, *ClockSettings.__slots__}
    assert not [name for name in names if re.search("audit|trail|log|record|sign(?!_in)", name)]
    with pytest.raises(Malformed, match="BAD_SETTING"):
        Settings.from_environment({"DOSETRAIL_HTTP_AUDIT": "0"})


# -- (f) sequence ---------------------------------------------------------------------------------------


def test_11_10_f_no_dose_without_the_steps_before_it(world: World) -> None:
    key = "S01"
    steps: tuple[Callable[[], object], ...] = (
        lambda: world.do(screening(key), SC),
        lambda: world.do(ConfirmEligibility(key, Group.ACLF), PI),
        lambda: world.do(EnrolSubject(key, 1, None), PI),
        lambda: world.prepare(key),
    )
    codes = []
    for step in steps:
        codes.append(world.refused(world.dose(key), PI))
        step()
    assert world.do(world.dose(key), PI).positions
    assert codes == ["UNKNOWN_SUBJECT", "ILLEGAL_SEQUENCE", "ILLEGAL_SEQUENCE", "CHAIN_OF_IDENTITY"]


# -- (g) authority --------------------------------------------------------------------------------------


def test_11_10_g_a_role_signs_only_what_it_may(world: World) -> None:
    assert world.refused(screening("S01"), CRA) == "NOT_AUTHORISED"
    assert newest(world).statement.data["code"] == "NOT_AUTHORISED"


def test_11_10_g_an_ended_role_signs_nothing(world: World) -> None:
    world.do(EndRole(SC.id, SC.role), SEC, reason="moved to another ward")
    assert world.refused(screening("S01"), SC) == "ROLE_NOT_HELD"


def test_11_10_g_an_undelegated_duty_is_refused(world: World) -> None:
    (held,) = world.trial.people[SC2.id].delegations
    world.do(EndDelegation(SC2.id, held.digest), PI, reason="no longer needed")
    assert world.refused(screening("S01"), SC2) == "DELEGATION_INACTIVE"


# -- (h) devices ----------------------------------------------------------------------------------------


def test_11_10_h_a_result_from_an_analyser_that_is_not_registered_is_refused(
    world: World, look: Look
) -> None:
    key = world.candidate()
    refusals = [world.refused(devices.panel(key), SC)]
    devices.register(world)
    refusals.append(world.refused(devices.panel(key), SC))
    devices.approve(world)
    world.do(devices.panel(key), SC)
    devices.revoke(world)
    refusals.append(world.refused(devices.panel(key, "P2"), SC))
    assert refusals == ["DEVICE_NOT_REGISTERED"] * 3 == [row["code"] for row in look("refusals")]
    assert verified(world).first_bad_position is None


def test_11_10_h_a_configuration_asks_for_the_analyser(world: World) -> None:
    asking = replace(protocol_config(), laboratory=LaboratoryRules(("inr",)))
    world.do(ProposeProtocolConfig(asking), MM, reason="laboratory manual 2")
    world.do(ApproveProtocolConfig(2), PI)
    devices.register(world)
    devices.approve(world)
    key = world.candidate()
    assert world.refused(devices.panel(key, device=None), SC) == "ANALYSER_MISSING"
    world.do(devices.panel(key), SC)
    assert verified(world).first_bad_position is None


def test_11_10_h_nobody_signs_in_from_a_device_that_is_not_registered(desk: Desk) -> None:
    proposed = terminals.register(desk)
    auditor = desk.bearer("au.gao")
    terminals.require_devices(desk)
    for device in (None, terminals.proof(desk, proposed)):
        refused(terminals.sign_in(desk, device), 403, "DEVICE_NOT_REGISTERED")
    stored = [desk.instance.log.entry(desk.size - back).payload.code for back in (1, 0)]
    assert stored == ["DEVICE_NOT_REGISTERED"] * 2
    refused(desk.client.get("/v1/subjects", headers=auditor), 403, "DEVICE_NOT_REGISTERED")


def test_11_10_h_what_began_on_a_device_ends_with_it(desk: Desk) -> None:
    device = terminals.approved(desk)
    session = terminals.sign_in(desk, terminals.proof(desk, device)).json["token"]
    held = {"Authorization": f"Bearer {session}"}
    assert desk.client.get("/v1/subjects", headers=held).status_code == 200
    terminals.revoke(desk)
    refused(desk.client.get("/v1/subjects", headers=held), 401, "NOT_SIGNED_IN")
    refused(terminals.sign_in(desk, terminals.proof(desk, device)), 403, "DEVICE_REVOKED")


def test_11_10_h_the_clock_of_a_device_is_on_record(world: World, look: Look) -> None:
    devices.register(world)
    devices.approve(world)
    key = world.candidate()
    world.do(devices.panel(key, sent_at=world.clock() + timedelta(minutes=4)), SC)
    (row,) = look("devices")
    assert abs(row["clock"]["skew_ms"] - 240_000) < 1000


# -- (i), (j) training and accountability ---------------------------------------------------------------


def enrolled(world: World) -> SigningKey:
    key = newcomer(world)
    world.do(identity(NEWCOMER.id), SEC)
    world.do(ApproveEnrolment(NEWCOMER.id, proposals(world, NEWCOMER)), SEC)
    return key


def test_11_10_i_who_is_not_trained_signs_nothing(world: World) -> None:
    enrolled(world)
    world.do(acceptance(NEWCOMER.id), NEWCOMER)
    world.do(delegation(NEWCOMER.id, NEWCOMER.role), PI)
    assert world.refused(screening("S01"), NEWCOMER) == "TRAINING_MISSING"
    world.do(training(NEWCOMER.id, world.clock().date()), ADM)
    assert world.do(screening("S01"), NEWCOMER).positions


def test_11_10_i_an_expired_training_counts_no_more(world: World) -> None:
    enrolled(world)
    world.do(acceptance(NEWCOMER.id), NEWCOMER)
    world.do(delegation(NEWCOMER.id, NEWCOMER.role), PI)
    today = world.clock().date()
    world.do(RecordTraining(NEWCOMER.id, "GCP", today, today + timedelta(days=1)), ADM)
    world.advance(days=3)
    assert world.refused(screening("S01"), NEWCOMER) == "TRAINING_EXPIRED"


def test_11_10_j_nobody_signs_before_accepting_the_policy(world: World) -> None:
    enrolled(world)
    world.do(training(NEWCOMER.id, world.clock().date()), ADM)
    world.do(delegation(NEWCOMER.id, NEWCOMER.role), PI)
    assert world.refused(screening("S01"), NEWCOMER) == "POLICY_NOT_ACCEPTED"


def test_11_10_j_another_policy_is_accepted_before_the_next_signing(world: World) -> None:
    another = Accountability("accountability/2", "What is signed in my name is mine.")
    change_policy(world, accountability=another)
    assert world.refused(screening("S01"), SC) == "POLICY_NOT_ACCEPTED"
    world.do(AcceptPolicy(SC.id, another.id, another.digest), SC)
    world.do(screening("S01"), SC)
    assert verified(world).first_bad_position is None


# -- (k) documentation ----------------------------------------------------------------------------------


def test_11_10_k_who_signs_what_changes_on_two_officers_word_with_a_reason(world: World) -> None:
    policy = policy_of(world)
    fewer = replace(policy, grants=tuple(g for g in policy.grants if g.type != SubjectScreened.TOPIC))
    assert world.refused(ProposePolicyChange(fewer), ADM) == "REASON_REQUIRED"
    digest = propose_policy(world, grants=fewer.grants)
    assert world.refused(ApprovePolicyChange(digest), ADM, reason="no") == "SOD_VIOLATION"
    world.do(screening("S01"), SC)
    world.do(ApprovePolicyChange(digest), SEC, reason="screening is suspended")
    assert world.refused(screening("S02"), SC) == "NOT_AUTHORISED"
    assert verified(world).first_bad_position is None


def test_11_10_k_no_change_takes_a_control_away(world: World) -> None:
    policy = policy_of(world)
    service = tuple(g for g in policy.grants if g.role is not Role.SVC)
    for changes, code in (
        ({"grants": service}, "SERVICE_FIXED"),
        ({"trained": (*policy.trained, Role.SEC)}, "OFFICERS_LOCKED_OUT"),
        ({"lockout": Lockout(100, 15)}, "BAD_LOCKOUT"),
    ):
        wanted = ProposePolicyChange(replace(policy, **changes))
        assert world.refused(wanted, ADM, reason="for once") == code


def test_11_10_k_one_version_everywhere_and_every_dependency_pinned() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'version = "{version("dosetrail")}"' in project
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    pinned = re.findall(r"^[A-Za-z0-9][\w.-]*==", lock, re.MULTILINE)
    assert pinned
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", code_digest())
