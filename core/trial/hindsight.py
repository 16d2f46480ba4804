"""What the committee would have been told, had it known what is known now (domain 1.3).

A signed decision is never edited. Beside each stands what the protocol gives for the facts of that day as
the record reads today; where that is another decision or level, the record says so, and by which event.

What belongs to the facts of that day:
* an adverse event that was entered then, as it reads now, with its last judgement;
* an adverse event, departure or dose entered later, if it began before that day;
* never what came since: a window closed, an event begun or grown worse, and judgements of that. The trial
  going on changes nothing behind it.

The configuration is the one under which the decision was signed. The cost of an event is bounded by the
number of signed decisions, and small unless it changes what a subject contributed to one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.kernel.time import local_date
from core.trial.cohorts import contribution, contributions, decided
from core.trial.study.state import require_config
from core.trial.subject.departure import FIELD_OF, day_of
from core.trial.subject.outcome import window_last_day
from core.trial.subject.state import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from core.kernel.recorded import Recorded
    from core.rules.escalation import Decision
    from core.trial.cohorts import Contribution
    from core.trial.escalation.events import DecisionSigned
    from core.trial.study.state import Study
    from core.trial.subject.course import TrackedAdverseEvent
    from core.trial.subject.departure import Disposition


@dataclass(frozen=True, slots=True)
class Touch:
    """An event after which a signed decision would have read otherwise than before it."""

    position: int
    digest: str
    topic: str
    subject_key: str
    was: Decision
    would_be: Decision


@dataclass(frozen=True, slots=True)
class Remembered:
    """A signed decision, the facts that it rested on, and what would be decided on them as known now.

    `subjects` is everybody as they stood then; `rests_on` what each contributes to it as known now.
    """

    position: int
    digest: str
    at: datetime
    signed: DecisionSigned
    study: Study
    subjects: Mapping[str, Subject]
    rests_on: Mapping[str, Contribution]
    decision: Decision
    touches: tuple[Touch, ...] = ()

    @property
    def day(self) -> date:
        """The day of the decision at the site."""
        return local_date(self.at, require_config(self.study).zone)

    @property
    def stands(self) -> bool:
        """Tell whether the protocol would still give what it gave then."""
        computed = (self.signed.computed_decision, self.signed.computed_level)
        return words(self.decision) == computed

    @property
    def changed_by(self) -> Touch | None:
        """The event because of which it does not stand, None while it does."""
        return None if self.stands or not self.touches else self.touches[-1]


_NOBODY: Final = Subject()


def words(decision: Decision) -> tuple[str, int | None]:
    """Return what makes a decision another one: its kind and its level."""
    return str(decision.decision), decision.level


def remember(subjects: Mapping[str, Subject], study: Study, recorded: Recorded) -> Remembered:
    """Return a decision as it was just signed."""
    rests_on = contributions(subjects, study)
    return Remembered(
        position=recorded.position,
        digest=recorded.digest,
        at=recorded.occurred_at,
        signed=recorded.payload,
        study=study,
        subjects=dict(subjects),
        rests_on=rests_on,
        decision=decided(rests_on.values(), study),
    )


def reconsidered(
    remembered: tuple[Remembered, ...], key: str, now: Subject, study: Study, recorded: Recorded
) -> tuple[Remembered, ...]:
    """Return the signed decisions after one more event of a dosed subject."""
    return tuple(_reconsidered(one, key, now, study, recorded) for one in remembered)


def _reconsidered(one: Remembered, key: str, now: Subject, study: Study, recorded: Recorded) -> Remembered:
    then = one.subjects.get(key, _NOBODY)
    if then.dose is None and not _was_dosed(now, one):
        return one
    # A later number translates old ordinals; what counts is still the configuration of that day.
    at_that_time = replace(one.study, versions=study.versions)
    known = _as_known(then, now, one, at_that_time)
    now_known = contribution(key, known, at_that_time)
    if now_known is None or now_known == one.rests_on.get(key):
        return one
    rests_on = {**one.rests_on, key: now_known}
    decision = decided(rests_on.values(), at_that_time)
    touches = one.touches
    if words(decision) != words(one.decision):
        subject_key = streams.key_of(recorded.stream)
        touch = Touch(recorded.position, recorded.digest, recorded.topic, subject_key, one.decision, decision)
        touches = (*touches, touch)
    return replace(one, rests_on=rests_on, decision=decision, touches=touches)


def _as_known(then: Subject, now: Subject, one: Remembered, study: Study) -> Subject:
    """Return the subject of that day as the record reads now."""
    dose = now.dose if then.dose is not None or _was_dosed(now, one) else None
    departed: dict[str, Any] = {
        name: _departure(getattr(then, name), getattr(now, name), one.day) for name in FIELD_OF.values()
    }
    closed = then.window_completed and dose is not None and window_last_day(dose, study) <= one.day
    return replace(
        then,
        dose=dose,
        window_completed=closed,
        adverse_events={
            ae_id: _event_as_known(then.adverse_events.get(ae_id), tracked, one.day)
            for ae_id, tracked in now.adverse_events.items()
            if ae_id in then.adverse_events or tracked.entry.onset < one.day
        },
        **departed,
    )


def _was_dosed(now: Subject, one: Remembered) -> bool:
    """Tell whether a dose that was entered later had been given by then."""
    dose = now.dose
    return dose is not None and dose.at < one.at and dose.event.config_number <= one.study.number


def _event_as_known(
    then: TrackedAdverseEvent | None, now: TrackedAdverseEvent, day: date
) -> TrackedAdverseEvent:
    """Return an adverse event without what it became since; a judgement since then belongs to that."""
    regradings = tuple(change for change in now.entry.regradings if change.changed_on < day)
    if regradings == now.entry.regradings:
        return now
    entry = replace(now.entry, regradings=regradings)
    if then is None:
        return replace(now, entry=entry, judgements=(), adjudicated=None)
    return replace(then, entry=entry)


def _departure(then: Disposition | None, now: Disposition | None, day: date) -> Disposition | None:
    return now if now is not None and (then is not None or day_of(now) < day) else then
