"""Decimals, identifiers, streams and base64 each have one spelling; errors carry code and sentence."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel import streams
from core.kernel.codec import from_data, to_data
from core.kernel.encoding import from_base64, to_base64
from core.kernel.errors import IntegrityFinding, Malformed, Refused, TrialError
from core.kernel.quantities import Quantity, read_decimal, write_decimal


@pytest.mark.parametrize("text", ["0", "0.15", "12.50", "-1.5", "999999999999999999", "0.000000000001"])
def test_a_decimal_keeps_its_scale(text: str) -> None:
    assert text == write_decimal(read_decimal(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-0",
        "-0.0",
        "+1",
        "01",
        ".5",
        "5.",
        "1e3",
        "1E3",
        "NaN",
        "Infinity",
        " 1",
        "1 ",
        "1\n",
        "1_0",
        "\u0661",
        "1,5",
        "1000000000000000000",
        "0.0000000000001",
        "--1",
        "0x1",
    ],
)
def test_another_spelling_of_a_decimal_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="BAD_DECIMAL"):
        read_decimal(text)


@given(st.text(max_size=25))
def test_whatever_reads_as_a_decimal_is_written_the_same(text: str) -> None:
    try:
        value = read_decimal(text)
    except Malformed:
        return
    assert text == write_decimal(value)


@pytest.mark.parametrize("key", ["S", "S001", "mei.lin", "a-b", "x" * 40])
def test_an_identifier_makes_streams(key: str) -> None:
    for make in (streams.subject, streams.casebook, streams.person):
        assert streams.is_stream(make(key))
        assert key == streams.key_of(make(key))


@pytest.mark.parametrize(
    "key", ["", "1a", ".a", "-a", "a b", "a/b", "a_b", "x" * 41, "ü", "a\n", "\uff41", "a\x00"]
)
def test_anything_else_is_no_identifier(key: str) -> None:
    for make in (streams.subject, streams.casebook, streams.person):
        with pytest.raises(Malformed, match="BAD_IDENTIFIER"):
            make(key)


@pytest.mark.parametrize(
    "name", ["", "instance/", "Instance", "subject", "subject/", "subject/a/b", "batch/x", "study\n"]
)
def test_a_name_outside_the_list_is_no_stream(name: str) -> None:
    assert not streams.is_stream(name)


@given(st.binary(max_size=40))
def test_base64_is_read_back(data: bytes) -> None:
    assert data == from_base64(to_base64(data))


@pytest.mark.parametrize(
    "text", ["A", "AA", "AAA", "AB==", "AAB=", "AA==\n", " AAAA", "AA-_", "AAAA=", "====", "ä"]
)
def test_another_spelling_of_base64_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="BAD_BASE64"):
        from_base64(text)


def test_an_error_carries_code_sentence_and_facts() -> None:
    error = Refused("NO_FREE_SLOT", "every slot is taken", level=2)
    assert (error.code, error.detail, error.facts) == ("NO_FREE_SLOT", "every slot is taken", {"level": 2})
    assert str(error) == "NO_FREE_SLOT: every slot is taken"


def test_a_finding_knows_its_position() -> None:
    assert IntegrityFinding("BAD_ROW", "no", 7).position == 7


def test_a_malformed_command_is_a_refusal_but_not_the_other_way_round() -> None:
    assert issubclass(Malformed, Refused)
    assert not issubclass(Refused, Malformed)
    assert issubclass(Refused, TrialError)


@dataclass(frozen=True, slots=True)
class Outer:
    inner: Quantity
    more: tuple[Quantity, ...]


def test_an_error_names_the_field() -> None:
    data = {"inner": {"value": "1", "unit": "kg"}, "more": [{"value": "x", "unit": "kg"}]}
    with pytest.raises(Malformed, match="BAD_DECIMAL") as caught:
        from_data(Outer, data)
    assert caught.value.facts["field"] in {"value", "more"}


def test_nested_payloads_are_written_and_read() -> None:
    payload = Outer(Quantity(Decimal("1.0"), "kg"), (Quantity(Decimal(2), "g"),))
    assert to_data(payload) == {
        "inner": {"value": "1.0", "unit": "kg"},
        "more": [{"value": "2", "unit": "g"}],
    }
    assert payload == from_data(Outer, to_data(payload))
