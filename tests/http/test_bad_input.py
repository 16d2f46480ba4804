"""Whatever is wrong with a request, it gets one coded problem and leaves nothing half written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from core.trial.instance.events import CommandRefused
from tests.http import forms
from tests.http.desk import refused

if TYPE_CHECKING:
    from tests.http.desk import Desk

SCREENINGS = "/v1/subjects/S001/screenings"
DOSES = "/v1/subjects/S404/doses"
DECISION = {"meeting": "M1", "decision": "escalate", "level": 2, "override": None}


def send(desk: Desk, body: bytes, person: str = "sc.liu", **headers: str) -> Any:
    given = {**desk.headers(person), "Content-Type": "application/json", **headers}
    return desk.client.post(SCREENINGS, data=body, headers=given)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "NOT_JSON"),
        (b"{", 400, "NOT_JSON"),
        (b"\xef\xbb\xbf{}", 400, "NOT_JSON"),
        (b'{"zone": "\xff"}', 400, "NOT_JSON"),
        (b'{"data": NaN}', 400, "NOT_JSON"),
        (b'{"data": 1, "data": 2}', 400, "DUPLICATE_KEY"),
        (b'{"data": {"a": 1, "\\u0061": 2}}', 400, "DUPLICATE_KEY"),
        (b"[" * 60 + b"]" * 60, 400, "TOO_DEEP"),
        (b'{"data": 1e999999}', 413, "TOO_LARGE"),
        (b" " * 1_000_001, 413, "TOO_LARGE"),
        (b"null", 422, "VALIDATION"),
        (b"[]", 422, "VALIDATION"),
        (b"{}", 422, "VALIDATION"),
    ],
)
def test_bodies_that_are_no_order(desk: Desk, body: bytes, status: int, code: str) -> None:
    before = desk.size
    refused(send(desk, body), status, code)
    assert desk.size == before


def test_another_media_type(desk: Desk) -> None:
    refused(send(desk, b"{}", **{"Content-Type": "text/plain"}), 415, "UNSUPPORTED_MEDIA_TYPE")


def _with(path: str, value: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(forms.screening()))
    *way, last = path.split(".")
    place: Any = data
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    return data


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        (_with("measurements.0.value", 68.5), "DECIMAL_STRING_EXPECTED", "data.measurements.0.value"),
        (_with("measurements.0.value", 68), "DECIMAL_STRING_EXPECTED", "data.measurements.0.value"),
        (_with("measurements.0.value", "6.8e1"), "BAD_DECIMAL", "data.measurements.0.value"),
        (_with("age_years", "46"), "VALIDATION", "data.age_years"),
        (_with("age_years", value=True), "VALIDATION", "data.age_years"),
        (_with("age_years", 46.0), "VALIDATION", "data.age_years"),
        (_with("age_years", None), "VALIDATION", "data.age_years"),
        (_with("group", "clf"), "VALIDATION", "data.group"),
        (_with("surprise", 1), "VALIDATION", "data.surprise"),
        (_with("subject_key", "S002"), "VALIDATION", "data.subject_key"),
        (_with("attestations.0.holds", "yes"), "VALIDATION", "data.attestations.0.holds"),
        (_with("measurements", {}), "VALIDATION", "data.measurements"),
    ],
)
def test_fields_that_do_not_fit(desk: Desk, data: dict[str, Any], code: str, field: str) -> None:
    before = desk.size
    problem = refused(desk.post("sc.liu", SCREENINGS, data), 422, code)
    assert problem["field"] == field
    assert desk.size == before


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"occurred_at": "2024-02-20T09:00:00"}, 422, "NAIVE_TIME"),
        ({"occurred_at": "yesterday"}, 422, "BAD_TIME"),
        ({"occurred_at": "2024-02-31T09:00:00Z"}, 422, "BAD_TIME"),
        ({"occurred_at": 5}, 422, "VALIDATION"),
        ({"zone": "Shanghai"}, 422, "UNKNOWN_ZONE"),
        ({"zone": ...}, 422, "VALIDATION"),
        ({"reason": "because"}, 422, "VALIDATION"),
        ({"surprise": 1}, 422, "VALIDATION"),
        ({"signing": {}}, 422, "VALIDATION"),
        ({"signing": {"password": "x"}}, 422, "VALIDATION"),
        ({"signing": {"person": "sc.liu", "shown": []}}, 422, "VALIDATION"),
        ({"signing": {"person": "sc.liu", "password": "x", "prepare": True}}, 422, "VALIDATION"),
        ({"signing": {"prepare": False}}, 422, "VALIDATION"),
        ({"signing": {"signed": []}}, 422, "NOTHING_SIGNED"),
        ({"signing": {"signed": [{"statement": "e30", "signature": ""}]}}, 422, "BAD_BASE64"),
        ({"signing": {"signed": [{"statement": "e30=", "signature": ""}]}}, 422, "BAD_STATEMENT"),
        ({"headers": {"Idempotency-Key": ...}}, 400, "IDEMPOTENCY_KEY_REQUIRED"),
        ({"headers": {"Idempotency-Key": "1"}}, 400, "BAD_TXN"),
        ({"headers": {"If-Match": "*"}}, 400, "BAD_IF_MATCH"),
        ({"headers": {"If-Match": '""'}}, 400, "BAD_IF_MATCH"),
        ({"headers": {"If-Match": '"1", "2"'}}, 400, "BAD_IF_MATCH"),
        ({"headers": {"If-Match": '"07"'}}, 400, "BAD_IF_MATCH"),
        ({"headers": {"If-Match": '"7"'}}, 412, "VERSION_CONFLICT"),
    ],
)
def test_orders_that_do_not_fit(desk: Desk, changes: dict[str, Any], status: int, code: str) -> None:
    before = desk.size
    answer = desk.post("sc.liu", SCREENINGS, forms.screening(), **changes)
    refused(answer, status, code)
    assert desk.size == before


def test_a_time_in_the_future_is_an_edit_check_and_is_on_record(desk: Desk) -> None:
    before = desk.size
    answer = desk.post("sc.liu", SCREENINGS, forms.screening(), occurred_at="2034-02-20T09:00:00Z")
    refused(answer, 422, "FUTURE_TIME")
    assert desk.size == before + 1
    assert desk.newest() == CommandRefused("FUTURE_TIME", "ScreenSubject", "sc.liu", "subject/S001")


def test_fractions_do_not_hide_in_corrections(desk: Desk) -> None:
    changes = {"changes": [{"field": "lab.value", "old": {"a": [1.5]}, "new": "2"}]}
    answer = desk.post("sc.liu", "/v1/subjects/S001/adverse-events/AE-1/corrections", changes)
    refused(answer, 422, "DECIMAL_STRING_EXPECTED")


@pytest.mark.parametrize(
    ("person", "path", "data", "status", "code"),
    [
        ("pi.chen", DOSES, forms.dose(), 404, "UNKNOWN_SUBJECT"),
        ("pi.chen", SCREENINGS, forms.screening(), 403, "NOT_AUTHORISED"),
        ("au.gao", SCREENINGS, forms.screening(), 403, "NOT_AUTHORISED"),
        ("src.wang", "/v1/cohort-decisions", DECISION, 409, "NO_OPEN_MEETING"),
        ("mei.lin", "/v1/people/sc.liu/role-endings", {"role": "SC"}, 428, "REASON_REQUIRED"),
    ],
)
def test_rules_that_say_no_are_on_the_record(
    desk: Desk, person: str, path: str, data: dict[str, Any], status: int, code: str
) -> None:
    before, stream = desk.size, "person/sc.liu" if "people" in path else None
    refused(desk.post(person, path, data, stream), status, code)
    assert desk.size == before + 1
    refusal = desk.newest()
    assert isinstance(refusal, CommandRefused)
    assert (refusal.code, refusal.person) == (code, person)


def test_a_wrong_password_at_signing(desk: Desk) -> None:
    before = desk.size
    signing = {"person": "sc.liu", "password": "guess"}
    answer = desk.post("sc.liu", SCREENINGS, forms.screening(), signing=signing)
    refused(answer, 401, "WRONG_PASSWORD")
    assert desk.size == before + 1
    assert desk.newest() == CommandRefused("WRONG_PASSWORD", "ScreenSubject", "sc.liu", "subject/S001")


@pytest.mark.parametrize(
    ("meaning", "status", "code"),
    [("liked", 422, "UNKNOWN_MEANING"), ("approved", 403, "MEANING_NOT_PERMITTED")],
)
def test_a_meaning_that_nobody_has_or_the_role_has_not(
    desk: Desk, meaning: str, status: int, code: str
) -> None:
    before = desk.size
    refused(desk.post("sc.liu", SCREENINGS, forms.screening(), meaning=meaning), status, code)
    assert desk.size == before + 1
    assert desk.newest() == CommandRefused(code, "ScreenSubject", "sc.liu", "subject/S001")


def test_the_version_seen_is_demanded_once_there_is_one(desk: Desk) -> None:
    forms.screened(desk)
    confirm, data = "/v1/subjects/S001/eligibility-confirmations", {"group": "ACLF"}
    before = desk.size
    problem = refused(desk.post("pi.chen", confirm, data), 428, "PRECONDITION_REQUIRED")
    assert problem["version"] == 2
    stale = desk.post("pi.chen", confirm, data, headers={"If-Match": '"3"'})
    assert refused(stale, 412, "VERSION_CONFLICT")["version"] == 2
    assert desk.size == before
    assert desk.post("pi.chen", confirm, data, headers={"If-Match": '"2"'}).status_code == 201


def test_identifiers_that_are_none(desk: Desk) -> None:
    answer = desk.post("sc.liu", "/v1/subjects/7%20S/screenings", forms.screening())
    refused(answer, 422, "BAD_IDENTIFIER")


def test_text_that_the_record_does_not_take(desk: Desk) -> None:
    why = {"code": "x", "text": "zero\u200bwidth"}
    before = desk.size
    refused(desk.post("sc.liu", SCREENINGS, forms.screening(), reason=why), 422, "BAD_TEXT")
    assert desk.size == before


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/nothing", 404, "NOT_FOUND"),
        ("/v1/subjects?surprise=1", 422, "VALIDATION"),
        ("/v1/subjects?as_of=2024-02-20T00:00:00Z&as_of_position=3", 422, "VALIDATION"),
        ("/v1/subjects?as_of=2024-02-20", 422, "BAD_TIME"),
        ("/v1/subjects?as_of=2024-02-20T00:00:00", 422, "NAIVE_TIME"),
        ("/v1/subjects?as_of=2034-02-20T00:00:00Z", 422, "FUTURE_TIME"),
        ("/v1/subjects?as_of_position=-1", 422, "VALIDATION"),
        ("/v1/subjects?as_of_position=1&as_of_position=2", 400, "DUPLICATE_KEY"),
        ("/v1/subjects?as_of_position=9999", 404, "UNKNOWN_POSITION"),
        ("/v1/subjects?min_position=9999", 503, "PROJECTION_BEHIND"),
        ("/v1/subjects/S404", 404, "UNKNOWN_SUBJECT"),
        ("/v1/streams/subject/S404", 404, "UNKNOWN_STREAM"),
        ("/v1/audit-trail?limit=0", 422, "VALIDATION"),
        ("/v1/audit-trail?limit=501", 422, "VALIDATION"),
        ("/v1/log/leaves/9999", 404, "UNKNOWN_POSITION"),
        ("/v1/log/leaves/0", 404, "UNKNOWN_POSITION"),
        ("/v1/log/receipts/9999", 404, "UNKNOWN_POSITION"),
        ("/v1/log/inclusion-proof?position=1", 422, "VALIDATION"),
        ("/v1/log/inclusion-proof?position=3&size=2", 400, "BAD_PROOF_REQUEST"),
        ("/v1/log/consistency-proof?old=1&new=9999", 404, "UNKNOWN_POSITION"),
        ("/v1/events?lastEventId=x", 422, "VALIDATION"),
        ("/v1/events?lastEventId=9999", 409, "POSITION_AHEAD"),
        ("/v1/events?limit=501", 422, "VALIDATION"),
    ],
)
def test_questions_that_have_no_answer(desk: Desk, path: str, status: int, code: str) -> None:
    refused(desk.get("au.gao", path), status, code)


def test_a_method_that_is_not_there(desk: Desk) -> None:
    answer = desk.client.delete("/v1/subjects", headers=desk.bearer("au.gao"))
    refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert "GET" in answer.headers["Allow"]
