"""Who counts towards the escalation, with which toxicity: one row a dosed subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel import streams
from core.rules.escalation import OutcomeStatus
from core.trial.study.events import ProtocolConfigApproved
from core.trial.study.state import require_config
from core.trial.subject.outcome import outcome_of
from projections.projection import CLINICAL_READERS, RowChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.rules.escalation import Outcome
    from core.trial.trial import Trial


class Evaluability:
    """The outcome of each dosed subject in the DLT window."""

    name = "evaluability"
    readers = CLINICAL_READERS

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the rows of the subjects whose outcome the event can have changed."""
        del before
        for key in _concerned(event, trial):
            outcome = outcome_of(key, trial.subjects[key], require_config(trial.study))
            if outcome is not None:
                yield _row_change(outcome)


def _concerned(event: Recorded, trial: Trial) -> Iterable[str]:
    # Window and causalities are signed configuration: a new version may change every outcome.
    if isinstance(event.payload, ProtocolConfigApproved):
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
