"""The views: live, or as of any position or instant; each answer says which position it used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import g, request

from api.auth import the_caller
from api.reading import Cut, Page, Row, require_reader
from api.schemas.answers import RowsResponse, StreamResponse, SubjectResponse
from api.schemas.questions import CutQuery, PageQuery, TrailQuery
from api.schemas.strict import Blueprint
from api.service import the_service
from core.kernel import streams
from core.kernel.errors import Refused
from core.kernel.time import write_instant
from projections.catalogue import PROJECTIONS
from projections.read_rights import may_read_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.execution import Answer

VIEWS = Blueprint("views", __name__, url_prefix="/v1")

# Read a page at a time, or live, with routes of their own; every other view is read whole.
_PAGED = frozenset({"trail", "signatures"})
_STREAMED = frozenset({"alerts"})
_WHOLE = tuple(p.name for p in PROJECTIONS if p.name not in _PAGED | _STREAMED)


def _add_whole(name: str) -> None:
    def show(cut: Cut) -> dict[str, Any]:
        require_reader(name, the_caller().role)
        return body_of(cut, the_service().reading.rows(name, cut, readable(name)))

    show.__doc__ = f"Show the view {name}."
    documented = VIEWS.arguments(CutQuery, location="query")(lambda asked: show(asked["cut"]))
    documented = VIEWS.response(200, RowsResponse)(documented)
    operation = f"show_{name.replace('-', '_')}"
    documented = VIEWS.doc(operationId=operation, summary=show.__doc__)(documented)
    VIEWS.add_url_rule(f"/{name}", operation, documented, methods=["GET"])


for _name in _WHOLE:
    _add_whole(_name)


@VIEWS.route("/subjects/<subject_key>")
@VIEWS.arguments(CutQuery, location="query")
@VIEWS.response(200, SubjectResponse)
def show_subject(asked: dict[str, Any], subject_key: str) -> Answer:
    """Show one subject; the ETag is the version of the subject's stream, `streams` has all for If-Match."""
    require_reader("subjects", the_caller().role)
    cut: Cut = asked["cut"]
    position, row = the_service().reading.row("subjects", subject_key, cut)
    if row is None:
        raise Refused("UNKNOWN_SUBJECT", "no subject was screened under this key")
    body = {**body_of(cut, Page(position, [])), "row": row}
    if not cut.is_live:
        return body, 200, {}
    versions = _versions(streams.subject(subject_key), streams.casebook(subject_key))
    etag = versions[streams.subject(subject_key)]
    return {**body, "streams": versions}, 200, {"ETag": f'"{etag}"'}


@VIEWS.route("/subjects/<subject_key>/casebook")
@VIEWS.arguments(CutQuery, location="query")
@VIEWS.response(200, SubjectResponse)
def show_casebook_of(asked: dict[str, Any], subject_key: str) -> Answer:
    """Show a subject's casebook: visits, and forms with every field and its whole history."""
    require_reader("casebook", the_caller().role)
    page = the_service().reading.rows_about("casebook", subject_key, asked["cut"])
    if not page.rows:
        raise Refused("UNKNOWN_SUBJECT", "nothing is recorded under this subject key")
    return {**body_of(asked["cut"], Page(page.position, [])), "row": page.rows[0]}, 200, {}


@VIEWS.route("/subjects/<subject_key>/source-verification")
@VIEWS.arguments(CutQuery, location="query")
@VIEWS.response(200, RowsResponse)
def show_verification_of(asked: dict[str, Any], subject_key: str) -> Answer:
    """Show a subject's items with their versions: what is verified, and what is still to verify."""
    require_reader("source-verification", the_caller().role)
    page = the_service().reading.rows_about("source-verification", subject_key, asked["cut"])
    return body_of(asked["cut"], page), 200, {}


@VIEWS.route("/streams/<path:stream>")
@VIEWS.response(200, StreamResponse)
def show_stream(stream: str) -> Answer:
    """Show where a stream stands; its version goes into If-Match of the next command about it."""
    version = _versions(stream)[stream]
    if not version:
        raise Refused("UNKNOWN_STREAM", "nothing is recorded under this name")
    return {"stream": stream, "version": version}, 200, {"ETag": f'"{version}"'}


@VIEWS.route("/audit-trail")
@VIEWS.arguments(TrailQuery, location="query")
@VIEWS.response(200, RowsResponse)
def show_trail(asked: dict[str, Any]) -> Answer:
    """Show the audit trail in the order of the log, a page at a time; Link leads on."""
    require_reader("trail", the_caller().role)
    wanted = {name: asked[name] for name in ("actor", "event", "stream") if name in asked}
    may = readable("trail")
    page = the_service().reading.page(
        "trail",
        asked["cut"],
        asked["after"],
        asked["limit"],
        lambda row: may(row) and all(row[name] == value for name, value in wanted.items()),
    )
    return body_of(asked["cut"], page), 200, _next(page)


@VIEWS.route("/signatures")
@VIEWS.arguments(PageQuery, location="query")
@VIEWS.response(200, RowsResponse)
def show_signatures(asked: dict[str, Any]) -> Answer:
    """Show the signatures, each verified now from the stored bytes."""
    require_reader("signatures", the_caller().role)
    service = the_service()
    page = service.reading.page(
        "signatures", asked["cut"], asked["after"], asked["limit"], readable("signatures")
    )
    verdicts = service.verify_positions(service.instance, [row["position"] for row in page.rows])
    rows = [{**row, "verdict": verdicts.get(row["position"], "indeterminate")} for row in page.rows]
    return {**body_of(asked["cut"], page), "rows": rows}, 200, _next(page)


def readable(view: str) -> Callable[[Row], bool]:
    """Return which rows of a view the caller may read."""
    caller = the_caller()
    return lambda row: may_read_row(view, caller.role, caller.person, row)


def _versions(*names: str) -> dict[str, int]:
    log = the_service().instance.log
    with log.lock:
        log.catch_up()
        return {name: log.trial.versions.get(name, 0) for name in names}


def body_of(cut: Cut, page: Page) -> dict[str, Any]:
    """Return the answer of a view: its rows, and where they were read."""
    g.position = page.position
    as_of = None if cut.as_of is None else write_instant(cut.as_of)
    return {"position": page.position, "as_of": as_of, "rows": page.rows}


def _next(page: Page) -> dict[str, str]:
    if page.after is None:
        return {}
    query = urlencode({**request.args, "after": str(page.after)})
    return {"Link": f'<{request.path}?{query}>; rel="next"'}
