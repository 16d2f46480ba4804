"""EU Annex 11, ICH E6(R3), FDA 2024, EMA 2023 and MHRA 2018, where they ask more than part 11."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from api.settings import ClockSettings, Settings
from core.clock_watch import ClockJudge, ClockWatch
from core.handle import Handler
from core.kernel.encoding import to_base64
from core.kernel.errors import Malformed
from core.kernel.recorded import Reason
from core.trial.escalation.commands import CastSrcVote, SignDecision, SimulateDecision
from core.trial.instance.events import ClockDiscrepancyDetected
from core.trial.people.commands import EndRole
from core.trial.product.commands import CheckDosePreparation, PrepareDose
from core.trial.quality.commands import LockCasebook, ReviewAuditTrail, SignCasebook, VerifySource
from core.trial.quality.events import ReviewScope, SourceKind
from core.trial.subject.commands import CorrectAdverseEvent, CorrectDose
from core.trial.subject.field_change import FieldChange
from tests.compliance.product import newest
from tests.http import forms
from tests.http.desk import refused
from tests.support import devices
from tests.support.given import (
    CELLS,
    CRA,
    DM,
    MM,
    PH,
    PI,
    SC,
    SEC,
    SRC,
    SRC2,
    VOLUME,
    ZONE,
    report,
    screening,
)
from tests.support.quality import KEY, head_of, item
from tests.support.world import LOT

if TYPE_CHECKING:
    from tests.compliance.conftest import Look
    from tests.http.desk import Desk
    from tests.support.world import World

WHY = "the source says grade 1"


def corrected(world: World) -> tuple[int, int]:
    """Let an adverse event be entered and corrected; return both positions."""
    key = world.dosed()
    entered = world.do(report(key, grade=2, onset=world.clock().date()), SC)
    correction = CorrectAdverseEvent(key, "AE-1", (FieldChange("grade", 2, 1),), None)
    return entered.positions[-1], world.do(correction, SC, reason=WHY).positions[-1]


# -- EU Annex 11 ----------------------------------------------------------------------------------------


def test_annex_11_6_a_preparation_is_checked_by_a_second_person(world: World) -> None:
    key = world.enrolled()
    world.do(PrepareDose(LOT, key, 1, CELLS[1], VOLUME, world.clock()), PH)
    assert world.refused(world.dose(key), PI) == "PREPARATION_NOT_CHECKED"
    assert world.refused(CheckDosePreparation(LOT, key), PH) == "SOD_VIOLATION"


def test_annex_11_8_2_a_changed_record_says_so(world: World, look: Look) -> None:
    entered, changed = corrected(world)
    rows = {row["position"]: row for row in look("signatures")}
    assert (rows[entered]["changed_by"], rows[changed]["changed_by"]) == ([changed], [])


def test_annex_11_9_the_reason_of_a_change_is_kept(world: World, look: Look) -> None:
    _, changed = corrected(world)
    assert world.log.entry(changed).statement.reason == Reason("entry_error", WHY)
    assert WHY in str(look("trail")[changed - 1])


def test_annex_11_14_a_signature_names_the_sentence_that_binds(world: World) -> None:
    world.do(screening("S01"), SC)
    created = world.log.entry(1).statement.data["policy"]
    named = newest(world).statement.legal
    (sentence,) = [one for one in created["legal"] if one["id"] == named]
    assert "I entered this record" in sentence["text"]


def test_annex_11_draft_12_2_a_record_says_who_what_when_where_and_why(world: World) -> None:
    _, changed = corrected(world)
    said = world.log.entry(changed).statement
    assert (said.signer.id, said.signer.role, said.zone) == (SC.id, SC.role, ZONE)
    assert (said.signed_at, said.reason) == (world.clock(), Reason("entry_error", WHY))
    assert said.data["changes"] == [{"field": "grade", "old": 2, "new": 1}]


def test_annex_11_draft_13_8_a_later_change_leaves_the_old_signature_on_the_old_version(
    world: World, look: Look
) -> None:
    entered, changed = corrected(world)
    row = look("signatures")[entered - 1]
    assert (row["state"], row["changed_by"]) == ("valid", [changed])
    assert look("signatures", entered)[entered - 1]["changed_by"] == []


SOURCE_DATA = SourceKind.HOSPITAL_RECORD
CORRECTION = CorrectAdverseEvent(KEY, "AE-1", (FieldChange("grade", 2, 1),), "chart")


def with_event(world: World) -> None:
    """Let an adverse event of grade 2 be entered in the casebook of a subject."""
    world.do(screening(KEY), SC)
    world.do(report(KEY, grade=2, onset=world.clock().date()), SC)


def head(world: World) -> tuple[int, str]:
    size = world.log.size()
    return size, to_base64(world.log.root_at(size))


def reviewing(world: World) -> ReviewAuditTrail:
    size, root = head(world)
    return ReviewAuditTrail("R-9", 1, size, ReviewScope.ONE_SUBJECT, KEY, ("nothing found",), size, root)


def signing_off(world: World) -> SignCasebook:
    return SignCasebook(KEY, *head_of(world.trial), ())


def test_annex_11_12_4_a_verification_names_its_items_and_ends_with_their_change(world: World) -> None:
    with_event(world)
    grade = item(world.trial, "AdverseEventReported", "grade")
    world.do(VerifySource("R-1", KEY, SOURCE_DATA, (grade,)), CRA)
    said = newest(world).statement
    assert (said.signer.id, str(said.meaning)) == (CRA.id, "verified")
    assert [one["version"] for one in said.data["items"]] == [grade.version]
    world.do(CORRECTION, SC, reason=WHY)
    assert world.refused(VerifySource("R-2", KEY, SOURCE_DATA, (grade,)), CRA) == "STALE_VERSION"


def test_annex_11_draft_12_6_nobody_reviews_a_trail_in_which_they_signed(world: World) -> None:
    with_event(world)
    grade = item(world.trial, "AdverseEventReported", "grade")
    world.do(VerifySource("R-1", KEY, SOURCE_DATA, (grade,)), CRA)
    review = ReviewAuditTrail("R-9", 1, world.log.size(), ReviewScope.ALL, None, (), *head(world))
    assert world.refused(review, CRA) == "SOD_VIOLATION"


# -- ICH E6(R3) -----------------------------------------------------------------------------------------


def test_ich_e6_r3_4_2_2_a_the_register_of_people_can_be_read_as_of_any_position(
    world: World, look: Look
) -> None:
    before = world.log.size()
    world.do(EndRole(SC.id, SC.role), SEC, reason="moved to another ward")
    roles = [
        next(row for row in look("people", at) if row["person"] == SC.id)["roles"] for at in (before, None)
    ]
    assert roles == [["SC"], []]


@pytest.mark.parametrize("name", ["DOSETRAIL_HTTP_AUDIT_TRAIL", "DOSETRAIL_CLOCK_CHECKS"])
def test_ich_e6_r3_4_2_2_b_an_unknown_setting_is_an_error(name: str) -> None:
    for settings in (Settings, ClockSettings):
        given = {name: "off"}
        if name.startswith("DOSETRAIL_HTTP") == (settings is Settings):
            with pytest.raises(Malformed, match="BAD_SETTING"):
                settings.from_environment(given)


@pytest.mark.parametrize("time", ["2024-02-21T08:00:00", "2024-02-21 08:00", "08:00"])
def test_ich_e6_r3_4_2_2_d_a_time_without_an_offset_is_refused(desk: Desk, time: str) -> None:
    answer = desk.post("sc.liu", "/v1/subjects/S001/screenings", forms.screening(), occurred_at=time)
    assert refused(answer, 422, answer.json["code"])["code"] in {"NAIVE_TIME", "BAD_TIME", "VALIDATION"}
    assert desk.instance.log.trial.subjects["S001"].screened is None


def test_ich_e6_r3_4_3_4_h_a_dose_decision_that_the_rules_did_not_make_is_refused(world: World) -> None:
    world.history("1N")
    meeting = world.open_meeting()
    for member in (SRC, SRC2):
        world.do(CastSrcVote(meeting, "escalate", 4, "it is going so well"), member)
    assert world.refused(SignDecision(meeting, "escalate", 4, None), SRC) == "DECISION_DIFFERS"
    said = newest(world).statement.data
    assert (said["code"], said["command"]) == ("DECISION_DIFFERS", "SignDecision")
    assert world.trial.escalation.decisions == ()


def test_ich_e6_r3_4_3_4_h_the_decision_that_the_rules_made_is_signed(world: World) -> None:
    world.history("1N")
    world.sign_decision()
    (decided,) = world.trial.escalation.decisions
    assert (decided.decision, decided.level) == ("escalate", 2)


# -- FDA 2024 -------------------------------------------------------------------------------------------


def test_fda_2024_q11_a_failed_attempt_is_recorded_and_the_person_is_named(desk: Desk) -> None:
    asked = {"person": "sc.liu", "password": "open sesame", "role": "SC"}
    refused(desk.client.post("/v1/sessions", json=asked), 401, "SIGN_IN_FAILED")
    said = desk.newest()
    assert (said.code, said.command, said.person) == ("WRONG_PASSWORD", "SignIn", "sc.liu")


def test_fda_2024_q11_the_register_says_who_held_which_right_when(world: World, look: Look) -> None:
    position = world.do(EndRole(SC.id, SC.role), SEC, reason="moved to another ward").positions[-1]

    def right(as_of: int) -> dict[str, Any]:
        rows = [
            row for row in look("access-register", as_of) if (row["person"], row["kind"]) == (SC.id, "role")
        ]
        return rows[0]

    before, after = right(position - 1), right(position)
    assert (before["since"], before["until"]) == (after["since"], None)
    assert after["until"] is not None


def test_fda_2024_q12_the_role_of_a_record_stays_after_the_role_has_ended(world: World, look: Look) -> None:
    position = world.do(screening("S01"), SC).positions[-1]
    world.do(EndRole(SC.id, SC.role), SEC, reason="moved to another ward")
    assert look("signatures")[position - 1]["role"] == "SC"
    assert world.log.entry(position).statement.signer.role is SC.role


def test_fda_2024_q13_a_prompt_is_kept_and_linked_to_the_change(world: World, look: Look) -> None:
    key, today = world.candidate(), world.clock().date()
    world.refused(report(key, onset=today + timedelta(days=2)), SC)
    [asked] = look("edit-checks")
    assert (asked["code"], asked["person"], asked["subject_key"]) == ("FUTURE_TIME", SC.id, key)
    assert asked["next_accepted"] is None
    changed = world.do(report(key, onset=today), SC)
    [answered] = look("edit-checks")
    assert answered["next_accepted"]["position"] == changed.positions[0]
    assert look("edit-checks", asked["position"]) == [asked]


def test_fda_2024_q14_nobody_signs_by_a_clock_that_cannot_be_trusted(world: World, look: Look) -> None:
    ahead = [timedelta()]
    judge = ClockJudge((), timedelta(seconds=2), lambda: world.clock() + ahead[0], timedelta)
    watch = ClockWatch(world.log, world.secrets.service_key, world.clock, judge)
    world.handler = Handler(world.log, world.secrets.service_key, world.clock, watch.require_trusted)
    ahead[0] = timedelta(minutes=4)
    assert world.refused(screening("S01"), SC) == "CLOCK_UNTRUSTED"
    assert newest(world).payload == ClockDiscrepancyDetected("steady", 240_000, 2000)
    assert [alert["alert"] for alert in look("alerts")] == ["clock_discrepancy"]
    (row,) = look("clock")
    assert (row["trusted"], row["offset_ms"]) == (False, 240_000)


def test_fda_2024_q20_a_correction_of_a_dose_names_its_source(world: World) -> None:
    key = world.dosed()
    volume = {"value": "50", "unit": "mL"}
    change = FieldChange("volume", volume, {**volume, "value": "49"})
    assert world.refused(CorrectDose(key, (change,), ""), PI, reason="as the syringe pump says")
    position = world.do(CorrectDose(key, (change,), "pump log 17"), PI, reason="misread").positions[-1]
    assert world.log.entry(position).statement.data["source"] == "pump log 17"


def test_fda_2024_q20_a_result_says_from_which_analyser_it_came(world: World, look: Look) -> None:
    devices.register(world)
    devices.approve(world)
    key = world.dosed()
    world.do(devices.panel(key), SC)
    assert newest(world).statement.data["results"][0]["measured"] == {"analyser": devices.ANALYSER}
    (panel,) = [row for row in look("labs") if row["kind"] == "panel"]
    assert [one["measured"] for one in panel["results"]] == [{"analyser": devices.ANALYSER}]


# -- EMA 2023, MHRA 2018 --------------------------------------------------------------------------------


def test_ema_2023_4_5_both_times_are_kept_and_the_future_is_refused(world: World) -> None:
    happened = world.clock()
    world.advance(minutes=30)
    world.consented("S01")
    early = replace(world.request(SC), occurred_at=happened)
    world.handler.submit(screening("S01"), early, lambda: world.keys[SC.id])
    entry = newest(world)
    assert (entry.statement.occurred_at, entry.leaf.seal.received_at) == (happened, world.clock())
    later = replace(world.request(SC), occurred_at=datetime(2099, 1, 1, tzinfo=UTC))
    with pytest.raises(Malformed, match="FUTURE_TIME"):
        world.handler.submit(screening("S02"), later, lambda: world.keys[SC.id])


def test_ema_2023_6_2_1_the_first_value_of_a_field_is_in_the_trail(world: World, look: Look) -> None:
    world.do(screening("S01"), SC)
    changes = {one["field"]: one for one in look("trail")[-1]["changes"]}
    assert (changes["age_years"].get("old"), changes["age_years"]["new"]) == (None, 46)


def test_ema_2023_6_2_2_a_review_of_the_trail_is_a_signed_record(world: World) -> None:
    with_event(world)
    world.do(reviewing(world), DM)
    said = newest(world).statement
    assert (said.signer.id, str(said.meaning), said.stream) == (DM.id, "reviewed", "review/R-9")
    assert (said.data["findings"], said.data["last"]) == (["nothing found"], world.log.size() - 1)


def test_ema_2023_6_3_a_casebook_is_signed_as_it_was_shown(world: World) -> None:
    with_event(world)
    shown = signing_off(world)
    world.do(CORRECTION, SC, reason=WHY)
    assert world.refused(shown, PI) == "CHANGED_WHILE_REVIEWING"
    world.do(signing_off(world), PI)
    assert str(newest(world).statement.meaning) == "responsibility"


def test_ema_2023_6_3_a_locked_casebook_takes_no_entry(world: World) -> None:
    with_event(world)
    world.do(signing_off(world), PI)
    world.do(LockCasebook(KEY, ()), DM, reason="no verification planned")
    assert world.refused(CORRECTION, SC, reason=WHY) == "LOCKED"


def test_mhra_2018_6_9_a_simulated_decision_is_on_record(world: World) -> None:
    world.history("1N")
    decided = len(world.trial.remembered)
    world.do(SimulateDecision(("+2NN",)), MM)
    assert newest(world).statement.data["assumptions"] == ["+2NN"]
    assert len(world.trial.remembered) == decided


def test_mhra_2018_6_13_the_trail_tells_who_what_when_and_why(world: World, look: Look) -> None:
    _, changed = corrected(world)
    row = look("trail")[changed - 1]
    said = str(row)
    assert all(part in said for part in (SC.name, "AE-1", WHY, "SC"))
    assert row["recorded_at"]
