"""What changed since the caller's last visit, verification or signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import g

from api.auth import the_caller
from api.changes import Since, last_looks, proof_to_head
from api.reading import Cut, require_reader
from api.routes.views import readable
from api.schemas.answers import ChangesResponse
from api.schemas.questions import ChangesQuery
from api.schemas.strict import Blueprint
from api.service import the_service

if TYPE_CHECKING:
    from api.execution import Answer

CHANGES = Blueprint("changes", __name__, url_prefix="/v1")


@CHANGES.route("/changes")
@CHANGES.arguments(ChangesQuery, location="query")
@CHANGES.response(200, ChangesResponse)
def show_changes(asked: dict[str, Any]) -> Answer:
    """Show what was entered or changed since the caller's last act of a kind, with old and new values.

    It counts subject by subject; `looks` has what was seen of each, and of the site under a `subject_key` of
    null. `after` continues a page; `next` is where the following one begins, null at the end.
    """
    caller, service = the_caller(), the_service()
    require_reader("trail", caller.role)
    log = service.instance.log
    looks = last_looks(log, caller.person, Since(asked["since"]), asked.get("subject"))
    after = max(asked["after"], looks.first)
    may = readable("trail")
    page = service.reading.page(
        "trail", Cut(), after, asked["limit"], lambda row: may(row) and looks.is_change(row)
    )
    g.position = page.position
    body = {**proof_to_head(log, looks), "position": page.position, "rows": page.rows, "next": page.after}
    return body, 200, {}
