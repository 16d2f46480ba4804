"""Devices: two officers let one in, one ends it; a result that names its analyser names one that counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.kernel import streams
from core.kernel.codec import to_data
from core.kernel.errors import IntegrityFinding, Refused
from core.trial.casebook.commands import RepeatLabResult, ReportLabPanel, ReportLateResult
from core.trial.casebook.events import LabPanelReported, LabResult, LateResultReported, MeasuredBy
from core.trial.devices.commands import ApproveDevice, RegisterDevice, RevokeDevice
from core.trial.devices.decide import holder_of, in_words
from core.trial.devices.events import DeviceApproved, DeviceKind, DeviceRegistered, DeviceRevoked
from core.trial.people.commands import ProposeSigningKey, RotateSigningKey
from core.trial.people.events import KeyCompromiseDeclared, SignaturesReaffirmed, SigningKeyRevoked
from core.trial.study.commands import ProposeProtocolConfig
from core.trial.study.config import LaboratoryRules
from tests.support.given import (
    ADM,
    LONG_AFTER,
    MM,
    NCT05727722,
    SC,
    SEC,
    START,
    Member,
    Past,
    candidate,
    cells,
    digest,
    given,
    on,
    why,
)

KEY = "ed25519:" + "7" * 64
REGISTER = RegisterDevice("AN-1", DeviceKind.ANALYSER, "cobas 8000", "laboratory 2", "SN 4711", None, None)
REGISTERED = DeviceRegistered(
    "AN-1", DeviceKind.ANALYSER, "cobas 8000", "laboratory 2", "SN 4711", None, None
)
TERMINAL = RegisterDevice("WS-1", DeviceKind.TERMINAL, "ward computer", "ward 3", "SN 1", KEY, "proof")
WORDS = "analyser AN-1: cobas 8000, serial SN 4711, at laboratory 2, without a key"
FOURTH, FIFTH = digest(4), digest(5)  # the positions behind the founding of a story

PROPOSED = [Past(streams.DEVICES, REGISTERED, by=ADM)]
APPROVED = DeviceApproved("AN-1", FOURTH, WORDS)
COUNTING = [*PROPOSED, Past(streams.DEVICES, APPROVED, by=SEC)]
REVOKED = [*COUNTING, Past(streams.DEVICES, DeviceRevoked("AN-1"), by=ADM)]
WITH_KEY = Past(streams.DEVICES, DeviceRegistered(**to_data(TERMINAL)), by=ADM)


# -- the register ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("officer", [ADM, SEC])
def test_an_officer_registers_a_device(officer: Member) -> None:
    given().when(REGISTER, officer).then([REGISTERED])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"device": "9 no id"}, "BAD_IDENTIFIER"),
        ({"name": " "}, "BAD_TEXT"),
        ({"location": ""}, "BAD_TEXT"),
        ({"serial": "x" * 121}, "BAD_TEXT"),
        ({"key": KEY, "proof": "proof"}, "BAD_DEVICE_KEY"),
        ({"proof": "proof"}, "BAD_DEVICE_KEY"),
        ({"kind": DeviceKind.TERMINAL}, "BAD_DEVICE_KEY"),
        ({"kind": DeviceKind.INTERFACE, "key": KEY}, "BAD_DEVICE_KEY"),
        ({"kind": DeviceKind.TERMINAL, "key": f"key of {SEC.id}", "proof": "proof"}, "KEY_IN_USE"),
        ({"kind": DeviceKind.INTERFACE, "key": "log key", "proof": "proof"}, "KEY_IN_USE"),
    ],
)
def test_what_is_no_device(changes: dict[str, Any], code: str) -> None:
    given().when(replace(REGISTER, **changes), ADM).refused(code)


@pytest.mark.parametrize("past", [PROPOSED, REVOKED])
def test_an_id_is_never_used_again(past: list[Past]) -> None:
    given(past).when(REGISTER, ADM).refused("DEVICE_EXISTS")


def test_a_key_belongs_to_one_device_for_ever() -> None:
    gone = Past(streams.DEVICES, DeviceRevoked("WS-1"), by=SEC)
    for past in ([WITH_KEY], [WITH_KEY, gone]):
        given(past).when(replace(TERMINAL, device="WS-2"), ADM).refused("KEY_IN_USE")


def test_a_devices_key_is_never_a_persons() -> None:
    rotate = RotateSigningKey(SEC.id, f"key of {SEC.id}", KEY, "proof")
    given([WITH_KEY]).when(rotate, SEC).refused("KEY_IN_USE")
    ended = on(SEC.id, SigningKeyRevoked(f"key of {SEC.id}"), by=ADM)
    given([WITH_KEY, ended]).when(ProposeSigningKey(SEC.id, KEY, "proof"), ADM).refused("KEY_IN_USE")


def test_a_device_proves_to_hold_its_key_under_a_name_that_no_person_has() -> None:
    asked: list[str] = []

    class Checks:
        def require_possession(self, holder: str, key: str, proof: str) -> None:
            asked.extend((holder, key, proof))
            raise Refused("BAD_PROOF_OF_POSSESSION", "this proves nothing")

    given().when(TERMINAL, ADM, key_checks=Checks()).refused("BAD_PROOF_OF_POSSESSION")
    assert asked == [holder_of("WS-1"), KEY, "proof"]
    assert not streams.is_stream(f"person/{holder_of('WS-1')}")


def test_who_enrols_a_person_before_any_device_looks_at_no_register() -> None:
    story = given().when(RotateSigningKey(SEC.id, f"key of {SEC.id}", KEY, "proof"), SEC)
    assert streams.DEVICES not in story.facts.reads
    assert story.facts.births[streams.DEVICES] == 0


def test_an_officer_of_the_other_kind_approves_it() -> None:
    given(PROPOSED).when(ApproveDevice("AN-1", FOURTH), SEC).then([APPROVED])
    assert in_words(REGISTERED) == WORDS


@pytest.mark.parametrize(
    ("past", "by", "registration", "code"),
    [
        ([], SEC, FOURTH, "UNKNOWN_DEVICE"),
        (PROPOSED, SEC, FIFTH, "STALE_PROPOSAL"),
        (PROPOSED, ADM, FOURTH, "SOD_VIOLATION"),
        (PROPOSED, replace(ADM, id="adm.two"), FOURTH, "SOD_VIOLATION"),
        (PROPOSED, replace(SEC, id=ADM.id), FOURTH, "SOD_VIOLATION"),
        (COUNTING, SEC, FOURTH, "ALREADY_RECORDED"),
        (REVOKED, SEC, FOURTH, "DEVICE_REVOKED"),
    ],
)
def test_what_is_not_approved(past: list[Past], by: Member, registration: str, code: str) -> None:
    given(past).when(ApproveDevice("AN-1", registration), by).refused(code)


@pytest.mark.parametrize("reaffirmed", [False, True])
def test_what_a_stolen_key_proposed_waits_until_it_is_re_affirmed(*, reaffirmed: bool) -> None:
    stolen = on(ADM.id, KeyCompromiseDeclared("ed25519:" + "0" * 64, 1), by=SEC)
    stands = [on(ADM.id, SignaturesReaffirmed((FOURTH,), ("as proposed",)), by=ADM)]
    story = given([*PROPOSED, stolen, *(stands if reaffirmed else [])])
    story = story.when(ApproveDevice("AN-1", FOURTH), SEC)
    if reaffirmed:
        story.then([APPROVED])
    else:
        story.refused("PROPOSAL_IN_DOUBT")


@pytest.mark.parametrize("past", [PROPOSED, COUNTING])
@pytest.mark.parametrize("officer", [ADM, SEC])
def test_either_officer_ends_it_at_once(past: list[Past], officer: Member) -> None:
    given(past).when(RevokeDevice("AN-1"), officer, reason=why()).then([DeviceRevoked("AN-1")])


@pytest.mark.parametrize(
    ("past", "reason", "code"),
    [
        ([], why(), "UNKNOWN_DEVICE"),
        (COUNTING, None, "REASON_REQUIRED"),
        (REVOKED, why(), "DEVICE_REVOKED"),
    ],
)
def test_what_is_not_ended(past: list[Past], reason: Any, code: str) -> None:
    given(past).when(RevokeDevice("AN-1"), ADM, reason=reason).refused(code)


def test_no_fold_takes_what_no_decision_made() -> None:
    for impossible in (REGISTERED, DeviceApproved("AN-9", FOURTH, "words"), DeviceRevoked("AN-9")):
        with pytest.raises(IntegrityFinding, match="CANNOT_FOLD"):
            given([*COUNTING, Past(streams.DEVICES, impossible, by=SEC)])


# -- laboratory results ---------------------------------------------------------------------------------

SENT = LONG_AFTER + timedelta(minutes=7)  # a clock ahead of the receipt is recorded and refuses nothing
NAMED = MeasuredBy("AN-1", SENT)


def result(analyte: str = "inr", measured: MeasuredBy | None = NAMED, after: int = 0) -> LabResult:
    at = START + timedelta(hours=after)
    return LabResult(analyte, Decimal("1.3"), "1", "P1", START, at, measured)


def panel(*results: LabResult) -> ReportLabPanel:
    flags = {"dialysis_twice_in_7d": False, "cvvhd_24h_in_7d": False}
    return ReportLabPanel("S01", None, "P1", START, START, results, **flags)


def told(*results: LabResult) -> LabPanelReported:
    flags = {"dialysis_twice_in_7d": False, "cvvhd_24h_in_7d": False}
    return LabPanelReported(None, "P1", START, START, results, **flags)


def reported(*results: LabResult) -> Past:
    return on("S01", told(*results), by=SC)


def test_a_result_names_an_analyser_that_counts() -> None:
    story = given([*COUNTING, *candidate("S01")]).when(panel(result()), SC)
    story.then([told(result())])
    assert streams.DEVICES in story.facts.reads


@pytest.mark.parametrize(
    "devices",
    [
        [],
        PROPOSED,
        REVOKED,
        [WITH_KEY, Past(streams.DEVICES, DeviceApproved("WS-1", FOURTH, "words"), by=SEC)],
    ],
    ids=["unknown", "not approved", "revoked", "a terminal"],
)
def test_no_result_comes_from_what_is_no_analyser(devices: list[Past]) -> None:
    name = MeasuredBy("WS-1" if devices and devices[0] is WITH_KEY else "AN-1")
    past = [*devices, *candidate("S01")]
    given(past).when(panel(result(measured=name)), SC).refused("DEVICE_NOT_REGISTERED")
    late = ReportLateResult("S01", None, "P1", result("pta", name))
    standing = [*past, reported(result(measured=None))]
    given(standing).when(late, SC).refused("DEVICE_NOT_REGISTERED")
    repeat = RepeatLabResult("S01", None, "P1", cells("1.3", "1"), result(measured=name, after=1))
    given(standing).when(repeat, SC, reason=why()).refused("DEVICE_NOT_REGISTERED")


def test_where_none_is_named_no_register_is_looked_at() -> None:
    story = given(candidate("S01")).when(panel(result(measured=None)), SC)
    assert story.decided
    assert streams.DEVICES not in story.facts.reads
    assert "measured" not in str(to_data(story.decided[0].event))


def test_what_came_from_an_analyser_stays_when_that_is_revoked() -> None:
    past = [*COUNTING, *candidate("S01"), reported(result()), REVOKED[-1]]
    standing = given(past).trial.casebooks["S01"].panels["P1"].result_of("inr")
    assert standing == result()


def test_a_repeat_names_an_analyser_where_the_result_named_one() -> None:
    past = [*COUNTING, *candidate("S01"), reported(result())]
    repeat = RepeatLabResult("S01", None, "P1", cells("1.3", "1"), result(measured=None, after=1))
    given(past).when(repeat, SC, reason=why()).refused("ANALYSER_MISSING")
    named = replace(repeat, result=result(after=1))
    assert given(past).when(named, SC, reason=why()).decided


# -- a configuration that asks for it -------------------------------------------------------------------

DEMANDING = replace(NCT05727722, laboratory=LaboratoryRules(("inr", "creatinine")))


def test_a_configuration_demands_that_analysers_are_named() -> None:
    past = [*COUNTING, *candidate("S01")]
    given(past, study=DEMANDING).when(panel(result(measured=None)), SC).refused("ANALYSER_MISSING")
    late = ReportLateResult("S01", None, "P1", result(measured=None))
    other = [*past, reported(replace(result("pta", None), value=Decimal(40), unit="%"))]
    given(other, study=DEMANDING).when(late, SC).refused("ANALYSER_MISSING")
    assert given(past, study=DEMANDING).when(panel(result()), SC).decided
    named = replace(late, result=result())
    given(other, study=DEMANDING).when(named, SC).then([LateResultReported(None, "P1", result())])


@pytest.mark.parametrize("named", [("inr", "inr"), ("made up",), ("weight",)])
def test_a_configuration_names_analytes_of_the_casebook_each_once(named: tuple[str, ...]) -> None:
    odd = ProposeProtocolConfig(replace(NCT05727722, laboratory=LaboratoryRules(named)))
    given(study=None).when(odd, MM).refused("BAD_CONFIG")


def test_the_built_in_configuration_says_nothing_of_analysers() -> None:
    assert "laboratory" not in to_data(NCT05727722)
