"""A signing series as it is sent: orders that each name their command."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from marshmallow import Schema, ValidationError, fields, post_load, validate

from api.routes.commands import AREAS
from api.schemas.answers import Answer, PreparedStatementResponse, ReceiptResponse
from api.schemas.fields import UUID7_PATTERN, Text, WholeNumber
from api.schemas.generator import data_schema
from api.schemas.orders import OrderRequest, SigningRequest
from api.schemas.strict import StrictSchema
from core.series import SERIES_LIMIT

if TYPE_CHECKING:
    from api.schemas.orders import Order

_COMMANDS: Final = {command.__name__: command for rows in AREAS.values() for command, _ in rows}


@dataclass(frozen=True, slots=True)
class SeriesOrder:
    """One order of a series: which command, under which id, and the version seen of what it is about."""

    command: type
    order: Order
    txn: str
    version: int | None


class SeriesOrderRequest(OrderRequest):
    """What all orders of a series share; `data` holds every field of the command."""

    command = Text(required=True, validate=validate.OneOf(sorted(_COMMANDS)))
    txn = Text(required=True, validate=validate.Regexp(UUID7_PATTERN))
    version = WholeNumber(allow_none=True, load_default=None, validate=validate.Range(min=1))

    class Meta(StrictSchema.Meta):
        """A series is signed once, not order by order."""

        exclude = ("signing",)

    @post_load
    def made(self, data: dict[str, Any], **_kwargs: object) -> Any:  # noqa: ANN401 - marshmallow's post_load
        """Return the order of the series."""
        command, txn, version = _COMMANDS[data.pop("command")], data.pop("txn"), data.pop("version")
        return SeriesOrder(command, super().made(data), txn, version)


class _OneOrder(fields.Dict):
    """An order, read by the schema of the command that it names."""

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> Any:  # noqa: ANN401 - marshmallow's signature
        if not isinstance(value, dict) or value.get("command") not in _COMMANDS:
            raise ValidationError({"command": [f"one of {', '.join(sorted(_COMMANDS))}"]})
        return _schema_of(value["command"])().load(value)


@cache
def _schema_of(command: str) -> type[Schema]:
    data = fields.Nested(data_schema(_COMMANDS[command], frozenset()), required=True)
    return type(f"{command}InSeries", (SeriesOrderRequest,), {"data": data})


class SeriesRequest(StrictSchema):
    """Several orders and one ceremony: each is signed for itself, and all are recorded or none."""

    signing = fields.Nested(SigningRequest, load_default=None)
    orders = fields.List(
        _OneOrder(
            metadata={
                "description": "command: its name; txn: a new UUID of version 7; version: as If-Match; the "
                "rest as in a request of its own, with every field of the command in data."
            }
        ),
        required=True,
        validate=validate.Length(min=1, max=SERIES_LIMIT),
    )


class PreparedItemResponse(Answer):
    """What is signed of one command."""

    txn = fields.String(required=True)
    statements = fields.List(fields.Nested(PreparedStatementResponse), required=True)


class PreparedSeriesResponse(Answer):
    """Everything that is signed in the ceremony, command by command."""

    payload_type = fields.String(required=True)
    expires_at = fields.String(required=True)
    seen = fields.Dict(required=True, metadata={"description": "The head of the log: size and root."})
    items = fields.List(fields.Nested(PreparedItemResponse), required=True)


class SeriesResponse(Answer):
    """One receipt a command, in the order in which they were sent."""

    receipts = fields.List(fields.Nested(ReceiptResponse), required=True)


class SeriesAnswered(SeriesResponse, PreparedSeriesResponse):
    """What 200 answers: prepared statements, or the first receipts of a repeated series; never both."""
