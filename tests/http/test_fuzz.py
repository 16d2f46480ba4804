"""A bounded walk of schemathesis over the documented interface, in process and never over a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

if TYPE_CHECKING:
    from tests.http.desk import Desk

CHECKS = [
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]


SIGNERS = {
    "people": "jun.xu",
    "study": "mm.zhao",
    "escalation": "src.wang",
    "product": "ph.qian",
    "casebook": "sc.liu",
    "safety": "sc.liu",
}
ENDS_THE_SESSION = ("delete", "/v1/sessions/current")
STREAMS = ("get", "/v1/events")


@pytest.mark.slow
def test_nothing_that_the_documentation_allows_breaks_the_server(desk: Desk) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", desk.app)
    found: list[Any] = list(schema.get_all_operations())
    operations = [result.ok() for result in found]
    wanted = [o for o in operations if (o.method, o.path) not in {ENDS_THE_SESSION, STREAMS}]
    assert len(wanted) > 40
    assert sum(_walk(operation, desk) for operation in wanted) > 300


def _walk(operation: Any, desk: Desk) -> int:
    tried = 0
    person = SIGNERS.get(next(iter(operation.tags or ["subjects"])), "pi.chen")

    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def probe(case: Any) -> None:
        nonlocal tried
        tried += 1
        case.headers = {**(case.headers or {}), **desk.bearer(person)}
        if isinstance(case.body, dict) and "occurred_at" in case.body:
            case.body.update(desk.order(person, case.body.get("data", {})), meaning=None)
        response = case.call()
        # 503 is an answer: min_position may ask for what is not there yet.
        assert response.status_code < 500 or response.status_code == 503, response.text
        case.validate_response(response, checks=CHECKS)

    probe()
    return tried
