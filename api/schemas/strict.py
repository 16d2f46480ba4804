"""How requests are read: one strict JSON document, and query strings that say each thing once.

Parsing and error maps are webargs' and marshmallow's; only the reading of the bytes is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from flask_smorest import Blueprint as SmorestBlueprint
from marshmallow import RAISE, Schema, ValidationError
from webargs.fields import DelimitedList
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.exceptions import UnsupportedMediaType

from core.audit.strict_json import read_request
from core.kernel.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from flask import Request

MOST_COMPLAINTS = 50
LONGEST_NAME = 80


class StrictSchema(Schema):
    """A schema that refuses what it does not know."""

    class Meta:
        """Unknown fields are errors; fields keep their written order."""

        unknown = RAISE


class Complaint(str):
    """A message of marshmallow that knows its stable code."""

    __slots__ = ("code",)
    code: str

    @classmethod
    def of(cls, error: Malformed) -> Complaint:
        """Return the message of a refusal of the core."""
        complaint = cls(error.detail)
        complaint.code = error.code
        return complaint


class StrictParser(FlaskParser):
    """webargs with our JSON reader; errors are raised as they are, for the one table of problems."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 - as webargs declares it
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
        "querystring": RAISE,
    }

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ANN401, ARG002 - webargs' signature
        """Return the body as JSON.

        Raises: `NOT_JSON`, `DUPLICATE_KEY`, `TOO_DEEP`, `TOO_LARGE`; 415 for another media type.
        """
        if not is_json_request(req):
            raise UnsupportedMediaType
        return read_request(req.get_data())

    def load_querystring(self, req: Request, schema: Schema) -> Any:  # noqa: ANN401 - webargs' signature
        """Return the query.

        Raises: `DUPLICATE_KEY` where a name that takes one value stands twice.
        """
        for name, values in req.args.lists():
            if len(values) > 1 and not isinstance(schema.fields.get(name), DelimitedList):
                raise Malformed("DUPLICATE_KEY", "the query names the same parameter twice")
        return super().load_querystring(req, schema)

    def handle_error(self, error: ValidationError, *_args: object, **_kwargs: object) -> NoReturn:
        """Pass the error on."""
        raise error


Decorating: TypeAlias = "Callable[..., Callable[[Callable[..., Any]], Callable[..., Any]]]"


class Blueprint(SmorestBlueprint):  # type: ignore[misc]  # flask-smorest is untyped
    """A blueprint under /v1 whose arguments are read strictly."""

    ARGUMENTS_PARSER = StrictParser()

    # Types only: flask-smorest has none, and a function under an untyped decorator is not checked.
    arguments: Decorating
    response: Decorating
    alt_response: Decorating
    doc: Decorating
    route: Decorating


def complaints(messages: object, path: str = "") -> Iterator[dict[str, str]]:
    """Yield field, code and sentence of each message in marshmallow's tree."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            here = path if name in {"json", "query", "_schema"} else f"{path}.{name}"[:LONGEST_NAME]
            yield from complaints(inner, here)
    elif isinstance(messages, list):
        for message in messages:
            yield from complaints(message, path)
    else:
        code = getattr(messages, "code", "VALIDATION")
        yield {"field": path.removeprefix("."), "code": code, "detail": str(messages)}


def refusal_of(error: ValidationError) -> Malformed:
    """Return marshmallow's verdict as one refusal: the first code that is more than `VALIDATION`."""
    found = list(complaints(error.messages))[:MOST_COMPLAINTS]
    first: Mapping[str, str] = next((c for c in found if c["code"] != "VALIDATION"), found[0])
    detail = f"{first['field'] or 'the request'}: {first['detail']}"
    return Malformed(first["code"], detail, field=first["field"], errors=found)
