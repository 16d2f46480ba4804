"""When a candidate is not dose-limiting: the named exclusions of the protocol, held against the facts.

- An exclusion is a reason that the committee may give; it never acts by itself.
- Time is judged against the event: where only a day is known, it began at that day's first moment and ended
  at its last, so that no doubt shortens a toxicity.

Source: domain 1.5, "Not DLT".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class ExclusionRule:
    """At most this grade, back to a tolerable one within a time; `terms` empty for any CTCAE term.

    With `laboratory_only` the term must be one that a laboratory value grades; with `or_baseline` the grade
    at baseline is as good as `back_to_grade`; `within` is None where time does not matter.
    """

    terms: frozenset[str]
    laboratory_only: bool
    max_grade: int
    back_to_grade: int
    or_baseline: bool
    within: timedelta | None


@dataclass(frozen=True, slots=True)
class GradePeriod:
    """A grade of the course and between which moments it began."""

    earliest: datetime
    latest: datetime
    grade: int


@dataclass(frozen=True, slots=True)
class ToxicityFacts:
    """What an exclusion asks of an event; `recovered_by` is the last moment at which it was over."""

    term: str
    is_laboratory: bool
    baseline_grade: int
    course: Sequence[GradePeriod]
    recovered_by: datetime | None


def is_excluded(facts: ToxicityFacts, rule: ExclusionRule) -> bool:
    """Tell whether the facts satisfy the exclusion; the limits themselves are within."""
    if rule.terms and facts.term not in rule.terms:
        return False
    if rule.laboratory_only and not facts.is_laboratory:
        return False
    if max(period.grade for period in facts.course) > rule.max_grade:
        return False
    if rule.within is None:
        return True
    tolerable = max(rule.back_to_grade, facts.baseline_grade) if rule.or_baseline else rule.back_to_grade
    lasted = longest_above(facts.course, tolerable, facts.recovered_by)
    return lasted is not None and lasted <= rule.within


def longest_above(
    course: Sequence[GradePeriod], tolerable: int, recovered_by: datetime | None
) -> timedelta | None:
    """Return how long at most the event stood above a grade, from the first rise to the last fall.

    None while it still stands there.
    """
    above = [number for number, period in enumerate(course) if period.grade > tolerable]
    if not above:
        return timedelta(0)
    after = above[-1] + 1
    over = course[after].latest if after < len(course) else recovered_by
    return None if over is None else over - course[above[0]].earliest
