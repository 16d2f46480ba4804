"""What several laboratory views store of a panel, and how they read it back: values and times as received."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from core.kernel.codec import to_data
from core.kernel.quantities import write_decimal
from core.kernel.time import read_instant, write_instant
from core.trial.casebook.events import (
    LabPanelReported,
    LabResult,
    LabResultCorrected,
    LabResultRepeated,
    LateResultReported,
)
from projections.stamps import reason_row

if TYPE_CHECKING:
    from datetime import datetime

    from core.kernel.recorded import Recorded
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


def panel_record(subject_key: str, panel: Panel, event: Recorded) -> dict[str, Any]:
    """Return the current text of a panel as a row stores it, after an event about it."""
    current = panel.current
    reported = event.data if isinstance(event.payload, LabPanelReported) else None
    return {
        "kind": "panel",
        "subject_key": subject_key,
        "visit": current.visit,
        "specimen_set": current.specimen_set,
        "drawn_at": write_instant(current.drawn_at),
        "dialysis_twice_in_7d": current.dialysis_twice_in_7d,
        "cvvhd_24h_in_7d": current.cvvhd_24h_in_7d,
        # What was just read needs not be written again.
        "results": reported["results"] if reported else [result_record(one) for one in current.results],
    }


def result_record(result: LabResult) -> dict[str, Any]:
    """Return one result as a row stores it."""
    record = {
        "analyte": result.analyte,
        "value": write_decimal(result.value),
        "unit": result.unit,
        "specimen_set": result.specimen_set,
        "drawn_at": write_instant(result.drawn_at),
        "resulted_at": write_instant(result.resulted_at),
    }
    return record if result.measured is None else {**record, "measured": to_data(result.measured)}


def change_record(change: ResultChange) -> dict[str, Any]:
    """Return one change of a panel as a row stores it."""
    return {
        "kind": change.kind,
        "analyte": change.analyte,
        "before": None if change.before is None else result_record(change.before),
        "position": change.position,
        "by": change.by,
        "reason": reason_row(change.reason),
        "source": change.source,
    }


def stored_result(record: dict[str, Any]) -> StoredResult:
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
