"""What several laboratory views store of a panel, and how they read it back: values and times as received."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from core.kernel.quantities import write_decimal
from core.kernel.time import read_instant, write_instant
from core.trial.casebook.events import (
    LabPanelReported,
    LabResult,
    LabResultCorrected,
    LabResultRepeated,
    LateResultReported,
)

if TYPE_CHECKING:
    from datetime import datetime

    from core.trial.casebook.panel import Panel, ResultChange

# The events after which a panel reads differently.
RESULT_EVENTS: Final = (LabPanelReported, LateResultReported, LabResultRepeated, LabResultCorrected)


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A result as a view has stored it."""

    analyte: str
    value: Decimal
    unit: str
    specimen_set: str
    drawn_at: datetime
    resulted_at: datetime


def panel_record(subject_key: str, panel: Panel) -> dict[str, Any]:
    """Return the current text of a panel as a row stores it."""
    current = panel.current
    return {
        "kind": "panel",
        "subject_key": subject_key,
        "visit": current.visit,
        "specimen_set": current.specimen_set,
        "drawn_at": write_instant(current.drawn_at),
        "dialysis_twice_in_7d": current.dialysis_twice_in_7d,
        "cvvhd_24h_in_7d": current.cvvhd_24h_in_7d,
        "results": [result_record(result) for result in current.results],
    }


def result_record(result: LabResult) -> dict[str, str]:
    """Return one result as a row stores it."""
    return {
        "analyte": result.analyte,
        "value": write_decimal(result.value),
        "unit": result.unit,
        "specimen_set": result.specimen_set,
        "drawn_at": write_instant(result.drawn_at),
        "resulted_at": write_instant(result.resulted_at),
    }


def change_record(change: ResultChange) -> dict[str, Any]:
    """Return one change of a panel as a row stores it."""
    reason = change.reason
    return {
        "kind": change.kind,
        "analyte": change.analyte,
        "before": None if change.before is None else result_record(change.before),
        "position": change.position,
        "by": change.by,
        "reason": None if reason is None else {"code": reason.code, "text": reason.text},
        "source": change.source,
    }


def stored_result(record: dict[str, str]) -> StoredResult:
    """Return a result out of a row."""
    return StoredResult(
        record["analyte"],
        Decimal(record["value"]),
        record["unit"],
        record["specimen_set"],
        read_instant(record["drawn_at"]),
        read_instant(record["resulted_at"]),
    )


def is_before_dose(drawn_at: datetime, dosed_at: str | None) -> bool:
    """Tell whether a specimen shows the subject before the cells; everything does while there is no dose."""
    return dosed_at is None or drawn_at <= read_instant(dosed_at)
