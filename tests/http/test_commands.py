"""Each command once, by its own route, in a trial that can be followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.routes.commands import AREAS
from core.kernel.actors import Environment, Role
from core.kernel.codec import to_data
from core.keys.possession import prove_possession
from core.trial.catalogue import DECIDERS
from core.trial.study.nct05727722 import protocol_config
from tests.http import forms
from tests.http.training import ORIGIN, days, password_of

if TYPE_CHECKING:
    from tests.http.desk import Desk

WHY = {"code": "correction", "text": "transcription error, source document 98"}


def test_every_command_has_exactly_one_route() -> None:
    routed = [command for rows in AREAS.values() for command, _ in rows]
    assert set(routed) == set(DECIDERS)
    assert len(routed) == len(set(routed))


def test_a_subject_from_screening_to_death(desk: Desk) -> None:
    desk.done("src.wang", "/v1/cohort-decisions", {"decision": "enrol", "level": 1}, "escalation")
    stream = forms.dosed(desk)
    subject = "/v1/subjects/S001"
    ae = forms.adverse_event("AE-001", "2024-02-21", grade=3)
    desk.done("sc.liu", f"{subject}/adverse-events", ae, stream)
    change = {"changes": [{"field": "grade", "old": 3, "new": 4}]}
    desk.done("sc.liu", f"{subject}/adverse-events/AE-001/corrections", change, stream, reason=WHY)
    judged = {"is_dlt": False}
    desk.done("src.wang", f"{subject}/adverse-events/AE-001/adjudications", judged, stream)
    desk.clock.advance_to(desk.clock() + days(29))
    desk.done("pi.chen", f"{subject}/dlt-window-completions", {}, stream)
    desk.done("pi.chen", f"{subject}/liver-transplants", {"date": "2024-03-20"}, stream)
    left = {"date": "2024-03-20", "cause": "transplanted", "dlt_related": False}
    desk.done("pi.chen", f"{subject}/withdrawals", left, stream, reason=WHY)
    died = {"date": "2024-03-20", "cause_ae": None, "related": False}
    receipt = desk.done("pi.chen", f"{subject}/deaths", died, stream)
    assert receipt["version"] == desk.version(stream) == 11


def test_a_casebook(desk: Desk) -> None:
    desk.done("src.wang", "/v1/cohort-decisions", {"decision": "enrol", "level": 1}, "escalation")
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
    }
    desk.done("sc.liu", f"{subject}/lab-panels/S001-V0/corrections", fixed, book, reason=WHY)
    found = {"max_mfi": "310", "cpra_percent": "0"}
    hla = {"visit": 0, "assay": "single_antigen_bead", "threshold_mfi": "1000"}
    desk.done("sc.liu", f"{subject}/hla-antibodies", {**hla, "class_i": found, "class_ii": found}, book)
    alive = {"study_day": 1, "alive": True}
    assert desk.done("pi.chen", f"{subject}/vital-statuses", alive, book)["version"] == 4


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
    assert answer.json["code"] == "CONFIG_ALREADY_ACTIVE"
    answer = desk.post("pi.chen", "/v1/protocol-configs/1/approvals", {}, "study")
    assert answer.json["code"] == "NOTHING_TO_APPROVE"


def test_what_201_carries(desk: Desk) -> None:
    answer = desk.post("sc.liu", "/v1/subjects/S001/screenings", forms.screening())
    receipt = answer.json
    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"/v1/log/receipts/{receipt['positions'][0]}"
    assert (receipt["stream"], receipt["version"]) == ("subject/S001", 1)
    assert receipt["positions"] == [desk.size]
    assert receipt["checkpoint"].startswith(f"{ORIGIN}\n{desk.size}\n")
    assert receipt["replayed"] is False
    offline = desk.get("au.gao", answer.headers["Location"]).json
    assert offline["leaf_hash"] == receipt["leaf_hashes"][0]
