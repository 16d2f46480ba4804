"""The reader of request bodies: JSONTestSuite, and what RFC 8259 leaves open and we do not."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audit.strict_json import MAX_DEPTH, read_request
from core.kernel.errors import Malformed
from tests.support.third_party import third_party


def code_of(data: bytes, limit: int = 1_000_000) -> str:
    with pytest.raises(Malformed) as caught:
        read_request(data, limit=limit)
    return caught.value.code


# Valid by grammar; but RFC 8259 section 4: names SHOULD be unique, and a second one could hide a value.
REFUSED_THOUGH_VALID = {
    "y_object_duplicated_key.json": "DUPLICATE_KEY",
    "y_object_duplicated_key_and_value.json": "DUPLICATE_KEY",
}


def test_every_valid_document_of_the_json_test_suite_is_read_but_those_with_duplicate_names() -> None:
    files = sorted(third_party("jsontestsuite", "test_parsing").glob("y_*.json"))
    assert len(files) == 95
    for path in files:
        if path.name in REFUSED_THOUGH_VALID:
            assert code_of(path.read_bytes()) == REFUSED_THOUGH_VALID[path.name]
        else:
            assert read_request(path.read_bytes()) == json.loads(path.read_bytes(), parse_float=Decimal)


def test_every_invalid_document_of_the_json_test_suite_is_refused() -> None:
    files = sorted(third_party("jsontestsuite", "test_parsing").glob("n_*.json"))
    assert len(files) == 188
    codes = {path.name: code_of(path.read_bytes()) for path in files}
    too_deep = {name for name, code in codes.items() if code == "TOO_DEEP"}
    assert too_deep == {"n_structure_100000_opening_arrays.json", "n_structure_open_array_object.json"}
    assert set(codes.values()) == {"NOT_JSON", "TOO_DEEP"}


# What the suite leaves to the reader: integers of any sign up to 100 digits and small exponents are read.
READ_THOUGH_OPTIONAL = {
    "i_number_too_big_neg_int.json",
    "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
}


def test_of_the_optional_documents_of_the_json_test_suite_only_long_integers_are_read() -> None:
    files = sorted(third_party("jsontestsuite", "test_parsing").glob("i_*.json"))
    assert len(files) == 35
    for path in files:
        if path.name in READ_THOUGH_OPTIONAL:
            assert read_request(path.read_bytes()) == json.loads(path.read_bytes())
        else:
            assert code_of(path.read_bytes()) in {"NOT_JSON", "TOO_LARGE", "TOO_DEEP"}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**90), 10**90)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_whatever_json_writes_is_read_back(value: Any, ascii_only: bool) -> None:  # noqa: FBT001 - drawn
    written = json.dumps(value, ensure_ascii=ascii_only)
    assert read_request(written.encode()) == value


@given(st.text(alphabet='{}[]"\\,:1eu09dD8cC -.ntrfal', max_size=60))
def test_nothing_but_a_coded_refusal_comes_out_of_garbage(text: str) -> None:
    try:
        read_request(text.encode())
    except Malformed as refused:
        event = refused.code in {"NOT_JSON", "DUPLICATE_KEY", "TOO_DEEP", "TOO_LARGE"}
    else:
        event = True
    assert event


def test_numbers_are_never_binary_floats() -> None:
    value = read_request(b"[0.1,1.10,1e2,-0.0,7,-7]")
    assert repr(value) == ("[Decimal('0.1'), Decimal('1.10'), Decimal('1E+2'), Decimal('-0.0'), 7, -7]")


@pytest.mark.parametrize(
    "data",
    [
        b"[1e101]",
        b"[1e-101]",
        b"[0e999999999999999999999]",
        b"[1E+99999999999999999999999999]",
        b"[" + b"1" * 101 + b"]",
        b"[0." + b"1" * 100 + b"]",
        b"[" + b"9" * 5_000 + b"]",
    ],
)
def test_numbers_nobody_means_are_too_large(data: bytes) -> None:
    assert code_of(data) == "TOO_LARGE"


def test_numbers_at_the_limits_are_read() -> None:
    assert read_request(b"[1e100,1e-100]") == [Decimal("1e100"), Decimal("1e-100")]
    assert read_request(b"9" * 100) == 10**100 - 1


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"x":[{"a":1,"b":2,"a":3}]}',
        b'{"\\ud83d\\ude00":1,"\xf0\x9f\x98\x80":2}',
        b'{"":1,"":2}',
    ],
)
def test_a_name_twice_is_refused_however_it_is_escaped(data: bytes) -> None:
    assert code_of(data) == "DUPLICATE_KEY"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b'["\xff"]',
        b'["\xed\xa0\x80"]',
        b"{} {}",
        b"{'a':1}",
        b'["\t"]',
        b"\xc2\xa0[]",
    ],
)
def test_what_is_not_json_in_utf8_is_refused(data: bytes) -> None:
    assert code_of(data) == "NOT_JSON"


@pytest.mark.parametrize(
    "data",
    [
        b'["\\ud800"]',
        b'["\\uDFFF"]',
        b'["\\ud800\\n"]',
        b'["\\ud800\\ud800"]',
        b'["\\udc00\\ud800"]',
        b'{"\\uD800":1}',
        b'["\\\\\\ud800"]',
        b'["\\ud83d\\ude00\\ud83d"]',
    ],
)
def test_half_of_a_surrogate_pair_is_refused(data: bytes) -> None:
    assert code_of(data) == "NOT_JSON"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b'"\\\\ud800"', "\\ud800"),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\\uD83D\\uDE00"', "😀"),
        (b'"\\u00e9"', "é"),
    ],
)
def test_escapes_that_only_look_like_half_a_pair_are_read(data: bytes, text: str) -> None:
    assert read_request(data) == text


def test_depth_is_limited_and_brackets_in_strings_do_not_count() -> None:
    assert read_request(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert read_request(b'["' + b"[{" * 1_000 + b'\\"[[[["]')
    for depth in (MAX_DEPTH + 1, 1_000, 100_000):
        assert code_of(b"[" * depth + b"]" * depth) == "TOO_DEEP"
        assert code_of(b'{"a":' * depth + b"1" + b"}" * depth) == "TOO_DEEP"
        assert code_of(b'["\\"",' + b"[" * depth) == "TOO_DEEP"


def test_hostile_quotes_cost_linear_time() -> None:
    assert code_of(b'["' + b'\\"' * 400_000) == "NOT_JSON"


def test_a_body_over_the_limit_is_too_large() -> None:
    assert read_request(b"[1]", limit=3) == [1]
    assert code_of(b"[1] ", limit=3) == "TOO_LARGE"
