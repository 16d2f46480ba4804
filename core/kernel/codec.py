"""Payloads to JSON values and back, derived once per class from its annotations.

* Reading is strict: a missing field, an unknown field or a value of another type is refused.
* A field that came later is declared by `absent_unless_said`: where it is None it does not stand in the JSON
  value, so that what was stored before it came reads and is written as ever.
* Writing and reading are inverse to each other for every registered payload (a property test).
* Annotations may be: str, int, bool, Decimal, date, datetime, a StrEnum, a dataclass of these,
  `tuple[X, ...]`, `X | None`, and `object` for a JSON value that is kept as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import product
from math import prod
from operator import attrgetter, itemgetter
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from core.kernel.errors import Malformed
from core.kernel.quantities import read_decimal, write_decimal
from core.kernel.time import read_date, read_instant, write_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

JSON_KINDS = (dict, list, str, int, float, bool, NoneType)

# More combinations of kinds than this are not listed; `take` then reads every object of the class.
FORESEEN = 1024


@dataclass(frozen=True, slots=True)
class _Codec:
    """How one annotation is written and read; None where a value stands for itself.

    `take` reads a value of one of `kinds` (any, where there are none) and says what is wrong with it.
    `quick` reads the same values to the same ends, but where something is wrong it only raises; so does
    `rows`, for a list of objects at once. `order`: see `in_order`; `closed`: see `is_closed`.
    """

    put: Callable[[Any], Any] | None
    take: Callable[[Any], Any] | None
    quick: Callable[[Any], Any] | None
    kinds: tuple[type, ...]
    word: str
    rows: Callable[[Any], tuple[Any, ...]] | None = None
    order: Callable[[Any], Any] | None = None
    closed: bool = True

    def read(self, value: object) -> Any:  # noqa: ANN401 - a value of the annotation
        """Read a value of any kind."""
        if self.kinds and type(value) not in self.kinds:
            raise Malformed("BAD_PAYLOAD", f"{self.word} is expected")
        return value if self.take is None else self.take(value)


_ABSENT_UNLESS_SAID = "absent unless said"


def absent_unless_said() -> Any:  # noqa: ANN401 - a field of any kind
    """Declare a field of a dataclass that is None, and not written at all, unless a value is said."""
    return field(default=None, metadata={_ABSENT_UNLESS_SAID: True})


def may_be_absent(cls: Any) -> frozenset[str]:  # noqa: ANN401 - a class
    """Return the names of the fields that were declared by `absent_unless_said`."""
    return frozenset(f.name for f in fields(cls) if _ABSENT_UNLESS_SAID in f.metadata)


_OBJECTS = frozenset({dict})
_CODECS: dict[Any, _Codec] = {}


def to_data(payload: object) -> dict[str, Any]:
    """Return the payload as a JSON object of the canonical profile."""
    put = _class_codec(type(payload)).put
    data: dict[str, Any] = put(payload) if put else {}
    return data


def from_data(cls: type[T], data: object) -> T:
    """Build a payload of `cls` from a JSON object.

    Raises: `BAD_PAYLOAD` naming the field, `BAD_DECIMAL`, `BAD_DATE`, `BAD_TIME`.
    """
    codec = _class_codec(cls)
    try:
        payload: T = codec.quick(data) if codec.quick else codec.read(data)
    except (Malformed, LookupError, TypeError):
        payload = codec.read(data)
    return payload


def in_order(cls: type, data: dict[str, Any]) -> dict[str, Any]:
    """Return what `to_data` says of a payload that was read from `data`, fields in order of declaration.

    Objects in lists keep the order in which they came. Parts are shared with `data`: change neither.
    """
    order = _class_codec(cls).order
    ordered: dict[str, Any] = order(data) if order else data
    return ordered


def is_closed(cls: type) -> bool:
    """Tell whether annotations foresee every value of the class, down to its last part.

    What `from_data` accepts for such a class has no floats, no keys but the names of fields, and no
    containers inside each other but those of the class.
    """
    return _class_codec(cls).closed


def _class_codec(cls: Any) -> _Codec:  # noqa: ANN401 - a class
    if (codec := _CODECS.get(cls)) is None:
        codec = _CODECS.setdefault(cls, _built(cls))
    return codec


def _built(cls: Any) -> _Codec:  # noqa: ANN401 - a class
    hints, absent = get_type_hints(cls), may_be_absent(cls)
    codecs = {f.name: _codec(_arm(hints[f.name]) if f.name in absent else hints[f.name]) for f in fields(cls)}
    always = {name: codec for name, codec in codecs.items() if name not in absent}
    return _Codec(
        _writer_of_said(
            _writer(always), {name: codec.put for name, codec in codecs.items() if name in absent}
        ),
        _strict_reader(cls, codecs, absent),
        _quick_reader(cls, always),
        (dict,),
        "an object",
        _rows_reader(cls, always),
        _orderer(codecs),
        all(codec.closed for codec in codecs.values()),
    )


def _writer(codecs: dict[str, _Codec]) -> Callable[[Any], dict[str, Any]]:
    names, get = tuple(codecs), _getter(attrgetter, tuple(codecs))
    converting = [(i, codec.put) for i, codec in enumerate(codecs.values()) if codec.put]

    def write(payload: Any) -> dict[str, Any]:  # noqa: ANN401 - any registered payload
        values = [*get(payload)]
        for i, put in converting:
            values[i] = put(values[i])
        return dict(zip(names, values, strict=True))

    return write


def _writer_of_said(
    write: Callable[[Any], dict[str, Any]], absent: dict[str, Callable[[Any], Any] | None]
) -> Callable[[Any], dict[str, Any]]:
    """Return a writer that adds those fields of which something is said."""
    if not absent:
        return write

    def write_said(payload: Any) -> dict[str, Any]:  # noqa: ANN401 - any registered payload
        said = {name: getattr(payload, name) for name in absent}
        more = {
            name: value if (put := absent[name]) is None else put(value)
            for name, value in said.items()
            if value is not None
        }
        return {**write(payload), **more}

    return write_said


def _orderer(codecs: dict[str, _Codec]) -> Callable[[Any], Any]:
    parts = [(name, codec.order) for name, codec in codecs.items() if codec.order]

    def order(data: Any) -> Any:  # noqa: ANN401 - an object, or null where it is optional
        if data is None:
            return None
        ordered = {name: data[name] for name in codecs if name in data}
        for name, inner in parts:
            if name in ordered:
                ordered[name] = inner(ordered[name])
        return ordered

    return order


def _quick_reader(cls: Any, codecs: dict[str, _Codec]) -> Callable[[Any], Any]:  # noqa: ANN401 - a class
    """Return a reader that judges the kinds of all values at once."""
    count, get = len(codecs), _getter(itemgetter, tuple(codecs))
    foreseen = _foreseen(codecs)
    converting = [(i, codec.quick) for i, codec in enumerate(codecs.values()) if codec.quick]

    def read(data: Any) -> Any:  # noqa: ANN401 - any registered payload
        given = get(data)
        if len(data) != count or tuple(map(type, given)) not in foreseen:
            raise LookupError
        if not converting:
            return cls(*given)
        values = [*given]
        for i, quick in converting:
            values[i] = quick(values[i])
        return cls(*values)

    return read


def _rows_reader(cls: Any, codecs: dict[str, _Codec]) -> Callable[[Any], tuple[Any, ...]]:  # noqa: ANN401 - a class
    """Return a reader of many objects of the class, column by column."""
    count, get = len(codecs), _getter(itemgetter, tuple(codecs))
    foreseen = _foreseen(codecs)
    converting = [(i, codec.quick) for i, codec in enumerate(codecs.values()) if codec.quick]

    def read(objects: list[Any]) -> tuple[Any, ...]:
        rows = [get(data) for data in objects]
        if not (_OBJECTS.issuperset(map(type, objects)) and {count}.issuperset(map(len, objects))):
            raise LookupError
        if not foreseen.issuperset([tuple(map(type, row)) for row in rows]):
            raise LookupError
        columns: list[Any] = [*zip(*rows, strict=True)]
        for i, quick in converting:
            columns[i] = map(quick, columns[i])
        return tuple(map(cls, *columns))

    return read


def _foreseen(codecs: dict[str, _Codec]) -> frozenset[tuple[type, ...]]:
    """Return the kinds of values that an object of the class can have, field by field."""
    kinds = [codec.kinds or JSON_KINDS for codec in codecs.values()]
    combinations = prod(len(each) for each in kinds)
    return frozenset(product(*kinds)) if combinations <= FORESEEN else frozenset()


def _getter(make: Any, names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:  # noqa: ANN401 - of operator
    """Return what gets several attributes or items at once, as a tuple also where there is one or none."""
    if len(names) > 1:
        several: Callable[[Any], tuple[Any, ...]] = make(*names)
        return several
    one = [make(name) for name in names]
    return lambda source: tuple(get(source) for get in one)


def _strict_reader(
    cls: Any,  # noqa: ANN401 - a class
    codecs: dict[str, _Codec],
    absent: frozenset[str],
) -> Callable[[Any], Any]:
    needed = codecs.keys() - absent

    def read(data: Any) -> Any:  # noqa: ANN401 - any registered payload
        if type(data) is not dict or not needed <= data.keys() <= codecs.keys():
            raise Malformed("BAD_PAYLOAD", f"{cls.__name__} needs exactly the fields {sorted(needed)}")
        return cls(**{name: _read_field(name, codecs[name], data[name]) for name in codecs if name in data})

    return read


def _read_field(name: str, codec: _Codec, value: object) -> Any:  # noqa: ANN401 - any value
    """Read a field; an error names the innermost field in which it arose."""
    try:
        return codec.read(value)
    except Malformed as error:
        if "field" in error.facts:
            raise
        raise Malformed(error.code, f"{name}: {error.detail}", field=name) from None


def _codec(hint: Any) -> _Codec:  # noqa: ANN401 - a type form
    if get_origin(hint) in (Union, UnionType):
        return _optional(_codec(_arm(hint)))
    if get_origin(hint) is tuple:
        return _sequence(_codec(get_args(hint)[0]))
    if hint is object:
        return _Codec(None, None, None, (), "anything", closed=False)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _enumeration({str(member): member for member in hint})
    if is_dataclass(hint):
        return _class_codec(hint)
    return _SCALARS[hint]


def _arm(hint: Any) -> Any:  # noqa: ANN401 - a type form
    """Return what an `X | None` is where it is not None."""
    return next(arm for arm in get_args(hint) if arm is not NoneType)


def _scalar(
    put: Callable[[Any], Any] | None, take: Callable[[Any], Any] | None, kind: type, word: str
) -> _Codec:
    return _Codec(put, take, take, (kind,), word)


def _optional(arm: _Codec) -> _Codec:
    return _Codec(
        _unless_none(arm.put),
        _unless_none(arm.take),
        _unless_none(arm.quick),
        arm.kinds and (*arm.kinds, NoneType),
        arm.word,
        None,
        arm.order,
        arm.closed,
    )


def _unless_none(convert: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    return None if convert is None else lambda value: None if value is None else convert(value)


def _sequence(item: _Codec) -> _Codec:
    put, quick, kinds = item.put, item.quick, frozenset(item.kinds)

    def write(values: tuple[Any, ...]) -> list[Any]:
        return [*values] if put is None else [put(v) for v in values]

    def read(values: list[Any]) -> tuple[Any, ...]:
        return tuple([item.read(v) for v in values])

    def read_quickly(values: list[Any]) -> tuple[Any, ...]:
        if item.rows and values:
            return item.rows(values)
        if kinds and not kinds.issuperset(map(type, values)):
            raise LookupError
        return tuple(values if quick is None else map(quick, values))

    return _Codec(write, read, read_quickly, (list,), "a list", closed=item.closed)


def _enumeration(members: dict[str, StrEnum]) -> _Codec:
    word = f"one of {', '.join(members)}"

    def read(text: str) -> StrEnum:
        if (member := members.get(text)) is None:
            raise Malformed("BAD_PAYLOAD", f"{word} is expected")
        return member

    return _Codec(str, read, members.__getitem__, (str,), word)


_SCALARS: dict[Any, _Codec] = {
    str: _scalar(None, None, str, "text"),
    int: _scalar(None, None, int, "a whole number"),
    bool: _scalar(None, None, bool, "true or false"),
    Decimal: _scalar(write_decimal, read_decimal, str, "text"),
    date: _scalar(date.isoformat, read_date, str, "text"),
    datetime: _scalar(write_instant, read_instant, str, "text"),
}
