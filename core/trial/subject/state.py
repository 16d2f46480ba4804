"""A subject as their stream tells it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, assert_never

from core.kernel.codec import from_data, to_data
from core.trial.subject.events import (
    AdverseEvent,
    AdverseEventCorrected,
    AdverseEventReported,
    DeathRecorded,
    DltAdjudicated,
    DltWindowCompleted,
    DoseAdministered,
    EligibilityConfirmed,
    FieldChange,
    LiverTransplantRecorded,
    SubjectEnrolled,
    SubjectEvent,
    SubjectScreened,
    SubjectScreenFailed,
    SubjectWithdrawn,
)

if TYPE_CHECKING:
    from datetime import date, datetime

    from core.kernel.recorded import Recorded


@dataclass(frozen=True, slots=True)
class TrackedAdverseEvent:
    """An adverse event as it reads now, with its last adjudication and whether it changed since."""

    entry: AdverseEvent
    digest: str
    written_by: frozenset[str]  # who entered or corrected it: none of them adjudicates it
    adjudicated: bool | None = None
    changed_since: bool = False

    @property
    def is_dlt(self) -> bool:
        """Tell whether the last adjudication found it dose-limiting; it counts until the next one."""
        return self.adjudicated is True


@dataclass(frozen=True, slots=True)
class Dose:
    """The dose given: when, at which position of the log, and what."""

    at: datetime
    zone: str
    position: int
    event: DoseAdministered


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything about one subject that a decision can depend on.

    `milestone_at` is when the last of screening, confirmation and enrolment occurred.
    """

    screened: SubjectScreened | None = None
    confirmed: EligibilityConfirmed | None = None
    screen_failed: SubjectScreenFailed | None = None
    enrolled: SubjectEnrolled | None = None
    dose: Dose | None = None
    adverse_events: dict[str, TrackedAdverseEvent] = field(default_factory=dict)
    window_completed: bool = False
    withdrawn: SubjectWithdrawn | None = None
    died: DeathRecorded | None = None
    transplanted: LiverTransplantRecorded | None = None
    milestone_at: datetime | None = None

    @property
    def level(self) -> int | None:
        """The dose level of the subject, once enrolled."""
        return self.enrolled.level if self.enrolled else None

    @property
    def left_on(self) -> date | None:
        """The day on which the subject withdrew, died or received a transplant, whichever came first."""
        left = (self.withdrawn, self.died, self.transplanted)
        return min((event.date for event in left if event is not None), default=None)

    @property
    def has_dlt(self) -> bool:
        """Tell whether any adverse event counts as dose-limiting now."""
        return any(ae.is_dlt for ae in self.adverse_events.values())


def evolve(state: Subject, recorded: Recorded) -> Subject:  # noqa: C901, PLR0911, PLR0912 - one case an event
    """Return the subject after one more event of their stream."""
    event: SubjectEvent = recorded.payload
    match event:
        case SubjectScreened():
            return replace(state, screened=event, milestone_at=recorded.occurred_at)
        case EligibilityConfirmed():
            return replace(state, confirmed=event, milestone_at=recorded.occurred_at)
        case SubjectScreenFailed():
            return replace(state, screen_failed=event)
        case SubjectEnrolled():
            return replace(state, enrolled=event, milestone_at=recorded.occurred_at)
        case DoseAdministered():
            dose = Dose(recorded.occurred_at, recorded.zone, recorded.position, event)
            return replace(state, dose=dose)
        case AdverseEventReported():
            return _with_ae(state, _entered(event, recorded))
        case AdverseEventCorrected():
            tracked = state.adverse_events[event.ae_id]
            entry = corrected(tracked.entry, event.changes)
            writers = tracked.written_by | {recorded.signer.id}
            changed = replace(tracked, entry=entry, digest=recorded.digest, written_by=writers)
            return _with_ae(state, replace(changed, changed_since=True))
        case DltAdjudicated():
            tracked = state.adverse_events[event.ae_id]
            return _with_ae(state, replace(tracked, adjudicated=event.is_dlt, changed_since=False))
        case DltWindowCompleted():
            return replace(state, window_completed=True)
        case SubjectWithdrawn():
            return replace(state, withdrawn=event)
        case DeathRecorded():
            return replace(state, died=event)
        case LiverTransplantRecorded():
            return replace(state, transplanted=event)
        case _:
            assert_never(event)


def _entered(event: AdverseEventReported, recorded: Recorded) -> TrackedAdverseEvent:
    return TrackedAdverseEvent(event.adverse_event, recorded.digest, frozenset({recorded.signer.id}))


def _with_ae(state: Subject, tracked: TrackedAdverseEvent) -> Subject:
    return replace(state, adverse_events={**state.adverse_events, tracked.entry.ae_id: tracked})


def corrected(entry: AdverseEvent, changes: tuple[FieldChange, ...]) -> AdverseEvent:
    """Return the entry with the changes made; the result is parsed as strictly as a new entry.

    Raises: `BAD_PAYLOAD` where a new value does not fit its field.
    """
    data = to_data(entry)
    for change in changes:
        *outer, last = change.field.split(".")
        target: Any = data
        for name in outer:
            target = target[name]
        target[last] = change.new
    return from_data(AdverseEvent, data)


def value_at(entry: AdverseEvent, dotted: str) -> tuple[bool, object]:
    """Return whether the dotted field exists in the entry, and its value."""
    value: Any = to_data(entry)
    for name in dotted.split("."):
        if not isinstance(value, dict) or name not in value:
            return False, None
        value = value[name]
    return True, value
