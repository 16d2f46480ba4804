"""Where every screened candidate stands, from screening to the end of follow-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.kernel.time import local_text
from core.rules.escalation import OutcomeStatus
from core.trial.casebook.events import VitalStatusRecorded
from core.trial.casebook.state import Casebook
from core.trial.registry import events_of
from core.trial.study.state import require_config
from core.trial.subject.enrolment import enrolled_level
from core.trial.subject.outcome import outcome_status
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.study.state import Study
    from core.trial.subject.state import Subject
    from core.trial.trial import Trial


class Subjects:
    """One row a subject."""

    name = "subjects"
    readers = readers_of(name, "subject", "casebook")
    concerns = frozenset({VitalStatusRecorded, *events_of("subject", "study")})

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the subject's row after an event of the subject, or after news of their vital status.

        A configuration changes every row: an added dose level moves the ordinals of those above it.
        """
        del before
        if event.stream == streams.STUDY:
            yield from (RowChange(key, _row(key, trial)) for key in trial.subjects)
            return
        of_subject = event.stream.startswith(streams.SUBJECT_PREFIX)
        if of_subject or isinstance(event.payload, VitalStatusRecorded):
            key = streams.key_of(event.stream)
            yield RowChange(key, _row(key, trial))


def status_of(subject: Subject, casebook: Casebook, study: Study) -> str:
    """Return the one word for where the subject stands; what ends a course outranks how far it got."""
    if subject.died:
        return "died"
    if subject.transplanted:
        return "transplanted"
    if subject.withdrawn:
        evaluable = outcome_status(subject, study) is not OutcomeStatus.WITHDRAWN
        return "withdrawn" if evaluable else "withdrawn_not_evaluable"
    horizon = require_config(study).survival.interval_ends[-1]
    if casebook.alive_on(horizon):
        return f"completed_day{horizon}"
    if subject.lost:
        return "lost_to_follow_up"
    return _on_study(subject)


def _on_study(subject: Subject) -> str:
    steps = {
        "dlt_window_completed": subject.window_completed,
        "in_dlt_window": subject.dose,
        "enrolled": subject.enrolled,
        "screen_failed": subject.screen_failed,
        "eligible": subject.confirmed,
        "screened": subject.screened,
    }
    return next((word for word, reached in steps.items() if reached), "consented")


def _row(key: str, trial: Trial) -> dict[str, Any]:
    subject = trial.subjects[key]
    return {
        "subject_key": key,
        "status": status_of(subject, trial.casebooks.get(key, Casebook()), trial.study),
        **_screening(subject),
        "level": enrolled_level(subject, trial.study),
        "replaces": subject.enrolled.replaces if subject.enrolled else None,
        **_dosing(subject, trial),
        "withdrawn_on": subject.withdrawn.date if subject.withdrawn else None,
        "transplanted_on": subject.transplanted.date if subject.transplanted else None,
        "died_on": subject.died.date if subject.died else None,
        "last_contact_on": subject.lost.last_contact if subject.lost else None,
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
