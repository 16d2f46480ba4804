"""Reads the JSON of HTTP requests: any RFC 8259 document, with exactly one meaning or none.

* UTF-8 without byte order mark; no member name twice, however it is escaped; no NaN, no Infinity.
* Numbers are `int` or `decimal.Decimal`, never binary floats: 0.1 stays 0.1.
* Depth is bounded before anything is parsed, so no input can exhaust the stack.

Stored bytes are read by `canonical`, which is far narrower.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import NoReturn, TypeAlias

from core.kernel.errors import Malformed

RequestJson: TypeAlias = "dict[str, RequestJson] | list[RequestJson] | str | int | Decimal | bool | None"

REQUEST_LIMIT = 1_000_000
MAX_DEPTH = 50
MAX_NUMBER_LENGTH = 100
MAX_EXPONENT = 100

# A string, closed or not, or one bracket. The possessive repeat keeps hostile quotes linear.
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
# Escapes left to right: a whole surrogate pair, half of one, anything else.
_ESCAPES = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F])|\\.", re.DOTALL
)


def read_request(data: bytes, *, limit: int = REQUEST_LIMIT) -> RequestJson:
    """Read one JSON document of at most `limit` bytes, depth 50, numbers up to 100 characters and 1e±100.

    Raises: `TOO_LARGE` (bytes, digits, exponent), `TOO_DEEP`, `DUPLICATE_KEY`, `NOT_JSON` for anything
    else. Source: RFC 8259; RFC 7493 2.1 and 2.3 on surrogates and names.
    """
    if len(data) > limit:
        raise Malformed("TOO_LARGE", f"more than {limit} bytes", limit=limit)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        _refuse("the body is not in UTF-8")
    _require_depth(text)
    value = _parse(text)
    if any(escape["half"] for escape in _ESCAPES.finditer(text)):
        _refuse("a string holds half of a surrogate pair")
    return value


def _parse(text: str) -> RequestJson:
    try:
        value: RequestJson = json.loads(
            text,
            object_pairs_hook=_members,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        _refuse(f"the body is not JSON at character {error.pos}")
    return value


def _require_depth(text: str) -> None:
    depth = 0
    for piece in _STRUCTURE.findall(text):
        if piece in "[{":
            depth += 1
        elif piece in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            raise Malformed(
                "TOO_DEEP", f"more than {MAX_DEPTH} containers inside each other", limit=MAX_DEPTH
            )


def _members(pairs: list[tuple[str, RequestJson]]) -> dict[str, RequestJson]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("DUPLICATE_KEY", "an object names the same member twice")
    return members


def _integer(digits: str) -> int:
    _require_length(digits)
    return int(digits)


def _decimal(text: str) -> Decimal:
    _require_length(text)
    # An exponent is cheap to send and dear to expand.
    if abs(int(text.lower().partition("e")[2] or 0)) > MAX_EXPONENT:
        raise Malformed("TOO_LARGE", f"an exponent beyond ±{MAX_EXPONENT}", limit=MAX_EXPONENT)
    return Decimal(text)


def _require_length(number: str) -> None:
    if len(number) > MAX_NUMBER_LENGTH:
        raise Malformed(
            "TOO_LARGE", f"a number of over {MAX_NUMBER_LENGTH} characters", limit=MAX_NUMBER_LENGTH
        )


def _no_constant(_name: str) -> NoReturn:
    _refuse("NaN and Infinity are not JSON")


def _refuse(detail: str) -> NoReturn:
    raise Malformed("NOT_JSON", detail)
