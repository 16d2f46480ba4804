"""The feed in one process: pages, filters, waiting, and streams that end when they should."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cloudevents.core.formats.json import JSONFormat

from api.feed.cloud_events import BATCH
from core.kernel.actors import Role
from projections.read_rights import may_read_stream
from tests.http import forms
from tests.http.desk import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.http.desk import Desk

STREAM = {"Accept": "text/event-stream"}


def positions(answer: Any) -> list[int]:
    return [event["position"] for event in answer.json]


def stream(desk: Desk, path: str = "/v1/events", **headers: str) -> Any:
    return desk.client.get(path, headers={**desk.bearer("au.gao"), **STREAM, **headers}, buffered=False)


def frames(answer: Any) -> Iterator[str]:
    for chunk in answer.iter_encoded():
        yield chunk.decode()


def test_pages_from_zero_to_the_end(desk: Desk) -> None:
    seen: list[int] = []
    path = "/v1/events?limit=10"
    while True:
        answer = desk.get("au.gao", path, Accept=BATCH)
        assert answer.content_type == BATCH
        path = answer.headers["Link"].partition(">")[0].removeprefix("<")
        if not answer.json:
            break
        seen += positions(answer)
    assert seen == list(range(1, desk.size + 1))
    assert f"lastEventId={desk.size}" in path


def test_an_event_is_a_cloud_event(desk: Desk) -> None:
    (raw,) = desk.get("au.gao", "/v1/events?limit=1").json
    event = JSONFormat().read(None, json.dumps(raw))
    assert event.get_id() == "1"
    assert event.get_source() == "urn:nct:NCT05727722"
    assert event.get_type() == "nct.instance.InstanceCreated.v1"
    assert event.get_subject() == "instance"
    assert event.get_extension("signer") == "service"
    assert raw["time"].endswith("Z")


def test_a_filter_keeps_back_events_but_skips_no_position(desk: Desk) -> None:
    forms.screened(desk)
    query = "type=nct.subject.SubjectScreened.v1&limit=1"
    answer = desk.get("au.gao", f"/v1/events?{query}")
    assert positions(answer) == [desk.size]
    nothing = desk.get("au.gao", "/v1/events?subject=casebook/&limit=5")
    assert positions(nothing) == []
    assert f"lastEventId={desk.size}" in nothing.headers["Link"]
    people = desk.get("au.gao", "/v1/events?subject=person/&limit=500")
    assert {e["subject"].partition("/")[0] for e in people.json} == {"person"}


def test_a_long_poll_wakes_when_something_happens(desk: Desk) -> None:
    desk.token("sc.liu")
    writer = threading.Timer(0.2, forms.screened, (desk,))
    writer.start()
    answer = desk.get("au.gao", f"/v1/events?lastEventId={desk.size}&timeout=5000")
    writer.join()
    assert positions(answer) == [desk.size]


def test_a_long_poll_ends_empty(desk: Desk) -> None:
    answer = desk.get("au.gao", f"/v1/events?lastEventId={desk.size}&timeout=50")
    assert answer.json == []


def test_a_stream_replays_and_then_follows(desk: Desk) -> None:
    answer = stream(desk)
    assert answer.content_type.startswith("text/event-stream")
    assert answer.headers["X-Accel-Buffering"] == "no"
    reading = frames(answer)
    assert next(reading) == "retry: 2000\n\n"
    for position in range(1, desk.size + 1):
        assert next(reading).startswith(f"id: {position}\nevent: nct.")
    assert next(reading).startswith(f": head={desk.size} time=2024-02-21T00:00:00.000Z")
    forms.screened(desk)
    found = next(frame for frame in reading if not frame.startswith(":"))
    assert found.startswith(f"id: {desk.size}\nevent: nct.subject.SubjectScreened.v1\ndata: {{")
    answer.close()


def test_last_event_id_wins_over_the_query(desk: Desk) -> None:
    answer = stream(desk, "/v1/events?lastEventId=1", **{"Last-Event-ID": "20"})
    reading = frames(answer)
    next(reading)
    assert next(reading).startswith("id: 21\n")
    answer.close()
    for wrong in ("x", "-1", "9" * 17):
        refused(stream(desk, **{"Last-Event-ID": wrong}), 422, "VALIDATION")
    refused(stream(desk, **{"Last-Event-ID": "999"}), 409, "POSITION_AHEAD")


def test_a_filtered_stream_moves_its_reader_to_what_was_scanned(desk: Desk) -> None:
    answer = stream(desk, "/v1/events?subject=casebook/")
    reading = frames(answer)
    next(reading)
    assert next(reading) == f"id: {desk.size}\n\n"
    answer.close()


def test_a_stream_ends_with_its_session(desk: Desk) -> None:
    answer = stream(desk)
    reading = frames(answer)
    next(reading)
    desk.clock.advance_to(desk.clock() + timedelta(hours=13))
    assert list(reading) == []
    answer.close()


def test_a_stream_ends_with_the_role(desk: Desk) -> None:
    answer = stream(desk, f"/v1/events?lastEventId={desk.size}")
    reading = frames(answer)
    next(reading)
    why = {"code": "done", "text": "the audit is over"}
    desk.done("mei.lin", "/v1/people/au.gao/role-endings", {"role": "AUD"}, "person/au.gao", reason=why)
    assert [frame for frame in reading if not frame.startswith(":")] == []
    answer.close()


def test_a_stream_ends_with_the_server(desk: Desk) -> None:
    answer = stream(desk, f"/v1/events?lastEventId={desk.size}")
    reading = frames(answer)
    next(reading)
    next(reading)
    desk.app.extensions["dosetrail"].feed.close()
    assert len(list(reading)) <= 1
    answer.close()
    refused(stream(desk), 503, "STREAM_SLOTS_TAKEN")
    refused(desk.client.get("/readyz"), 503, "NOT_READY")


def test_slots_run_out_and_come_back(desk: Desk) -> None:
    first, second = stream(desk), stream(desk)
    third = stream(desk)
    refused(third, 503, "STREAM_SLOTS_TAKEN")
    assert third.headers["Retry-After"] == "2"
    assert desk.client.get("/healthz").status_code == 200
    first.close()
    fourth = stream(desk)
    assert fourth.status_code == 200
    for answer in (second, fourth):
        answer.close()


def test_who_takes_the_feed() -> None:
    readers = {role for role in Role if may_read_stream(role, "subject/S001")}
    assert Role.AUD in readers
    assert not readers & {Role.ADM, Role.SEC}


@pytest.mark.parametrize("accept", ["application/xml", "image/png"])
def test_what_is_not_served(desk: Desk, accept: str) -> None:
    refused(desk.get("au.gao", "/v1/events", Accept=accept), 406, "NOT_ACCEPTABLE")


def test_the_data_is_one_line(desk: Desk) -> None:
    answer = stream(desk)
    reading = frames(answer)
    next(reading)
    lines = next(reading).rstrip("\n").split("\n")
    assert [line.partition(":")[0] for line in lines] == ["id", "event", "data"]
    data: dict[str, Any] = json.loads(lines[2].removeprefix("data: "))
    assert data["specversion"] == "1.0"
    answer.close()
