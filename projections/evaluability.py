"""Who counts towards the escalation, with which toxicity: one row a dosed subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel import streams
from core.rules.escalation import OutcomeStatus
from core.trial.registry import events_of
from core.trial.subject.outcome import outcome_of
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.rules.escalation import Outcome
    from core.trial.trial import Trial


class Evaluability:
    """The outcome of each dosed subject in the DLT window."""

    name = "evaluability"
    readers = readers_of(name, "subject")
    computed = True
    concerns = events_of("subject", "study")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the rows of the subjects whose outcome the event can have changed."""
        del before
        for key in _concerned(event, trial):
            outcome = outcome_of(key, trial.subjects[key], trial.study)
            if outcome is not None:
                yield _row_change(outcome)


def _concerned(event: Recorded, trial: Trial) -> Iterable[str]:
    # An added dose level moves the ordinals of those above it.
    if event.stream == streams.STUDY:
        return trial.subjects
    return (streams.key_of(event.stream),) if event.stream.startswith(streams.SUBJECT_PREFIX) else ()


def _row_change(outcome: Outcome) -> RowChange:
    return RowChange(
        outcome.subject,
        {
            "subject_key": outcome.subject,
            "level": outcome.level,
            "evaluable": outcome.status is OutcomeStatus.EVALUABLE,
            "dlt": outcome.dlt,
            "max_related_grade_in_window": outcome.max_related_grade,
            "status": outcome.status,
        },
    )
