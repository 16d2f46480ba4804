"""Each command once, by its own route, in a trial that can be followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.routes.commands import AREAS
from core.kernel.actors import Environment, Role
from core.kernel.codec import to_data
from core.kernel.time import write_instant
from core.keys.possession import prove_possession
from core.trial.catalogue import DECIDERS
from core.trial.study.nct05727722 import protocol_config
from tests.http import committee, forms
from tests.http.desk import refused
from tests.http.training import ORIGIN, days, password_of

if TYPE_CHECKING:
    from tests.http.desk import Desk

WHY = {"code": "correction", "text": "transcription error, source document 98"}


def test_every_command_has_exactly_one_route() -> None:
    routed = [command for rows in AREAS.values() for command, _ in rows]
    assert set(routed) == set(DECIDERS)
    assert len(routed) == len(set(routed))


def test_a_subject_from_screening_to_death(desk: Desk) -> None:
    committee.decided(desk, "enrol", 1)
    stream = forms.dosed(desk)
    subject = "/v1/subjects/S001"
    ae = forms.adverse_event("AE-001", "2024-02-21", grade=3)
    desk.done("sc.liu", f"{subject}/adverse-events", ae, stream)
    change = {"changes": [{"field": "grade", "old": 3, "new": 4}], "source": "ward chart"}
    desk.done("sc.liu", f"{subject}/adverse-events/AE-001/corrections", change, stream, reason=WHY)
    judged = {"is_dlt": False, "rationale": "the blood culture explains it", "exclusion": None}
    for member in ("src.wang", "src.tang"):
        desk.done(member, f"{subject}/adverse-events/AE-001/adjudications", judged, stream)
    desk.clock.advance_to(desk.clock() + days(29))
    desk.done("pi.chen", f"{subject}/dlt-window-completions", {}, stream)
    desk.done("pi.chen", f"{subject}/liver-transplants", {"date": "2024-03-20"}, stream)
    left = {"date": "2024-03-20", "cause": "transplanted", "dlt_related": False}
    desk.done("pi.chen", f"{subject}/withdrawals", left, stream, reason=WHY)
    died = {"date": "2024-03-20", "cause_ae": None, "related": False}
    receipt = desk.done("pi.chen", f"{subject}/deaths", died, stream)
    assert receipt["version"] == desk.version(stream) == 13


def test_a_serious_adverse_event_to_its_end(desk: Desk) -> None:
    committee.decided(desk, "enrol", 1)
    stream = forms.dosed(desk)
    events = "/v1/subjects/S001/adverse-events"
    desk.done("sc.liu", events, forms.adverse_event("AE-001", "2024-02-21", grade=2), stream)
    aware = desk.clock().isoformat()
    worse = {
        "from_grade": 2,
        "to_grade": 3,
        "changed_on": "2024-02-21",
        "changed_at": None,
        "criteria_met": ["hospitalisation_prolonged"],
        "aware_at": aware,
    }
    desk.done("sc.liu", f"{events}/AE-001/regradings", worse, stream)
    declared = {
        "criteria": ["hospitalisation_prolonged"],
        "aware_at": aware,
        "narrative": "kept on the ward with fever",
        "expected": False,
    }
    desk.done("pi.chen", f"{events}/AE-001/sae-declarations", declared, stream)
    sent = {"to": "sponsor", "submitted_at": aware}
    desk.done("pi.chen", f"{events}/AE-001/sae-submissions", sent, stream)
    ended = {"outcome": "recovered", "resolved_on": "2024-02-21"}
    before = desk.version(stream)
    assert desk.done("sc.liu", f"{events}/AE-001/resolutions", ended, stream)["version"] == before + 1


def test_a_casebook(desk: Desk) -> None:
    committee.decided(desk, "enrol", 1)
    forms.dosed(desk)
    desk.clock.advance_to(desk.clock() + days(1))
    book, subject = "casebook/S001", "/v1/subjects/S001"
    panel = forms.lab_panel("S001-V0", "2024-02-21T07:00:00+08:00", "2024-02-21T09:00:00+08:00")
    desk.done("sc.liu", f"{subject}/lab-panels", panel, book)
    fixed = {
        "visit": 0,
        "analyte": "creatinine",
        "old": {"value": "68", "unit": "umol/L"},
        "new": {"value": "98", "unit": "umol/L"},
        "source": "analyser printout",
    }
    desk.done("sc.liu", f"{subject}/lab-panels/S001-V0/corrections", fixed, book, reason=WHY)
    found = {"max_mfi": "310", "cpra_percent": "0", "specificities": []}
    assay = {"assay": "single_antigen_bead", "laboratory": None, "kit_lot": "K1"}
    hla = {"visit": 0, "threshold_mfi": "1000", **assay}
    desk.done("sc.liu", f"{subject}/hla-antibodies", {**hla, "class_i": found, "class_ii": found}, book)
    alive = {"study_day": 1, "alive": True}
    assert desk.done("pi.chen", f"{subject}/vital-statuses", alive, book)["version"] == 4


def test_every_other_form_of_a_casebook(desk: Desk) -> None:
    committee.decided(desk, "enrol", 1)
    forms.dosed(desk)
    desk.clock.advance_to(desk.clock() + days(1))
    book, subject = "casebook/S001", "/v1/subjects/S001"
    drawn, resulted = "2024-02-21T07:00:00+08:00", "2024-02-21T09:00:00+08:00"
    draw = {"visit": 0, "specimen_set": "S001-V0", "drawn_at": drawn, "received_at": None, "kind": "blood"}
    desk.done("sc.liu", f"{subject}/specimens", draw, book)
    desk.done("sc.liu", f"{subject}/lab-panels", forms.lab_panel("S001-V0", drawn, resulted), book)
    times = {"specimen_set": "S001-V0", "drawn_at": drawn, "resulted_at": "2024-02-21T10:00:00+08:00"}
    late = {"analyte": "alt", "value": "40", "unit": "U/L", **times}
    desk.done("sc.liu", f"{subject}/lab-panels/S001-V0/late-results", {"visit": 0, "result": late}, book)
    again = {"analyte": "creatinine", "value": "70", "unit": "umol/L", **times}
    repeat = {"visit": 0, "old": {"value": "68", "unit": "umol/L"}, "result": again}
    desk.done("sc.liu", f"{subject}/lab-panels/S001-V0/repeats", repeat, book, reason=WHY)
    review = {"visit": 0, "findings": [{"analyte": "alt", "significance": "NCS"}], "action": None}
    desk.done("pi.chen", f"{subject}/lab-panels/S001-V0/reviews", review, book)
    taken = {"medication_id": "M1", "name": "heparin", "medication_class": "anticoagulant"}
    desk.done("sc.liu", f"{subject}/medications", {**taken, "start": "2024-02-21", "end": None}, book)
    desk.done("sc.liu", f"{subject}/medications/M1/ends", {"end": "2024-02-22"}, book)
    visit = {"visit": 0, "visited_on": "2024-02-21", "assessments": ["labs"], "notes": None}
    desk.done("sc.liu", f"{subject}/visits", visit, book)
    found = {"deviation_id": "D1", "category": "visit", "description": "no antibodies", "severity": "minor"}
    desk.done("sc.liu", f"{subject}/deviations", {**found, "found_on": "2024-02-22"}, book)
    judged = {"severity": "minor", "impact": "none", "action": "training"}
    desk.done("mm.zhao", f"{subject}/deviations/D1/assessments", judged, book)
    attested = {
        "visit": 60,
        "guideline": "China 2018 2.6.2.2",
        "symptoms_improved": True,
        "encephalopathy_resolved": None,
        "jaundice_and_ascites_improved": False,
        "evidence": "ward round",
    }
    desk.done("pi.chen", f"{subject}/improvement-assessments", attested, book)
    desk.clock.advance_to(desk.clock() + days(9))
    desk.done("sc.liu", f"{subject}/missed-visits", {"visit": 7, "cause": "snow"}, book)
    row = desk.get("cra.he", f"{subject}/casebook").json["row"]
    assert {"specimen", "lab panel", "medication", "visit", "deviation"} <= {f["form"] for f in row["forms"]}
    assert [v["status"] for v in row["visits"]][:4] == ["done", "missed", "missed", "missed"]
    assert desk.get("cra.he", "/v1/subjects/S999/casebook").status_code == 404
    kinds = {(r["visit"], r["type"]) for r in desk.get("cra.he", "/v1/deviations").json["rows"]}
    assert {(0, "MISSING_ASSESSMENT"), (7, "MISSED_VISIT"), (None, "RECORDED")} <= kinds


def test_a_subject_is_lost_and_the_day_corrected(desk: Desk) -> None:
    stream = forms.dosed(desk)
    desk.clock.advance_to(desk.clock() + days(9))
    lost = {"last_contact": "2024-02-26", "attempts": 3}
    desk.done("pi.chen", "/v1/subjects/S001/losses-to-follow-up", lost, stream)
    moved = {"kind": "lost_to_follow_up", "old": "2024-02-26", "new": "2024-02-27", "source": "call log"}
    desk.done("pi.chen", "/v1/subjects/S001/disposition-corrections", moved, stream, reason=WHY)
    row = desk.get("cra.he", "/v1/subjects/S001").json["row"]
    assert (row["status"], row["last_contact_on"]) == ("lost_to_follow_up", "2024-02-27")


def test_a_lot_from_its_receipt_to_its_recall(desk: Desk) -> None:
    stream = forms.screened(desk)
    desk.done("pi.chen", "/v1/subjects/S001/eligibility-confirmations", {"group": "ACLF"}, stream)
    desk.done("pi.chen", "/v1/subjects/S001/enrolments", {"level": 1, "replaces": None}, stream)
    lot = forms.prepared(desk)
    spilled = {"cause": "spilled at the bedside"}
    desk.done("ph.qian", "/v1/lots/L-S001/preparations/S001/discards", spilled, lot)
    desk.done("ph.xie", "/v1/lots/L-S001/rejections", {"cause": "recalled by the maker"}, lot)
    assert desk.version(lot) == 6
    (row,) = desk.get("cra.he", "/v1/lots").json["rows"]
    assert (row["status"], row["cells_left"], row["expired"]) == ("rejected", "0.76", False)
    late = desk.post("pi.chen", "/v1/subjects/S001/doses", forms.dose(write_instant(desk.clock())), stream)
    assert (late.status_code, late.json["code"]) == (409, "CHAIN_OF_IDENTITY")


def test_a_dose_is_corrected_by_its_source(desk: Desk) -> None:
    stream = forms.dosed(desk)
    fewer = {
        "changes": [{"field": "cells.value", "old": "0.15", "new": "0.14"}],
        "source": "pharmacy sheet 12",
    }
    desk.done("pi.chen", "/v1/subjects/S001/dose-corrections", fewer, stream, reason=WHY)
    (row,) = desk.get("cra.he", "/v1/doses").json["rows"]
    assert (row["cells"]["value"], row["deviation_percent"], row["donor"]) == ("0.14", "-6.67", "D-07")


def test_a_screen_failure(desk: Desk) -> None:
    desk.done("sc.liu", "/v1/subjects/S009/screenings", forms.screening(age_years=70))
    failed = {"failed_rules": _failed_rules(desk, "S009")}
    desk.done("pi.chen", "/v1/subjects/S009/screen-failures", failed, "subject/S009")


def _failed_rules(desk: Desk, key: str) -> list[str]:
    with desk.instance.log.lock:
        desk.instance.log.catch_up()
        screened = desk.instance.log.trial.subjects[key].screened
    assert screened is not None
    return [r.rule for r in screened.rules if r.answer == "fail"]


def test_people_come_and_go(desk: Desk) -> None:
    key = desk.instance.keep_new_key("sc.new", password_of("sc.new"), Environment.TRAINING)
    proof = prove_possession(key, ORIGIN, "sc.new")
    person = {"name": "New One", "organisation": "RenJi", "key": key.key_id, "proof": proof, "role": "SC"}
    desk.done("jun.xu", "/v1/people", {"person": "sc.new", **person})
    with desk.instance.log.lock:
        desk.instance.log.catch_up()
        covers = [p.digest for p in desk.instance.log.trial.people["sc.new"].proposals]
    seen = {"evidence": "identity_card", "document": None}
    desk.done("mei.lin", "/v1/people/sc.new/identity-verifications", seen, "person/sc.new")
    desk.done("mei.lin", "/v1/people/sc.new/approvals", {"covers": covers}, "person/sc.new")
    asked = {"person": "sc.new", "password": password_of("sc.new"), "role": Role.SC}
    token = desk.client.post("/v1/sessions", json=asked).json["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert desk.client.get("/v1/subjects", headers=bearer).status_code == 200
    desk.done("mei.lin", "/v1/people/sc.new/role-endings", {"role": "SC"}, "person/sc.new", reason=WHY)
    assert desk.client.get("/v1/subjects", headers=bearer).json["code"] == "ROLE_NOT_HELD"
    gone = {"key": key.key_id}
    desk.done("jun.xu", "/v1/people/sc.new/key-revocations", gone, "person/sc.new", reason=WHY)


def test_a_configuration_needs_two_people(desk: Desk) -> None:
    config = {"config": to_data(protocol_config())}
    answer = desk.post("mm.zhao", "/v1/protocol-configs", config, "study")
    assert answer.json["code"] == "REASON_REQUIRED"
    answer = desk.post("pi.chen", "/v1/protocol-configs/1/approvals", {}, "study")
    assert answer.json["code"] == "NOTHING_TO_APPROVE"
    desk.done("mm.zhao", "/v1/protocol-configs", config, "study", reason=WHY)
    desk.done("pi.chen", "/v1/protocol-configs/2/approvals", {}, "study")


def test_an_amendment_needs_two_people(desk: Desk) -> None:
    change = {"max_subjects": 16, "dose_level": None, "visits": None, "consent_form": None}
    asked = {"ethics_approval": "EC 2024-17", **change}
    desk.done("mm.zhao", "/v1/amendments", asked, "study", reason=WHY)
    waiting = desk.get("pi.chen", "/v1/protocol").json["rows"][-1]
    assert (waiting["status"], waiting["changes"]["max_subjects"]) == ("waits for approval", 16)
    desk.done("pi.chen", f"/v1/amendments/{waiting['number']}/approvals", {}, "study")
    assert desk.get("pi.chen", "/v1/protocol").json["rows"][-1]["status"] == "counts"


def test_what_201_carries(desk: Desk) -> None:
    answer = desk.post("sc.liu", "/v1/subjects/S001/screenings", forms.screening())
    receipt = answer.json
    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"2"'
    assert answer.headers["Location"] == f"/v1/log/receipts/{receipt['positions'][0]}"
    assert (receipt["stream"], receipt["version"]) == ("subject/S001", 2)
    assert receipt["positions"] == [desk.size]
    assert receipt["checkpoint"].startswith(f"{ORIGIN}\n{desk.size}\n")
    assert receipt["replayed"] is False
    offline = desk.get("au.gao", answer.headers["Location"]).json
    assert offline["leaf_hash"] == receipt["leaf_hashes"][0]


def test_consent_is_given_again_corrected_and_taken_back(desk: Desk) -> None:
    stream, subject = "subject/S007", "/v1/subjects/S007"
    consent = {"version": "1.0", "language": "zh-CN", "given_by": "subject", "witness": None}
    assert desk.done("pi.chen", f"{subject}/consents", consent)["version"] == 1
    refused(desk.post("pi.chen", f"{subject}/consent-reconfirmations", consent, stream), 422, "NO_CHANGE")
    desk.done("sc.liu", f"{subject}/screenings", forms.screening(), stream)
    heavier = {"field": "measurements.weight.value", "old": "68.0", "new": "86.0"}
    correction = {"changes": [heavier], "source": "scale of ward 3"}
    desk.done("sc.liu", f"{subject}/screening-corrections", correction, stream, reason=WHY)
    withdrawal = {"scope": "all_procedures"}
    desk.done("pi.chen", f"{subject}/consent-withdrawals", withdrawal, stream, reason=WHY)
    late = desk.post("pi.chen", f"{subject}/eligibility-confirmations", {"group": "ACLF"}, stream)
    refused(late, 409, "CONSENT_WITHDRAWN")
