r"""Reads leaves that need no second look: what folding a log costs, without the half that serves to explain.

* `read_plain` answers with exactly the event that `open_entry(data).recorded()` gives, or not at all; what it
  does not vouch for is read there, and refused there with the code of the first defect.
* A statement is the template below, filled with values of which each is canonical for itself: constants,
  numbers and texts by their alphabets, signer and reason by `canonical`, the payload by being written again.
  Nothing else has that form, so the whole is canonical (profile of record.md section 1).
* No text outside signer and reason holds anything but printable ASCII without quotes and backslashes.
* Verification never comes here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

from core.audit import canonical
from core.audit.dsse import PAYLOAD_TYPE, statement_digest
from core.audit.leaf import LEAF_LIMIT
from core.audit.statement import FORMAT, read_signer
from core.kernel.actors import Auth, Environment, Meaning
from core.kernel.codec import from_data, is_closed
from core.kernel.encoding import from_base64
from core.kernel.errors import Malformed
from core.kernel.recorded import Reason, Recorded, Signer, Txn
from core.kernel.time import read_instant
from core.trial.registry import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

_TEXT = r'"([ !#-\[\]-~]+)"'
_HEX = r"[0-9a-f]"
_COUNT = r"(0|[1-9][0-9]{0,14})"  # fewer than 53 bits, whatever the digits
_FROM_ONE = r"([1-9][0-9]{0,14})"
_TIME = r'"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z)"'
_DIGEST = rf'null|"(?:sha256:{_HEX}{{64}})"'
_STREAM_VERSION = r'"[A-Za-z][A-Za-z0-9_/.\-]*":(?:0|[1-9][0-9]{0,14})'


def _words(enum: Iterable[str]) -> str:
    return f'"({"|".join(re.escape(str(word)) for word in enum)})"'


_LEAF_BEGINS: Final = b'{"env":{"payload":"'
# 64 bytes of signature: the last group holds one byte, and no spare bits.
_LEAF_ENDS: Final = re.compile(
    (
        rf'","payloadType":"{re.escape(PAYLOAD_TYPE)}",'
        rf'"signatures":\[\{{"keyid":"ed25519:{_HEX}{{64}}","sig":"[A-Za-z0-9+/]{{85}}[AQgw]=="\}}\]\}},'
        rf'"seal":\{{"auth":{_words(Auth)},"idx":{_COUNT},"recv_at":{_TIME}\}}\}}'
    ).encode()
)

_BEFORE_DATA: Final = re.compile(rf'\{{"corrects":({_DIGEST}),"data":')
_AFTER_DATA: Final = ',"display":'
_REST: Final = re.compile(
    rf',"display":"sha256:{_HEX}{{64}}",'
    rf'"environment":{_words(Environment).replace("(", "(?:")},"legal":{_TEXT},"meaning":{_words(Meaning)},'
    rf'"occurred_at":{_TIME},"origin":{_TEXT.replace("(", "(?:")},"prev":(?:{_DIGEST}),'
    rf'"reads":(\{{(?:{_STREAM_VERSION}(?:,{_STREAM_VERSION})*)?\}}),'
    r'"reason":(null|\{"code":[^{}]*\}),'
    rf'"seen":\{{"root":"[A-Za-z0-9+/]{{42}}[AEIMQUYcgkosw048]=","size":{_COUNT.replace("(", "(?:")}\}},'
    rf'"signed_at":{_TIME},"signer":(\{{"delegation":[^{{}}]*\}}),"stream":{_TEXT},'
    rf'"txn":\{{"i":{_COUNT},"id":"({_HEX}{{8}}-{_HEX}{{4}}-7{_HEX}{{3}}-[89ab]{_HEX}{{3}}-{_HEX}{{12}})",'
    rf'"n":{_FROM_ONE}\}},"type":{_TEXT},"v":"{re.escape(FORMAT)}","ver":{_FROM_ONE},"zone":{_TEXT}\}}'
)
_KEYS: Final = re.compile(r'"([^"]*)"')
_AUTH: Final = {auth.value.encode(): auth for auth in Auth}
_MEANINGS: Final = {str(meaning): meaning for meaning in Meaning}


def read_plain(data: bytes) -> Recorded | None:
    """Return the event of a leaf, None where a closer look is needed to accept or to refuse it."""
    if not data.startswith(_LEAF_BEGINS) or len(data) > LEAF_LIMIT:
        return None
    end = data.find(b'"', len(_LEAF_BEGINS))
    seal = _LEAF_ENDS.fullmatch(data, end) if end > 0 else None
    if seal is None:
        return None
    try:
        return _read_statement(from_base64(data[len(_LEAF_BEGINS) : end]), *seal.groups())
    except (Malformed, UnicodeDecodeError, orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None


def _read_statement(statement: bytes, auth: bytes, index: bytes, received_at: bytes) -> Recorded | None:
    if len(statement) > canonical.STATEMENT_LIMIT:
        return None
    text = statement.decode()
    begun, ended = _BEFORE_DATA.match(text), text.rfind(_AFTER_DATA)
    rest = _REST.fullmatch(text, ended) if begun and ended > 0 else None
    if begun is None or rest is None:
        return None
    legal, meaning, occurred_at, reads, reason, signed_at, signer, stream, i, txn, n, topic, ver, zone = (
        rest.groups()
    )
    data, cls = text[begun.end() : ended], EVENTS.get(topic)
    if cls is None or int(i) >= int(n) or not _is_ascending(_KEYS.findall(reads)):
        return None
    value = _plain_value(data, cls)
    if value is None:
        return None
    return Recorded(
        position=int(index) + 1,
        stream=stream,
        version=int(ver),
        topic=topic,
        digest=statement_digest(statement),
        recorded_at=read_instant(received_at.decode()),
        occurred_at=read_instant(occurred_at),
        signed_at=read_instant(signed_at),
        zone=zone,
        signer=_signer(signer),
        auth=_AUTH[auth],
        meaning=_MEANINGS[meaning],
        legal=legal,
        reason=None if reason == "null" else _reason(reason),
        corrects=None if begun[1] == "null" else begun[1][1:-1],
        txn=Txn(txn, int(i), int(n)),
        payload=from_data(cls, value),
        data=value,
    )


def _plain_value(data: str, cls: type) -> dict[str, Any] | None:
    """Return the payload's value if it is plain and canonical, and its class leaves nothing else open."""
    if not is_closed(cls) or not data.isascii() or "\\" in data or "\x7f" in data:
        return None
    value = orjson.loads(data)
    # Written again, an integer of more than 53 bits is an error.
    if type(value) is not dict or orjson.dumps(value, option=canonical.WRITING).decode() != data:
        return None
    return value


def _is_ascending(keys: list[str]) -> bool:
    return len(keys) < 2 or keys == sorted(set(keys))


@lru_cache(maxsize=1024)  # the same people sign all day
def _signer(text: str) -> Signer:
    return read_signer(canonical.loads(text.encode()))


@lru_cache(maxsize=256)
def _reason(text: str) -> Reason:
    return from_data(Reason, canonical.loads(text.encode()))
