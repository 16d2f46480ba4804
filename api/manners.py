"""What every answer carries and what every request leaves behind: headers, and one line of log.

The line names method, route, status, person and position. Bodies, query strings, tokens, passwords,
reasons and values of the record never reach it (ecosystem 8).
"""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import structlog
from flask import g, request

from api.service import the_service
from core.clock import new_txn_id
from core.kernel.time import write_instant

if TYPE_CHECKING:
    from flask import Response

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_\-]{1,64}")

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def begin_request() -> None:
    """Name the request, by the client's own id where it is a plain one."""
    g.began = time.monotonic()
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else new_txn_id(the_service().instance.clock())


def finish_response(answer: Response) -> Response:
    """Put the headers on an answer."""
    answer.headers.extend({name: value for name, value in HEADERS.items() if name not in answer.headers})
    if request.path.startswith("/v1"):
        answer.headers["Cache-Control"] = "no-store"
    if "request_id" in g:
        answer.headers["X-Request-Id"] = g.request_id
    return answer


def write_line(answer: Response) -> Response:
    """Log the request."""
    caller = g.get("caller")
    line: dict[str, Any] = {
        "time": write_instant(the_service().instance.clock()),
        "request_id": g.get("request_id"),
        "method": request.method,
        "route": None if request.url_rule is None else request.url_rule.rule,
        "status": answer.status_code,
        "problem": g.get("problem"),
        "person": None if caller is None else caller.person,
        "position": g.get("position"),
        "milliseconds": round((time.monotonic() - g.get("began", time.monotonic())) * 1000),
    }
    logger().info("request", **line)
    return answer


def write_fault(error: Exception) -> None:
    """Log a fault of ours by its kind and place: its text and its frames may hold what nobody shall read."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = None if place is None else f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}"
    logger().error("fault", request_id=g.get("request_id"), kind=type(error).__name__, where=where)


def logger() -> Any:  # noqa: ANN401 - structlog's bound logger
    """Return the logger: JSON lines on stderr."""
    return structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
    )
