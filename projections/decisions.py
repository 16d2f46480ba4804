"""The history of the computed escalation decision: a row whenever it, the counts or the dues change.

* Rows are never closed; the last one is the current decision (record 7).
* A decision is computed only for events that change what it is computed from, once as it was before.
* Nothing here is signed: what the committee signed stands in the `escalation` stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.kernel.time import local_text
from core.trial.cohorts import adjudications_due, computed_decision, contribution, outcomes
from core.trial.registry import event_name, events_of
from core.trial.study.state import require_config
from core.trial.subject.state import Subject
from projections.counts import counts_row
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from core.kernel.recorded import Recorded
    from core.rules.escalation import Outcome
    from core.trial.study.config import ProtocolConfig
    from core.trial.study.state import Study
    from core.trial.trial import Trial

# Beside these, `row` and `ceiling` explain a decision; they do not make it another one.
_IDENTITY = (
    "decision",
    "level",
    "mtd",
    "reason",
    "slots",
    "flags",
    "levels",
    "dlt_adjudication_due",
)


class Decisions:
    """One row a change of the decision, keyed by the position of the event that changed it."""

    name = "decisions"
    readers = readers_of(name, "subject")
    computed = True
    by_position = True
    concerns = events_of("subject", "study")

    def project(self, event: Recorded, before: Any, trial: Trial) -> Iterable[RowChange]:  # noqa: ANN401 - a state
        """Return a new row if the event changed the decision."""
        if not _can_change(event, before, trial):
            return
        now = _decided(trial.subjects, trial.study)
        if _identity(now) != _identity(_decided_before(event, before, trial)):
            occasion = _occasion(event, require_config(trial.study))
            yield RowChange(str(event.position), {**occasion, **now})


def _can_change(event: Recorded, before: Any, trial: Trial) -> bool:  # noqa: ANN401 - a state
    if event.stream == streams.STUDY:
        return bool(trial.study.number != before.number)
    if not event.stream.startswith(streams.SUBJECT_PREFIX):
        return False
    key = streams.key_of(event.stream)
    now, then = trial.subjects[key], before or Subject()
    return contribution(key, now, trial.study) != contribution(key, then, trial.study)


def _decided_before(event: Recorded, before: Any, trial: Trial) -> dict[str, Any] | None:  # noqa: ANN401 - a state
    if event.stream == streams.STUDY:
        return None if before.config is None else _decided(trial.subjects, before)
    subjects = {**trial.subjects, streams.key_of(event.stream): before or Subject()}
    return _decided(subjects, trial.study)


def _identity(decided: dict[str, Any] | None) -> object:
    return decided and [decided[name] for name in _IDENTITY]


def _decided(subjects: Mapping[str, Subject], study: Study) -> dict[str, Any]:
    decision = computed_decision(subjects, study)
    return {
        "decision": str(decision.decision),
        "level": decision.level,
        "mtd": decision.mtd,
        "reason": str(decision.reason),
        "slots": decision.slots,
        "flags": list(decision.flags),
        "levels": {str(level): counts_row(counts) for level, counts in decision.levels},
        "dlt_adjudication_due": [due.ae_id for due in adjudications_due(subjects, study)],
        "row": decision.row,
        "ceiling": decision.ceiling,
        "inputs": [_input(outcome) for outcome in outcomes(subjects, study)],
    }


def _input(outcome: Outcome) -> dict[str, Any]:
    return {
        "subject_key": outcome.subject,
        "level": outcome.level,
        "dlt": outcome.dlt,
        "max_related_grade": outcome.max_related_grade,
        "status": str(outcome.status),
    }


def _occasion(event: Recorded, config: ProtocolConfig) -> dict[str, Any]:
    of_subject = event.stream.startswith(streams.SUBJECT_PREFIX)
    return {
        "position": event.position,
        "occurred_at": local_text(event.occurred_at, config.zone),
        "event": event_name(event.topic),
        "subject_key": streams.key_of(event.stream) if of_subject else None,
    }
