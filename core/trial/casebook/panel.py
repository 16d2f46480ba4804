"""A panel as it reads now, with every text that it had before and why each value changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from core.kernel.recorded import Reason, Recorded
    from core.trial.casebook.events import (
        LabPanelReported,
        LabResult,
        LabResultCorrected,
        LabResultRepeated,
        LabReviewed,
        LateResultReported,
    )


class ChangeKind(StrEnum):
    """How a result came to be replaced or added."""

    CORRECTED = "corrected"
    REPEATED = "repeated"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class ResultChange:
    """One change after the panel was reported; `before` is None where the analyte was not there."""

    kind: ChangeKind
    analyte: str
    before: LabResult | None
    position: int
    by: str
    reason: Reason | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Review:
    """An investigator's review; `stale` once a result of the panel has changed since."""

    event: LabReviewed
    by: str
    position: int
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A reported panel: its current text and the texts before.

    `position` and `reported_at` are those of the first report; nobody of `written_by` reviews it.
    """

    current: LabPanelReported
    position: int
    reported_at: datetime
    written_by: frozenset[str]
    superseded: tuple[LabPanelReported, ...] = ()
    changes: tuple[ResultChange, ...] = ()
    reviews: tuple[Review, ...] = ()

    def result_of(self, analyte: str) -> LabResult | None:
        """Return the current result of an analyte."""
        return next((r for r in self.current.results if r.analyte == analyte), None)


def reported(event: LabPanelReported, recorded: Recorded) -> Panel:
    """Return a panel as it was first reported."""
    writers = frozenset({recorded.signer.id})
    return Panel(event, recorded.position, recorded.recorded_at, writers)


def with_late_result(panel: Panel, event: LateResultReported, recorded: Recorded) -> Panel:
    """Return the panel with one more result."""
    results = (*panel.current.results, event.result)
    return _changed(panel, results, _change(ChangeKind.LATE, event.result.analyte, None, recorded), recorded)


def with_repeat(panel: Panel, event: LabResultRepeated, recorded: Recorded) -> Panel:
    """Return the panel with a measurement repeated."""
    before = _standing(panel, event.result.analyte)
    results = _replaced(panel, event.result)
    return _changed(panel, results, _change(ChangeKind.REPEATED, before.analyte, before, recorded), recorded)


def with_correction(panel: Panel, event: LabResultCorrected, recorded: Recorded) -> Panel:
    """Return the panel with a value corrected; draw and release time stay."""
    before = _standing(panel, event.analyte)
    results = _replaced(panel, replace(before, value=event.new.value, unit=event.new.unit))
    change = _change(ChangeKind.CORRECTED, event.analyte, before, recorded, event.source)
    return _changed(panel, results, change, recorded)


def with_review(panel: Panel, event: LabReviewed, recorded: Recorded) -> Panel:
    """Return the panel with one more review; earlier ones are kept."""
    return replace(panel, reviews=(*panel.reviews, Review(event, recorded.signer.id, recorded.position)))


def _standing(panel: Panel, analyte: str) -> LabResult:
    result = panel.result_of(analyte)
    if result is None:
        raise KeyError(analyte)
    return result


def _replaced(panel: Panel, new: LabResult) -> tuple[LabResult, ...]:
    return tuple(new if r.analyte == new.analyte else r for r in panel.current.results)


def _change(
    kind: ChangeKind, analyte: str, before: LabResult | None, recorded: Recorded, source: str | None = None
) -> ResultChange:
    return ResultChange(kind, analyte, before, recorded.position, recorded.signer.id, recorded.reason, source)


def _changed(panel: Panel, results: tuple[LabResult, ...], change: ResultChange, recorded: Recorded) -> Panel:
    return replace(
        panel,
        current=replace(panel.current, results=results),
        written_by=panel.written_by | {recorded.signer.id},
        superseded=(*panel.superseded, panel.current),
        changes=(*panel.changes, change),
        reviews=tuple(replace(review, stale=True) for review in panel.reviews),
    )
