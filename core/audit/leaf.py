"""What the log hashes: an envelope and the seal that the writer puts on it.

* Leaf bytes are canonical JSON `{"env":…,"seal":{"auth":…,"idx":n,"recv_at":…}}`, at most 65,535 bytes.
* The seal is younger than the signature, so nothing signed refers to it; the log's checkpoint covers it.

That `idx` is the position and that `recv_at` never decreases is checked where the whole log is in view.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from core.audit import canonical
from core.audit.dsse import PAYLOAD_TYPE, Envelope
from core.kernel.actors import Auth
from core.kernel.encoding import to_base64
from core.kernel.errors import Malformed
from core.kernel.time import read_instant, write_instant

LEAF_LIMIT = 65_535  # C2SP tlog-tiles: the length of a log entry is a uint16

# Canonical JSON with its six variable parts, none of which needs an escape.
_FORM = (
    b'{"env":{"payload":"%b","payloadType":"'
    + PAYLOAD_TYPE.encode()
    + b'","signatures":[{"keyid":"%b","sig":"%b"}]},'
    b'"seal":{"auth":"%b","idx":%d,"recv_at":"%b"}}'
)

# The one way in which `encode` can write a leaf: every leaf that is canonical matches, and what matches is
# canonical but for the base64, which is decoded strictly, and the ranges of index and time.
_WRITTEN = re.compile(
    rb'\{"env":\{"payload":"([A-Za-z0-9+/=]*)","payloadType":"' + re.escape(PAYLOAD_TYPE.encode()) + rb'",'
    rb'"signatures":\[\{"keyid":"(ed25519:[0-9a-f]{64})","sig":"([A-Za-z0-9+/=]*)"\}\]\},'
    rb'"seal":\{"auth":"(client-key|password|service)","idx":(0|[1-9][0-9]{0,14}),'
    rb'"recv_at":"([0-9TZ:.\-]{24})"\}\}'
)

_AUTH = {auth.value: auth for auth in Auth}
_LEAF_FIELDS = {"env", "seal"}
_SEAL_FIELDS = {"auth", "idx", "recv_at"}
_UTC_OFFSET = timedelta(0)


@dataclass(frozen=True, slots=True)
class Seal:
    """How the key was brought, the leaf's index from 0, and when it came: UTC, whole milliseconds.

    Raises: `BAD_LEAF`.
    """

    auth: Auth
    index: int
    received_at: datetime

    def __post_init__(self) -> None:
        if not 0 <= self.index <= canonical.MAX_INTEGER:
            _refuse("idx is a count from 0")
        if self.received_at.utcoffset() != _UTC_OFFSET or self.received_at.microsecond % 1000:
            _refuse("recv_at is in UTC and whole milliseconds")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry of the log."""

    envelope: Envelope
    seal: Seal


def encode(leaf: Leaf) -> bytes:
    """Write the bytes that are hashed and stored, at most 65,535.

    Raises: `BAD_LEAF` where the statement is too long for one entry.
    """
    envelope, seal = leaf.envelope, leaf.seal
    data = _FORM % (
        to_base64(envelope.statement).encode(),
        envelope.key_id.encode(),
        to_base64(envelope.signature).encode(),
        seal.auth.value.encode(),
        seal.index,
        write_instant(seal.received_at).encode(),
    )
    if len(data) > LEAF_LIMIT:
        _refuse(f"a leaf has at most {LEAF_LIMIT} bytes")
    return data


def decode(data: bytes) -> Leaf:
    """Read the bytes of one leaf; the statement in it is not looked at.

    Raises: `BAD_LEAF`; the fact `cause` is the code of the part that failed.
    """
    written = _WRITTEN.fullmatch(data) if len(data) <= LEAF_LIMIT else None
    if written is None:
        return _decode_any(data)
    payload, key_id, signature, auth, index, received_at = written.groups()
    try:
        envelope = Envelope.from_texts(payload, key_id, signature)
        return Leaf(envelope, Seal(_AUTH[auth.decode()], int(index), read_instant(received_at.decode())))
    except Malformed as error:
        if error.code == "BAD_LEAF":
            raise
        _refuse(error.detail, error)


def _decode_any(data: bytes) -> Leaf:
    """Read a leaf field by field: slower, and it can say what is wrong."""
    try:
        value = canonical.loads(data, limit=LEAF_LIMIT)
        fields = _require_fields(value, _LEAF_FIELDS)
        return Leaf(Envelope.from_value(fields["env"]), _read_seal(fields["seal"]))
    except Malformed as error:
        if error.code == "BAD_LEAF":
            raise
        _refuse(error.detail, error)


def _read_seal(value: object) -> Seal:
    fields = _require_fields(value, _SEAL_FIELDS)
    auth, index, received_at = fields["auth"], fields["idx"], fields["recv_at"]
    if type(auth) is not str or auth not in _AUTH:
        _refuse("auth is not one of the closed list")
    if type(index) is not int:
        _refuse("idx is an integer")
    if type(received_at) is not str:
        _refuse("recv_at is a string")
    return Seal(_AUTH[auth], index, read_instant(received_at))


def _require_fields(value: object, names: set[str]) -> dict[str, object]:
    if type(value) is not dict or value.keys() != names:
        _refuse(f"an object has exactly the fields {', '.join(sorted(names))}")
    return value


def _refuse(detail: str, cause: Malformed | None = None) -> NoReturn:
    facts = {} if cause is None else {"cause": cause.code}
    raise Malformed("BAD_LEAF", detail, **facts) from cause
