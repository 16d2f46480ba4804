"""The canonical profile: what it accepts, the code of each refusal, and rfc8785 as the oracle."""

from __future__ import annotations

import json
import unicodedata
from enum import StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from core.audit import canonical
from core.kernel.errors import Malformed


def code_of_loads(data: bytes, limit: int = canonical.STATEMENT_LIMIT) -> str:
    with pytest.raises(Malformed) as caught:
        canonical.loads(data, limit=limit)
    return caught.value.code


def code_of_dumps(value: object) -> str:
    with pytest.raises(Malformed) as caught:
        canonical.dumps(value)
    return caught.value.code


# Default_Ignorable_Code_Point of Unicode, annotation characters, and blanks that count as letters or symbols.
NOT_SEEN = {
    *(0xAD, 0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0xFFF0, 0xFFFC),
    *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE1000),
}


def is_profile_text(text: str) -> bool:
    """Say what the profile says about strings once more, by Unicode's own properties where there are any."""
    return unicodedata.is_normalized("NFC", text) and not any(
        (unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} and char != "\n")
        or unicodedata.bidirectional(char) in {"LRE", "LRO", "RLE", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        or 0x200B <= ord(char) <= 0x200F
        or 0x2060 <= ord(char) <= 0x206F
        or ord(char) in {0x061C, 0xFEFF}
        or 0xFDD0 <= ord(char) <= 0xFDEF
        or ord(char) & 0xFFFE == 0xFFFE
        or unicodedata.category(char) == "Co"
        or ord(char) in NOT_SEEN
        for char in text
    )


ANY_TEXT = st.text(st.characters(exclude_categories=[])) | st.text(
    st.sampled_from(
        "aé\u0301\n\t\x00\x7f\x85\u061c\u200b\u2028\u202e\u2060\u2066\ufeff\ufdd0\uffff\U0001fffe\ud800好😀"
    )
)
LETTERS = "ABYZabyz"
TEXT = st.text(max_size=12).map(lambda text: unicodedata.normalize("NFC", text)).filter(is_profile_text)
KEYS = st.builds(str.__add__, st.sampled_from(LETTERS), st.text(f"{LETTERS}09_", max_size=6))
STREAM_KEYS = st.builds(str.__add__, st.sampled_from(LETTERS), st.text(f"{LETTERS}09_/.-", max_size=9))
SCALARS = (
    st.sampled_from([None, True, False, "", 0, canonical.MAX_INTEGER, -canonical.MAX_INTEGER])
    | st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
    | TEXT
    | st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)
STREAMS = st.dictionaries(STREAM_KEYS, st.integers(0, 99), max_size=3)
DOCUMENTS = VALUES | st.builds(
    lambda members, reads: {**members, "reads": reads}, st.dictionaries(KEYS, VALUES, max_size=4), STREAMS
)


@pytest.mark.slow
@settings(max_examples=2_000)
@given(DOCUMENTS)
def test_what_is_written_is_what_rfc8785_writes_and_reads_back_the_same(document: Any) -> None:
    written = canonical.dumps(document)
    assert written == rfc8785.dumps(document)
    assert canonical.loads(written) == document


@settings(max_examples=1_000)
@given(ANY_TEXT)
def test_a_string_is_accepted_exactly_if_the_profile_says_so(text: str) -> None:
    if is_profile_text(text):
        assert canonical.loads(canonical.dumps({"a": [text]})) == {"a": [text]}
    else:
        assert code_of_dumps({"a": [text]}) == "BAD_TEXT"


@settings(max_examples=500)
@given(st.text())
def test_the_reader_and_the_writer_refuse_the_same_strings(text: str) -> None:
    raw = rfc8785.dumps([text])
    if is_profile_text(text):
        assert canonical.loads(raw) == [text]
    else:
        assert code_of_loads(raw) == "BAD_TEXT"


def test_every_code_point_is_judged_as_the_profile_says() -> None:
    differing = []
    for point in range(0x110000):
        text = f"{chr(point)}"
        refused = canonical._REFUSED_TEXT.search(text) is not None or not unicodedata.is_normalized(
            "NFC", text
        )
        if refused is is_profile_text(text):
            differing.append(hex(point))
    assert differing == []


def test_a_combining_mark_after_a_newline_or_a_quote_composes_with_nothing() -> None:
    for text in ("n\n\u0301", '"\u0301', "\u0301n"):
        assert canonical.loads(canonical.dumps(["n", text])) == ["n", text]


# --- refusals -----------------------------------------------------------------------------------------

NOT_CANONICAL = [
    b'{"b":1,"a":2}',
    b'{"a":1,"a":1}',
    b'{"a":1,"a":2}',
    b'{"a": 1}',
    b'{"a":1}\n',
    b' {"a":1}',
    b'["\\u0061"]',
    b'["\\/"]',
    b'["\\u000a"]',
    b"[-0]",
]


@pytest.mark.parametrize("data", NOT_CANONICAL)
def test_a_second_spelling_of_the_same_value_is_refused(data: bytes) -> None:
    assert code_of_loads(data) in {"NOT_CANONICAL", "FLOAT_REFUSED"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[1,]",
        b"{'a':1}",
        b"[NaN]",
        b"[Infinity]",
        b"\xef\xbb\xbf{}",
        b'["\xff"]',
        b'["\\ud800"]',
        b"[01]",
    ],
)
def test_what_is_not_json_is_refused(data: bytes) -> None:
    assert code_of_loads(data) == "NOT_JSON"


@pytest.mark.parametrize("key", ["", "1", "_a", "a-b", "a b", "a/b", "a.b", "é", "a\n", "\uff41", "a\u0301"])
def test_a_key_is_an_ascii_letter_then_letters_digits_and_underscores(key: str) -> None:
    assert code_of_dumps({key: 1}) == "BAD_KEY"
    assert code_of_dumps({"a": [{key: 1}]}) == "BAD_KEY"
    assert code_of_loads(json.dumps({key: 1}, separators=(",", ":")).encode()) == "BAD_KEY"


@pytest.mark.parametrize("key", [1, None, True, b"a"])
def test_a_key_that_is_no_string_is_refused(key: object) -> None:
    assert code_of_dumps({key: 1}) == "BAD_KEY"
    assert code_of_dumps({"reads": {key: 1}}) == "BAD_KEY"


def test_stream_names_are_keys_only_inside_a_top_level_reads() -> None:
    streams = {"subject/S-1.2": 3}
    assert canonical.dumps({"reads": streams}) == b'{"reads":{"subject/S-1.2":3}}'
    for elsewhere in ({"data": streams}, {"data": {"reads": streams}}, [{"reads": streams}], streams):
        assert code_of_dumps(elsewhere) == "BAD_KEY"
    assert code_of_dumps({"reads": {"a": streams}}) == "BAD_KEY"
    assert code_of_dumps({"reads": streams, "data": streams}) == "BAD_KEY"


@pytest.mark.parametrize("key", ["", "/a", "-a", ".a", "1", "a b", "a\u0301", "a\n", "a:b"])
def test_a_stream_name_in_reads_has_its_own_alphabet(key: str) -> None:
    assert code_of_dumps({"reads": {key: 1}}) == "BAD_KEY"


def test_reads_of_another_shape_is_an_ordinary_value() -> None:
    assert canonical.dumps({"reads": None}) == b'{"reads":null}'
    assert canonical.dumps({"reads": ["a/b"]}) == b'{"reads":["a/b"]}'


@pytest.mark.parametrize(
    "data", [b"[1.0]", b"[0.1]", b"[1e3]", b"[-0.0]", b"[1E400]", b"[123456789012345678901]"]
)
def test_floats_are_refused(data: bytes) -> None:
    assert code_of_loads(data) in {"FLOAT_REFUSED", "NOT_JSON"}


def test_floats_are_refused_by_the_writer() -> None:
    for number in (1.0, 0.1, float("nan"), float("inf")):
        assert code_of_dumps({"a": number}) == "FLOAT_REFUSED"


def test_integers_have_at_most_53_bits() -> None:
    for number in (2**53 - 1, 1 - 2**53, 0):
        assert canonical.loads(canonical.dumps([number])) == [number]
    for number in (2**53, -(2**53), 2**63, 2**64, 10**40):
        assert code_of_dumps([number]) == "INTEGER_RANGE"
    assert code_of_loads(b"[9007199254740992]") == "INTEGER_RANGE"
    assert code_of_loads(b"[-9007199254740992]") == "INTEGER_RANGE"


class Word(StrEnum):
    A = "a"


@pytest.mark.parametrize("value", [(1,), {1}, b"a", Word.A, object(), {"a": (1,)}])
def test_a_python_value_of_any_other_type_is_refused(value: object) -> None:
    assert code_of_dumps(value) == "NOT_JSON"


def test_a_key_that_is_an_enum_is_refused() -> None:
    assert code_of_dumps({Word.A: 1}) == "BAD_KEY"


def nested(depth: int, innermost: str = "") -> bytes:
    return (b"[" * depth) + innermost.encode() + (b"]" * depth)


def nested_objects(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)


def test_twelve_containers_may_lie_inside_each_other() -> None:
    for data in (nested(12), nested(12, "1"), nested(12, '"a"'), nested_objects(12), b"1", b"null"):
        assert canonical.dumps(canonical.loads(data)) == data
    for data in (nested(13), nested(13, "1"), nested_objects(13), nested(500)):
        assert code_of_loads(data) == "TOO_DEEP"


def test_depth_inside_reads_counts_as_anywhere() -> None:
    inner = nested(10).decode()
    assert canonical.loads(f'{{"reads":{{"a/b":{inner}}}}}'.encode())
    assert code_of_loads(f'{{"reads":{{"a/b":[{inner}]}}}}'.encode()) == "TOO_DEEP"


def test_a_hundred_thousand_brackets_are_refused_and_crash_nothing() -> None:
    for data in (b"[" * 100_000, b'{"a":' * 100_000, nested(100_000), nested(1_000)):
        assert code_of_loads(data, limit=1_000_000) in {"NOT_JSON", "TOO_DEEP"}
        assert code_of_loads(data, limit=1_000) == "TOO_LARGE"


def test_a_value_that_contains_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    assert code_of_dumps(loop) == "TOO_DEEP"


def test_a_statement_has_at_most_40_000_bytes_and_a_caller_may_allow_more() -> None:
    fits = b'"' + b"a" * 39_998 + b'"'
    assert canonical.loads(fits) == "a" * 39_998
    assert code_of_loads(fits + b" ") == "TOO_LARGE"
    assert code_of_dumps("a" * 39_999) == "TOO_LARGE"
    assert canonical.loads(canonical.dumps("a" * 60_000, limit=65_535), limit=65_535) == "a" * 60_000


@settings(max_examples=500)
@given(DOCUMENTS.map(canonical.dumps), st.data())
def test_a_changed_byte_is_refused_or_says_something_else(written: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(written) - 1))
    changed = written[:at] + bytes([written[at] ^ data.draw(st.integers(1, 255))]) + written[at + 1 :]
    try:
        value = canonical.loads(changed)
    except Malformed:
        return
    assert canonical.dumps(value) == changed
