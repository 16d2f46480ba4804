"""An adverse event as its subject's stream tells it: entry, course, outcome, seriousness, judgements.

- The worst grade of the course is the grade that counts; the current one is where the course stands.
- A judgement is a member's vote. Votes count since the event's last change; of each member the last one.
- What the committee has agreed on keeps counting until it agrees on something else (domain 1.2).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime  # noqa: TC003 - the codec resolves annotations at run time
from typing import TYPE_CHECKING, assert_never

from core.rules.dlt_votes import agreed
from core.rules.teae import GradeOnDay
from core.trial.subject.adverse_events import (
    AdverseEvent,
    AdverseEventCorrected,
    AdverseEventFact,
    AdverseEventRegraded,
    AdverseEventReported,
    AdverseEventResolved,
    DltAdjudicated,
    SaeDeclared,
    SaeSubmitted,
    Seriousness,
)
from core.trial.subject.corrections import corrected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded


@dataclass(frozen=True, slots=True)
class Regrading:
    """A change of grade as it reads now: its day, its instant where known, the criteria met from then on."""

    to_grade: int
    changed_on: date
    changed_at: datetime | None
    criteria_met: tuple[Seriousness, ...]
    aware_at: datetime | None


@dataclass(frozen=True, slots=True)
class CourseOfAdverseEvent(AdverseEvent):
    """The entry with the changes of its grade: what a correction can name."""

    regradings: tuple[Regrading, ...]

    @property
    def course(self) -> tuple[GradeOnDay, ...]:
        """The grades of the event, from its onset on."""
        onset = GradeOnDay(self.onset, self.grade)
        return (onset, *(GradeOnDay(one.changed_on, one.to_grade) for one in self.regradings))

    @property
    def worst_grade(self) -> int:
        """The highest grade of the course."""
        return max(point.grade for point in self.course)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One member's vote: who, at which position, and what they said."""

    member: str
    name: str
    position: int
    at: datetime
    event: DltAdjudicated


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration of seriousness and the reports of it that went out."""

    position: int
    event: SaeDeclared
    submissions: tuple[SaeSubmitted, ...] = ()


@dataclass(frozen=True, slots=True)
class TrackedAdverseEvent:
    """An adverse event as it reads now; `changed_position` is that of its last change.

    `digest` is that of the newest statement that entered, corrected or regraded it.
    `adjudicated` is the last judgement that took effect; None while none has.
    """

    entry: CourseOfAdverseEvent
    digest: str
    written_by: frozenset[str]  # who entered, corrected or regraded it: none of them adjudicates it
    changed_position: int
    resolution: AdverseEventResolved | None = None
    resolution_digest: str | None = None
    judgements: tuple[Judgement, ...] = ()
    adjudicated: bool | None = None
    standing: tuple[Judgement, ...] = ()  # the votes by which it took effect
    declarations: tuple[Declaration, ...] = ()

    # -- the course ---------------------------------------------------------------------------------

    @property
    def course(self) -> tuple[GradeOnDay, ...]:
        """The grades of the event, from its onset on."""
        return self.entry.course

    @property
    def current_grade(self) -> int:
        """The grade at which the course stands."""
        return self.entry.course[-1].grade

    @property
    def worst_grade(self) -> int:
        """The highest grade of the course."""
        return self.entry.worst_grade

    @property
    def criteria(self) -> tuple[Seriousness, ...]:
        """Every criterion of seriousness that the event has met, in order of mention."""
        later = (criterion for one in self.entry.regradings for criterion in one.criteria_met)
        return tuple(dict.fromkeys((*self.entry.seriousness_criteria, *later)))

    @property
    def aware_at(self) -> datetime | None:
        """When the site first learnt that the event is serious."""
        moments = (self.entry.aware_at, *(one.aware_at for one in self.entry.regradings))
        return min((moment for moment in moments if moment is not None), default=None)

    # -- the judgements -----------------------------------------------------------------------------

    @property
    def votes(self) -> dict[str, Judgement]:
        """The last judgement of each member since the event's last change."""
        return {one.member: one for one in self.judgements if one.position > self.changed_position}

    @property
    def is_settled(self) -> bool:
        """Tell whether enough members agree on the event as it reads now."""
        return settled(self.votes.values()) is not None

    @property
    def is_disputed(self) -> bool:
        """Tell whether, unsettled, a member judges otherwise than what counts."""
        return not self.is_settled and any(v.event.is_dlt is not self.is_dlt for v in self.votes.values())

    @property
    def is_dlt(self) -> bool:
        """Tell whether the last judgement that took effect found it dose-limiting."""
        return self.adjudicated is True


def settled(votes: Iterable[Judgement]) -> bool | None:
    """Return what the members agree on, None while not enough of them do."""
    judgements = [vote.event for vote in votes]
    required = max((one.required for one in judgements), default=1)
    return agreed([one.is_dlt for one in judgements], required)


def entered(event: AdverseEventReported, recorded: Recorded) -> TrackedAdverseEvent:
    """Return an adverse event that was just entered."""
    writer = frozenset({recorded.signer.id})
    return TrackedAdverseEvent(on_course(event.adverse_event), recorded.digest, writer, recorded.position)


def evolve(  # noqa: PLR0911 - one case an event
    state: TrackedAdverseEvent, event: AdverseEventFact, recorded: Recorded
) -> TrackedAdverseEvent:
    """Return the adverse event after one more event about it."""
    match event:
        case AdverseEventReported():
            return entered(event, recorded)
        case AdverseEventCorrected():
            entry = corrected(state.entry, event.changes)
            return _rewritten(replace(state, entry=entry), recorded)
        case AdverseEventRegraded():
            return _rewritten(replace(state, entry=regraded(state.entry, event)), recorded)
        case AdverseEventResolved():
            return _resolved(state, event, recorded)
        case DltAdjudicated():
            return _judged(state, event, recorded)
        case SaeDeclared():
            declared = Declaration(recorded.position, event)
            return replace(state, declarations=(*state.declarations, declared))
        case SaeSubmitted():
            *before, last = state.declarations
            sent = replace(last, submissions=(*last.submissions, event))
            return replace(state, declarations=(*before, sent))
        case _:
            assert_never(event)


def on_course(entry: AdverseEvent) -> CourseOfAdverseEvent:
    """Return the entry at the beginning of its course."""
    told = {f.name: getattr(entry, f.name) for f in fields(AdverseEvent)}
    return CourseOfAdverseEvent(**told, regradings=())


def regraded(entry: CourseOfAdverseEvent, event: AdverseEventRegraded) -> CourseOfAdverseEvent:
    """Return the course with one more change of grade."""
    latest = Regrading(event.to_grade, event.changed_on, event.changed_at, event.criteria_met, event.aware_at)
    return replace(entry, regradings=(*entry.regradings, latest))


def overtaken(state: TrackedAdverseEvent, recorded: Recorded) -> TrackedAdverseEvent:
    """Return the adverse event after something else has changed on which its judgement rests: day 0."""
    return replace(state, changed_position=recorded.position)


def _rewritten(state: TrackedAdverseEvent, recorded: Recorded) -> TrackedAdverseEvent:
    writers = state.written_by | {recorded.signer.id}
    return replace(state, digest=recorded.digest, written_by=writers, changed_position=recorded.position)


def _resolved(
    state: TrackedAdverseEvent, event: AdverseEventResolved, recorded: Recorded
) -> TrackedAdverseEvent:
    """Keep the outcome; taking back an outcome that had ended the event changes what was judged."""
    taken_back = state.resolution is not None and state.resolution.outcome.ends_the_event
    resolved = replace(
        state,
        resolution=event,
        resolution_digest=recorded.digest,
        written_by=state.written_by | {recorded.signer.id},
    )
    return replace(resolved, changed_position=recorded.position) if taken_back else resolved


def _judged(state: TrackedAdverseEvent, event: DltAdjudicated, recorded: Recorded) -> TrackedAdverseEvent:
    signer = recorded.signer
    vote = Judgement(signer.id, signer.name, recorded.position, recorded.occurred_at, event)
    judged = replace(state, judgements=(*state.judgements, vote))
    verdict = settled(judged.votes.values())
    if verdict is None:
        return judged
    agreeing = tuple(one for one in judged.votes.values() if one.event.is_dlt is verdict)
    return replace(judged, adjudicated=verdict, standing=agreeing)
