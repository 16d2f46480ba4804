"""`/v1/events`: one ordered feed at one address, as pages or as a stream, by what the client accepts."""

from __future__ import annotations

import re
import time
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request
from werkzeug.exceptions import NotAcceptable

from api.auth import bearer_token, caller_of, the_caller
from api.feed.cloud_events import BATCH, batch
from api.feed.event_stream import MEDIA_TYPE, Listener, Source
from api.feed.feed import Feed, Filter, Scan
from api.feed.rights import readable_streams
from api.schemas.questions import MAX_POSITION, FeedQuery
from api.schemas.strict import Blueprint
from api.service import the_service
from core.kernel.errors import Malformed, Unavailable

EVENTS = Blueprint("events", __name__, url_prefix="/v1")

_POSITION = re.compile(r"\d{1,16}")


@EVENTS.route("/events")
@EVENTS.arguments(FeedQuery, location="query")
@EVENTS.response(200, {"type": "array", "items": {"type": "object"}}, content_type=BATCH)
@EVENTS.alt_response(200, schema={"type": "string"}, content_type=MEDIA_TYPE, success=True)
def follow_events(asked: dict[str, Any]) -> Response:
    """Read the feed: a page of CloudEvents (http-feeds.org), or server-sent events.

    Last-Event-ID wins over `lastEventId`. A page waits up to `timeout` milliseconds for a first event.
    """
    wanted = Filter(readable_streams(the_caller().role), asked.get("type"), asked.get("subject"))
    accepted = request.accept_mimetypes.best_match([BATCH, MEDIA_TYPE]) if request.accept_mimetypes else BATCH
    if accepted is None:
        raise NotAcceptable
    after = last_event_id(int(asked["lastEventId"]))
    feed = the_service().feed
    return stream_answer(feed, after, wanted) if accepted == MEDIA_TYPE else _page(after, wanted, asked)


def last_event_id(otherwise: int = 0) -> int:
    """Return where a reader goes on.

    Raises: `VALIDATION`.
    """
    header = request.headers.get("Last-Event-ID")
    if header is None:
        return otherwise
    if not _POSITION.fullmatch(header) or int(header) > MAX_POSITION:
        raise Malformed("VALIDATION", "Last-Event-ID is a position of the log", field="Last-Event-ID")
    return int(header)


def _page(after: int, wanted: Filter, asked: dict[str, Any]) -> Response:
    service = the_service()
    scan = service.feed.scan(after, asked["limit"], wanted)
    seconds = min(asked["timeout"] / 1000, service.settings.long_poll_seconds)
    if not scan.events and seconds:
        scan = _waited(
            service.feed, scan, seconds, partial(service.feed.scan, limit=asked["limit"], wanted=wanted)
        )
    g.position = scan.scanned
    answer = Response(batch([event.body for event in scan.events]), content_type=BATCH)
    query = urlencode({**request.args, "lastEventId": str(scan.scanned)})
    answer.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return answer


def _waited(feed: Feed, scan: Scan, seconds: float, again: Any) -> Scan:  # noqa: ANN401 - `scan` of the feed
    """Wait for a wanted event, if a thread is free for that; else the page stays empty."""
    until = time.monotonic() + seconds
    try:
        feed.take_slot()
    except Unavailable:
        return scan
    try:
        while not scan.events and not feed.is_closed and (left := until - time.monotonic()) > 0:
            feed.wait_beyond(scan.scanned, left)
            scan = again(scan.scanned)
    finally:
        feed.free_slot()
    return scan


def stream_answer(source: Source, after: int, wanted: Filter) -> Response:
    """Return a live stream; it takes one of the threads that may wait.

    Raises: `POSITION_AHEAD`, `STREAM_SLOTS_TAKEN`.
    """
    service = the_service()
    source.scan(after, 1, wanted)
    service.feed.take_slot()
    listener = Listener(
        feed=source,
        after=after,
        wanted=wanted,
        require_access=partial(caller_of, service.instance, bearer_token()),
        clock=service.instance.clock,
        heartbeat_seconds=service.settings.heartbeat_seconds,
    )
    answer = Response(listener.frames(), content_type=f"{MEDIA_TYPE}; charset=utf-8")
    answer.headers["X-Accel-Buffering"] = "no"
    answer.call_on_close(service.feed.free_slot)
    return answer
