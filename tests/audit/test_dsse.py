"""The signed bytes and the envelope: PAE by its definition, and every field of the envelope bent once."""

from __future__ import annotations

import base64
import copy
import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from core.audit import dsse
from core.audit.dsse import Envelope
from core.kernel.errors import Malformed

KEY_ID = "ed25519:" + "0123456789abcdef" * 4
ENVELOPE = Envelope(b'{"v":"dosetrail/statement/2"}', KEY_ID, bytes(range(64)))


def test_pae_counts_bytes_and_separates_by_one_space() -> None:
    # The example of the DSSE protocol description.
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert dsse.pae("é", "é".encode()) == b"DSSEv1 2 \xc3\xa9 2 \xc3\xa9"
    assert dsse.pae("", b"") == b"DSSEv1 0  0 "


@given(st.tuples(st.text(), st.binary()), st.tuples(st.text(), st.binary()))
def test_two_different_pairs_never_share_their_signed_bytes(
    one: tuple[str, bytes], other: tuple[str, bytes]
) -> None:
    assert (dsse.pae(*one) == dsse.pae(*other)) is (one == other)


def test_the_payload_types_are_part_of_what_is_signed_for_ever() -> None:
    assert dsse.PAYLOAD_TYPE == "application/vnd.dosetrail.statement.v2+json"
    assert dsse.POSSESSION_TYPE == "application/vnd.dosetrail.key-possession.v1+json"


def test_the_digest_of_a_statement_is_over_its_pae() -> None:
    signed = b"DSSEv1 43 application/vnd.dosetrail.statement.v2+json 2 {}"
    assert dsse.statement_digest(b"{}") == "sha256:" + hashlib.sha256(signed).hexdigest()


def test_a_signature_under_one_payload_type_is_none_under_the_other() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    assert key.sign(dsse.pae(dsse.PAYLOAD_TYPE, b"{}")) != key.sign(dsse.pae(dsse.POSSESSION_TYPE, b"{}"))


@given(st.binary(max_size=200), st.binary(min_size=64, max_size=64))
def test_an_envelope_reads_back_as_it_was_written(statement: bytes, signature: bytes) -> None:
    envelope = Envelope(statement, KEY_ID, signature)
    assert Envelope.from_value(envelope.to_value()) == envelope


def test_an_envelope_has_the_fields_of_dsse() -> None:
    assert ENVELOPE.to_value() == {
        "payload": base64.b64encode(ENVELOPE.statement).decode(),
        "payloadType": "application/vnd.dosetrail.statement.v2+json",
        "signatures": [{"keyid": KEY_ID, "sig": base64.b64encode(bytes(range(64))).decode()}],
    }


def bent(*path: str | int, to: object) -> dict[str, Any]:
    value = copy.deepcopy(ENVELOPE.to_value())
    place: Any = value
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return value


PAYLOAD = base64.b64encode(ENVELOPE.statement).decode()
SIGNATURE = base64.b64encode(ENVELOPE.signature).decode()
SIGNED = {"keyid": KEY_ID, "sig": SIGNATURE}

BENT_ENVELOPES: dict[str, object] = {
    "not an object": [],
    "nothing": None,
    "empty": {},
    "field missing": {"payload": PAYLOAD, "payloadType": dsse.PAYLOAD_TYPE},
    "field added": bent("extra", to=1),
    "other payload type": bent("payloadType", to=dsse.POSSESSION_TYPE),
    "payload type no string": bent("payloadType", to=1),
    "no signature": bent("signatures", to=[]),
    "two signatures": bent("signatures", to=[SIGNED, SIGNED]),
    "signatures no list": bent("signatures", to={"0": SIGNED}),
    "signature no object": bent("signatures", to=["x"]),
    "signature field missing": bent("signatures", to=[{"sig": SIGNATURE}]),
    "signature field added": bent("signatures", 0, "cert", to="x"),
    "keyid no string": bent("signatures", 0, "keyid", to=7),
    "keyid empty": bent("signatures", 0, "keyid", to=""),
    "keyid in capitals": bent("signatures", 0, "keyid", to=KEY_ID.upper()),
    "keyid too long": bent("signatures", 0, "keyid", to=KEY_ID + "0"),
    "keyid with newline": bent("signatures", 0, "keyid", to=KEY_ID + "\n"),
    "keyid of other algorithm": bent("signatures", 0, "keyid", to="rsa:" + "0" * 64),
    "signature short": bent("signatures", 0, "sig", to=base64.b64encode(bytes(63)).decode()),
    "signature long": bent("signatures", 0, "sig", to=base64.b64encode(bytes(65)).decode()),
    "signature no string": bent("signatures", 0, "sig", to=None),
    "signature with spare bits": bent("signatures", 0, "sig", to=SIGNATURE[:-3] + "x=="),
    "payload without padding": bent("payload", to="e30"),
    "payload with newline": bent("payload", to=PAYLOAD[:8] + "\n" + PAYLOAD[8:]),
    "payload with junk at the end": bent("payload", to=PAYLOAD + "="),
    "payload url-safe": bent("payload", to="-_-_"),
    "payload outside ascii": bent("payload", to="é" + PAYLOAD),
    "payload spare bits": bent("payload", to="QR=="),
    "payload no string": bent("payload", to=["QQ=="]),
}


@pytest.mark.parametrize("defect", BENT_ENVELOPES)
def test_a_bent_envelope_is_refused(defect: str) -> None:
    with pytest.raises(Malformed, match="BAD_ENVELOPE"):
        Envelope.from_value(BENT_ENVELOPES[defect])


def test_an_envelope_that_could_not_be_read_back_cannot_be_made() -> None:
    with pytest.raises(Malformed, match="BAD_ENVELOPE"):
        Envelope(b"{}", "key-1", bytes(64))
    with pytest.raises(Malformed, match="BAD_ENVELOPE"):
        Envelope(b"{}", KEY_ID, bytes(63))
