"""Signing with a password: both components, the text that was shown, and series of signatures."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from api.verification import verify_store
from core.audit.display import digest_of_text
from core.trial.instance.events import CommandRefused
from tests.http import forms
from tests.http.desk import refused
from tests.http.training import password_of

if TYPE_CHECKING:
    from tests.http.desk import Desk

SCREENINGS, SERIES = "/v1/subjects/S001/screenings", "/v1/signing-series"
STREAM = "subject/S001"


def both(person: str = "sc.liu", **changes: Any) -> dict[str, Any]:
    return {"person": person, "password": password_of(person), **changes}


def shown_of(desk: Desk, order: dict[str, Any], headers: dict[str, str]) -> list[str]:
    asked = {**order, "signing": {"prepare": True}}
    answer = desk.client.post(SCREENINGS, json=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return [one["display"] for one in answer.json["statements"]]


def test_the_digest_of_what_was_shown_is_in_what_was_signed(desk: Desk) -> None:
    order, headers = desk.order("sc.liu", forms.screening()), desk.headers("sc.liu", STREAM)
    asked = {**order, "signing": {"prepare": True}}
    (told,) = desk.client.post(SCREENINGS, json=asked, headers=headers).json["statements"]
    desk.clock.advance_to(desk.clock() + timedelta(seconds=90))
    answer = desk.sign(SCREENINGS, order, headers)
    assert answer.status_code == 201
    stored = desk.instance.log.entry(answer.json["positions"][0]).statement
    assert stored.display == told["display"] == digest_of_text(told["text"])


@pytest.mark.parametrize(
    ("signing", "status", "code"),
    [
        (both("pi.chen", shown=[]), 401, "WRONG_PERSON"),
        (both(), 428, "NOT_SHOWN"),
        (both(password="guess", shown=[]), 401, "WRONG_PASSWORD"),
    ],
)
def test_what_lacks_a_component_is_refused_on_the_record(
    desk: Desk, signing: dict[str, Any], status: int, code: str
) -> None:
    """21 CFR 11.200(a)(1): user id and password, and what they stand for, at every signing."""
    before, headers = desk.size, desk.headers("sc.liu", STREAM)
    order = desk.order("sc.liu", forms.screening(), signing=signing)
    refused(desk.client.post(SCREENINGS, json=order, headers=headers), status, code)
    assert desk.size == before + 1
    assert desk.newest() == CommandRefused(code, "ScreenSubject", "sc.liu", STREAM)


def test_other_data_than_were_shown_are_not_signed(desk: Desk) -> None:
    headers = desk.headers("sc.liu", STREAM)
    shown = shown_of(desk, desk.order("sc.liu", forms.screening()), headers)
    before = desk.size
    for signing in (both(shown=shown), both(shown=[]), both(shown=shown * 2)):
        other = desk.order("sc.liu", forms.screening(age_years=47), signing=signing)
        refused(desk.client.post(SCREENINGS, json=other, headers=headers), 409, "SHOWN_DIFFERS")
    assert desk.size == before + 3
    assert desk.newest() == CommandRefused("SHOWN_DIFFERS", "ScreenSubject", "sc.liu", STREAM)


# -- series -----------------------------------------------------------------------------------------------


def orders(desk: Desk, count: int = 3) -> list[dict[str, Any]]:
    """Screen a subject, then report adverse events that need the screening to be there."""
    screening = desk.order("sc.liu", {"subject_key": "S001", **forms.screening()}, signing=...)
    first = {**screening, "command": "ScreenSubject", "version": 1}
    made = [first]
    for number in range(1, count):
        data = {"subject_key": "S001", **forms.adverse_event(f"AE-{number}", "2024-02-21")}
        order = desk.order("sc.liu", data, signing=...)
        made.append({**order, "command": "ReportAdverseEvent", "version": 1})
    for one in made:
        one["txn"] = desk.txn()
    return made


def send(desk: Desk, listed: list[dict[str, Any]], signing: Any) -> Any:
    return desk.client.post(
        SERIES, json={"orders": listed, "signing": signing}, headers=desk.bearer("sc.liu")
    )


def signed(desk: Desk, listed: list[dict[str, Any]]) -> Any:
    prepared = send(desk, listed, {"prepare": True})
    assert prepared.status_code == 200, prepared.text
    shown = [one["display"] for item in prepared.json["items"] for one in item["statements"]]
    return send(desk, listed, both(shown=shown))


def test_a_series_is_recorded_whole_and_verifies(desk: Desk) -> None:
    before, listed = desk.size, orders(desk)
    answer = signed(desk, listed)
    assert answer.status_code == 201, answer.text
    receipts = answer.json["receipts"]
    assert [one["positions"] for one in receipts] == [[before + n] for n in (1, 2, 3)]
    entries = [desk.instance.log.entry(before + n) for n in (1, 2, 3)]
    assert len({entry.leaf.envelope.signature for entry in entries}) == 3
    assert [entry.statement.txn.id for entry in entries] == [one["txn"] for one in listed]
    assert verify_store(f"sqlite:///{desk.instance.folder}", None, workers=0).findings == ()
    again = signed_again = send(desk, listed, both(shown=[]))
    assert again.status_code == 200, signed_again.text
    assert [one["positions"] for one in again.json["receipts"]] == [one["positions"] for one in receipts]
    assert desk.size == before + 3


def test_one_refused_order_refuses_the_series_and_is_named(desk: Desk) -> None:
    listed = orders(desk)
    listed[2]["data"]["subject_key"] = "S777"
    listed[2]["version"] = None
    before = desk.size
    answer = send(desk, listed, {"prepare": True})
    problem = refused(answer, 404, "UNKNOWN_SUBJECT")
    assert problem["item"] == 3
    assert desk.size == before + 1
    assert desk.newest() == CommandRefused("UNKNOWN_SUBJECT", "ReportAdverseEvent", "sc.liu", "subject/S777")


def test_one_stale_digest_refuses_the_whole_series(desk: Desk) -> None:
    listed = orders(desk)
    prepared = send(desk, listed, {"prepare": True}).json
    shown = [one["display"] for item in prepared["items"] for one in item["statements"]]
    before = desk.size
    stale = [*shown[:-1], "sha256:" + "0" * 64]
    refused(send(desk, listed, both(shown=stale)), 409, "SHOWN_DIFFERS")
    refused(send(desk, listed, both(shown=shown[::-1])), 409, "SHOWN_DIFFERS")
    assert desk.size == before + 2  # the two refusals


def test_a_series_that_is_partly_in_the_log_is_refused(desk: Desk) -> None:
    listed = orders(desk)
    assert signed(desk, listed[:1]).status_code == 201
    before = desk.size
    refused(send(desk, listed, both(shown=[])), 409, "SERIES_PARTLY_RECORDED")
    assert desk.size == before


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (lambda listed: listed.append(dict(listed[0])), 422, "BAD_SERIES"),
        (lambda listed: listed.clear(), 422, "VALIDATION"),
        (lambda listed: listed[0].update(command="DropTables"), 422, "VALIDATION"),
        (lambda listed: listed[0].update(signing={"prepare": True}), 422, "VALIDATION"),
        (lambda listed: listed[0].update(txn="1"), 422, "VALIDATION"),
        (lambda listed: listed[0].pop("version"), 428, "PRECONDITION_REQUIRED"),
        (lambda listed: listed[0].update(version=9), 409, "VERSION_CONFLICT"),
        (lambda listed: listed[0].update(meaning="liked"), 422, "UNKNOWN_MEANING"),
    ],
)
def test_series_that_do_not_fit(desk: Desk, change: Any, status: int, code: str) -> None:
    listed = orders(desk, 1)
    change(listed)
    before = desk.size
    refused(send(desk, listed, {"prepare": True}), status, code)
    assert desk.size - before == (1 if code == "UNKNOWN_MEANING" else 0)


def test_a_session_alone_signs_no_series(desk: Desk) -> None:
    refused(send(desk, orders(desk, 1), None), 401, "SIGN_AUTH_REQUIRED")
