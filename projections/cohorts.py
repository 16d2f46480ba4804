"""The counts of every dose level that was ever dosed (domain 1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel import streams
from core.rules.escalation import count_levels
from core.trial.cohorts import outcomes
from core.trial.study.state import require_config
from projections.counts import counts_row
from projections.projection import CLINICAL_READERS, RowChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.subject.state import Subject
    from core.trial.trial import Trial


class Cohorts:
    """One row a dose level; counts depend on no configuration, only on the subjects of the level."""

    name = "cohorts"
    readers = CLINICAL_READERS

    def project(self, event: Recorded, before: Subject | None, trial: Trial) -> Iterable[RowChange]:
        """Return the row of the subject's level where the event may have changed a count."""
        if not event.stream.startswith(streams.SUBJECT_PREFIX):
            return
        subject = trial.subjects[streams.key_of(event.stream)]
        if subject.dose is None or _tally(subject) == _tally(before):
            return
        level = subject.dose.event.level
        levels = count_levels(outcomes(trial.subjects, require_config(trial.study)))
        yield RowChange(str(level), {"level": level, **counts_row(levels[level])})


def _tally(subject: Subject | None) -> tuple[object, ...] | None:
    """Return all that the counts know of a dosed subject."""
    if subject is None or subject.dose is None:
        return None
    return subject.has_dlt, subject.window_completed, subject.left_on
