"""The DLT window, and which adverse events the review committee must judge.

- Days are counted in local trial dates; the day of the dose is day 0 (domain 1.5).
- A candidate is no DLT: only an adjudication makes one. Grade alone never does.
- A related death is a candidate whatever it was before: grade 5 is always worse.
- Which causalities count as related is signed configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from core.kernel.time import study_day

FATAL_GRADE: Final = 5


@dataclass(frozen=True, slots=True)
class DltCriteria:
    """Signed configuration of the window: its days, and what a candidate is.

    `minimum_worsening` is in grades above baseline; with `only_worsened` a grade that was there at
    baseline does not count as a related grade either.
    """

    window_days: int
    inclusive: bool
    related: frozenset[str]
    minimum_grade: int = 3
    minimum_worsening: int = 1
    only_worsened: bool = False


@dataclass(frozen=True, slots=True)
class AdverseEventFacts:
    """What the window asks of an adverse event: worst CTCAE grade 1 to 5, baseline grade 0 to 4.

    `onset` is the day on which it emerged, by beginning or by getting worse; `causalities` are those to
    what the trial does: product and procedure.
    """

    onset: date
    grade: int
    causalities: tuple[str, ...]
    baseline_grade: int = 0


def last_window_day(dose_date: date, window_days: int, inclusive: bool) -> date:  # noqa: FBT001 - agreed shape
    """Return the last local date on which an onset still falls into the window."""
    return dose_date + timedelta(days=window_days if inclusive else window_days - 1)


def in_window(onset: date, dose_date: date, window_days: int, inclusive: bool) -> bool:  # noqa: FBT001 - agreed shape
    """Tell whether an onset falls into the DLT window: 0 <= onset - dose <= window_days (domain 1.5).

    Without `inclusive` the last day is out.
    """
    last = study_day(last_window_day(dose_date, window_days, inclusive), dose_date)
    return 0 <= study_day(onset, dose_date) <= last


def is_related(event: AdverseEventFacts, criteria: DltCriteria) -> bool:
    """Tell whether the event is related to anything that the trial does (domain 1.5)."""
    return not criteria.related.isdisjoint(event.causalities)


def counts_as_related_grade(event: AdverseEventFacts, dose_date: date, criteria: DltCriteria) -> bool:
    """Tell whether the event's grade counts for its subject: related, with onset in the window."""
    if criteria.only_worsened and event.grade <= event.baseline_grade:
        return False
    return is_related(event, criteria) and in_window(
        event.onset, dose_date, criteria.window_days, criteria.inclusive
    )


def is_dlt_candidate(event: AdverseEventFacts, dose_date: date, criteria: DltCriteria) -> bool:
    """Tell whether the event must be adjudicated: related, severe, worse than before, in the window."""
    fatal = event.grade == FATAL_GRADE
    severe = event.grade >= criteria.minimum_grade
    worsened = fatal or event.grade >= event.baseline_grade + criteria.minimum_worsening
    return severe and worsened and counts_as_related_grade(event, dose_date, criteria)
