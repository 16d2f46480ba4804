"""Payloads to JSON values and back, derived once per class from its annotations.

* Reading is strict: a missing field, an unknown field or a value of another type is refused.
* Writing and reading are inverse to each other for every registered payload (a property test).
* Annotations may be: str, int, bool, Decimal, date, datetime, a StrEnum, a dataclass of these,
  `tuple[X, ...]`, `X | None`, and `object` for a JSON value that is kept as it is.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from core.kernel.errors import Malformed
from core.kernel.quantities import read_decimal, write_decimal
from core.kernel.time import read_date, read_instant, write_instant

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_CODECS: dict[Any, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {}


def to_data(payload: object) -> dict[str, Any]:
    """Return the payload as a JSON object of the canonical profile."""
    data: dict[str, Any] = _class_codec(type(payload))[0](payload)
    return data


def from_data(cls: type[T], data: object) -> T:
    """Build a payload of `cls` from a JSON object.

    Raises: `BAD_PAYLOAD` naming the field, `BAD_DECIMAL`, `BAD_DATE`, `BAD_TIME`.
    """
    payload: T = _class_codec(cls)[1](data)
    return payload


def _class_codec(cls: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:  # noqa: ANN401 - a class
    if (codec := _CODECS.get(cls)) is None:
        codec = _CODECS.setdefault(cls, _built(cls))
    return codec


def _built(cls: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:  # noqa: ANN401 - a class
    hints = get_type_hints(cls)
    codecs = [(f.name, *_codec(hints[f.name])) for f in fields(cls)]
    names = frozenset(name for name, _, _ in codecs)
    takers = [(name, take) for name, _, take in codecs]

    def write(payload: Any) -> dict[str, Any]:  # noqa: ANN401 - any registered payload
        return {name: put(getattr(payload, name)) for name, put, _ in codecs}

    def read(data: Any) -> Any:  # noqa: ANN401 - any registered payload
        if type(data) is not dict or data.keys() != names:
            raise Malformed("BAD_PAYLOAD", f"{cls.__name__} needs exactly the fields {sorted(names)}")
        try:
            return cls(*[take(data[name]) for name, take in takers])
        except Malformed as error:
            raise _named(error, data, takers) from None

    return write, read


def _named(
    error: Malformed, data: dict[str, Any], takers: list[tuple[str, Callable[[Any], Any]]]
) -> Malformed:
    """Return the error with the field in which it arose, innermost first."""
    if "field" in error.facts:
        return error
    for name, take in takers:
        try:
            take(data[name])
        except Malformed:
            return Malformed(error.code, f"{name}: {error.detail}", field=name)
    return error


def _codec(hint: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:  # noqa: ANN401 - a type form
    if get_origin(hint) in (Union, UnionType):
        return _optional(next(arm for arm in get_args(hint) if arm is not NoneType))
    if get_origin(hint) is tuple:
        return _sequence(get_args(hint)[0])
    if hint is object:
        return _keep, _keep
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return str, _enum_reader(hint)
    if is_dataclass(hint):
        return _class_codec(hint)
    return _SCALARS[hint]


def _optional(arm: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:  # noqa: ANN401 - a type form
    put, take = _codec(arm)
    return (lambda v: None if v is None else put(v)), (lambda v: None if v is None else take(v))


def _sequence(item: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:  # noqa: ANN401 - a type form
    put, take = _codec(item)

    def read(value: object) -> tuple[Any, ...]:
        if type(value) is not list:
            raise Malformed("BAD_PAYLOAD", "a list is expected")
        return tuple(take(v) for v in value)

    return (lambda v: [put(x) for x in v]), read


def _keep(value: Any) -> Any:  # noqa: ANN401 - a JSON value as it is
    return value


def _exactly(kind: type[T], word: str) -> Callable[[object], T]:
    def read(value: object) -> T:
        if type(value) is not kind:
            raise Malformed("BAD_PAYLOAD", f"{word} is expected")
        return value

    return read


def _from_text(parse: Callable[[str], T]) -> Callable[[object], T]:
    text = _exactly(str, "text")
    return lambda value: parse(text(value))


def _enum_reader(enum: type[StrEnum]) -> Callable[[object], StrEnum]:
    members: dict[object, StrEnum] = {str(member): member for member in enum}

    def read(value: object) -> StrEnum:
        member = members.get(value) if type(value) is str else None
        if member is None:
            raise Malformed("BAD_PAYLOAD", f"one of {', '.join(map(str, members))} is expected")
        return member

    return read


_SCALARS: dict[Any, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    str: (_keep, _exactly(str, "text")),
    int: (_keep, _exactly(int, "a whole number")),
    bool: (_keep, _exactly(bool, "true or false")),
    Decimal: (write_decimal, _from_text(read_decimal)),
    date: (date.isoformat, _from_text(read_date)),
    datetime: (write_instant, _from_text(read_instant)),
}
