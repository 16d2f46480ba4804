"""Proof that whoever enrols a key holds it (trust 2, T9).

The proof binds the key to the origin and to one person, under a DSSE payload type of its own: it is
no signature of anything else, and nothing else is a proof.
"""

from __future__ import annotations

from typing import Final

from core.audit import canonical, dsse
from core.kernel.encoding import from_base64, to_base64
from core.kernel.errors import IntegrityFinding, Malformed, Refused
from core.keys.ed25519 import SIGNATURE_BYTES, SigningKey, key_id_of, require_acceptable_public_key, verify

_VERSION: Final = "dosetrail/key-possession/1"


def prove_possession(key: SigningKey, origin: str, person: str) -> str:
    """Return the proof: canonical base64 of 64 signature bytes."""
    return to_base64(key.sign(_claim(key.public_key, origin, person)))


def verify_possession(public_key: bytes, proof: str, origin: str, person: str) -> None:
    """Check that the holder of this key enrols it for this person in this log.

    Raises: `BAD_PUBLIC_KEY`, `WEAK_KEY`, `NON_CANONICAL_KEY`, `BAD_PROOF_OF_POSSESSION`.
    """
    require_acceptable_public_key(public_key)
    try:
        verify(public_key, _signature_in(proof), _claim(public_key, origin, person))
    except IntegrityFinding:
        raise _bad_proof() from None


def _claim(public_key: bytes, origin: str, person: str) -> bytes:
    """Return the bytes that a proof signs."""
    body = {"v": _VERSION, "origin": origin, "person": person, "key": key_id_of(public_key)}
    return dsse.pae(dsse.POSSESSION_TYPE, canonical.dumps(body))


def _signature_in(proof: str) -> bytes:
    """Read base64 in its one spelling; spare bits and line breaks are refused.

    Raises: `BAD_PROOF_OF_POSSESSION`.
    """
    try:
        signature = from_base64(proof)
    except Malformed:
        raise _bad_proof() from None
    if len(signature) != SIGNATURE_BYTES:
        raise _bad_proof()
    return signature


def _bad_proof() -> Refused:
    return Refused(
        "BAD_PROOF_OF_POSSESSION", "this key did not sign the proof, or not for this id and this log"
    )
