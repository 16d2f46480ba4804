"""A casebook as its stream tells it: panels with every earlier value, antibodies, vital status."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from core.trial.casebook.events import (
    CasebookEvent,
    HlaAntibodyReported,
    LabPanelReported,
    LabResult,
    LabResultCorrected,
    VitalStatusRecorded,
)

if TYPE_CHECKING:
    from core.kernel.recorded import Recorded


@dataclass(frozen=True, slots=True)
class Panel:
    """A reported panel: its current text, the statement that last wrote it, and the texts before."""

    digest: str
    current: LabPanelReported
    superseded: tuple[LabPanelReported, ...] = ()

    def result_of(self, analyte: str) -> LabResult | None:
        """Return the current result of an analyte."""
        return next((r for r in self.current.results if r.analyte == analyte), None)


@dataclass(frozen=True, slots=True)
class Casebook:
    """Panels in order of entry; antibodies and vital status by visit or study day."""

    panels: tuple[Panel, ...] = ()
    antibodies: tuple[HlaAntibodyReported, ...] = ()
    vital_status: tuple[VitalStatusRecorded, ...] = ()

    def panel(self, specimen_set: str) -> Panel | None:
        """Return the panel of a specimen set."""
        return next((p for p in self.panels if p.current.specimen_set == specimen_set), None)

    def alive_on(self, study_day: int) -> bool | None:
        """Return the recorded vital status of a study day, None where there is none."""
        return next((v.alive for v in self.vital_status if v.study_day == study_day), None)


def evolve(state: Casebook, recorded: Recorded) -> Casebook:
    """Return the casebook after one more event of its stream."""
    event: CasebookEvent = recorded.payload
    match event:
        case LabPanelReported():
            return replace(state, panels=(*state.panels, Panel(recorded.digest, event)))
        case LabResultCorrected():
            panels = tuple(
                _corrected(p, event, recorded.digest) if p.current.specimen_set == event.specimen_set else p
                for p in state.panels
            )
            return replace(state, panels=panels)
        case HlaAntibodyReported():
            return replace(state, antibodies=(*state.antibodies, event))
        case VitalStatusRecorded():
            return replace(state, vital_status=(*state.vital_status, event))
        case _:
            assert_never(event)


def _corrected(panel: Panel, event: LabResultCorrected, digest: str) -> Panel:
    results = tuple(
        replace(r, value=event.new.value, unit=event.new.unit) if r.analyte == event.analyte else r
        for r in panel.current.results
    )
    current = replace(panel.current, results=results)
    return replace(panel, digest=digest, current=current, superseded=(*panel.superseded, panel.current))
