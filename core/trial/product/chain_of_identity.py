"""From lot to subject: what is given was released, prepared for them, and checked by another person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Refused

if TYPE_CHECKING:
    from datetime import datetime

    from core.trial.facts import Facts
    from core.trial.product.state import Preparation


def require_preparation(facts: Facts, lot: str, subject_key: str) -> Preparation:
    """Return the checked preparation of the lot for the subject.

    Raises: `CHAIN_OF_IDENTITY` where the lot holds none for them, `PREPARATION_NOT_CHECKED`.
    """
    preparation = facts.lot(lot).preparation_for(subject_key)
    if preparation is None:
        raise Refused("CHAIN_OF_IDENTITY", "no dose of this lot is prepared for this subject")
    if preparation.checked is None:
        raise Refused("PREPARATION_NOT_CHECKED", "nobody has checked the preparation yet")
    return preparation


def require_usable(facts: Facts, lot: str, moment: datetime) -> None:
    """Refuse a lot that was recalled, or is past its time at the moment.

    Raises: `LOT_NOT_RELEASED`, `LOT_EXPIRED`.
    """
    found = facts.lot(lot)
    if not found.is_released():
        raise Refused("LOT_NOT_RELEASED", "the lot is not released for use")
    if found.has_expired(moment):
        raise Refused("LOT_EXPIRED", "the lot has expired by then")
