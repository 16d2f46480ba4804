"""The one written form of a statement and of a leaf: a strict subset of RFC 8785.

* Values are objects, arrays, strings, integers, true, false and null; there are no floats.
* Bytes are accepted only if they are what `dumps` would write, so no second reading of them exists.
* Depth counts containers that lie inside each other: a scalar has depth 0, `{}` has 1, 12 are allowed.
* Keys are ASCII, so that order by code point (here) and by UTF-16 unit (RFC 8785 3.2.3) are the same.

Request bodies are read by `strict_json`, not here.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NoReturn, TypeAlias

import orjson

from core.kernel.errors import Malformed

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | bool | None"

STATEMENT_LIMIT = 40_000
MAX_DEPTH = 12
MAX_INTEGER = 2**53 - 1

KEYS_REMEMBERED = 4096  # bounds what strangers' documents can occupy; the trial has some hundreds
_known_keys: set[object] = set()  # keys found good; a set comparison then checks a whole object at once

WRITING = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_STREAM_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_/.\-]*")
_REFUSED_TEXT = re.compile(
    "["
    "\x00-\x09\x0b-\x1f\x7f-\x9f"  # C0 but the newline, DEL, C1
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # zero-width, bidi, separators, invisible format
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0"  # fillers
    "\ufe00-\ufe0f\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\ue000-\uf8ff\U000f0000-\U0010ffff"  # private use: everybody sees something else
    "\ud800-\udfff"  # lone surrogates
    "\ufdd0-\ufdef"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]"
)


def dumps(value: object, *, limit: int = STATEMENT_LIMIT) -> bytes:
    """Write a value of the profile in its canonical form, at most `limit` bytes (40 kB for a statement).

    Exact types only: a tuple, an enum or any other subclass is refused.

    Raises: `NOT_JSON` for other types, `BAD_KEY`, `FLOAT_REFUSED`, `INTEGER_RANGE`, `BAD_TEXT`,
    `TOO_DEEP`, `TOO_LARGE`. Source: RFC 8785, restricted by record.md section 1.
    """
    texts = _walk(value)
    try:
        written = orjson.dumps(value, option=WRITING)
    except orjson.JSONEncodeError as error:
        # The walk has left two things that orjson refuses: half a surrogate pair, a key of a subclass of str.
        if "key" in str(error):
            _refuse_key()
        raise Malformed("BAD_TEXT", "a string holds half of a surrogate pair") from None
    _require_size(written, limit)
    if not _is_plain(written):
        _require_text("\n".join(text for text in texts if not (text.isascii() and text.isprintable())))
    return written


def loads(data: bytes, *, limit: int = STATEMENT_LIMIT) -> Json:
    """Read canonical bytes, at most `limit` of them, and nothing that `dumps` would write differently.

    Raises: `TOO_LARGE`, `NOT_JSON`, `NOT_CANONICAL`, and the codes of `dumps` for what is valid
    JSON outside the profile. An integer beyond 64 bits counts as a float.
    """
    _require_size(data, limit)
    try:
        value: Json = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Malformed("NOT_JSON", "the bytes are not a JSON document in UTF-8") from None
    if dumps(value, limit=limit) != data:
        raise Malformed("NOT_CANONICAL", "the bytes differ from the canonical form of what they say")
    return value


def _walk(document: object) -> list[str]:
    """Check types, keys, integers and depth, layer by layer; return the strings, still unchecked.

    There is no recursion, so depth cannot exhaust the stack.
    """
    texts: list[str] = []
    layer: list[object] = [_without_stream_keys(document)]
    depth = 0
    while layer:
        deeper: list[object] = []
        for value in layer:
            if type(value) is str:
                texts.append(value)
            elif type(value) is dict:
                deeper += _members(value, depth)
            elif type(value) is list:
                deeper += _items(value, depth)
            elif type(value) is int:
                if not -MAX_INTEGER <= value <= MAX_INTEGER:
                    raise Malformed("INTEGER_RANGE", "an integer needs more than 53 bits")
            elif type(value) is not bool and value is not None:
                _refuse_kind(value)
        layer = deeper
        depth += 1
    return texts


def _without_stream_keys(document: object) -> object:
    """Check the keys of a top-level `reads`, which are stream names; show the walk only its values."""
    if type(document) is not dict or type(document.get("reads")) is not dict:
        return document
    reads = document["reads"]
    for key in reads:
        if type(key) is not str or _STREAM_KEY.fullmatch(key) is None:
            _refuse_key()
    return {**document, "reads": list(reads.values())}


def _members(value: dict[object, object], depth: int) -> list[object]:
    if depth == MAX_DEPTH:
        _refuse_depth()
    if not value.keys() <= _known_keys:
        for key in value:
            _require_key(key)
    return list(value.values())


def _require_key(key: object) -> None:
    # An ASCII identifier without a leading underscore is [A-Za-z][A-Za-z0-9_]*.
    if type(key) is not str or not key.isidentifier() or not key.isascii() or key[0] == "_":
        _refuse_key()
    if len(_known_keys) < KEYS_REMEMBERED:
        _known_keys.add(key)


def _items(value: list[object], depth: int) -> list[object]:
    if depth == MAX_DEPTH:
        _refuse_depth()
    return value


def _is_plain(written: bytes) -> bool:
    """Tell whether no string can hold refused text: all ASCII, nothing escaped, no DEL."""
    return written.isascii() and b"\\" not in written and b"\x7f" not in written


def _require_text(text: str) -> None:
    # Strings are joined by newlines: nothing composes across one, so the whole is NFC iff each part is.
    if _REFUSED_TEXT.search(text):
        raise Malformed("BAD_TEXT", "a string holds a control, invisible, bidi or noncharacter code point")
    if not unicodedata.is_normalized("NFC", text):
        raise Malformed("BAD_TEXT", "a string is not in Unicode normalisation form C")


def _require_size(data: bytes, limit: int) -> None:
    if len(data) > limit:
        raise Malformed("TOO_LARGE", f"more than {limit} bytes", limit=limit)


def _refuse_key() -> NoReturn:
    raise Malformed("BAD_KEY", "a key is a letter, then letters, digits and underscores")


def _refuse_depth() -> NoReturn:
    raise Malformed("TOO_DEEP", f"more than {MAX_DEPTH} containers inside each other", limit=MAX_DEPTH)


def _refuse_kind(value: object) -> NoReturn:
    if isinstance(value, float):
        raise Malformed("FLOAT_REFUSED", "measurements are decimal strings, counts are integers")
    raise Malformed("NOT_JSON", f"{type(value).__name__} has no canonical form")
