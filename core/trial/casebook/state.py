"""A casebook as its stream tells it: visits, panels with every earlier value, assessments, deviations.

* One event costs the same however long the casebook is: what grows with it is a persistent map.
* Dates of visits are instants of draws here; which study day they are depends on the dose and its site.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, assert_never

from core.kernel.persistent import PersistentMap
from core.trial.casebook import panel as panels_of
from core.trial.casebook.events import (
    CasebookEvent,
    ClinicalImprovementAssessed,
    DeviationAssessed,
    DeviationRecorded,
    HlaAntibodyReported,
    LabPanelReported,
    LabResultCorrected,
    LabResultRepeated,
    LabReviewed,
    LateResultReported,
    MedicationEnded,
    MedicationRecorded,
    SpecimenDrawn,
    VisitMissed,
    VisitRecorded,
    VitalStatusRecorded,
)

if TYPE_CHECKING:
    from datetime import date, datetime

    from core.kernel.recorded import Recorded
    from core.trial.casebook.panel import Panel

LABS: Final = "labs"
HLA: Final = "hla"
VITAL_STATUS: Final = "vital_status"
IMPROVEMENT: Final = "improvement"


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """What the record holds of a scheduled visit.

    `form` is the visit form, `first_drawn` the earliest draw under its name; `entered_at` is when the first
    entry that dates the visit was recorded, `entry_due` since when it could have been.
    """

    form: VisitRecorded | None = None
    missed: VisitMissed | None = None
    first_drawn: datetime | None = None
    assessments: frozenset[str] = frozenset()
    entered_at: datetime | None = None
    entry_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deviation:
    """A recorded deviation, who recorded it, and its assessment."""

    recorded: DeviationRecorded
    by: str
    assessed: DeviationAssessed | None = None


@dataclass(frozen=True, slots=True)
class Casebook:
    """Everything entered about a subject's visits; maps keep the order of entry.

    `last_drawn`, `last_visited`, `last_alive_day` are the latest proofs of life, each in its own measure.
    """

    visits: PersistentMap[int, VisitFacts] = field(default_factory=PersistentMap)
    specimens: PersistentMap[str, SpecimenDrawn] = field(default_factory=PersistentMap)
    panels: PersistentMap[str, Panel] = field(default_factory=PersistentMap)
    medications: PersistentMap[str, MedicationRecorded] = field(default_factory=PersistentMap)
    antibodies: PersistentMap[int, HlaAntibodyReported] = field(default_factory=PersistentMap)
    vital_status: PersistentMap[int, bool] = field(default_factory=PersistentMap)
    improvement: PersistentMap[int, ClinicalImprovementAssessed] = field(default_factory=PersistentMap)
    deviations: PersistentMap[str, Deviation] = field(default_factory=PersistentMap)
    last_drawn: datetime | None = None
    last_visited: date | None = None
    last_alive_day: int | None = None

    def panel(self, specimen_set: str) -> Panel | None:
        """Return the panel of a specimen set."""
        return self.panels.get(specimen_set)

    def alive_on(self, study_day: int) -> bool | None:
        """Return the recorded vital status of a study day, None where there is none."""
        return self.vital_status.get(study_day)

    def visit(self, day: int) -> VisitFacts:
        """Return what the record holds of a scheduled visit, nothing of one that is not there."""
        return self.visits.get(day, _NO_VISIT)


_NO_VISIT: Final = VisitFacts()


def evolve(state: Casebook, recorded: Recorded) -> Casebook:  # noqa: C901, PLR0911, PLR0912 - one case an event
    """Return the casebook after one more event of its stream."""
    event: CasebookEvent = recorded.payload
    match event:
        case VisitRecorded():
            return _with_visit(state, event, recorded)
        case VisitMissed():
            missed = replace(state.visit(event.visit), missed=event)
            return replace(state, visits=state.visits.with_item(event.visit, missed))
        case SpecimenDrawn():
            drawn = replace(state, specimens=state.specimens.with_item(event.specimen_set, event))
            return _drawn(drawn, event.visit, event.drawn_at, event.drawn_at, recorded, frozenset())
        case LabPanelReported():
            entered = _with_panel(state, panels_of.reported(event, recorded))
            done = frozenset({LABS})
            return _drawn(entered, event.visit, event.drawn_at, event.resulted_at, recorded, done)
        case LateResultReported():
            panel = state.panels[event.specimen_set]
            return _with_panel(state, panels_of.with_late_result(panel, event, recorded))
        case LabResultRepeated():
            panel = state.panels[event.specimen_set]
            return _with_panel(state, panels_of.with_repeat(panel, event, recorded))
        case LabResultCorrected():
            panel = state.panels[event.specimen_set]
            return _with_panel(state, panels_of.with_correction(panel, event, recorded))
        case LabReviewed():
            panel = state.panels[event.specimen_set]
            return _with_panel(state, panels_of.with_review(panel, event, recorded))
        case MedicationRecorded():
            return replace(state, medications=state.medications.with_item(event.medication_id, event))
        case MedicationEnded():
            ended = replace(state.medications[event.medication_id], end=event.end)
            return replace(state, medications=state.medications.with_item(event.medication_id, ended))
        case HlaAntibodyReported():
            antibodies = state.antibodies.with_item(event.visit, event)
            return _done(replace(state, antibodies=antibodies), event.visit, HLA)
        case VitalStatusRecorded():
            return _with_vital_status(state, event)
        case ClinicalImprovementAssessed():
            improvement = state.improvement.with_item(event.visit, event)
            return _done(replace(state, improvement=improvement), event.visit, IMPROVEMENT)
        case DeviationRecorded():
            found = Deviation(event, recorded.signer.id)
            return replace(state, deviations=state.deviations.with_item(event.deviation_id, found))
        case DeviationAssessed():
            judged = replace(state.deviations[event.deviation_id], assessed=event)
            return replace(state, deviations=state.deviations.with_item(event.deviation_id, judged))
        case _:
            assert_never(event)


def _with_panel(state: Casebook, panel: Panel) -> Casebook:
    return replace(state, panels=state.panels.with_item(panel.current.specimen_set, panel))


def _with_vital_status(state: Casebook, event: VitalStatusRecorded) -> Casebook:
    known = replace(state, vital_status=state.vital_status.with_item(event.study_day, event.alive))
    if event.alive:
        known = replace(known, last_alive_day=_later(state.last_alive_day, event.study_day))
    return _done(known, event.study_day, VITAL_STATUS)


def _with_visit(state: Casebook, event: VisitRecorded, recorded: Recorded) -> Casebook:
    seen = replace(state, last_visited=_later(state.last_visited, event.visited_on))
    if event.visit is None:
        return seen
    facts = seen.visit(event.visit)
    facts = replace(facts, form=event, assessments=facts.assessments | frozenset(event.assessments))
    return _noted(seen, event.visit, replace(facts, entered_at=facts.entered_at or recorded.recorded_at))


def _drawn(
    state: Casebook,
    visit: int | None,
    drawn_at: datetime,
    due: datetime,
    recorded: Recorded,
    done: frozenset[str],
) -> Casebook:
    seen = state
    if state.last_drawn is None or drawn_at > state.last_drawn:
        seen = replace(state, last_drawn=drawn_at)
    if visit is None:
        return seen
    facts = seen.visit(visit)
    first = facts.first_drawn
    entered = {} if facts.entered_at else {"entered_at": recorded.recorded_at, "entry_due": due}
    facts = replace(
        facts,
        first_drawn=drawn_at if first is None else min(first, drawn_at),
        assessments=facts.assessments | done,
        **entered,  # type: ignore[arg-type] # both are instants
    )
    return _noted(seen, visit, facts)


def _done(state: Casebook, visit: int, assessment: str) -> Casebook:
    facts = state.visit(visit)
    return _noted(state, visit, replace(facts, assessments=facts.assessments | {assessment}))


def _noted(state: Casebook, visit: int, facts: VisitFacts) -> Casebook:
    """Return the casebook with the visit, itself if nothing about the visit is new."""
    if state.visits.get(visit) == facts:
        return state
    return replace(state, visits=state.visits.with_item(visit, facts))


def _later(one: Any, other: Any) -> Any:  # noqa: ANN401 - two of the same ordered kind
    return other if one is None else max(one, other)
