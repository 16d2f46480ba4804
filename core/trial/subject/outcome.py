"""What a subject contributes to the escalation decision: outcome, related grade, adjudications due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.time import local_date
from core.rules.dlt import (
    AdverseEventFacts,
    DltCriteria,
    counts_as_related_grade,
    is_dlt_candidate,
    last_window_day,
)
from core.rules.escalation import AdjudicationDue, Outcome, OutcomeStatus

if TYPE_CHECKING:
    from datetime import date

    from core.trial.study.events import ProtocolConfig
    from core.trial.subject.state import Dose, Subject, TrackedAdverseEvent


def dose_date(dose: Dose, config: ProtocolConfig) -> date:
    """Return day 0 as a calendar date at the site."""
    return local_date(dose.at, config.zone)


def window_last_day(dose: Dose, config: ProtocolConfig) -> date:
    """Return the last calendar day that the DLT window covers."""
    return last_window_day(dose_date(dose, config), config.dlt_window.days, config.dlt_window.inclusive)


def _criteria(config: ProtocolConfig) -> DltCriteria:
    window = config.dlt_window
    return DltCriteria(window.days, window.inclusive, frozenset(config.related_causalities))


def _facts(tracked: TrackedAdverseEvent) -> AdverseEventFacts:
    return AdverseEventFacts(tracked.entry.onset, tracked.entry.grade, tracked.entry.causality)


def is_candidate(tracked: TrackedAdverseEvent, dose: Dose, config: ProtocolConfig) -> bool:
    """Tell whether the adverse event could be dose-limiting: related, grade 3 or more, in the window."""
    return is_dlt_candidate(_facts(tracked), dose_date(dose, config), _criteria(config))


def is_adjudication_due(tracked: TrackedAdverseEvent, dose: Dose, config: ProtocolConfig) -> bool:
    """Tell whether the committee must judge (again), domain 1.2.

    A candidate that is not confirmed and was never judged, or not since its last change; or a
    confirmed one that has changed and is a candidate no more. A confirmed one that got worse is not due.
    """
    candidate = is_candidate(tracked, dose, config)
    if tracked.is_dlt:
        return not candidate and tracked.changed_since
    return candidate and (tracked.adjudicated is None or tracked.changed_since)


def due_of(subject: Subject, config: ProtocolConfig) -> tuple[AdjudicationDue, ...]:
    """Return the adjudications due for a dosed subject, in order of entry."""
    if subject.dose is None:
        return ()
    level = subject.dose.event.level
    return tuple(
        AdjudicationDue(ae_id, level)
        for ae_id, tracked in subject.adverse_events.items()
        if is_adjudication_due(tracked, subject.dose, config)
    )


def max_related_grade(subject: Subject, config: ProtocolConfig) -> int:
    """Return the highest related grade with onset in the window, 0 where there is none."""
    dose = subject.dose
    if dose is None:
        return 0
    day_zero, criteria = dose_date(dose, config), _criteria(config)
    grades = (
        tracked.entry.grade
        for tracked in subject.adverse_events.values()
        if counts_as_related_grade(_facts(tracked), day_zero, criteria)
    )
    return max(grades, default=0)


def left_early(subject: Subject, config: ProtocolConfig) -> bool:
    """Tell whether the subject left before the DLT window was over, by the days, not by order of entry."""
    if subject.left_on is None:
        return False
    return subject.dose is None or subject.left_on <= window_last_day(subject.dose, config)


def outcome_status(subject: Subject, config: ProtocolConfig) -> OutcomeStatus:
    """Return whether the dosed subject is evaluable, pending or withdrawn (domain 1.1)."""
    if subject.has_dlt:
        return OutcomeStatus.EVALUABLE
    if left_early(subject, config):
        return OutcomeStatus.WITHDRAWN
    return OutcomeStatus.EVALUABLE if subject.window_completed else OutcomeStatus.PENDING


def outcome_of(key: str, subject: Subject, config: ProtocolConfig) -> Outcome | None:
    """Return the subject's outcome, None before dosing."""
    if subject.dose is None:
        return None
    return Outcome(
        subject=key,
        level=subject.dose.event.level,
        dlt=subject.has_dlt,
        max_related_grade=max_related_grade(subject, config),
        status=outcome_status(subject, config),
    )
