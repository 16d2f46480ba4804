"""Every adverse event as it reads now: course, causality, seriousness, outcome, and what the committee said.

`grade` is the worst of the course, the one that counts; `current_grade` is where the course stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel.codec import to_data
from core.kernel.time import local_text
from core.trial.registry import events_of
from core.trial.study.state import require_config
from core.trial.subject.outcome import is_adjudication_due, is_candidate, is_teae
from projections.projection import RowChange
from projections.read_rights import readers_of
from projections.toxicities import level_of, row_key, touched

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.study.state import Study
    from core.trial.subject.course import Judgement, TrackedAdverseEvent
    from core.trial.subject.state import Subject
    from core.trial.trial import Trial

_AS_ENTERED = (
    "term",
    "soc",
    "verbatim",
    "meddra_code",
    "ctcae_version",
    "baseline_grade",
    "onset",
    "onset_at",
    "causality",
    "procedure_causality",
    "disease_causality",
    "expected",
    "action_taken",
    "lab",
)


class Safety:
    """One row an adverse event, keyed `subject/adverse event`."""

    name = "safety"
    readers = readers_of(name, "subject")
    concerns = events_of("subject", "study")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the rows of the adverse events that the event touches."""
        del before
        for key, subject, tracked in touched(event, trial):
            yield RowChange(row_key(key, tracked), _row(key, subject, tracked, trial))


def _row(key: str, subject: Subject, tracked: TrackedAdverseEvent, trial: Trial) -> dict[str, Any]:
    entry = to_data(tracked.entry)
    return {
        "ae_id": tracked.entry.ae_id,
        "subject_key": key,
        "level": level_of(subject, trial),
        "grade": tracked.worst_grade,
        "current_grade": tracked.current_grade,
        **{name: entry[name] for name in _AS_ENTERED},
        "regradings": entry["regradings"],
        "serious": bool(tracked.criteria),
        "seriousness_criteria": [str(criterion) for criterion in tracked.criteria],
        "declared": bool(tracked.declarations),
        "outcome": tracked.resolution.outcome if tracked.resolution else None,
        "resolved_on": tracked.resolution.resolved_on if tracked.resolution else None,
        "dlt": tracked.is_dlt,
        **_judged(subject, tracked, trial.study),
    }


def _judged(subject: Subject, tracked: TrackedAdverseEvent, study: Study) -> dict[str, Any]:
    zone, dose = require_config(study).zone, subject.dose
    return {
        "teae": dose is not None and is_teae(tracked, dose, study),
        "dlt_candidate": dose is not None and is_candidate(tracked, dose, study),
        "dlt_adjudication_due": dose is not None and is_adjudication_due(tracked, dose, study),
        "adjudications": [_vote(one, tracked, zone) for one in tracked.judgements],
    }


def _vote(judgement: Judgement, tracked: TrackedAdverseEvent, zone: str) -> dict[str, Any]:
    """Return a vote; one that was cast before the event's last change, or replaced, counts no more."""
    event = judgement.event
    return {
        "member": judgement.member,
        "printed_name": judgement.name,
        "judged_at": local_text(judgement.at, zone),
        "is_dlt": event.is_dlt,
        "exclusion": event.exclusion,
        "rationale": event.rationale,
        "counts": tracked.votes.get(judgement.member) == judgement,
    }
