"""The table of dose-limiting toxicities: every candidate and every judged event, with who judged it and why.

`onset_day` and `grade` are what the committee judges: when the event emerged, and its worst grade since then.

A row stays when a correction takes the candidate away: what the committee has said about it remains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel.time import study_day
from core.trial.registry import events_of
from core.trial.subject.outcome import dose_date, emerged, is_adjudication_due, is_candidate
from projections.projection import RowChange
from projections.read_rights import readers_of
from projections.toxicities import level_of, row_key, touched

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.subject.course import TrackedAdverseEvent
    from core.trial.subject.state import Dose, Subject
    from core.trial.trial import Trial


class Dlts:
    """Stores one row an adverse event of a dosed subject; people read candidates and what was judged."""

    name = "dlts"
    readers = readers_of(name, "subject")
    concerns = events_of("subject", "study")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the rows of the adverse events that the event touches."""
        del before
        for key, subject, tracked in touched(event, trial):
            if subject.dose is not None:
                yield RowChange(row_key(key, tracked), _row(key, subject, subject.dose, tracked, trial))

    def present(self, rows: Sequence[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
        """Return the candidates, and what is no candidate any more but has been judged."""
        del moment
        return [row for row in rows if row["candidate"] or row["judged"]]


def _row(
    key: str, subject: Subject, dose: Dose, tracked: TrackedAdverseEvent, trial: Trial
) -> dict[str, Any]:
    entry, study = tracked.entry, trial.study
    since = emerged(tracked, dose, study)
    return {
        "level": level_of(subject, trial),
        "subject_key": key,
        "ae_id": entry.ae_id,
        "term": entry.term,
        "grade": since.grade,
        "baseline_grade": entry.baseline_grade,
        "onset": entry.onset,
        "onset_day": study_day(since.day, dose_date(dose, study)),
        "dlt": tracked.is_dlt,
        "candidate": is_candidate(tracked, dose, study),
        "judged": bool(tracked.judgements),
        "adjudicated": tracked.adjudicated,
        "adjudication_due": is_adjudication_due(tracked, dose, study),
        "votes": [{"member": name, "is_dlt": vote.event.is_dlt} for name, vote in tracked.votes.items()],
        "adjudicators": [vote.name for vote in tracked.standing],
        "exclusions": _distinct(vote.event.exclusion for vote in tracked.standing),
        "rationales": _distinct(vote.event.rationale for vote in tracked.standing),
    }


def _distinct(words: Iterable[str | None]) -> list[str]:
    """Return each word once, in the order in which the members gave them."""
    return list(dict.fromkeys(word for word in words if word is not None))
