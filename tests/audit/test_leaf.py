"""The bytes that the log hashes: one form, byte for byte, and every field of it bent once."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.audit import leaf
from core.audit.dsse import Envelope
from core.audit.leaf import Leaf, Seal
from core.kernel.actors import Auth
from core.kernel.errors import Malformed
from core.kernel.time import whole_milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_ID = "ed25519:" + "ab" * 32
MOMENT = datetime(2026, 11, 22, 13, 25, 11, 412_000, tzinfo=UTC)
LEAF = Leaf(Envelope(b"{}", KEY_ID, bytes(64)), Seal(Auth.CLIENT_KEY, 17, MOMENT))

MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive by the strategy's own rule
LEAVES = st.builds(
    Leaf,
    st.builds(Envelope, st.binary(max_size=300), st.just(KEY_ID), st.binary(min_size=64, max_size=64)),
    st.builds(Seal, st.sampled_from(Auth), st.integers(0, 2**53 - 1), MOMENTS.map(whole_milliseconds)),
)


def cause_of(data: bytes) -> object:
    with pytest.raises(Malformed) as caught:
        leaf.decode(data)
    assert caught.value.code == "BAD_LEAF"
    return caught.value.facts.get("cause")


def test_a_leaf_has_one_written_form() -> None:
    assert leaf.encode(LEAF) == (
        b'{"env":{"payload":"e30=","payloadType":"application/vnd.dosetrail.statement.v2+json",'
        b'"signatures":[{"keyid":"' + KEY_ID.encode() + b'","sig":"' + b"A" * 86 + b'=="}]},'
        b'"seal":{"auth":"client-key","idx":17,"recv_at":"2026-11-22T13:25:11.412Z"}}'
    )


@given(LEAVES)
def test_a_leaf_reads_back_as_it_was_written(one: Leaf) -> None:
    assert leaf.decode(leaf.encode(one)) == one


@settings(max_examples=500)
@given(LEAVES, st.data())
def test_no_changed_byte_reads_as_the_same_leaf(one: Leaf, data: st.DataObject) -> None:
    written = leaf.encode(one)
    at = data.draw(st.integers(0, len(written) - 1))
    changed = written[:at] + bytes([written[at] ^ data.draw(st.integers(1, 255))]) + written[at + 1 :]
    try:
        read = leaf.decode(changed)
    except Malformed as refused:
        codes = refused.code
    else:
        codes = "BAD_LEAF"
        assert read != one
        assert leaf.encode(read) == changed
    assert codes == "BAD_LEAF"


def test_a_leaf_has_at_most_65_535_bytes() -> None:
    frame = len(leaf.encode(LEAF)) - 4
    longest = (65_535 - frame) // 4 * 3
    fits = Leaf(Envelope(bytes(longest), KEY_ID, bytes(64)), LEAF.seal)
    assert 65_532 <= len(leaf.encode(fits)) <= 65_535
    assert leaf.decode(leaf.encode(fits)) == fits
    with pytest.raises(Malformed, match="BAD_LEAF"):
        leaf.encode(Leaf(Envelope(bytes(longest + 3), KEY_ID, bytes(64)), LEAF.seal))
    assert cause_of(b" " * 65_536) == "TOO_LARGE"


def test_a_statement_of_40_000_bytes_fits_into_a_leaf() -> None:
    widest = Leaf(Envelope(bytes(40_000), KEY_ID, bytes(64)), Seal(Auth.PASSWORD, 2**53 - 1, MOMENT))
    assert leaf.decode(leaf.encode(widest)) == widest


def test_a_seal_is_in_utc_and_whole_milliseconds() -> None:
    same = MOMENT.astimezone(ZoneInfo("UTC"))
    assert leaf.encode(Leaf(LEAF.envelope, Seal(Auth.CLIENT_KEY, 17, same))) == leaf.encode(LEAF)
    for moment in (
        MOMENT.replace(tzinfo=None),
        MOMENT.astimezone(timezone(timedelta(hours=8))),
        MOMENT.replace(microsecond=412_001),
    ):
        with pytest.raises(Malformed, match="BAD_LEAF"):
            Seal(Auth.SERVICE, 0, moment)


@pytest.mark.parametrize("index", [-1, 2**53])
def test_a_seal_counts_from_zero(index: int) -> None:
    with pytest.raises(Malformed, match="BAD_LEAF"):
        Seal(Auth.SERVICE, index, MOMENT)


def bent(*path: str, to: object) -> bytes:
    value = copy.deepcopy(json.loads(leaf.encode(LEAF)))
    place: Any = value
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


BENT_LEAVES = {
    "field added": (bent("extra", to=1), None),
    "no seal": (b'{"env":{}}', None),
    "not an object": (b"[]", None),
    "seal no object": (bent("seal", to=[]), None),
    "seal field added": (bent("seal", "extra", to=1), None),
    "auth unknown": (bent("seal", "auth", to="pwd"), None),
    "auth no string": (bent("seal", "auth", to=["password"]), None),
    "idx a string": (bent("seal", "idx", to="17"), None),
    "idx true": (bent("seal", "idx", to=True), None),
    "idx negative": (bent("seal", "idx", to=-1), None),
    "idx a float": (bent("seal", "idx", to=17.0), "FLOAT_REFUSED"),
    "idx too large": (bent("seal", "idx", to=2**53), "INTEGER_RANGE"),
    "recv_at no string": (bent("seal", "recv_at", to=0), None),
    "recv_at without milliseconds": (bent("seal", "recv_at", to="2026-11-22T13:25:11Z"), "BAD_TIME"),
    "recv_at no date": (bent("seal", "recv_at", to="2026-02-30T13:25:11.412Z"), "BAD_TIME"),
    "recv_at with offset": (bent("seal", "recv_at", to="2026-11-22T13:25:11.412+00:00"), "BAD_TIME"),
    "envelope empty": (bent("env", to={}), "BAD_ENVELOPE"),
    "payload not base64": (bent("env", "payload", to="e30"), "BAD_ENVELOPE"),
    "space": (leaf.encode(LEAF).replace(b":", b": ", 1), "NOT_CANONICAL"),
    "escape": (leaf.encode(LEAF).replace(b"e30=", b"e30\\u003d"), "NOT_CANONICAL"),
    "newline at the end": (leaf.encode(LEAF) + b"\n", "NOT_CANONICAL"),
    "cut": (leaf.encode(LEAF)[:-1], "NOT_JSON"),
    "key twice": (leaf.encode(LEAF).replace(b'"idx":17', b'"idx":16,"idx":17'), "NOT_CANONICAL"),
}


@pytest.mark.parametrize("defect", BENT_LEAVES)
def test_a_bent_leaf_is_refused_and_the_cause_is_told(defect: str) -> None:
    data, cause = BENT_LEAVES[defect]
    assert cause_of(data) == cause


@settings(max_examples=400)
@given(st.data())
def test_the_pattern_of_a_leaf_accepts_exactly_what_the_slow_reader_accepts(data: st.DataObject) -> None:
    good = leaf.encode(LEAF)
    place = data.draw(st.integers(0, len(good) - 1))
    mutant = good[:place] + bytes([data.draw(st.integers(0, 255))]) + good[place + 1 :]
    assert _verdict(leaf._decode_any, mutant) == _verdict(leaf.decode, mutant)


def _verdict(read: Callable[[bytes], Leaf], data: bytes) -> Leaf | str:
    try:
        return read(data)
    except Malformed as error:
        return error.code
