"""The dose of a script and the product behind it: scripts know no pharmacy, the player supplies a lot a dose.

Two pharmacists act in turn: the first receives and prepares, the second releases and checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from api.play.acts import SCRIPTED, Act, supplied
from api.play.committee_acts import hold_lifted
from core.kernel.actors import Role
from core.kernel.quantities import Quantity
from core.kernel.recorded import Reason
from core.trial.product.commands import CheckDosePreparation, PrepareDose, ReceiveLot, ReleaseLot
from core.trial.product.events import LotContents, ReleaseTest
from core.trial.product.specification import VOLUME_UNIT
from core.trial.study.nct05727722 import CELLS_UNIT
from core.trial.study.state import require_config
from core.trial.subject.commands import AdministerDose
from core.trial.subject.events import IdentityCheck, Interruption

if TYPE_CHECKING:
    from api.play.payload import Payload
    from core.store.trial_log import TrialLog

# All of this is invented for the script: a lot of exactly one dose, made the day before, every cell alive.
_SHELF_LIFE: Final = timedelta(days=3)
_VIABILITY: Final = Decimal(100)
_VOLUME: Final = Quantity(Decimal(50), VOLUME_UNIT)
_TYPING: Final = ("A*02:01", "A*11:01", "B*15:02", "B*40:01", "DRB1*09:01", "DRB1*15:01")
_CERTIFICATE: Final = "sha256:" + "0" * 64
_IDENTITY: Final = (IdentityCheck.SUBJECT_KEY, IdentityCheck.WRISTBAND)
_SUPPLIED: Final = "The player supplied volume, end or identity check: the script leaves them out."


@dataclass(frozen=True, slots=True)
class _ScriptedLot:
    """What the player makes up about the lot of one dose."""

    lot: str
    subject_key: str
    level: int
    cells: Quantity
    at: datetime

    def received(self, log: TrialLog) -> ReceiveLot | None:
        """Return the receipt, unless the script's lot is there already."""
        if self.lot in log.trial.lots:
            return None
        viable = self._to_prepare(log)
        config = require_config(log.trial.study)
        contents = LotContents(
            donor=f"D-{self.subject_key}",
            cell_source="invented donor liver",
            made_at=self.at - timedelta(days=1),
            expires_at=self.at + _SHELF_LIFE,
            viability_percent=_VIABILITY,
            total_cells=viable,
            viable_cells=viable,
            volume=_VOLUME,
            hla_typing=_TYPING,
            tests=tuple(
                ReleaseTest(test, passed=True, certificate=_CERTIFICATE)
                for test in config.product.release_tests
            ),
            temperature_log_ok=True,
        )
        return ReceiveLot(self.lot, contents)

    def released(self, log: TrialLog) -> ReleaseLot | None:
        """Return the release, unless it happened already."""
        return None if log.trial.lots[self.lot].released else ReleaseLot(self.lot)

    def prepared(self, log: TrialLog) -> PrepareDose:
        """Return the preparation."""
        return PrepareDose(
            self.lot, self.subject_key, self.level, self._to_prepare(log), _VOLUME, planned_at=self.at
        )

    def _to_prepare(self, log: TrialLog) -> Quantity:
        """Return the cells given, or the level's where a script gives an amount that nobody may prepare."""
        config = require_config(log.trial.study)
        nominal = next((one.cells for one in config.levels if one.level == self.level), self.cells)
        tolerance = nominal.value * config.dosing.tolerance_percent / 100
        return self.cells if abs(self.cells.value - nominal.value) <= tolerance else nominal


def dose_administered(subject_key: str, given: Payload, at: datetime) -> tuple[Act, ...]:
    """Record the dose, with a lot of its own before it unless the script names one that is there."""
    cells, level = Quantity(given.number("cells_e9"), CELLS_UNIT), given.whole("level")
    lot = _ScriptedLot(given.optional_text("lot") or f"L-{subject_key}", subject_key, level, cells, at)
    return (
        supplied(lot.received, Role.PH),
        supplied(lot.released, Role.PH, 1),
        supplied(lot.prepared, Role.PH),
        supplied(CheckDosePreparation(lot.lot, subject_key), Role.PH, 1),
        hold_lifted(),
        Act(_administered(lot, given), _reason(given)),
    )


def _administered(lot: _ScriptedLot, given: Payload) -> AdministerDose:
    return AdministerDose(
        subject_key=lot.subject_key,
        level=lot.level,
        lot=lot.lot,
        cells=lot.cells,
        volume=Quantity(given.number("volume_ml"), VOLUME_UNIT) if "volume_ml" in given else _VOLUME,
        route=given.text("route"),
        started_at=lot.at,
        ended_at=given.instant("ended_at") if "ended_at" in given else lot.at,
        interruption=_interruption(given.part("interruption")) if "interruption" in given else None,
        identity_checked=_IDENTITY,
    )


def _interruption(given: Payload) -> Interruption:
    resumed_at = given.instant("resumed_at") if "resumed_at" in given else None
    return Interruption(given.instant("interrupted_at"), resumed_at, given.text("cause"))


def _reason(given: Payload) -> Reason:
    words = given.optional_text("reason")
    return Reason(SCRIPTED, _SUPPLIED if words is None else f"{words} {_SUPPLIED}")
