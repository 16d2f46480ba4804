"""One signature by a key of one's own: sign in, prepare, check, agree, sign, commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from api.signing.challenge import answered
from api.signing.device_key import prove_device
from api.signing.memory import Memory, recall, remember, require_same_log
from api.signing.order import Intent, require_what_was_meant
from core.audit.dsse import PAYLOAD_TYPE, pae
from core.kernel.encoding import from_base64, to_base64
from core.kernel.errors import IntegrityFinding, Malformed, Refused
from core.keys.sign_in import PERSON

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from api.signing.device_key import DeviceKey
    from api.signing.exchange import Exchange
    from api.signing.key_file import KeyFile
    from core.kernel.actors import Role
    from core.keys.ed25519 import SigningKey


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the person signs: the server, their opened key, their memory, and how they are asked.

    `agree` is shown the texts made here and returns whether the person signs them.
    """

    exchange: Exchange
    key: SigningKey
    memory: Path
    clock: Callable[[], datetime]
    agree: Callable[[Sequence[str]], bool]


def sign_in(desk: Desk, kept: KeyFile, role: Role, device: DeviceKey | None = None) -> None:
    """Answer a challenge of the server with the key, and another one with the device's key if there is one.

    Raises: `BAD_CHALLENGE` for what is no challenge of this log to this person or device.
    """
    told = desk.exchange.post("/v1/sessions/challenges", {"person": kept.person})
    answer: dict[str, Any] = {
        "person": kept.person,
        "role": str(role),
        **answered(told, PERSON, kept.origin, kept.person, desk.key),
    }
    if device is not None:
        answer["device"] = prove_device(desk.exchange.post, device)
    desk.exchange.token = str(desk.exchange.post("/v1/sessions", answer).get("token"))


def sign_order(
    desk: Desk, intent: Intent, path: str, body: dict[str, Any], version: int | None
) -> dict[str, Any]:
    """Return the receipt of the order, prepared by the server, checked here, and signed if the person agrees.

    Raises: `NOT_AGREED`, what `require_what_was_meant` and `require_same_log` raise, and the server's own
    refusals.
    """
    headers = {"Idempotency-Key": intent.txn}
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    prepared = desk.exchange.post(path, {**body, "signing": {"prepare": True}}, headers)
    statements = _statements(prepared)
    told = [str(one.get("text")) for one in prepared["statements"]]
    checked = require_what_was_meant(intent, statements, desk.clock(), told)
    first, kept = checked[0][0], intent.kept
    memory = recall(desk.memory, kept.origin, kept.person, kept.sealed.key_id)
    require_same_log(memory, first.seen, desk.exchange)
    texts = [text for _, text in checked]
    if told != texts:
        raise IntegrityFinding("DISPLAY_DIFFERS", "the server shows another text than its statement says")
    if not desk.agree(texts):
        raise Refused("NOT_AGREED", "nothing was signed")
    # Remembered before it is sent: what is signed has been seen, whatever becomes of the answer.
    remember(desk.memory, Memory(kept.origin, kept.person, kept.sealed.key_id, first.seen))
    signed = [
        {"statement": to_base64(data), "signature": to_base64(desk.key.sign(pae(PAYLOAD_TYPE, data)))}
        for data in statements
    ]
    return desk.exchange.post(path, {**body, "signing": {"signed": signed}}, headers)


def _statements(prepared: dict[str, Any]) -> list[bytes]:
    listed = prepared.get("statements")
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed) or not listed:
        raise Malformed("BAD_STATEMENT", "the server prepared nothing that can be read")
    return [from_base64(str(one.get("statement"))) for one in listed]
