"""What one person signs: the fields of a statement, and no others (record 1).

The bytes are the canonical JSON of `Statement.to_value`. Reading them demands every field, in its
form; what a payload means is judged by the registry, not here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from core.audit import canonical
from core.kernel.actors import Environment, Meaning, Role
from core.kernel.codec import from_data
from core.kernel.errors import Malformed
from core.kernel.recorded import Reason, Signer, Txn
from core.kernel.texts import is_digest
from core.kernel.time import read_instant, write_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

T = TypeVar("T")

FORMAT = "dosetrail/statement/2"

_FIELDS = frozenset(
    [
        "v",
        "origin",
        "environment",
        "stream",
        "ver",
        "prev",
        "reads",
        "seen",
        "type",
        "txn",
        "signer",
        "meaning",
        "legal",
        "signed_at",
        "zone",
        "occurred_at",
        "reason",
        "corrects",
        "data",
        "display",
    ]
)
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_KEY = re.compile(r"ed25519:[0-9a-f]{64}")
_ROOT = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")
_ROLES: dict[str, Role] = {str(role): role for role in Role}
_MEANINGS: dict[str, Meaning] = {str(meaning): meaning for meaning in Meaning}
_ENVIRONMENTS: dict[str, Environment] = {str(e): e for e in Environment}


@dataclass(frozen=True, slots=True)
class Seen:
    """The log head that the signer's side had: tree size, and root in canonical base64."""

    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One event as its signer stated it; `data` is the payload as JSON, `display` the digest of its text."""

    origin: str
    environment: Environment
    stream: str
    ver: int
    prev: str | None
    reads: Mapping[str, int]
    seen: Seen
    type: str
    txn: Txn
    signer: Signer
    meaning: Meaning
    legal: str
    signed_at: datetime
    zone: str
    occurred_at: datetime
    reason: Reason | None
    corrects: str | None
    data: Mapping[str, Any]
    display: str

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: what is signed, stored and hashed."""
        return canonical.dumps(self._value())

    def _value(self) -> dict[str, Any]:
        signer, txn, reason = self.signer, self.txn, self.reason
        return {
            "v": FORMAT,
            "origin": self.origin,
            "environment": str(self.environment),
            "stream": self.stream,
            "ver": self.ver,
            "prev": self.prev,
            "reads": dict(self.reads),
            "seen": {"size": self.seen.size, "root": self.seen.root},
            "type": self.type,
            "txn": {"id": txn.id, "i": txn.i, "n": txn.n},
            "signer": {
                "id": signer.id,
                "name": signer.name,
                "role": str(signer.role),
                "delegation": signer.delegation,
                "key": signer.key,
            },
            "meaning": str(self.meaning),
            "legal": self.legal,
            "signed_at": write_instant(self.signed_at),
            "zone": self.zone,
            "occurred_at": write_instant(self.occurred_at),
            "reason": None if reason is None else {"code": reason.code, "text": reason.text},
            "corrects": self.corrects,
            "data": dict(self.data),
            "display": self.display,
        }


def read_statement(data: bytes) -> Statement:
    """Parse canonical bytes into a statement.

    Raises: `BAD_STATEMENT` naming the field, and what the canonical profile refuses.
    """
    value = canonical.loads(data)
    if type(value) is not dict or value.keys() != _FIELDS or value["v"] != FORMAT:
        raise Malformed("BAD_STATEMENT", f"a statement has exactly the fields of {FORMAT}")
    return Statement(
        origin=_text(value, "origin"),
        environment=_one_of(_ENVIRONMENTS, value, "environment"),
        stream=_text(value, "stream"),
        ver=_count(value["ver"], "ver", 1),
        prev=_digest(value, "prev"),
        reads=_reads(value["reads"]),
        seen=_seen(value["seen"]),
        type=_text(value, "type"),
        txn=_txn(value["txn"]),
        signer=read_signer(value["signer"]),
        meaning=_one_of(_MEANINGS, value, "meaning"),
        legal=_text(value, "legal"),
        signed_at=read_instant(_text(value, "signed_at")),
        zone=_text(value, "zone"),
        occurred_at=read_instant(_text(value, "occurred_at")),
        reason=None if value["reason"] is None else from_data(Reason, value["reason"]),
        corrects=_digest(value, "corrects"),
        data=_object(value["data"], "data"),
        display=_display(value),
    )


def _wrong(field: str) -> Malformed:
    return Malformed("BAD_STATEMENT", f"{field} has not the form that {FORMAT} demands", field=field)


def _text(value: dict[str, Any], field: str) -> str:
    text = value[field]
    if type(text) is not str or not text:
        raise _wrong(field)
    return text


def _count(number: object, field: str, least: int) -> int:
    if type(number) is not int or number < least:
        raise _wrong(field)
    return number


def _one_of(members: dict[str, T], value: dict[str, Any], field: str) -> T:
    found = members.get(_text(value, field))
    if found is None:
        raise _wrong(field)
    return found


def _digest(value: dict[str, Any], field: str) -> str | None:
    digest = value[field]
    if digest is not None and (type(digest) is not str or not is_digest(digest)):
        raise _wrong(field)
    return digest


def _display(value: dict[str, Any]) -> str:
    digest = _digest(value, "display")
    if digest is None:
        raise _wrong("display")
    return digest


def _object(value: object, field: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise _wrong(field)
    return value


def _reads(value: object) -> dict[str, int]:
    reads = _object(value, "reads")
    for version in reads.values():
        _count(version, "reads", 0)
    return reads


def _seen(value: object) -> Seen:
    seen = _object(value, "seen")
    if seen.keys() != {"size", "root"} or type(seen["root"]) is not str or not _ROOT.fullmatch(seen["root"]):
        raise _wrong("seen")
    return Seen(_count(seen["size"], "seen", 0), seen["root"])


def _txn(value: object) -> Txn:
    txn = _object(value, "txn")
    if txn.keys() != {"id", "i", "n"}:
        raise _wrong("txn")
    i, n = _count(txn["i"], "txn", 0), _count(txn["n"], "txn", 1)
    if type(txn["id"]) is not str or not is_uuid7(txn["id"]) or i >= n:
        raise _wrong("txn")
    return Txn(txn["id"], i, n)


def is_uuid7(text: str) -> bool:
    """Tell whether the text is a UUID of version 7 in lower case (RFC 9562)."""
    return _UUID7.fullmatch(text) is not None


def read_signer(value: object) -> Signer:
    """Read the signer of a statement.

    Raises: `BAD_STATEMENT`.
    """
    signer = _object(value, "signer")
    if signer.keys() != {"id", "name", "role", "delegation", "key"}:
        raise _wrong("signer")
    delegation = signer["delegation"]
    if delegation is not None and type(delegation) is not str:
        raise _wrong("signer")
    key = _text(signer, "key")
    if not _KEY.fullmatch(key):
        raise _wrong("signer")
    return Signer(
        _text(signer, "id"), _text(signer, "name"), _one_of(_ROLES, signer, "role"), delegation, key
    )
