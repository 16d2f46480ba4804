"""Where every screened candidate stands, from screening to the end of follow-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.kernel.time import local_text
from core.rules.escalation import OutcomeStatus
from core.trial.casebook.events import VitalStatusRecorded
from core.trial.casebook.state import Casebook
from core.trial.study.state import require_config
from core.trial.subject.outcome import outcome_status
from projections.projection import CLINICAL_READERS, RowChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.study.events import ProtocolConfig
    from core.trial.subject.state import Subject
    from core.trial.trial import Trial

LAST_STUDY_DAY: Final = 60


class Subjects:
    """One row a subject."""

    name = "subjects"
    readers = CLINICAL_READERS

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the subject's row after an event of the subject, or after news of their vital status."""
        del before
        if event.stream.startswith(streams.SUBJECT_PREFIX) or isinstance(event.payload, VitalStatusRecorded):
            key = streams.key_of(event.stream)
            yield RowChange(key, _row(key, trial))


def status_of(subject: Subject, casebook: Casebook, config: ProtocolConfig) -> str:
    """Return the one word for where the subject stands; what ends a course outranks how far it got."""
    if subject.died:
        return "died"
    if subject.transplanted:
        return "transplanted"
    if subject.withdrawn:
        evaluable = outcome_status(subject, config) is not OutcomeStatus.WITHDRAWN
        return "withdrawn" if evaluable else "withdrawn_not_evaluable"
    if casebook.alive_on(LAST_STUDY_DAY):
        return "completed_day60"
    return _on_study(subject)


def _on_study(subject: Subject) -> str:
    steps = {
        "dlt_window_completed": subject.window_completed,
        "in_dlt_window": subject.dose,
        "enrolled": subject.enrolled,
        "screen_failed": subject.screen_failed,
        "eligible": subject.confirmed,
    }
    return next((word for word, reached in steps.items() if reached), "screened")


def _row(key: str, trial: Trial) -> dict[str, Any]:
    subject = trial.subjects[key]
    return {
        "subject_key": key,
        "status": status_of(subject, trial.casebooks.get(key, Casebook()), require_config(trial.study)),
        **_screening(subject),
        "level": subject.level,
        "replaces": subject.enrolled.replaces if subject.enrolled else None,
        **_dosing(subject, trial),
        "withdrawn_on": subject.withdrawn.date if subject.withdrawn else None,
        "transplanted_on": subject.transplanted.date if subject.transplanted else None,
        "died_on": subject.died.date if subject.died else None,
    }


def _screening(subject: Subject) -> dict[str, Any]:
    screened = subject.screened
    return {
        "group": screened.group if screened else None,
        "sex": screened.sex if screened else None,
        "age_years": screened.age_years if screened else None,
        "failed_rules": subject.screen_failed.failed_rules if subject.screen_failed else (),
    }


def _dosing(subject: Subject, trial: Trial) -> dict[str, Any]:
    if (dose := subject.dose) is None:
        return {"dosed_at": None, "cells": None}
    cells = dose.event.cells
    return {
        "dosed_at": local_text(dose.at, require_config(trial.study).zone),
        "cells": {"value": str(cells.value), "unit": cells.unit},
    }
