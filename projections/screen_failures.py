"""Every screen failure with the facts that made each rule fail; a later screening does not remove it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.kernel.time import local_text
from core.rules.eligibility_explained import explain_failure
from core.trial.study.eligibility import criteria
from core.trial.study.state import require_config
from core.trial.subject.events import SubjectScreenFailed
from core.trial.subject.screening_entries import screening_facts_of
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.study.state import Study
    from core.trial.subject.events import SubjectScreened
    from core.trial.trial import Trial


class ScreenFailures:
    """One row a failed screening, keyed `subject/attempt`."""

    name = "screen-failures"
    readers = readers_of(name, "subject")
    concerns: frozenset[type] = frozenset({SubjectScreenFailed})

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the row of a failure that was recorded."""
        del before
        if not isinstance(event.payload, SubjectScreenFailed):
            return
        key = streams.key_of(event.stream)
        subject = trial.subjects[key]
        if subject.screened is not None:
            row = _row(event, event.payload, subject.screened, trial.study)
            identified = {"subject_key": key, "attempt": subject.attempt, **row}
            yield RowChange(f"{key}/{subject.attempt}", identified)


def _row(
    event: Recorded, failed: SubjectScreenFailed, screened: SubjectScreened, study: Study
) -> dict[str, Any]:
    """Return what failed, in the words of the limits under which the screening was judged."""
    facts = screening_facts_of(screened)
    limits = criteria(study.version(screened.config_number), screened.sex)
    return {
        "group": screened.group,
        "failed_on": local_text(event.occurred_at, require_config(study).zone),
        "failed_rules": failed.failed_rules,
        "rules": tuple(explain_failure(rule, facts, limits) for rule in failed.failed_rules),
    }
