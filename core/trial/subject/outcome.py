"""What a subject contributes to the escalation decision: outcome, related grade, adjudications due.

A subject is judged by the DLT definition under which they were dosed; the level counts where that
dose stands in the configuration that counts now.
"""

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
from core.rules.teae import GradeOnDay, emergence, grade_at_dose, is_treatment_emergent

if TYPE_CHECKING:
    from datetime import date

    from core.trial.study.config import ProtocolConfig
    from core.trial.study.state import Study
    from core.trial.subject.adverse_events import AdverseEvent, Causality
    from core.trial.subject.course import TrackedAdverseEvent
    from core.trial.subject.state import Dose, Subject


def dosed_under(dose: Dose, study: Study) -> ProtocolConfig:
    """Return the configuration that counted when the dose was given."""
    return study.version(dose.event.config_number)


def dose_level(dose: Dose, study: Study) -> int:
    """Return the ordinal that the dose's level has now."""
    return study.level_now(dose.event.config_number, dose.event.level)


def dose_date(dose: Dose, study: Study) -> date:
    """Return day 0 as a calendar date at the site."""
    return local_date(dose.at, dosed_under(dose, study).zone)


def window_last_day(dose: Dose, study: Study) -> date:
    """Return the last calendar day that the DLT window covers."""
    window = dosed_under(dose, study).dlt
    return last_window_day(dose_date(dose, study), window.days, window.inclusive)


def dlt_criteria(config: ProtocolConfig) -> DltCriteria:
    """Return the signed DLT definition as the rules take it."""
    return DltCriteria(
        window_days=config.dlt.days,
        inclusive=config.dlt.inclusive,
        related=frozenset(config.related_causalities),
        minimum_grade=config.dlt.minimum_grade,
        minimum_worsening=config.dlt.minimum_worsening,
        only_worsened=config.dlt.only_worsened_grades,
    )


def causalities(entry: AdverseEvent) -> tuple[Causality, ...]:
    """Return how the event is related to what the trial does: the product, and the procedure if assessed."""
    procedure = entry.procedure_causality
    return (entry.causality,) if procedure is None else (entry.causality, procedure)


def is_related_to_trial(entry: AdverseEvent, config: ProtocolConfig) -> bool:
    """Tell whether product or procedure are at least possibly the cause, as the configuration counts it."""
    return not frozenset(config.related_causalities).isdisjoint(causalities(entry))


def _facts(tracked: TrackedAdverseEvent, day_zero: date) -> AdverseEventFacts:
    """Return what the window asks: the day of emergence, the worst grade since, the grade at the dose."""
    entry, course = tracked.entry, tracked.course
    emerged = emergence(course, entry.baseline_grade, day_zero)
    since = emerged or entry.onset
    return AdverseEventFacts(
        onset=since,
        grade=max(point.grade for point in course if point.day >= since),
        causalities=causalities(entry),
        baseline_grade=grade_at_dose(course, entry.baseline_grade, day_zero),
    )


def emerged(tracked: TrackedAdverseEvent, dose: Dose, study: Study) -> GradeOnDay:
    """Return the day on which the event emerged under treatment, and its worst grade (1 to 5) since then.

    An event that did not emerge reads from its onset. Source: domain 4.
    """
    facts = _facts(tracked, dose_date(dose, study))
    return GradeOnDay(facts.onset, facts.grade)


def is_related_event(tracked: TrackedAdverseEvent, dose: Dose, study: Study) -> bool:
    """Tell whether the adverse event is related to what the trial does, whenever it began."""
    return is_related_to_trial(tracked.entry, dosed_under(dose, study))


def is_candidate(tracked: TrackedAdverseEvent, dose: Dose, study: Study) -> bool:
    """Tell whether the adverse event could be dose-limiting under the definition of its subject."""
    day_zero = dose_date(dose, study)
    return is_dlt_candidate(_facts(tracked, day_zero), day_zero, dlt_criteria(dosed_under(dose, study)))


def is_teae(tracked: TrackedAdverseEvent, dose: Dose, study: Study) -> bool:
    """Tell whether the adverse event is treatment-emergent, as the configuration of the dose counts days."""
    last_day = dosed_under(dose, study).safety.last_teae_day
    baseline = tracked.entry.baseline_grade
    return is_treatment_emergent(tracked.course, baseline, dose_date(dose, study), last_day)


def is_adjudication_due(tracked: TrackedAdverseEvent, dose: Dose, study: Study) -> bool:
    """Tell whether the committee must judge (again), domain 1.2.

    A candidate on which not enough members agree since its last change, unless it is confirmed already
    and nobody judges otherwise; or a confirmed one that is a candidate no more. So a confirmed one that
    got worse is not due.
    """
    candidate = is_candidate(tracked, dose, study)
    if tracked.is_dlt:
        return tracked.is_disputed or not candidate
    return candidate and not tracked.is_settled


def due_of(subject: Subject, study: Study) -> tuple[AdjudicationDue, ...]:
    """Return the adjudications due for a dosed subject, in order of entry."""
    if subject.dose is None:
        return ()
    level = dose_level(subject.dose, study)
    return tuple(
        AdjudicationDue(ae_id, level)
        for ae_id, tracked in subject.adverse_events.items()
        if is_adjudication_due(tracked, subject.dose, study)
    )


def max_related_grade(subject: Subject, study: Study) -> int:
    """Return the highest related grade with onset in the window, 0 where there is none."""
    dose = subject.dose
    if dose is None:
        return 0
    day_zero, criteria = dose_date(dose, study), dlt_criteria(dosed_under(dose, study))
    grades = (
        facts.grade
        for facts in (_facts(tracked, day_zero) for tracked in subject.adverse_events.values())
        if counts_as_related_grade(facts, day_zero, criteria)
    )
    return max(grades, default=0)


def left_early(subject: Subject, study: Study) -> bool:
    """Tell whether the subject left before the DLT window was completed, by the days, not by order of entry.

    On the window's last day the investigator's word decides: a window that was closed stays completed.
    """
    if subject.left_on is None or subject.dose is None:
        return subject.left_on is not None
    last_day = window_last_day(subject.dose, study)
    return subject.left_on < last_day or (subject.left_on == last_day and not subject.window_completed)


def outcome_status(subject: Subject, study: Study) -> OutcomeStatus:
    """Return whether the dosed subject is evaluable, pending or withdrawn (domain 1.1)."""
    if subject.has_dlt:
        return OutcomeStatus.EVALUABLE
    if left_early(subject, study):
        return OutcomeStatus.WITHDRAWN
    return OutcomeStatus.EVALUABLE if subject.window_completed else OutcomeStatus.PENDING


def outcome_of(key: str, subject: Subject, study: Study) -> Outcome | None:
    """Return the subject's outcome, None before dosing."""
    if subject.dose is None:
        return None
    return Outcome(
        subject=key,
        level=dose_level(subject.dose, study),
        dlt=subject.has_dlt,
        max_related_grade=max_related_grade(subject, study),
        status=outcome_status(subject, study),
    )
