"""Decision replay: why the protocol says what it says, at any position of the log."""

from __future__ import annotations

from typing import Any

from flask import g

from api.auth import the_caller
from api.reading import require_reader
from api.replaying import explanation
from api.schemas.answers import ExplanationResponse
from api.schemas.strict import Blueprint
from api.service import the_service

EXPLANATIONS = Blueprint("explanations", __name__, url_prefix="/v1")


@EXPLANATIONS.route("/decisions/<int:position>/explanation")
@EXPLANATIONS.response(200, ExplanationResponse)
def explain_decision(position: int) -> dict[str, Any]:
    """Explain the decision at a position: its inputs, the row of the table that fired, the digests."""
    require_reader("decisions", the_caller().role)
    g.position = position
    return explanation(the_service().instance.log, position)
