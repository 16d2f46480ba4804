"""The short way of reading a leaf: it answers as the strict one does, or leaves the answer to it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.audit import canonical, leaf
from core.audit.dsse import Envelope
from core.audit.entry import open_entry
from core.audit.leaf import Leaf, Seal
from core.audit.plain_leaf import read_plain
from core.audit.statement import Seen, Statement
from core.kernel.actors import Auth, Environment, Meaning, Role
from core.kernel.codec import is_closed
from core.kernel.encoding import to_base64
from core.kernel.errors import IntegrityFinding, Malformed
from core.kernel.recorded import Reason, Recorded, Signer, Txn
from core.store.trial_log import read_row
from core.trial.registry import EVENTS, write_payload
from tests.golden.strategies import example, values

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "ed25519:" + "ab" * 32
DIGEST = "sha256:" + "0f" * 32
MOMENT = datetime(2026, 11, 22, 13, 25, 11, 412_000, tzinfo=UTC)
TOPIC = "casebook.LabPanelReported/1"
STATEMENT = Statement(
    origin="renji.example/NCT05727722",
    environment=Environment.TRAINING,
    stream="casebook/S001",
    ver=3,
    prev=DIGEST,
    reads={"instance": 3, "person/sc.liu": 4, "subject/S001": 0},
    seen=Seen(17, to_base64(bytes(32))),
    type=TOPIC,
    txn=Txn("018d622e-0680-7b7b-a4ff-de1aa5be86e4", 0, 1),
    signer=Signer("sc.liu", "Liu Yan", Role.SC, None, KEY),
    meaning=Meaning.AUTHORED,
    legal="authored/1",
    signed_at=MOMENT,
    zone="Asia/Shanghai",
    occurred_at=MOMENT,
    reason=None,
    corrects=None,
    data=write_payload(example(EVENTS[TOPIC])),
    display=DIGEST,
)


def sealed(statement: bytes) -> bytes:
    return leaf.encode(Leaf(Envelope(statement, KEY, bytes(64)), Seal(Auth.PASSWORD, 41, MOMENT)))


def strictly(data: bytes) -> Recorded | str:
    """Return the event, or the code with which the strict way refuses."""
    try:
        return open_entry(data).recorded()
    except Malformed as error:
        return error.code


def by_row(data: bytes) -> Recorded | str:
    """Return the same as a rebuild of the views meets it, columns as they were signed."""
    try:
        return read_row(42, STATEMENT.stream, STATEMENT.ver, STATEMENT.type, data)
    except IntegrityFinding as finding:
        return finding.code


def require_same(data: bytes) -> None:
    strict, short = strictly(data), read_plain(data)
    assert short is None or (short == strict and short.data == strict.data)


# -- what it answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_every_event_reads_the_same_both_ways(topic: str) -> None:
    @settings(max_examples=15, deadline=None)
    @given(values(EVENTS[topic]))
    def reads_the_same(payload: Any) -> None:
        try:
            data = replace(STATEMENT, type=topic, data=write_payload(payload)).to_bytes()
        except Malformed:
            return  # such a text never enters the log
        require_same(sealed(data))

    reads_the_same()


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_it_answers_for_every_event_that_leaves_nothing_open(topic: str) -> None:
    payload = example(EVENTS[topic])
    data = sealed(replace(STATEMENT, type=topic, data=write_payload(payload)).to_bytes())
    short = read_plain(data)
    assert (short is not None) is is_closed(EVENTS[topic])
    require_same(data)


@pytest.mark.parametrize(
    "change",
    [
        {"reason": Reason("source", "The source says otherwise.")},
        {"reason": Reason("source", '原始记录另有说明。\nSecond line, "quoted".')},
        {"signer": Signer("sc.liu", "刘燕", Role.SC, None, KEY)},
        {"signer": Signer("sc.liu", "Liu {Yan}", Role.SC, "deputy", KEY)},
        {"corrects": DIGEST, "prev": None},
        {"reads": {}},
        {"reads": {"study": 1}},
        {"txn": Txn("018d622e-0680-7b7b-a4ff-de1aa5be86e4", 8, 9)},
        {"ver": 999_999_999_999_999},
        {"ver": canonical.MAX_INTEGER},
        {"zone": "Etc/UTC", "meaning": Meaning.RECORDED, "environment": Environment.PRODUCTION},
        {"legal": 'a"b'},
        {"origin": "orígen/x"},
        {"stream": 'x","environment":"training","legal":"y'},
    ],
)
def test_every_part_of_a_statement_reads_the_same_both_ways(change: dict[str, Any]) -> None:
    data = sealed(replace(STATEMENT, **change).to_bytes())
    assert isinstance(strictly(data), Recorded)
    require_same(data)


def test_names_outside_ascii_do_not_lose_the_short_way() -> None:
    signer = Signer("sc.liu", "刘燕", Role.SC, None, KEY)
    assert read_plain(sealed(replace(STATEMENT, signer=signer).to_bytes())) is not None


# -- what it leaves to the strict way, which refuses ----------------------------------------------------


def text_of(**change: Any) -> str:
    return replace(STATEMENT, **change).to_bytes().decode()


GOOD = text_of()


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


ATTACKS: dict[str, Callable[[str], str]] = {
    "a float in the payload": lambda t: t.replace('"visit":7', '"visit":7.0'),
    "a float with an exponent": lambda t: t.replace('"visit":7', '"visit":7e0'),
    "54 bits in the payload": lambda t: t.replace('"visit":7', '"visit":9007199254740992'),
    "64 bits in the payload": lambda t: t.replace('"visit":7', '"visit":18446744073709551615'),
    "54 bits in the envelope": lambda t: t.replace('"ver":3', '"ver":9007199254740992'),
    "minus zero": lambda t: t.replace('"visit":7', '"visit":-0'),
    "a leading zero": lambda t: t.replace('"ver":3', '"ver":03'),
    "a payload key twice": lambda t: t.replace('"visit":7', '"visit":7,"visit":7'),
    "an envelope key twice": lambda t: t.replace('"ver":3', '"ver":3,"ver":3'),
    "a second environment": lambda t: t.replace(
        ',"environment":', ',"environment":"production","environment":'
    ),
    "a stream read twice": lambda t: t.replace('"instance":3', '"instance":3,"instance":3'),
    "reads out of order": lambda t: t.replace(
        '"instance":3,"person/sc.liu":4', '"person/sc.liu":4,"instance":3'
    ),
    "payload keys out of order": lambda t: t.replace(
        '"cvvhd_24h_in_7d":true,"dialysis_twice_in_7d":true',
        '"dialysis_twice_in_7d":true,"cvvhd_24h_in_7d":true',
    ),
    "an escape in the payload": lambda t: t.replace('"unit":"text"', '"unit":"te\\u0078t"'),
    "an escape in the envelope": lambda t: t.replace("Asia/Shanghai", "Asia\\/Shanghai"),
    "an escape in the name": lambda t: t.replace("Liu Yan", "Liu \\u0059an"),
    "a bidi mark in the payload": lambda t: t.replace('"unit":"text"', '"unit":"te\u202ext"'),
    "a bidi mark in the name": lambda t: t.replace("Liu Yan", "Liu\u202eYan"),
    "an invisible space in the envelope": lambda t: t.replace("Asia/Shanghai", "Asia/\u200bShanghai"),
    "DEL in the payload": lambda t: t.replace('"unit":"text"', '"unit":"te\x7fxt"'),
    "DEL in the envelope": lambda t: t.replace("authored/1", "authored/\x7f1"),
    "a raw control character": lambda t: t.replace('"unit":"text"', '"unit":"te\x01xt"'),
    "not NFC": lambda t: t.replace("Liu Yan", "Liu Ya\u0301n"),
    "half of a surrogate pair": lambda t: t.replace('"unit":"text"', '"unit":"\\ud800"'),
    "depth 13": lambda t: t.replace('"visit":7', '"visit":' + nested(11)),
    "depth 2000": lambda t: t.replace('"visit":7', '"visit":' + nested(2000)),
    "a payload that is a list": lambda t: t.replace(json_of(STATEMENT.data), "[1]"),
    "a payload that is null": lambda t: t.replace(json_of(STATEMENT.data), "null"),
    "a field too many": lambda t: t.replace('"visit":7', '"visit":7,"z":1'),
    "a field too few": lambda t: t.replace(',"visit":7', ""),
    "true for a number": lambda t: t.replace('"visit":7', '"visit":true'),
    "1 for true": lambda t: t.replace('"dialysis_twice_in_7d":true', '"dialysis_twice_in_7d":1'),
    "null for a text": lambda t: t.replace('"unit":"text"', '"unit":null'),
    "a text for a list": lambda t: t.replace('"results":[', '"results":"x","z":['),
    "an object for a text": lambda t: t.replace('"unit":"text"', '"unit":{}'),
    "a decimal with an exponent": lambda t: t.replace('"value":"12.50"', '"value":"1e3"'),
    "a decimal in Arabic digits": lambda t: t.replace('"value":"12.50"', '"value":"١٢"'),
    "a day that does not exist": lambda t: t.replace('"signed_at":"2026-11-22', '"signed_at":"2026-02-30'),
    "an hour that does not exist": lambda t: t.replace("T13:25:11.412Z", "T24:25:11.412Z"),
    "microseconds": lambda t: t.replace("13:25:11.412Z", "13:25:11.4121Z"),
    "an unknown type": lambda t: t.replace("casebook.LabPanelReported/1", "casebook.LabPanelReported/2"),
    "an unknown meaning": lambda t: t.replace('"meaning":"authored"', '"meaning":"author"'),
    "an unknown role": lambda t: t.replace('"role":"SC"', '"role":"XX"'),
    "a place beyond the count": lambda t: t.replace('"i":0', '"i":1'),
    "version 0": lambda t: t.replace('"ver":3', '"ver":0'),
    "an empty origin": lambda t: t.replace(STATEMENT.origin, ""),
    "a UUID of version 4": lambda t: t.replace("-7b7b-", "-4b7b-"),
    "a short digest": lambda t: t.replace(DIGEST, DIGEST[:-1]),
    "spare bits in the root": lambda t: t.replace("A=", "B="),
    "a reason without a text": lambda t: t.replace('"reason":null', '"reason":{"code":"x"}'),
    "another format": lambda t: t.replace("statement/2", "statement/1"),
    "a byte behind": lambda t: t + " ",
    "a newline behind": lambda t: t + "\n",
    "a byte before": lambda t: " " + t,
    "a byte order mark": lambda t: "\ufeff" + t,
    "a space inside": lambda t: t.replace('"ver":3', '"ver": 3'),
    "more than 40 kB": lambda t: t.replace('"unit":"text"', f'"unit":"{"x" * 40_000}"'),
    "a stream name as a key of the payload": lambda t: t.replace('"visit":7', '"visit/x":7'),
}


def json_of(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_what_is_not_canonical_or_has_not_the_form_is_refused_with_the_code_of_the_strict_way(
    attack: Callable[[str], str],
) -> None:
    bad = attack(GOOD)
    assert bad != GOOD
    data = sealed(bad.encode())
    code = strictly(data)
    assert isinstance(code, str)
    assert read_plain(data) is None
    assert by_row(data) == code


def test_bytes_that_are_no_utf8_are_refused_both_ways() -> None:
    data = sealed(GOOD.encode().replace(b"Asia/Shanghai", b"Asia/\xff\xfehanghai"))
    assert (strictly(data), read_plain(data), by_row(data)) == ("NOT_JSON", None, "NOT_JSON")


def test_exactly_40_kb_are_read_and_one_byte_more_is_not() -> None:
    room = canonical.STATEMENT_LIMIT - len(GOOD)
    fits = GOOD.replace('"unit":"text"', f'"unit":"text{"x" * room}"')
    assert len(fits) == canonical.STATEMENT_LIMIT
    assert read_plain(sealed(fits.encode())) == strictly(sealed(fits.encode()))
    longer = sealed(fits.replace('"unit":"text', '"unit":"textx').encode())
    assert (read_plain(longer), by_row(longer)) == (None, "TOO_LARGE")


def test_depth_12_in_an_open_payload_is_left_to_the_strict_way_which_reads_it() -> None:
    topic = next(t for t in sorted(EVENTS) if not is_closed(EVENTS[t]))
    data = sealed(replace(STATEMENT, type=topic, data=write_payload(example(EVENTS[topic]))).to_bytes())
    assert read_plain(data) is None
    assert isinstance(strictly(data), Recorded)


LEAF = sealed(GOOD.encode())

LEAF_ATTACKS: dict[str, Callable[[bytes], bytes]] = {
    "spare bits in the payload": lambda d: d.replace(b'","payloadType', b'=","payloadType'),
    "base64 of the web": lambda d: d.replace(b'"payload":"ey', b'"payload":"_y'),
    "a line break in the payload": lambda d: d.replace(b'"payload":"ey', b'"payload":"\ney'),
    "another payload type": lambda d: d.replace(b"statement.v2", b"statement.v1"),
    "a short key id": lambda d: d.replace(b"abab", b"ab", 1),
    "spare bits in the signature": lambda d: d.replace(b'AA=="', b'AB=="'),
    "a short signature": lambda d: d.replace(b'"sig":"AAAA', b'"sig":"'),
    "an unknown auth": lambda d: d.replace(b'"password"', b'"passwort"'),
    "a negative index": lambda d: d.replace(b'"idx":41', b'"idx":-1'),
    "an index of 54 bits": lambda d: d.replace(b'"idx":41', b'"idx":9007199254740992'),
    "a time of receipt that does not exist": lambda d: d.replace(
        b'"recv_at":"2026-11', b'"recv_at":"2026-13'
    ),
    "a byte behind": lambda d: d + b" ",
    "a member behind": lambda d: d[:-1] + b',"z":1}',
    "too long": lambda d: d.replace(b'"payload":"', b'"payload":"' + b"A" * 65_536),
    "cut": lambda d: d[:40],
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("attack", LEAF_ATTACKS.values(), ids=LEAF_ATTACKS)
def test_a_leaf_in_another_form_is_refused_with_the_code_of_the_strict_way(
    attack: Callable[[bytes], bytes],
) -> None:
    bad = attack(LEAF)
    assert bad != LEAF
    code = strictly(bad)
    assert isinstance(code, str)
    assert read_plain(bad) is None
    assert by_row(bad) == code


# -- any change at all ----------------------------------------------------------------------------------

MARKS = ('"', "\\", "\\u0061", "\\ud800", *"{}[],:0-.e", "1.5", "null", "true", "9" * 16, '"a":1,')
CHARACTERS = ("\x00", "\x1f", "\x7f", "\u202e", "\u200b", "\ud7ff", "é", "e\u0301", " ", "\n")
TOKENS = st.sampled_from([*MARKS, *CHARACTERS])


@pytest.mark.slow
@settings(max_examples=1_500, deadline=None)
@given(st.integers(0, len(GOOD)), st.integers(0, 3), st.lists(TOKENS, max_size=3).map("".join))
def test_a_statement_with_anything_spliced_in_reads_the_same_both_ways(at: int, cut: int, text: str) -> None:
    require_same(sealed((GOOD[:at] + text + GOOD[at + cut :]).encode("utf-8", "surrogatepass")))


@settings(max_examples=1_500, deadline=None)
@given(st.integers(0, len(LEAF) - 1), st.integers(1, 255))
def test_a_leaf_with_one_byte_changed_reads_the_same_both_ways(at: int, flip: int) -> None:
    require_same(LEAF[:at] + bytes([LEAF[at] ^ flip]) + LEAF[at + 1 :])


ODD: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.integers(-(2**64) + 1, 2**64 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    | st.just([])
    | st.just({})
)


@settings(max_examples=1_000, deadline=None)
@given(st.data())
def test_a_statement_with_any_value_put_anywhere_reads_the_same_both_ways(data: st.DataObject) -> None:
    document = json.loads(GOOD)
    target: Any = document
    while True:
        place = data.draw(st.sampled_from([*(target if isinstance(target, dict) else range(len(target)))]))
        inner = target[place]
        if not isinstance(inner, (dict, list)) or not inner or data.draw(st.booleans()):
            break
        target = inner
    target[place] = data.draw(ODD)
    odd = sealed(json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
    require_same(odd)
    if [document[name] for name in ("stream", "ver", "type")] == [STATEMENT.stream, STATEMENT.ver, TOPIC]:
        assert by_row(odd) == strictly(odd)


def test_a_row_whose_columns_differ_from_what_was_signed_is_refused() -> None:
    stream, version, topic = STATEMENT.stream, STATEMENT.ver, STATEMENT.type
    assert read_row(42, stream, version, topic, LEAF) == strictly(LEAF)
    for columns in (("casebook/S002", version, topic), (stream, 4, topic), (stream, version, "study.X/1")):
        with pytest.raises(IntegrityFinding) as caught:
            read_row(42, *columns, LEAF)
        assert (caught.value.code, caught.value.position) == ("ROW_MISMATCH", 42)
