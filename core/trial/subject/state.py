"""A subject as their stream tells it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, assert_never

from core.trial.subject import course
from core.trial.subject.adverse_events import (
    AdverseEventCorrected,
    AdverseEventRegraded,
    AdverseEventReported,
    AdverseEventResolved,
    DltAdjudicated,
    SaeDeclared,
    SaeSubmitted,
)
from core.trial.subject.consent_state import Consent
from core.trial.subject.corrections import corrected
from core.trial.subject.departure import FIELD_OF, day_of, kind_of, on_another_day
from core.trial.subject.events import (
    ConsentGiven,
    ConsentReconfirmed,
    ConsentWithdrawn,
    DeathRecorded,
    DispositionCorrected,
    DltWindowCompleted,
    DoseAdministered,
    DoseCorrected,
    DoseWitnessed,
    EligibilityConfirmed,
    LiverTransplantRecorded,
    LostToFollowUpRecorded,
    ScreeningCorrected,
    SubjectEnrolled,
    SubjectEvent,
    SubjectScreened,
    SubjectScreenFailed,
    SubjectWithdrawn,
)
from core.trial.subject.screening_entries import corrected_screening

if TYPE_CHECKING:
    from datetime import date, datetime

    from core.kernel.recorded import Recorded
    from core.trial.subject.course import TrackedAdverseEvent
    from core.trial.subject.departure import Disposition
    from core.trial.subject.events import DispositionKind


@dataclass(frozen=True, slots=True)
class Dose:
    """The dose as it reads now: what was given, where it was entered, and the newest statement about it.

    `witnessed` holds who witnessed which of the statements about it, by person and digest. `position` is that
    of the entry, not of a correction: it orders doses that began at the same instant.
    """

    event: DoseAdministered
    position: int
    digest: str
    witnessed: frozenset[tuple[str, str]] = frozenset()

    @property
    def at(self) -> datetime:
        """Return when the administration began: the instant that makes day 0."""
        return self.event.started_at


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything about one subject that a decision can depend on.

    `milestone_at` is when the last of screening, confirmation, failure and enrolment occurred; `failures`
    are those of earlier screenings, `screened` is the last screening as it reads after its corrections.
    """

    consent: Consent | None = None
    failures: tuple[SubjectScreenFailed, ...] = ()
    screened: SubjectScreened | None = None
    screened_at: datetime | None = None
    screening_digest: str | None = None
    screening_texts: tuple[tuple[int, SubjectScreened], ...] = ()  # each, and the position that wrote it
    confirmed: EligibilityConfirmed | None = None
    screen_failed: SubjectScreenFailed | None = None
    enrolled: SubjectEnrolled | None = None
    dose: Dose | None = None
    adverse_events: dict[str, TrackedAdverseEvent] = field(default_factory=dict)
    window_completed: bool = False
    withdrawn: SubjectWithdrawn | None = None
    died: DeathRecorded | None = None
    transplanted: LiverTransplantRecorded | None = None
    lost: LostToFollowUpRecorded | None = None
    disposition_digests: dict[DispositionKind, str] = field(default_factory=dict)
    milestone_at: datetime | None = None
    treated_by: frozenset[str] = frozenset()  # who enrolled or dosed: none of them adjudicates

    @property
    def is_known(self) -> bool:
        """Tell whether the subject key is in use."""
        return self.consent is not None or self.screened is not None

    @property
    def attempt(self) -> int:
        """The number of the last screening, from 1; renewed evidence is no new attempt."""
        return len(self.failures) + 1

    @property
    def left_on(self) -> date | None:
        """The day on which the subject withdrew, died, received a transplant or was last seen, the first."""
        left = (self.withdrawn, self.died, self.transplanted, self.lost)
        return min((day_of(event) for event in left if event is not None), default=None)

    @property
    def has_dlt(self) -> bool:
        """Tell whether any adverse event counts as dose-limiting now."""
        return any(ae.is_dlt for ae in self.adverse_events.values())


def evolve(state: Subject, recorded: Recorded) -> Subject:  # noqa: C901, PLR0911, PLR0912 - one case an event
    """Return the subject after one more event of their stream."""
    event: SubjectEvent = recorded.payload
    match event:
        case ConsentGiven():
            at = recorded.occurred_at
            return replace(state, consent=Consent(event, at, event, at))
        case ConsentReconfirmed():
            return replace(state, consent=_consent(state).reconfirmed(event, recorded.occurred_at))
        case ConsentWithdrawn():
            return replace(state, consent=_consent(state).withdrawn(event, recorded.occurred_at))
        case SubjectScreened():
            return _screened(state, event, recorded)
        case ScreeningCorrected():
            return _screening_corrected(state, event, recorded)
        case EligibilityConfirmed():
            return replace(state, confirmed=event, milestone_at=recorded.occurred_at)
        case SubjectScreenFailed():
            return replace(state, screen_failed=event, milestone_at=recorded.occurred_at)
        case SubjectEnrolled():
            enrolled = replace(state, enrolled=event, milestone_at=recorded.occurred_at)
            return _treated(enrolled, recorded)
        case DoseAdministered():
            dosed = replace(state, dose=Dose(event, recorded.position, recorded.digest))
            return _treated(dosed, recorded)
        case DoseCorrected():
            return _with_corrected_dose(state, event, recorded)
        case DoseWitnessed():
            return _witnessed(state, event, recorded)
        case AdverseEventReported():
            return _with_ae(state, course.entered(event, recorded))
        case (
            AdverseEventCorrected()
            | AdverseEventRegraded()
            | AdverseEventResolved()
            | SaeDeclared()
            | SaeSubmitted()
            | DltAdjudicated()
        ):
            return _with_ae(state, course.evolve(state.adverse_events[event.ae_id], event, recorded))
        case DltWindowCompleted():
            return replace(state, window_completed=True)
        case SubjectWithdrawn() | DeathRecorded() | LiverTransplantRecorded() | LostToFollowUpRecorded():
            return _left(state, event, recorded)
        case DispositionCorrected():
            return _disposition_corrected(state, event, recorded)
        case _:
            assert_never(event)


def _left(state: Subject, event: Disposition, recorded: Recorded) -> Subject:
    kind = kind_of(event)
    left: dict[str, Any] = {FIELD_OF[kind]: event}
    return replace(state, disposition_digests={**state.disposition_digests, kind: recorded.digest}, **left)


def _disposition_corrected(state: Subject, event: DispositionCorrected, recorded: Recorded) -> Subject:
    standing: Disposition | None = getattr(state, FIELD_OF[event.kind])
    if standing is None:
        raise KeyError(event.kind)
    return _left(state, on_another_day(standing, event.new), recorded)


def _consent(state: Subject) -> Consent:
    if state.consent is None:
        raise TypeError
    return state.consent


def _screened(state: Subject, event: SubjectScreened, recorded: Recorded) -> Subject:
    """Return the subject after a screening: the first, one after a failure, or renewed evidence."""
    failures = state.failures if state.screen_failed is None else (*state.failures, state.screen_failed)
    return replace(
        state,
        failures=failures,
        screened=event,
        screened_at=recorded.occurred_at,
        screening_digest=recorded.digest,
        screening_texts=(*state.screening_texts, (recorded.position, event)),
        confirmed=None,
        screen_failed=None,
        milestone_at=recorded.occurred_at,
    )


def _screening_corrected(state: Subject, event: ScreeningCorrected, recorded: Recorded) -> Subject:
    """Return the subject after a correction; a confirmation of other values counts no more, unless used."""
    if state.screened is None:
        raise TypeError
    entries = corrected_screening(state.screened, event.changes)
    screened = replace(entries, eligible=event.eligible, rules=event.rules)
    confirmed = state.confirmed if state.enrolled else None
    return replace(
        state,
        screened=screened,
        screening_digest=recorded.digest,
        screening_texts=(*state.screening_texts, (recorded.position, screened)),
        confirmed=confirmed,
    )


def _with_corrected_dose(state: Subject, event: DoseCorrected, recorded: Recorded) -> Subject:
    if state.dose is None:
        raise KeyError(recorded.stream)
    dose = replace(state.dose, event=corrected(state.dose.event, event.changes), digest=recorded.digest)
    events = state.adverse_events
    if dose.at != state.dose.at:
        events = {ae_id: course.overtaken(one, recorded) for ae_id, one in events.items()}
    closed = state.window_completed and not event.reopens_window
    return replace(state, dose=dose, adverse_events=events, window_completed=closed)


def _witnessed(state: Subject, event: DoseWitnessed, recorded: Recorded) -> Subject:
    if state.dose is None:
        raise KeyError(recorded.stream)
    witnessed = state.dose.witnessed | {(recorded.signer.id, event.covers)}
    return replace(state, dose=replace(state.dose, witnessed=witnessed))


def _with_ae(state: Subject, tracked: TrackedAdverseEvent) -> Subject:
    return replace(state, adverse_events={**state.adverse_events, tracked.entry.ae_id: tracked})


def _treated(state: Subject, recorded: Recorded) -> Subject:
    return replace(state, treated_by=state.treated_by | {recorded.signer.id})
