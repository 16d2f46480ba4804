"""The documentation is valid, complete, and says of decimals and words what the code holds."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openapi_spec_validator

from api.problems import STATUS, code_of, slug_of, title_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.http.desk import Desk

ROOT = Path(__file__).parents[2]
RAISING = {
    "Refused",
    "Malformed",
    "Conflict",
    "IntegrityFinding",
    "CannotVerify",
    "Unavailable",
    "TrialError",
}


def test_a_title_spells_an_abbreviation_out() -> None:
    assert title_of("SOD_VIOLATION") == "Segregation of duties"
    assert title_of("WEAK_PASSWORD") == "Weak password"


def test_the_openapi_document_is_valid(desk: Desk) -> None:
    openapi_spec_validator.validate(desk.client.get("/openapi.json").json)


def test_what_the_document_says_of_a_dose(desk: Desk) -> None:
    document: dict[str, Any] = desk.client.get("/openapi.json").json
    schemas = document["components"]["schemas"]
    assert {"AdministerDoseRequest", "AdministerDoseData", "Quantity", "ReceiptResponse"} <= set(schemas)
    assert schemas["Quantity"]["properties"]["value"]["type"] == "string"
    assert schemas["Quantity"]["properties"]["value"]["pattern"].startswith("^-?")
    checked = schemas["AdministerDoseData"]["properties"]["identity_checked"]
    assert checked["items"]["enum"] == ["subject_key", "wristband", "stated_name", "birth_date"]
    assert schemas["AdministerDoseData"]["additionalProperties"] is False
    operation = document["paths"]["/v1/subjects/{subject_key}/doses"]["post"]
    assert operation["operationId"] == "administer_dose"
    assert {p["name"] for p in operation["parameters"] if "name" in p} == {"Idempotency-Key", "If-Match"}
    problem = document["components"]["responses"]["UNPROCESSABLE_ENTITY"]["content"]
    assert list(problem) == ["application/problem+json"]
    assert document["security"] == [{"bearer": []}]


def test_every_path_under_v1_asks_for_a_token(desk: Desk) -> None:
    document: dict[str, Any] = desk.client.get("/openapi.json").json
    opened = {
        path
        for path, methods in document["paths"].items()
        for name, operation in methods.items()
        if name != "parameters" and operation.get("security") == []
    }
    without_session = {"/v1/sessions", "/v1/sessions/challenges", "/v1/key-requests"}
    without_session.add("/v1/sessions/device-challenges")
    without_session |= {"/v1/sessions/oidc-starts", "/v1/sessions/oidc"}
    assert opened == {"/healthz", "/readyz", "/problems/{slug}"} | without_session


# The command line answers by exit codes; what it raises itself never meets a request.
NO_HTTP = ("api/cli", "api/play", "api/compliance", "api/signing")


def codes_raised() -> Iterator[tuple[str, str]]:
    for folder in ("core", "projections", "api"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.relative_to(ROOT).as_posix().startswith(NO_HTTP):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args and _name(node.func) in RAISING:
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        yield first.value, f"{path.relative_to(ROOT)}:{node.lineno}"


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def test_every_code_that_is_raised_anywhere_is_in_the_table() -> None:
    missing = {code: place for code, place in codes_raised() if code not in STATUS}
    assert not missing


def test_every_code_has_its_page() -> None:
    assert all(code_of(slug_of(code)) == code for code in STATUS)
