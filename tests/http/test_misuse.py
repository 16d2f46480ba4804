"""Whoever tries what is not theirs: locked out, counted, throttled, and seen at once."""

from __future__ import annotations

import dataclasses
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from api.app import create_app
from api.feed.alert_feed import AlertFeed
from api.feed.feed import Filter
from api.service import EXTENSION
from api.settings import Settings
from core.stranger_watch import MISUSE_THRESHOLD
from core.trial.instance.events import CommandRefused, SessionMisused, UnknownSignInsRefused
from core.trial.people.events import LockedOut
from tests.http.desk import refused
from tests.http.training import password_of

if TYPE_CHECKING:
    from core.kernel.recorded import Event
    from tests.http.desk import Desk

LIMIT = 5
HEARTBEAT = 60.0
MINUTE = timedelta(minutes=1)
LIFTED = {"code": "identified", "text": "called back and identified"}


def sign_in(desk: Desk, person: str = "sc.liu", password: str = "guess", role: str = "SC") -> Any:
    return desk.client.post("/v1/sessions", json={"person": person, "password": password, "role": role})


def lock_out(desk: Desk, person: str = "sc.liu") -> None:
    for _ in range(LIMIT):
        refused(sign_in(desk, person), 401, "SIGN_IN_FAILED")


def payloads(desk: Desk, since: int) -> list[Event]:
    return [desk.instance.log.entry(n).payload for n in range(since + 1, desk.size + 1)]


# -- lock-out -------------------------------------------------------------------------------------------


def test_too_many_wrong_passwords_lock_the_person_out_everywhere(desk: Desk) -> None:
    bearer, size = desk.bearer("sc.liu"), desk.size
    lock_out(desk)
    assert payloads(desk, size)[-2:] == [
        CommandRefused("WRONG_PASSWORD", "SignIn", "sc.liu", None),
        LockedOut(LIMIT),
    ]
    refused(desk.client.get("/v1/subjects", headers=bearer), 429, "LOCKED_OUT")


def test_a_locked_out_person_learns_nothing_of_the_password(desk: Desk) -> None:
    lock_out(desk)
    right = refused(sign_in(desk, password=password_of("sc.liu")), 401, "SIGN_IN_FAILED")
    wrong = refused(sign_in(desk), 401, "SIGN_IN_FAILED")
    del right["request_id"], wrong["request_id"]
    assert right == wrong


def test_being_locked_out_takes_as_long_as_a_wrong_password(desk: Desk) -> None:
    lock_out(desk)
    throttled(desk, refused_sign_in_seconds=0.1)
    for password in (password_of("sc.liu"), "guess"):
        began = time.monotonic()
        refused(sign_in(desk, password=password), 401, "SIGN_IN_FAILED")
        assert time.monotonic() - began >= 0.1


def test_a_session_of_the_last_officer_guesses_no_more_than_anybody(desk: Desk) -> None:
    """They are not locked out, so their sessions end; signing in again waits a minute."""
    lock_out(desk, "mei.lin")
    stolen, data = desk.bearer("jun.xu"), {"person": "jun.xu", "password": "guess", "shown": []}
    path, order = "/v1/people/mei.lin/lockout-liftings", {"reason": LIFTED, "signing": data}
    answers = [
        desk.client.post(
            path,
            json=desk.order("jun.xu", {}, **order),
            headers={
                **stolen,
                "Idempotency-Key": desk.txn(),
                "If-Match": f'"{desk.version("person/mei.lin")}"',
            },
        )
        for _ in range(LIMIT + 2)
    ]
    assert [one.json["code"] for one in answers] == ["WRONG_PASSWORD"] * (LIMIT + 1) + ["NOT_SIGNED_IN"]
    refused(sign_in(desk, "jun.xu", password_of("jun.xu"), "ADM"), 401, "SIGN_IN_FAILED")
    desk.clock.advance_to(desk.clock() + MINUTE)
    assert sign_in(desk, "jun.xu", password_of("jun.xu"), "ADM").status_code == 201


def test_a_registrar_lets_the_person_in_again(desk: Desk) -> None:
    lock_out(desk)
    desk.done("mei.lin", "/v1/people/sc.liu/lockout-liftings", {}, "person/sc.liu", reason=LIFTED)
    assert sign_in(desk, password=password_of("sc.liu")).status_code == 201


def test_a_wrong_answer_to_a_challenge_counts_too(desk: Desk) -> None:
    asked = desk.client.post("/v1/sessions/challenges", json={"person": "sc.liu"}).json
    answer = {"person": "sc.liu", "role": "SC", "challenge": asked["challenge"], "signature": "AAAA"}
    for _ in range(LIMIT):
        refused(desk.client.post("/v1/sessions", json=answer), 401, "SIGN_IN_FAILED")
    refused(sign_in(desk, password=password_of("sc.liu")), 401, "SIGN_IN_FAILED")


# -- nobody who is enrolled -----------------------------------------------------------------------------


def test_sign_ins_of_nobody_are_one_event_a_minute_and_nothing_typed_is_kept(desk: Desk) -> None:
    size, typed = desk.size, "zebra.crossing"
    for number in range(40):
        refused(sign_in(desk, f"{typed}{number}"), 401, "SIGN_IN_FAILED")
    assert desk.size == size  # the minute is not over
    minute = desk.clock().replace(second=0, microsecond=0)
    desk.clock.advance_to(desk.clock() + MINUTE)
    refused(sign_in(desk, typed), 401, "SIGN_IN_FAILED")
    assert payloads(desk, size) == [UnknownSignInsRefused(minute, 40)]
    for file in desk.instance.folder.glob("*.sqlite*"):
        assert typed.encode() not in file.read_bytes()


def test_what_was_counted_survives_the_process(desk: Desk) -> None:
    sign_in(desk, "nobody")
    desk.clock.advance_to(desk.clock() + MINUTE)
    size = desk.size
    for _ in range(2):
        create_app(desk.instance, Settings()).extensions[EXTENSION].close()
    assert [type(p) for p in payloads(desk, size)] == [UnknownSignInsRefused]


# -- sessions that do not count -------------------------------------------------------------------------


def test_an_ended_token_brought_again_and_again_is_one_event_a_minute(desk: Desk) -> None:
    bearer = desk.bearer("sc.liu")
    desk.client.delete("/v1/sessions/current", headers=bearer)
    size, minute = desk.size, desk.clock().replace(second=0, microsecond=0)
    for _ in range(3 * MISUSE_THRESHOLD):
        refused(desk.client.get("/v1/subjects", headers=bearer), 401, "NOT_SIGNED_IN")
    assert payloads(desk, size) == [SessionMisused("sc.liu", minute, MISUSE_THRESHOLD)]


def test_made_up_tokens_are_nobodys(desk: Desk) -> None:
    size, minute = desk.size, desk.clock().replace(second=0, microsecond=0)
    for number in range(3 * MISUSE_THRESHOLD):
        made_up = {"Authorization": f"Bearer dts_{number:A>42}A"}
        refused(desk.client.get("/v1/subjects", headers=made_up), 401, "NOT_SIGNED_IN")
    assert payloads(desk, size) == [SessionMisused(None, minute, MISUSE_THRESHOLD)]


def test_a_session_that_ran_out_is_no_misuse(desk: Desk) -> None:
    bearer, size = desk.bearer("sc.liu"), desk.size
    desk.clock.advance_to(desk.clock() + timedelta(minutes=15))
    for _ in range(3 * MISUSE_THRESHOLD):
        refused(desk.client.get("/v1/subjects", headers=bearer), 401, "SESSION_EXPIRED")
    assert desk.size == size


# -- throttling -----------------------------------------------------------------------------------------


def throttled(desk: Desk, **limits: float) -> None:
    service = desk.app.extensions[EXTENSION]
    desk.app.extensions[EXTENSION] = dataclasses.replace(
        service, settings=dataclasses.replace(service.settings, **limits)
    )


def test_one_address_tries_so_often_a_minute(desk: Desk) -> None:
    throttled(desk, sign_ins_per_minute=3)
    for number in range(3):
        refused(sign_in(desk, f"nobody{number}"), 401, "SIGN_IN_FAILED")
    answer = sign_in(desk, "nobody")
    refused(answer, 429, "THROTTLED")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    challenge = desk.client.post("/v1/sessions/challenges", json={"person": "sc.liu"})
    refused(challenge, 429, "THROTTLED")


def test_one_token_orders_so_often_a_minute_and_reads_on(desk: Desk) -> None:
    throttled(desk, orders_per_minute=2)
    size = desk.size
    for _ in range(2):
        refused(desk.post("sc.liu", "/v1/lots/L9/rejections", {}), 422, "VALIDATION")
    answer = desk.post("sc.liu", "/v1/lots/L9/rejections", {})
    refused(answer, 429, "THROTTLED")
    assert desk.get("sc.liu", "/v1/subjects").status_code == 200
    assert desk.size == size
    refused(desk.post("pi.chen", "/v1/lots/L9/rejections", {}), 422, "VALIDATION")


def from_address(desk: Desk, route: str, by: str = "203.0.113.1") -> Any:
    """Try to sign in by a connection that says in its header whom it comes from."""
    asked = {"person": "nobody", "password": "guess", "role": "SC"}
    return desk.client.post(
        "/v1/sessions", json=asked, headers={"X-Forwarded-For": route}, environ_base={"REMOTE_ADDR": by}
    )


def test_behind_a_trusted_proxy_each_address_has_its_own_tries(desk: Desk) -> None:
    throttled(desk, sign_ins_per_minute=2, trusted_proxies=1)
    for number in range(2):  # what the client wrote before it is not believed
        refused(from_address(desk, f"192.0.2.{number}, 198.51.100.7"), 401, "SIGN_IN_FAILED")
    refused(from_address(desk, "192.0.2.9, 198.51.100.7"), 429, "THROTTLED")
    refused(from_address(desk, "198.51.100.8"), 401, "SIGN_IN_FAILED")


def test_behind_two_proxies_the_outer_one_says_who_it_is(desk: Desk) -> None:
    throttled(desk, sign_ins_per_minute=1, trusted_proxies=2)
    refused(from_address(desk, "192.0.2.1, 198.51.100.7, 203.0.113.5"), 401, "SIGN_IN_FAILED")
    refused(from_address(desk, "192.0.2.2, 198.51.100.7, 203.0.113.6"), 429, "THROTTLED")
    refused(from_address(desk, "198.51.100.9, 203.0.113.5"), 401, "SIGN_IN_FAILED")
    refused(
        from_address(desk, "198.51.100.1", "203.0.113.4"), 401, "SIGN_IN_FAILED"
    )  # past the outer one: who connects
    refused(from_address(desk, "198.51.100.2", "203.0.113.4"), 429, "THROTTLED")


def test_an_address_in_a_header_is_not_believed_unless_a_proxy_is_trusted(desk: Desk) -> None:
    throttled(desk, sign_ins_per_minute=1)
    refused(from_address(desk, "198.51.100.7", "203.0.113.2"), 401, "SIGN_IN_FAILED")
    refused(from_address(desk, "198.51.100.8", "203.0.113.2"), 429, "THROTTLED")
    refused(from_address(desk, "198.51.100.8", "203.0.113.3"), 401, "SIGN_IN_FAILED")


# -- alerts ---------------------------------------------------------------------------------------------


def test_alerts_are_for_who_is_responsible(desk: Desk) -> None:
    lock_out(desk)
    for _ in range(12):
        sign_in(desk, "nobody")
    desk.clock.advance_to(desk.clock() + MINUTE)
    sign_in(desk, "nobody")
    rows = desk.get("mei.lin", "/v1/alerts").json["rows"]
    assert [(row["alert"], row["person"]) for row in rows] == [
        ("locked_out", "sc.liu"),
        ("unknown_sign_ins", None),
    ]
    for person, status in (("jun.xu", 200), ("au.gao", 200), ("pi.chen", 403), ("sc.liu", 429)):
        bearer = desk.bearer(person) if person != "sc.liu" else {}
        if bearer:
            assert desk.client.get("/v1/alerts", headers=bearer).status_code == status


def test_an_alert_wakes_who_waits_for_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    throttled(desk, heartbeat_seconds=HEARTBEAT)
    feed, waiting = desk.app.extensions[EXTENSION].feed, threading.Event()
    wait = feed.wait_beyond

    def noted(position: int, seconds: float) -> None:
        waiting.set()
        wait(position, seconds)

    monkeypatch.setattr(feed, "wait_beyond", noted)
    head = str(desk.size)
    answer = desk.get("mei.lin", "/v1/alerts", Accept="text/event-stream", **{"Last-Event-ID": head})
    reading, began = (frame for frame in answer.response if b"data:" in frame), time.monotonic()
    with ThreadPoolExecutor(1) as reader:
        found = reader.submit(next, reading)
        assert waiting.wait(HEARTBEAT)
        lock_out(desk)
        frame = found.result(HEARTBEAT)
    assert time.monotonic() - began < HEARTBEAT  # not merely with the next heartbeat
    assert b"event: nct.alert.locked_out" in frame
    assert f"id: {desk.size}".encode() in frame
    answer.close()


def test_a_listener_gets_each_alert_once_and_leaves_behind_what_it_is_past(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in ("sc.liu", "pi.chen", "au.gao"):
        lock_out(desk, person)
    service, seen, places = desk.app.extensions[EXTENSION], [], []
    page = service.reading.page

    def noted(view: str, cut: Any, after: int, *more: Any) -> Any:
        places.append(after)
        return page(view, cut, after, *more)

    monkeypatch.setattr(service.reading, "page", noted)
    feed, after, wanted = AlertFeed(service.feed, service.reading), 0, Filter(lambda _stream: True)
    while after < desk.size:
        scan = feed.scan(after, 1, wanted)
        seen += [event.position for event in scan.events]
        after = scan.scanned
    rows = [row["position"] for row in desk.get("mei.lin", "/v1/alerts").json["rows"]]
    assert (seen, len(rows)) == (rows, 3)
    lock_out(desk, "ph.qian")
    (event,) = feed.scan(after, 100, wanted).events
    # The last one told is read once more, to be passed.
    assert (event.position, places[-1]) == (desk.size, rows[-2])
    assert [e.position for e in feed.scan(0, 100, wanted).events] == [*rows, desk.size]


@pytest.mark.parametrize("person", ["pi.chen", "sc.liu"])
def test_others_do_not_follow_alerts(desk: Desk, person: str) -> None:
    refused(desk.get(person, "/v1/alerts", Accept="text/event-stream"), 403, "NOT_AUTHORISED")
