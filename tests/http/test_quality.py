"""Data quality over HTTP alone: whatever a command names by its digest was read in an answer before.

Nothing here looks into the process: a monitor, an inspector, an investigator has the interface and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from core.audit.merkle import verify_consistency
from core.kernel.actors import Role
from core.kernel.encoding import from_base64
from projections.read_rights import may_read_stream
from tests.http import forms
from tests.http.desk import refused

if TYPE_CHECKING:
    from tests.http.desk import Desk

STREAM = "subject/S001"
CHANGED = [{"field": "measurements.weight.value", "old": "68.0", "new": "86.0"}]
BECAUSE = {"code": "entry_error", "text": "the scale says otherwise"}


def item(desk: Desk, field: str = "measurements.weight.value") -> dict[str, str]:
    """Return an item of the screening as the monitor reads it in the casebook: as a query names it."""
    book = desk.get("cra.he", "/v1/subjects/S001/casebook").json["row"]
    (form,) = [form for form in book["forms"] if form["form"] == "screening"]
    (found,) = [one["item"] for one in form["fields"] if one["field"] == field]
    named: dict[str, str] = found
    return named


def items(desk: Desk) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what the monitor reads of every item of the subject, by event and field."""
    rows = desk.get("cra.he", "/v1/subjects/S001/source-verification").json["rows"]
    return {(row["event"], row["field"]): row for row in rows if row["record"]}


def weight(desk: Desk) -> dict[str, Any]:
    return items(desk)["SubjectScreened", "measurements.weight.value"]


def verification(desk: Desk, review: str = "R1") -> dict[str, Any]:
    return {"review": review, "subject_key": "S001", "source": "hospital_record", "items": [item(desk)]}


def head(desk: Desk, person: str = "cra.he") -> tuple[int, str]:
    """Return size and root of the newest signed head."""
    _, size, root, *_ = desk.get(person, "/v1/log/checkpoint").text.splitlines()
    return int(size), root


def correct(desk: Desk, **changes: Any) -> Any:
    data = {"changes": CHANGED, "source": "chart"}
    path = "/v1/subjects/S001/screening-corrections"
    return desk.post("sc.liu", path, data, stream=STREAM, reason=BECAUSE, **changes)


def test_a_monitor_verifies_an_item_and_sees_it_go_stale(desk: Desk) -> None:
    forms.screened(desk)
    asked = verification(desk)
    desk.done("cra.he", "/v1/source-verifications", asked)
    assert (weight(desk)["state"], weight(desk)["by"]) == ("verified", "cra.he")
    assert correct(desk).status_code == 201
    assert (weight(desk)["state"], weight(desk)["value"]) == ("stale", "86.0")
    again = desk.post("cra.he", "/v1/source-verifications", {**asked, "review": "R2"})
    refused(again, 409, "STALE_VERSION")


def test_a_monitor_finds_what_is_still_to_verify_and_says_what_differs(desk: Desk) -> None:
    forms.screened(desk)
    waiting = items(desk)
    assert {row["state"] for row in waiting.values()} == {"unverified"}
    assert item(desk) == {name: weight(desk)[name] for name in ("record", "field", "version")}
    asked = {**verification(desk), "items": ...}
    mismatches = [{"item": item(desk), "found": "86 kg"}]
    differs = {name: value for name, value in asked.items() if value is not ...}
    desk.done("cra.he", "/v1/source-mismatches", {**differs, "mismatches": mismatches})
    assert (weight(desk)["state"], weight(desk)["found"]) == ("mismatch", "86 kg")
    assert correct(desk).status_code == 201
    every = [
        {name: row[name] for name in ("record", "field", "version")}
        for (event, _), row in items(desk).items()
        if event == "SubjectScreened"
    ]
    desk.done("cra.he", "/v1/source-verifications", {**verification(desk, "R2"), "items": every})
    states = {event: set[str]() for event, _ in waiting}
    for (event, _), row in items(desk).items():
        states[event].add(row["state"])
    assert states == {event: {"verified" if event == "SubjectScreened" else "unverified"} for event in states}
    counts = desk.get("cra.he", "/v1/subjects/S001/source-verification").json["rows"][-1]
    assert (counts["verified"], counts["unverified"]) == (len(every), len(waiting) - len(every))


def test_a_frozen_casebook_answers_423(desk: Desk) -> None:
    forms.screened(desk)
    desk.done("cra.he", "/v1/subjects/S001/casebook/freezings", {}, stream=STREAM)
    refused(correct(desk), 423, "FROZEN")
    desk.done("cra.he", "/v1/subjects/S001/casebook/unfreezings", {}, stream=STREAM)
    assert correct(desk).status_code == 201


def test_a_query_is_raised_about_an_item_and_answered_by_the_site(desk: Desk) -> None:
    forms.screened(desk)
    asked = {"query": "Q1", "subject_key": "S001", "item": item(desk), "kind": "implausible", "text": "68?"}
    desk.done("cra.he", "/v1/queries", asked)
    (row,) = desk.get("sc.liu", "/v1/queries").json["rows"]
    told = (row["form"], row["event"], row["field"], row["value"])
    assert told == ("screening", "SubjectScreened", "measurements.weight.value", "68.0")
    assert correct(desk).status_code == 201
    data = {"text": "It was 86.", "correction": newest(desk, "sc.liu", event="ScreeningCorrected")["digest"]}
    desk.done("sc.liu", "/v1/queries/Q1/answers", data, stream="query/Q1")
    (row,) = desk.get("cra.he", "/v1/queries").json["rows"]
    assert (row["status"], row["answered_by"], row["age_days"]) == ("answered", ["sc.liu"], 0)
    assert (row["value"], row["correction"]) == ("68.0", item(desk)["version"])
    refused(
        desk.post("sc.liu", "/v1/queries/Q1/closings", {"outcome": "ok"}, stream="query/Q1"),
        403,
        "NOT_AUTHORISED",
    )


def newest(desk: Desk, person: str, **wanted: str) -> dict[str, Any]:
    """Return the newest row of the audit trail that is wanted."""
    row: dict[str, Any] = desk.get(person, f"/v1/audit-trail?{urlencode(wanted)}").json["rows"][-1]
    return row


def visit(desk: Desk, review: str = "V1", subjects: tuple[str, ...] = ()) -> dict[str, Any]:
    size, root = head(desk)
    return {
        "review": review,
        "kind": "routine",
        "first_day": "2024-02-20",
        "last_day": "2024-02-20",
        "subjects": list(subjects),
        "findings": [],
        "size": size,
        "root": root,
    }


def test_a_monitor_sees_what_changed_since_the_last_visit_with_proof(desk: Desk) -> None:
    forms.screened(desk)
    seen = visit(desk)
    desk.done("cra.he", "/v1/monitoring-visits", seen)
    assert desk.get("cra.he", "/v1/changes?since=visit").json["rows"] == []
    assert correct(desk).status_code == 201
    told = desk.get("cra.he", "/v1/changes?since=visit").json
    (row,) = told["rows"]
    assert (row["changes"], row["reason"]) == (CHANGED, BECAUSE)
    (look,) = told["looks"]
    assert (look["subject_key"], look["seen"]) == (None, {"size": seen["size"], "root": seen["root"]})
    (recorded,) = desk.get("cra.he", "/v1/monitoring-visits").json["rows"]
    assert (recorded["review"], recorded["size"]) == ("V1", seen["size"])
    assert recorded["signature"]["position"] == look["since"]["position"]
    proof = [bytes.fromhex(one) for one in look["proof"]]
    roots = from_base64(seen["root"]), from_base64(told["head"]["root"])
    verify_consistency(seen["size"], told["head"]["size"], *roots, proof)


def test_changes_are_read_a_page_at_a_time(desk: Desk) -> None:
    seen = visit(desk)
    desk.done("cra.he", "/v1/monitoring-visits", seen)
    forms.screened(desk)
    assert correct(desk).status_code == 201
    first = desk.get("cra.he", "/v1/changes?since=visit&limit=1").json
    rest = desk.get("cra.he", f"/v1/changes?since=visit&after={first['next']}").json
    assert [row["event"] for row in (*first["rows"], *rest["rows"])] == [
        "SubjectScreened",
        "ScreeningCorrected",
    ]
    assert rest["next"] is None


def test_looking_at_one_subject_hides_no_change_of_another(desk: Desk) -> None:
    forms.screened(desk)
    forms.screened(desk, "S002")
    desk.done("cra.he", "/v1/source-verifications", verification(desk))
    assert correct(desk).status_code == 201
    of_other = desk.get("cra.he", "/v1/subjects/S002/source-verification").json["rows"]
    screened = next(row for row in of_other if row["event"] == "SubjectScreened")
    other = {name: screened[name] for name in ("record", "field", "version")}
    asked = {"review": "R2", "subject_key": "S002", "source": "hospital_record", "items": [other]}
    desk.done("cra.he", "/v1/source-verifications", asked)
    told = desk.get("cra.he", "/v1/changes?since=verification").json
    seen = [(row["subject_key"], row["event"]) for row in told["rows"] if row["subject_key"] != "S009"]
    assert seen == [("S001", "ScreeningCorrected")]
    assert sorted(look["subject_key"] for look in told["looks"]) == ["S001", "S002"]
    for key, events in (("S001", ["ScreeningCorrected"]), ("S002", [])):
        of_one = desk.get("cra.he", f"/v1/changes?since=verification&subject={key}").json
        assert [row["event"] for row in of_one["rows"]] == events


def test_what_was_never_looked_at_has_changed(desk: Desk) -> None:
    forms.screened(desk)
    desk.done("cra.he", "/v1/monitoring-visits", visit(desk, subjects=("S001",)))
    forms.screened(desk, "S002")
    # S009 has consented and was at no visit.
    assert {row["subject_key"] for row in changes(desk, "visit")} == {"S002", "S009"}
    desk.done("cra.he", "/v1/monitoring-visits", visit(desk, "V2"))
    assert changes(desk, "visit") == []
    refused(desk.get("cra.he", "/v1/changes?since=verification&subject=S002"), 404, "NO_EARLIER_ACT")


def changes(desk: Desk, since: str, person: str = "cra.he", **about: str) -> list[dict[str, Any]]:
    query = urlencode({"since": since, **about})
    rows: list[dict[str, Any]] = desk.get(person, f"/v1/changes?{query}").json["rows"]
    return rows


@pytest.mark.parametrize(
    ("person", "query", "status", "code"),
    [
        ("cra.he", "?since=visit", 404, "NO_EARLIER_ACT"),
        ("cra.he", "?since=yesterday", 422, "VALIDATION"),
        ("cra.he", "", 422, "VALIDATION"),
        ("jun.xu", "?since=signature", 403, "NOT_AUTHORISED"),
    ],
)
def test_changes_count_from_an_act_of_the_caller(
    desk: Desk, person: str, query: str, status: int, code: str
) -> None:
    refused(desk.get(person, f"/v1/changes{query}"), status, code)


SIGNATURES = "/v1/subjects/S001/casebook/signatures"


def shown(desk: Desk, person: str = "pi.chen") -> dict[str, Any]:
    """Return what the investigator signs: the casebook at the heads at which they read it."""
    heads: dict[str, Any] = desk.get(person, "/v1/subjects/S001/casebook").json["row"]["heads"]
    return {**heads, "exceptions": []}


def test_the_investigator_signs_what_is_shown_or_nothing(desk: Desk) -> None:
    forms.screened(desk)
    stale = shown(desk)
    desk.done("cra.he", "/v1/subjects/S001/casebook/freezings", {}, stream=STREAM)
    desk.done("cra.he", "/v1/subjects/S001/casebook/unfreezings", {}, stream=STREAM)
    refused(desk.post("pi.chen", SIGNATURES, stale, stream=STREAM), 409, "CHANGED_WHILE_REVIEWING")
    desk.done("pi.chen", SIGNATURES, shown(desk), stream=STREAM)
    assert changes(desk, "signature", "pi.chen", subject="S001") == []
    assert correct(desk).status_code == 201
    (row,) = desk.get("cra.he", "/v1/casebook-signatures").json["rows"]
    assert row["state"] == "changed since signing"
    assert row["changed_by"] == [newest(desk, "cra.he", event="ScreeningCorrected")["position"]]
    (changed,) = changes(desk, "signature", "pi.chen", subject="S001")
    assert changed["changes"] == CHANGED


def test_a_signature_over_something_else_is_none_over_the_casebook(desk: Desk) -> None:
    forms.screened(desk)
    covered = newest(desk, "pi.chen", event="SubjectScreened")["digest"]
    desk.done("pi.chen", "/v1/countersignatures", {"review": "C1", "covers": [covered]})
    refused(desk.get("pi.chen", "/v1/changes?since=signature"), 404, "NO_EARLIER_ACT")
    (row,) = desk.get("pi.chen", "/v1/countersignatures").json["rows"]
    (found,) = row["covers"]
    register = desk.get("pi.chen", "/v1/signatures?limit=500").json["rows"]
    (signed,) = [one for one in register if one["digest"] == found["digest"]]
    assert (signed["position"], signed["event"]) == (found["position"], "SubjectScreened")
    assert register[-1]["covers"] == [covered]


def test_who_countersigns_a_signed_casebook_has_looked_at_it(desk: Desk) -> None:
    forms.screened(desk)
    desk.done("pi.chen", SIGNATURES, shown(desk), stream=STREAM)
    covered = newest(desk, "cra.he", event="CasebookSigned")["digest"]
    desk.done("cra.he", "/v1/countersignatures", {"review": "C1", "covers": [covered]})
    assert changes(desk, "signature", subject="S001") == []
    assert correct(desk).status_code == 201
    told = changes(desk, "signature", subject="S001")
    assert [row["event"] for row in told] == ["ScreeningCorrected"]


def test_a_monitor_reviews_the_audit_trail_on_a_signed_head(desk: Desk) -> None:
    forms.screened(desk)
    size, root = head(desk)
    asked = {"review": "T1", "first": 1, "last": size, "scope": "one_subject", "subject_key": "S001"}
    desk.done("cra.he", "/v1/audit-trail-reviews", {**asked, "findings": [], "size": size, "root": root})
    reviewed, _, missing = desk.get("cra.he", "/v1/trail-reviews").json["rows"]
    assert (reviewed["last"], missing["gaps"]) == (size, [[size + 1, None]])


def test_an_administrator_reads_neither_queries_nor_reviews() -> None:
    for role in (Role.ADM, Role.SEC):
        assert not may_read_stream(role, "query/Q1")
        assert not may_read_stream(role, "review/R1")
    assert may_read_stream(Role.AUD, "query/Q1")
