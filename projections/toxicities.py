"""Which adverse events an event of the log touches, and what several views say about one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel import streams
from core.trial.subject.adverse_events import AdverseEventReported
from core.trial.subject.events import DoseAdministered, DoseCorrected
from core.trial.subject.outcome import dose_level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.kernel.recorded import Recorded
    from core.trial.subject.course import TrackedAdverseEvent
    from core.trial.subject.state import Subject
    from core.trial.trial import Trial


def touched(event: Recorded, trial: Trial) -> Iterator[tuple[str, Subject, TrackedAdverseEvent]]:
    """Yield subject key, subject and adverse event for whatever an event can have changed about them.

    A dose makes every adverse event of its subject look different; a configuration can move dose levels.
    """
    if event.stream == streams.STUDY:
        keys, ae_id = list(trial.subjects), None
    elif event.stream.startswith(streams.SUBJECT_PREFIX):
        keys, ae_id = [streams.key_of(event.stream)], _named(event)
    else:
        return
    for key in keys:
        subject = trial.subjects[key]
        if ae_id is not None:
            yield key, subject, subject.adverse_events[ae_id]
        elif event.stream == streams.STUDY or isinstance(event.payload, DoseAdministered | DoseCorrected):
            yield from ((key, subject, tracked) for tracked in subject.adverse_events.values())


def _named(event: Recorded) -> str | None:
    """Return the id of the one adverse event that the event is about."""
    if isinstance(event.payload, AdverseEventReported):
        return event.payload.adverse_event.ae_id
    return getattr(event.payload, "ae_id", None)


def row_key(subject_key: str, tracked: TrackedAdverseEvent) -> str:
    """Return the key of an adverse event's row; ids are unique within a subject."""
    return f"{subject_key}/{tracked.entry.ae_id}"


def level_of(subject: Subject, trial: Trial) -> int | None:
    """Return the ordinal that the subject's dose level has now, None before the dose."""
    return None if subject.dose is None else dose_level(subject.dose, trial.study)
