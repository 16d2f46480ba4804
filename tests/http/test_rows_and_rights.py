"""Rows of the trail, signatures and changes: those that the caller could read as leaves, no others."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel.actors import Role
from core.stranger_watch import RECORDED_ONE_BY_ONE
from core.trial.instance.events import CommandRefused, RefusalsRepeated
from projections.read_rights import may_read_stream
from tests.http import forms
from tests.http.desk import refused
from tests.http.training import PEOPLE, days, password_of

if TYPE_CHECKING:
    from tests.http.desk import Desk


def paged(desk: Desk, person: str, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while path:
        answer = desk.get(person, path)
        assert answer.status_code == 200, answer.text
        assert answer.json["rows"] or not rows, "a page without rows is never one to go on from"
        rows += answer.json["rows"]
        path = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
    return rows


@pytest.mark.parametrize("person", ["src.wang", "sc.liu", "pi.chen", "au.gao"])
@pytest.mark.parametrize("path", ["/v1/audit-trail", "/v1/signatures"])
def test_by_pages_one_reads_what_one_could_read_as_leaves(desk: Desk, person: str, path: str) -> None:
    forms.screened(desk)
    desk.instance.handler.record_refusal("X", "Nothing", "sc.liu", None)
    log, role = desk.instance.log, Role(PEOPLE[person][1])
    may = {
        n
        for n in range(1, desk.size + 1)
        if may_read_stream(role, log.entry(n).statement.stream) or log.entry(n).statement.signer.id == person
    }
    assert {row["position"] for row in paged(desk, person, f"{path}?limit=3")} == may


def test_a_forgotten_signature_is_a_refused_signature(desk: Desk) -> None:
    """Issue 4: refused signings are events that survive the failure of the request."""
    refused(
        desk.post("sc.liu", "/v1/subjects/S001/screenings", forms.screening(), signing=...),
        401,
        "SIGN_AUTH_REQUIRED",
    )
    assert desk.newest() == CommandRefused("SIGN_AUTH_REQUIRED", "ScreenSubject", "sc.liu", "subject/S001")


def test_one_reader_cannot_flood_the_log(desk: Desk) -> None:
    desk.token("au.gao")
    before, minute = desk.size, desk.clock().replace(second=0, microsecond=0)
    for _ in range(40):
        desk.instance.handler.record_refusal("ROLE_NOT_HELD", "SignIn", "au.gao", None)
    assert desk.size == before + RECORDED_ONE_BY_ONE
    desk.clock.advance_to(desk.clock() + days(1))
    desk.instance.strangers.state_sums()
    assert desk.newest() == RefusalsRepeated("ROLE_NOT_HELD", "au.gao", minute, 40 - RECORDED_ONE_BY_ONE)


def test_a_sum_is_stated_even_if_nobody_ever_comes_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[float] = []

    class Timer:
        daemon = False

        def __init__(self, seconds: float, _act: object) -> None:
            self.seconds = seconds

        def start(self) -> None:
            started.append(self.seconds)

        def is_alive(self) -> bool:
            return True

        def cancel(self) -> None:
            pass

    monkeypatch.setattr(threading, "Timer", Timer)
    for count in range(RECORDED_ONE_BY_ONE + 3):
        assert len(started) == (count > RECORDED_ONE_BY_ONE)
        desk.instance.handler.record_refusal("ROLE_NOT_HELD", "SignIn", "au.gao", None)
    assert started == [61]


def test_what_was_entered_between_showing_and_signing_was_not_seen(desk: Desk) -> None:
    path, headers = "/v1/subjects/S001/screenings", desk.headers("sc.liu", "subject/S001")
    order = desk.order("sc.liu", forms.screening(), signing={"prepare": True})
    prepared = desk.client.post(path, json=order, headers=headers).json
    assert prepared["seen"]["size"] == desk.size
    desk.instance.handler.record_refusal("X", "Nothing", "sc.liu", None)
    shown = [one["display"] for one in prepared["statements"]]
    both = {"person": "sc.liu", "password": password_of("sc.liu"), "shown": shown}
    false = {**prepared["seen"], "size": desk.size}
    lied = {**order, "signing": {**both, "seen": false}}
    refused(desk.client.post(path, json=lied, headers=headers), 409, "BAD_SEEN")
    signed = {**order, "signing": {**both, "seen": prepared["seen"]}}
    answer = desk.client.post(path, json=signed, headers=headers)
    assert answer.status_code == 201, answer.text
    seen = desk.instance.log.entry(answer.json["positions"][0]).statement.seen
    assert dataclasses.asdict(seen) == prepared["seen"]


def test_who_does_not_say_what_they_saw_has_seen_no_more_than_before(desk: Desk) -> None:
    path, headers = "/v1/subjects/S001/screenings", desk.headers("sc.liu", "subject/S001")
    order = desk.order("sc.liu", forms.screening(), signing={"prepare": True})
    prepared = desk.client.post(path, json=order, headers=headers).json
    known = desk.instance.log.last_seen_by("sc.liu")
    shown = [one["display"] for one in prepared["statements"]]
    order["signing"] = {"person": "sc.liu", "password": password_of("sc.liu"), "shown": shown}
    answer = desk.client.post(path, json=order, headers=headers)
    assert answer.status_code == 201, answer.text
    assert desk.instance.log.entry(answer.json["positions"][0]).statement.seen.size == known
