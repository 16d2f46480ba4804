"""The text that a signer is shown: everything readable, one line a value, and no line that is not its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audit.display import digest_of_text, display_text
from core.audit.statement import Seen, Statement, read_statement
from core.kernel.actors import Environment, Meaning, Role
from core.kernel.encoding import to_base64
from core.kernel.recorded import Reason, Signer, Txn

MOMENT = datetime(2026, 3, 2, 1, 14, 3, tzinfo=UTC)
DIGEST = "sha256:" + "0f" * 32
STATEMENT = Statement(
    origin="renji.example/NCT05727722",
    environment=Environment.TRAINING,
    stream="subject/S001",
    ver=3,
    prev=DIGEST,
    reads={"study": 2},
    seen=Seen(17, to_base64(bytes(32))),
    type="subject.ScreeningCorrected/1",
    txn=Txn("018d622e-0680-7b7b-a4ff-de1aa5be86e4", 0, 2),
    signer=Signer("mm.zhao", "Zhao Min", Role.MM, None, "ed25519:" + "ab" * 32),
    meaning=Meaning.APPROVED,
    legal="approved/1",
    signed_at=MOMENT,
    zone="Asia/Shanghai",
    occurred_at=MOMENT,
    reason=Reason("entry_error", "keyed twice"),
    corrects=DIGEST,
    data={
        "dose": {"value": "1.5", "unit": "10*9"},
        "fit": True,
        "note": None,
        "found": [],
        "names": ["a", "b"],
    },
    display=DIGEST,
)
SENTENCE = "I approve this record."
LINES = [
    "event: Screening corrected",
    "topic: subject.ScreeningCorrected/1",
    "log: renji.example/NCT05727722",
    "environment: training",
    "signer: Zhao Min",
    "user id: mm.zhao",
    "role: MM",
    "under the delegation: none",
    "meaning: approved",
    "legal sentence: I approve this record. (approved/1)",
    "occurred at: 2026-03-02T09:14:03+08:00",
    "time zone: Asia/Shanghai",
    "record: subject/S001, version 3",
    "part: event 1 of 2 of one command",
    "reason: entry_error",
    "reason in words: keyed twice",
    f"corrects: {DIGEST}",
    "data:",
    "  dose.value, unit: 1.5 10*9",
    "  fit: yes",
    "  found: none listed",
    "  names[1]: a",
    "  names[2]: b",
    "  note: none",
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('ab :\n|-{}"', max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("a", "b", "meaning", "signer", "unit", "value")), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def text_of(**changes: Any) -> str:
    return display_text(replace(STATEMENT, **changes), SENTENCE)


def test_a_text_says_all_that_a_person_can_read() -> None:
    assert text_of().splitlines() == LINES


@pytest.mark.parametrize(
    "change",
    [
        {"signed_at": MOMENT.replace(year=2027)},
        {"prev": None},
        {"reads": {}},
        {"seen": Seen(0, to_base64(bytes(32)))},
        {"display": "sha256:" + "1e" * 32},
        {"txn": replace(STATEMENT.txn, id="018d622e-0680-7b7b-a4ff-de1aa5be86e5")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_chain_and_time_of_signing_are_no_part_of_it(change: dict[str, Any]) -> None:
    assert text_of(**change) == text_of()


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "else.example/X"},
        {"environment": Environment.PRODUCTION},
        {"stream": "subject/S002"},
        {"ver": 4},
        {"type": "subject.SubjectScreened/1"},
        {"signer": replace(STATEMENT.signer, name="Zhao Ming")},
        {"signer": replace(STATEMENT.signer, id="mm.zhang")},
        {"signer": replace(STATEMENT.signer, role=Role.PI)},
        {"signer": replace(STATEMENT.signer, delegation=DIGEST)},
        {"meaning": Meaning.REVIEWED},
        {"legal": "approved/2"},
        {"occurred_at": MOMENT.replace(second=4)},
        {"zone": "Etc/UTC"},
        {"reason": None},
        {"reason": Reason("entry_error", "keyed thrice")},
        {"corrects": None},
        {"data": {}},
    ],
    ids=str,
)
def test_whatever_else_changes_changes_the_text(change: dict[str, Any]) -> None:
    assert text_of(**change) != text_of()


@given(JSON)
def test_no_entered_text_reads_as_another_line(value: Any) -> None:
    """Lines at the margin are ours; entered values stand behind a name, and go on deeper than any name."""
    shown = text_of(data={"entered": value}, reason=Reason("x", "y\nmeaning: reviewed")).splitlines()
    ours = [line for line in shown if not line.startswith(" ")]
    assert ours == [*LINES[:14], "reason: x", "reason in words: y", *LINES[16:18]]
    assert "      | meaning: reviewed" in shown
    assert all(line.startswith(("  entered", "      | ")) for line in shown[shown.index("data:") + 1 :])


@given(JSON, JSON)
def test_different_texts_or_words_read_differently(one: Any, other: Any) -> None:
    """But for a number and its digits as a text, of which the type of the field says which it is."""
    first, second = ({"entered": {"x": value}} for value in (one, other))
    if _as_words(one) != _as_words(other):
        assert text_of(data=first) != text_of(data=second)


def _as_words(value: Any) -> Any:
    match value:
        case bool() | None:
            return value, type(value).__name__
        case int() | str():
            return str(value)
        case list():
            return [_as_words(one) for one in value] or "nothing"
        case _:
            return {name: _as_words(inner) for name, inner in value.items()} or "nothing"


def test_the_text_is_the_same_before_and_after_the_bytes() -> None:
    again = read_statement(STATEMENT.to_bytes())
    assert display_text(again, SENTENCE) == text_of()
    assert digest_of_text("a\n") == "sha256:87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"
