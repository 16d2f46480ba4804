"""21 CFR 11.10: controls for closed systems."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from api.release import code_digest
from api.settings import ClockSettings, Settings
from core.audit.dsse import PAYLOAD_TYPE, pae
from core.audit.log_copy import read_trust
from core.kernel.errors import Malformed
from core.keys.ed25519 import verify
from core.rules.screening_facts import Group
from core.trial.people.commands import ApproveEnrolment, DisablePerson, EndDelegation, EndRole, RecordTraining
from core.trial.registry import read_payload
from core.trial.subject.commands import ConfirmEligibility, CorrectAdverseEvent, EnrolSubject
from core.trial.subject.field_change import FieldChange
from tests.compliance.product import NEWCOMER, newcomer, newest, proposals
from tests.http import forms
from tests.http.desk import refused
from tests.support.enrolment import acceptance, delegation, identity, training
from tests.support.given import ADM, CRA, PI, SC, SC2, SEC, Member, report, screening
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


# -- (k) documentation ----------------------------------------------------------------------------------


def test_11_10_k_one_version_everywhere_and_every_dependency_pinned() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'version = "{version("dosetrail")}"' in project
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    pinned = re.findall(r"^[A-Za-z0-9][\w.-]*==", lock, re.MULTILINE)
    assert pinned
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", code_digest())
