"""The DLT window, and which adverse events the review committee must judge.

- Days are counted in local trial dates; the day of the dose is day 0 (domain 1.5).
- A candidate is no DLT: only an adjudication makes one. Grade alone never does.
- Which causalities count as related is signed configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from core.kernel.time import study_day


@dataclass(frozen=True, slots=True)
class DltCriteria:
    """Signed configuration of the window: its days, and what a candidate is."""

    window_days: int
    inclusive: bool
    related: frozenset[str]
    minimum_grade: int = 3


@dataclass(frozen=True, slots=True)
class AdverseEventFacts:
    """What the window asks of an adverse event; the CTCAE grade is 1 to 5."""

    onset: date
    grade: int
    causality: str


def last_window_day(dose_date: date, window_days: int, inclusive: bool) -> date:  # noqa: FBT001 - agreed shape
    """Return the last local date on which an onset still falls into the window."""
    return dose_date + timedelta(days=window_days if inclusive else window_days - 1)


def in_window(onset: date, dose_date: date, window_days: int, inclusive: bool) -> bool:  # noqa: FBT001 - agreed shape
    """Tell whether an onset falls into the DLT window: 0 <= onset - dose <= window_days (domain 1.5).

    Without `inclusive` the last day is out.
    """
    last = study_day(last_window_day(dose_date, window_days, inclusive), dose_date)
    return 0 <= study_day(onset, dose_date) <= last


def counts_as_related_grade(event: AdverseEventFacts, dose_date: date, criteria: DltCriteria) -> bool:
    """Tell whether the event's grade counts for its subject: related, with onset in the window."""
    return event.causality in criteria.related and in_window(
        event.onset, dose_date, criteria.window_days, criteria.inclusive
    )


def is_dlt_candidate(event: AdverseEventFacts, dose_date: date, criteria: DltCriteria) -> bool:
    """Tell whether the event must be adjudicated: related, severe enough, with onset in the window."""
    return event.grade >= criteria.minimum_grade and counts_as_related_grade(event, dose_date, criteria)
