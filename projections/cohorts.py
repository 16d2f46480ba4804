"""The counts of every dose level that was ever dosed (domain 1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel import streams
from core.rules.escalation import count_levels
from core.trial.cohorts import outcomes
from core.trial.registry import events_of
from core.trial.study.state import Study
from core.trial.subject.outcome import outcome_of
from core.trial.subject.state import Subject
from projections.counts import counts_row
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from core.kernel.recorded import Recorded
    from core.rules.escalation import LevelCounts
    from core.trial.trial import Trial


class Cohorts:
    """One row a dose level that was ever dosed."""

    name = "cohorts"
    readers = readers_of(name, "subject")
    computed = True
    concerns = events_of("subject", "study")

    def project(self, event: Recorded, before: Subject | Study | None, trial: Trial) -> Iterable[RowChange]:
        """Return the row of the subject's level where the event may have changed a count."""
        if event.stream == streams.STUDY and isinstance(before, Study):
            yield from _moved(before, trial)
        if not event.stream.startswith(streams.SUBJECT_PREFIX):
            return
        key = streams.key_of(event.stream)
        now = outcome_of(key, trial.subjects[key], trial.study)
        then = outcome_of(key, before, trial.study) if isinstance(before, Subject) else None
        if now != then:
            levels = count_levels(outcomes(trial.subjects, trial.study))
            for level in sorted({one.level for one in (then, now) if one is not None}):
                yield _row(level, levels)


def _moved(before: Study, trial: Trial) -> Iterable[RowChange]:
    """Return every row anew where an added dose level has moved the ordinals of those above it."""
    if (
        before.config is None
        or trial.study.config is None
        or before.config.levels == trial.study.config.levels
    ):
        return
    levels = count_levels(outcomes(trial.subjects, trial.study))
    for level in range(1, len(trial.study.config.levels) + 1):
        yield _row(level, levels)


def _row(level: int, levels: Mapping[int, LevelCounts]) -> RowChange:
    """Return the row of a level; a level at which nobody is dosed any more has none."""
    if level not in levels:
        return RowChange(str(level), None)
    return RowChange(str(level), {"level": level, **counts_row(levels[level])})
