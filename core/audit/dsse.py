"""What is signed, and how a signature travels with it: DSSE with exactly one signature.

* The signed bytes are PAE(type, body): a signature over one payload type is worth nothing under another.
* Algorithm and public key come from the key record; `key_id` says which record and proves nothing.
* An `Envelope` that exists is well-formed; whether its signature is good is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import NoReturn, Self

from core.kernel.encoding import from_base64, to_base64
from core.kernel.errors import Malformed

PAYLOAD_TYPE = "application/vnd.dosetrail.statement.v2+json"
POSSESSION_TYPE = "application/vnd.dosetrail.key-possession.v1+json"
SIGN_IN_TYPE = "application/vnd.dosetrail.sign-in.v1+json"
DEVICE_TYPE = "application/vnd.dosetrail.device-sign-in.v1+json"

SIGNATURE_LENGTH = 64  # Ed25519, RFC 8032 5.1.6

_KEY_ID = re.compile(r"ed25519:[0-9a-f]{64}")
_ENVELOPE_FIELDS = {"payload", "payloadType", "signatures"}
_SIGNATURE_FIELDS = {"keyid", "sig"}


def pae(payload_type: str, body: bytes) -> bytes:
    """Return the bytes to sign; lengths count bytes of UTF-8. Source: DSSE v1, section "Protocol"."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)


def statement_digest(statement: bytes) -> str:
    """Return what `prev`, `corrects` and `covers` hold: `sha256:<64 hex>` over the statement's PAE."""
    return f"sha256:{sha256(pae(PAYLOAD_TYPE, statement)).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A statement with its one signature: 64 bytes by the key `ed25519:<64 hex>`.

    Raises: `BAD_ENVELOPE`.
    """

    statement: bytes
    key_id: str
    signature: bytes

    def __post_init__(self) -> None:
        if _KEY_ID.fullmatch(self.key_id) is None:
            _refuse("keyid reads ed25519:<64 hex digits>")
        if len(self.signature) != SIGNATURE_LENGTH:
            _refuse(f"a signature has {SIGNATURE_LENGTH} bytes")

    def to_value(self) -> dict[str, object]:
        """Return the JSON value of the envelope. Source: DSSE v1 envelope, standard base64 with padding."""
        return {
            "payload": to_base64(self.statement),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": self.key_id, "sig": to_base64(self.signature)}],
        }

    @classmethod
    def from_value(cls, value: object) -> Self:
        """Read exactly what `to_value` writes: these fields, one signature, canonical base64.

        Raises: `BAD_ENVELOPE`.
        """
        fields = _require_fields(value, _ENVELOPE_FIELDS)
        if fields["payloadType"] != PAYLOAD_TYPE:
            _refuse("payloadType is not that of a statement")
        signatures = fields["signatures"]
        # record.md 1: a second signature on the same thing is an event of its own.
        if type(signatures) is not list or len(signatures) != 1:
            _refuse("an envelope carries exactly one signature")
        signed = _require_fields(signatures[0], _SIGNATURE_FIELDS)
        key_id = signed["keyid"]
        if type(key_id) is not str:
            _refuse("keyid is a string")
        return cls(_from_base64(fields["payload"]), key_id, _from_base64(signed["sig"]))

    @classmethod
    def from_texts(cls, payload: bytes, key_id: bytes, signature: bytes) -> Self:
        """Build an envelope from its three variable texts, base64 in its one spelling.

        Raises: `BAD_ENVELOPE`.
        """
        return cls(_from_base64(payload), key_id.decode(), _from_base64(signature))


def _require_fields(value: object, names: set[str]) -> dict[str, object]:
    if type(value) is not dict or value.keys() != names:
        _refuse(f"an object has exactly the fields {', '.join(sorted(names))}")
    return value


def _from_base64(text: object) -> bytes:
    if not isinstance(text, (str, bytes)):
        _refuse("base64 is a string")
    try:
        return from_base64(text)
    except Malformed as error:
        _refuse(error.detail)


def _refuse(detail: str) -> NoReturn:
    raise Malformed("BAD_ENVELOPE", detail)
