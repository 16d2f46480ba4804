"""Schemas out of the frozen dataclasses of the core: their annotations are the one description.

Covers the annotations that `core/kernel/codec.py` covers. A class has one schema for ever, so that
OpenAPI names it once.
"""

from __future__ import annotations

from dataclasses import MISSING, is_dataclass
from dataclasses import fields as dataclass_fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from marshmallow import fields, post_load

from api.schemas.fields import Day, DecimalText, Instant, JsonValue, Text, Truth, WholeNumber
from api.schemas.strict import StrictSchema
from core.kernel.codec import may_be_absent

if TYPE_CHECKING:
    from collections.abc import Callable

_SCALARS: dict[Any, Callable[..., fields.Field[Any]]] = {
    str: Text,
    int: WholeNumber,
    bool: Truth,
    Decimal: DecimalText,
    date: Day,
    datetime: Instant,
    object: JsonValue,
}


def fields_of(cls: Any, without: frozenset[str] = frozenset()) -> dict[str, fields.Field[Any]]:  # noqa: ANN401 - a class
    """Return a field for each field of a dataclass but those that come from elsewhere.

    Each is required, but those with a default and those that are absent unless something is said.
    """
    hints, absent = get_type_hints(cls), may_be_absent(cls)
    return {
        f.name: _field(_arm(hints[f.name]), required=False)
        if f.name in absent
        else _field(hints[f.name], required=f.default is MISSING)
        for f in dataclass_fields(cls)
        if f.name not in without
    }


@cache
def schema_of(cls: Any) -> type[StrictSchema]:  # noqa: ANN401 - a class
    """Return the schema that loads instances of a dataclass."""

    def made(_schema: StrictSchema, data: dict[str, Any], **_kwargs: object) -> Any:  # noqa: ANN401 - of `cls`
        return cls(**data)

    return type(cls.__name__, (StrictSchema,), {**fields_of(cls), "made": post_load(made)})


def data_schema(command: type, without: frozenset[str]) -> type[StrictSchema]:
    """Return the schema of what a command says in its body; `without` are the fields in its path."""
    return type(f"{command.__name__}Data", (StrictSchema,), dict(fields_of(command, without)))


def _field(hint: Any, **kwargs: Any) -> fields.Field[Any]:  # noqa: ANN401 - a type form
    kwargs = {"required": True, **kwargs}
    if get_origin(hint) in (Union, UnionType):
        return _field(_arm(hint), **kwargs, allow_none=True)
    if get_origin(hint) is tuple:
        return Sequence(_field(get_args(hint)[0]), **kwargs)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return fields.Enum(hint, by_value=Text, **kwargs)
    if isinstance(hint, type) and is_dataclass(hint):
        return fields.Nested(schema_of(hint), **kwargs)
    return _SCALARS[hint](**({"allow_none": True} if hint is object else {}), **kwargs)


def _arm(hint: Any) -> Any:  # noqa: ANN401 - a type form
    return next(arm for arm in get_args(hint) if arm is not NoneType)


class Sequence(fields.List[Any]):
    """A JSON array, loaded as the tuple that a frozen dataclass holds."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> tuple[Any, ...]:  # type: ignore[override]  # noqa: ANN401 - marshmallow's signature
        return tuple(super()._deserialize(*args, **kwargs))
