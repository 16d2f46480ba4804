"""About the server itself: is it alive, is it ready, what does a problem mean."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response
from werkzeug.exceptions import NotFound

from api.problems import STATUS, code_of, title_of
from api.schemas.strict import Blueprint
from api.service import the_service
from core.kernel.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

META = Blueprint("meta", __name__)

_ADVICE: Mapping[int, str] = {
    400: "Send the request again in the form that the documentation gives.",
    401: "Sign in again, or sign the command with your own password or key.",
    403: "Your role, your key or the separation of duties does not allow this. Somebody else has to act.",
    404: "Look at the identifier: nothing is recorded under it.",
    409: "The record stands otherwise than the command assumes. Read it again before you decide.",
    422: "Correct the fields that the problem names. Nothing was recorded.",
    423: "The casebook takes no entry now. The monitor unfreezes it, two people unlock it.",
    428: "Add what is missing: a reason, or the version that you have seen as If-Match.",
    500: "The server or the stored record is at fault. Tell who runs it, with the request id.",
    503: "Wait for as long as Retry-After says and send the same request, with the same Idempotency-Key.",
}


@META.route("/healthz")
@META.response(200)
@META.doc(security=[])
def show_health() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "alive"}


@META.route("/readyz")
@META.response(200)
@META.doc(security=[])
def show_readiness() -> dict[str, Any]:
    """Say whether log and views can be read and the feed runs, and whether the clock lets people sign."""
    service = the_service()
    try:
        watch = service.instance.clock_watch
        trusted = watch is None or watch.is_trusted()
        head, views = service.instance.log.size(), service.reading.position()
    except Exception:  # noqa: BLE001 - whatever it is, this server is not ready
        raise Unavailable("NOT_READY", "the store or the views cannot be read") from None
    if service.feed.is_closed:
        raise Unavailable("NOT_READY", "the server is going down")
    return {"status": "ready", "position": head, "views_position": views, "clock_trusted": trusted}


@META.route("/problems/<slug>")
@META.response(200, {"type": "string"}, content_type="text/plain")
@META.doc(security=[])
def show_problem(slug: str) -> Response:
    """Say what a kind of problem means; its URI stands in the answers as `type`."""
    code = code_of(slug)
    if code is None:
        raise NotFound
    status = HTTPStatus(STATUS[code])
    advice = _ADVICE.get(status, "See the documentation of the request.")
    text = f"{title_of(code)}\n\ncode: {code}\nstatus: {status.value} {status.phrase}\n\n{advice}\n"
    return Response(text, content_type="text/plain; charset=utf-8")
