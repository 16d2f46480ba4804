"""Answers to challenges of the server: only to one of this log, made for this person or device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.audit import canonical
from core.audit.dsse import pae
from core.kernel.encoding import from_base64, to_base64
from core.kernel.errors import IntegrityFinding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.keys.ed25519 import SigningKey
    from core.keys.sign_in import Asked


def answered(
    told: Mapping[str, Any], asked: Asked, origin: str, holder: str, key: SigningKey
) -> dict[str, str]:
    """Return the challenge that the server told, with the signature by the holder's key.

    Raises: `BAD_CHALLENGE` for what is no challenge of this log to this holder.
    """
    challenge = from_base64(str(told.get("challenge")))
    value = canonical.loads(challenge)
    named = (value.get("origin"), value.get(asked.field)) if isinstance(value, dict) else None
    if named != (origin, holder):
        raise IntegrityFinding("BAD_CHALLENGE", f"the challenge is not one of this log to this {asked.field}")
    signature = key.sign(pae(asked.payload_type, challenge))
    return {"challenge": to_base64(challenge), "signature": to_base64(signature)}
