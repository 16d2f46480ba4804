"""`/v1/alerts`: what somebody responsible has to see at once, as a list or as it happens."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from werkzeug.exceptions import NotAcceptable

from api.auth import the_caller
from api.feed.alert_feed import VIEW, AlertFeed
from api.feed.event_stream import MEDIA_TYPE
from api.feed.feed import Filter
from api.reading import require_reader
from api.routes.events import last_event_id, stream_answer
from api.routes.views import body_of
from api.schemas.answers import RowsResponse
from api.schemas.questions import CutQuery
from api.schemas.strict import Blueprint
from api.service import the_service

ALERTS = Blueprint("alerts", __name__, url_prefix="/v1")

JSON = "application/json"


@ALERTS.route("/alerts")
@ALERTS.arguments(CutQuery, location="query")
@ALERTS.response(200, RowsResponse)
@ALERTS.alt_response(200, schema={"type": "string"}, content_type=MEDIA_TYPE, success=True)
def show_alerts(asked: dict[str, Any]) -> Response:
    """Show the alerts, or follow them as server-sent events from Last-Event-ID on, by what is accepted."""
    require_reader(VIEW, the_caller().role)
    service = the_service()
    accepted = request.accept_mimetypes.best_match([JSON, MEDIA_TYPE]) if request.accept_mimetypes else JSON
    if accepted is None:
        raise NotAcceptable
    if accepted == MEDIA_TYPE:
        source = AlertFeed(service.feed, service.reading)
        return stream_answer(source, last_event_id(), Filter(lambda _stream: True))
    return jsonify(body_of(asked["cut"], service.reading.rows(VIEW, asked["cut"])))
