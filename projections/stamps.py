"""Who gave or ended something, when and why, as a row tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel.time import local_text

if TYPE_CHECKING:
    from core.kernel.recorded import Reason
    from core.trial.people.rights import Stamp


def stamp_row(stamp: Stamp | None) -> dict[str, Any] | None:
    """Return position, instant at the signer's own offset, signer and reason."""
    if stamp is None:
        return None
    return {
        "position": stamp.position,
        "at": local_text(stamp.at, stamp.zone),
        "by": stamp.by,
        "reason": reason_row(stamp.reason),
    }


def reason_row(reason: Reason | None) -> dict[str, str] | None:
    """Return code and sentence of a reason."""
    return None if reason is None else {"code": reason.code, "text": reason.text}
