"""Signing series: several commands in one ceremony (21 CFR 11.200(a)(1)(i))."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from api.execution import Asked, execute_series
from api.routes.commands import REFUSALS
from api.schemas.series import SeriesAnswered, SeriesRequest, SeriesResponse
from api.schemas.strict import Blueprint

if TYPE_CHECKING:
    from api.execution import Answer

SERIES = Blueprint("series", __name__, url_prefix="/v1/signing-series")


def sign_series(sent: dict[str, Any]) -> Answer:
    """Sign several commands in one ceremony: each has a signature of its own, all are recorded or none."""
    series = [Asked(one.command(**one.order.data), one.order, one.txn, one.version) for one in sent["orders"]]
    return execute_series(series, sent["signing"])


def _documented() -> Any:  # noqa: ANN401 - a view under decorators
    view: Any = SERIES.doc(operationId="sign_series")(sign_series)
    for status in REFUSALS:
        view = SERIES.alt_response(status, HTTPStatus(status).name)(view)
    view = SERIES.alt_response(200, schema=SeriesAnswered(partial=True), description="Prepared, or replayed")(
        view
    )
    view = SERIES.response(201, SeriesResponse)(view)
    return SERIES.arguments(SeriesRequest)(view)


SERIES.add_url_rule("", "sign_series", _documented(), methods=["POST"])
