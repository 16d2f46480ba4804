"""What can be asked for about a lot of the cell product."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.kernel import streams
from core.kernel.quantities import Quantity
from core.trial.product.events import LotContents


@dataclass(frozen=True, slots=True)
class LotCommand:
    """A command about one lot."""

    lot: str

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.lot(self.lot)


@dataclass(frozen=True, slots=True)
class ReceiveLot(LotCommand):
    """Record that a lot arrived, with what its certificates say."""

    contents: LotContents


@dataclass(frozen=True, slots=True)
class ReleaseLot(LotCommand):
    """Release a lot that is within specification."""


@dataclass(frozen=True, slots=True)
class RejectLot(LotCommand):
    """Reject a lot, or recall it after its release."""

    cause: str


@dataclass(frozen=True, slots=True)
class PrepareDose(LotCommand):
    """Record that a dose was prepared for a subject."""

    subject_key: str
    level: int
    cells: Quantity
    volume: Quantity
    planned_at: datetime


@dataclass(frozen=True, slots=True)
class CheckDosePreparation(LotCommand):
    """Confirm as a second person that the preparation is right."""

    subject_key: str


@dataclass(frozen=True, slots=True)
class DiscardDosePreparation(LotCommand):
    """Record that a preparation will not be given."""

    subject_key: str
    cause: str
