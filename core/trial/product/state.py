"""A lot as its stream tells it: what it holds, who answered for it, and what was taken out of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, assert_never

from core.trial.product.events import (
    DosePreparationChecked,
    DosePreparationDiscarded,
    DosePrepared,
    LotReceived,
    LotRejected,
    LotReleased,
    ProductEvent,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.product.events import LotContents


@dataclass(frozen=True, slots=True)
class Signed:
    """Who did something, and when it happened."""

    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Preparation:
    """A dose prepared for one subject, and what became of it before it was given."""

    dose: DosePrepared
    prepared: Signed
    checked: Signed | None = None
    discarded: DosePreparationDiscarded | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    """Everything about one lot that a decision can depend on."""

    received: Signed | None = None
    contents: LotContents | None = None
    released: Signed | None = None
    rejected: LotRejected | None = None
    preparations: tuple[Preparation, ...] = ()

    @property
    def cells_left(self) -> Decimal:
        """Return the viable cells that no preparation has taken; what was discarded does not come back."""
        if self.contents is None:
            return Decimal(0)
        return self.contents.viable_cells.value - sum(one.dose.cells.value for one in self.preparations)

    def is_released(self) -> bool:
        """Tell whether doses may come from this lot, its expiry aside."""
        return self.released is not None and self.rejected is None

    def has_expired(self, moment: datetime) -> bool:
        """Tell whether the lot is past its time: usable before its expiry, not at it."""
        return self.contents is None or moment >= self.contents.expires_at

    def preparation_for(self, subject_key: str) -> Preparation | None:
        """Return the preparation that stands for the subject, none that was discarded."""
        found = (one for one in self.preparations if one.dose.subject_key == subject_key)
        return next((one for one in found if one.discarded is None), None)


def evolve(state: Lot, recorded: Recorded) -> Lot:
    """Return the lot after one more event of its stream."""
    event: ProductEvent = recorded.payload
    by = Signed(recorded.signer.id, recorded.occurred_at)
    match event:
        case LotReceived():
            return replace(state, received=by, contents=event.contents)
        case LotReleased():
            return replace(state, released=by)
        case LotRejected():
            return replace(state, rejected=event)
        case DosePrepared():
            return replace(state, preparations=(*state.preparations, Preparation(event, by)))
        case DosePreparationChecked():
            return _changed(state, event.subject_key, lambda one: replace(one, checked=by))
        case DosePreparationDiscarded():
            return _changed(state, event.subject_key, lambda one: replace(one, discarded=event))
        case _:
            assert_never(event)


def _changed(state: Lot, subject_key: str, change: Callable[[Preparation], Preparation]) -> Lot:
    standing = state.preparation_for(subject_key)
    if standing is None:
        raise KeyError(subject_key)
    preparations = (change(one) if one is standing else one for one in state.preparations)
    return replace(state, preparations=tuple(preparations))
