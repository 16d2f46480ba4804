"""Proof of possession: the right key, for the right person, in the right log, and nothing else."""

from __future__ import annotations

import base64
from typing import Final

import pytest

from core.audit import dsse
from core.kernel.errors import Refused
from core.keys.ed25519 import SigningKey
from core.keys.possession import prove_possession, verify_possession

ORIGIN: Final = "renji.example/NCT05727722"
KEY: Final = SigningKey(b"\x07" * 32)
OTHER: Final = SigningKey(b"\x08" * 32)


def refusal_of(public_key: bytes, proof: str, origin: str = ORIGIN, person: str = "pi-wang") -> str:
    with pytest.raises(Refused) as refusal:
        verify_possession(public_key, proof, origin, person)
    return refusal.value.code


def test_the_holder_of_a_key_proves_it() -> None:
    verify_possession(KEY.public_key, prove_possession(KEY, ORIGIN, "pi-wang"), ORIGIN, "pi-wang")


def test_the_signed_bytes_are_as_published() -> None:
    body = (
        b'{"key":"' + KEY.key_id.encode() + b'","origin":"renji.example/NCT05727722",'
        b'"person":"pi-wang","v":"dosetrail/key-possession/1"}'
    )
    media = b"application/vnd.dosetrail.key-possession.v1+json"
    signed = b"DSSEv1 %d %s %d %s" % (len(media), media, len(body), body)
    expected = base64.b64encode(SigningKey(b"\x07" * 32).sign(signed)).decode()
    assert prove_possession(KEY, ORIGIN, "pi-wang") == expected


@pytest.mark.parametrize(
    ("origin", "person"), [("other.example/NCT05727722", "pi-wang"), (ORIGIN, "si-chen"), (ORIGIN, "PI-wang")]
)
def test_a_proof_for_another_person_or_log_is_refused(origin: str, person: str) -> None:
    proof = prove_possession(KEY, ORIGIN, "pi-wang")
    assert refusal_of(KEY.public_key, proof, origin, person) == "BAD_PROOF_OF_POSSESSION"


def test_a_proof_by_another_key_is_refused() -> None:
    assert refusal_of(KEY.public_key, prove_possession(OTHER, ORIGIN, "pi-wang")) == "BAD_PROOF_OF_POSSESSION"


def test_a_copied_proof_does_not_enrol_another_key() -> None:
    assert refusal_of(OTHER.public_key, prove_possession(KEY, ORIGIN, "pi-wang")) == "BAD_PROOF_OF_POSSESSION"


def test_a_signature_under_another_payload_type_is_no_proof() -> None:
    body = b'{"key":"%s","origin":"%s","person":"pi-wang","v":"dosetrail/key-possession/1"}' % (
        KEY.key_id.encode(),
        ORIGIN.encode(),
    )
    for signed in (body, dsse.pae("application/vnd.dosetrail.statement.v2+json", body)):
        proof = base64.b64encode(KEY.sign(signed)).decode()
        assert refusal_of(KEY.public_key, proof) == "BAD_PROOF_OF_POSSESSION"


def spare_bits(proof: str) -> str:
    """Another spelling of the same bytes: 64 bytes leave four spare bits before the padding."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    respelt = proof[:-3] + alphabet[alphabet.index(proof[-3]) | 1] + "=="
    assert base64.b64decode(respelt) == base64.b64decode(proof)
    return respelt


@pytest.mark.parametrize(
    "respelt",
    [
        spare_bits,
        lambda proof: proof + "\n",
        lambda proof: " " + proof,
        lambda proof: proof.rstrip("="),
        lambda proof: proof + "====",
        lambda proof: proof.replace("=", ""),
        lambda _: "",
        lambda _: "====",
        lambda _: "\ud800" * 88,
        lambda _: "\N{FULLWIDTH LATIN CAPITAL LETTER A}" * 88,
        lambda proof: base64.b64encode(base64.b64decode(proof) + b"\0").decode(),
        lambda proof: base64.b64encode(base64.b64decode(proof)[:-1]).decode(),
    ],
)
def test_another_spelling_of_a_proof_is_refused(respelt: object) -> None:
    assert callable(respelt)
    proof = respelt(prove_possession(KEY, ORIGIN, "pi-wang"))
    assert refusal_of(KEY.public_key, proof) == "BAD_PROOF_OF_POSSESSION"


def test_the_key_for_which_anybody_can_sign_is_not_enrolled() -> None:
    neutral = b"\x01" + bytes(31)
    universal = base64.b64encode(neutral + bytes(32)).decode()  # verifies for every message in the library
    assert refusal_of(neutral, universal) == "WEAK_KEY"


def test_a_second_spelling_of_a_key_is_not_enrolled() -> None:
    respelt = (2**255 - 19 + 3).to_bytes(32, "little")
    assert refusal_of(respelt, prove_possession(KEY, ORIGIN, "pi-wang")) == "NON_CANONICAL_KEY"


def test_a_short_key_is_not_enrolled() -> None:
    assert refusal_of(bytes(31), prove_possession(KEY, ORIGIN, "pi-wang")) == "BAD_PUBLIC_KEY"
