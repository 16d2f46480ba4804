"""marshmallow fields that take one spelling of a value and no other."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from marshmallow import ValidationError, fields

from api.schemas.strict import Complaint
from core.kernel.encoding import from_base64
from core.kernel.errors import Malformed
from core.kernel.quantities import read_decimal
from core.kernel.time import parse_offset_time, read_date, require_zone

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

DECIMAL_PATTERN = r"^-?(0|[1-9]\d{0,17})(\.\d{1,12})?$"
INSTANT_PATTERN = r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$"
KEY_PATTERN = r"^[A-Za-z][A-Za-z0-9.\-]{0,39}$"
UUID7_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"


def _complain(code: str, detail: str) -> NoReturn:
    raise ValidationError(Complaint.of(Malformed(code, detail)))


def _told(parse: Callable[[str], Any], text: str) -> Any:  # noqa: ANN401 - whatever `parse` returns
    try:
        return parse(text)
    except Malformed as error:
        raise ValidationError(Complaint.of(error)) from None


def _text(value: object, what: str) -> str:
    if type(value) is not str:
        _complain("VALIDATION", f"{what} is expected")
    return value


class Text(fields.String):
    """Text, as it is."""

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> str:
        return _text(value, "text")


class DecimalText(fields.String):
    """A decimal written as a string; a JSON number has no digits that can be relied on."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own arguments
        super().__init__(metadata={"pattern": DECIMAL_PATTERN, "example": "12.50"}, **kwargs)

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> Decimal:  # type: ignore[override]  # what load returns
        if type(value) in {int, Decimal}:
            _complain("DECIMAL_STRING_EXPECTED", "a measured value is a string, never a JSON number")
        number: Decimal = _told(read_decimal, _text(value, "a decimal string"))
        return number


class WholeNumber(fields.Integer):
    """A JSON integer; `1.0` and `true` are none here."""

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> int:
        if type(value) is not int:
            _complain("VALIDATION", "a whole number is expected")
        return value


class Truth(fields.Boolean):
    """`true` or `false` and nothing that resembles them."""

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> bool:
        if type(value) is not bool:
            _complain("VALIDATION", "true or false is expected")
        return value


class Day(fields.Date):
    """`YYYY-MM-DD`."""

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> date:
        day: date = _told(read_date, _text(value, "a date"))
        return day


class Instant(fields.String):
    """RFC 3339 with an offset; a time without one is no instant."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own arguments
        super().__init__(
            metadata={
                "pattern": INSTANT_PATTERN,
                "format": "date-time",
                "example": "2024-03-04T09:00:00+08:00",
            },
            **kwargs,
        )

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> datetime:  # type: ignore[override]  # what load returns
        moment: datetime = _told(parse_offset_time, _text(value, "a time"))
        return moment


class Zone(Text):
    """The name of an IANA time zone."""

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> str:
        zone: str = _told(require_zone, _text(value, "a zone"))
        return zone


class Base64(Text):
    """Bytes in the one spelling of base64."""

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> bytes:  # type: ignore[override]  # what load returns
        data: bytes = _told(from_base64, _text(value, "base64"))
        return data


class JsonValue(fields.Raw):
    """Any JSON value without fractional numbers, kept as it is."""

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> object:
        if _holds_fraction(value):
            _complain("DECIMAL_STRING_EXPECTED", "a measured value is a string, never a JSON number")
        return value


def _holds_fraction(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_fraction, value.values()))
    return any(map(_holds_fraction, value)) if isinstance(value, list) else isinstance(value, Decimal)
