"""Where the escalation stands: domain 1.1 computed from the outcomes.

- Everything but `last_level` is blind to the order of dosing (domain 1.6, P9).
- `focus` is the level that the table speaks about: the lowest reopened one, else the current one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.rules.escalation_terms import EscalationRules, LevelCounts, Outcome, OutcomeStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOBODY = LevelCounts(dosed=0, evaluable=0, dlt=0, pending=0, withdrawn=0, grade2=0)


def _counted(outcomes: Sequence[Outcome]) -> LevelCounts:
    # A DLT counts at once, though the window is open or the subject has left (domain 1.1).
    without_dlt = [one for one in outcomes if not one.dlt]
    pending = sum(one.status is OutcomeStatus.PENDING for one in without_dlt)
    withdrawn = sum(one.status is OutcomeStatus.WITHDRAWN for one in without_dlt)
    return LevelCounts(
        dosed=len(outcomes),
        evaluable=len(outcomes) - pending - withdrawn,
        dlt=len(outcomes) - len(without_dlt),
        pending=pending,
        withdrawn=withdrawn,
        grade2=sum(one.max_related_grade >= 2 for one in without_dlt),
    )


def count_levels(outcomes: Sequence[Outcome]) -> dict[int, LevelCounts]:
    """Return the counts of every level ever dosed, ascending (e, d, p, w, g of domain 1.1)."""
    by_level: defaultdict[int, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_level[outcome.level].append(outcome)
    return {level: _counted(by_level[level]) for level in sorted(by_level)}


@dataclass(frozen=True, slots=True)
class Situation:
    """State of the escalation as the table reads it; `last_level` 0 while nobody is dosed."""

    rules: EscalationRules
    top: int
    levels: Mapping[int, LevelCounts]
    last_level: int
    ceiling: int
    trigger: int | None
    focus: int
    reopened: bool

    @property
    def here(self) -> LevelCounts:
        """Return the counts at the focus."""
        return self.levels.get(self.focus, NOBODY)

    @property
    def n(self) -> int:
        """Return how many at the focus are or may become evaluable."""
        return self.here.counting

    @property
    def e(self) -> int:
        """Return how many at the focus are evaluable."""
        return self.here.evaluable

    @property
    def d(self) -> int:
        """Return how many at the focus had a DLT."""
        return self.here.dlt

    @property
    def p(self) -> int:
        """Return how many at the focus are pending."""
        return self.here.pending

    @property
    def confirming(self) -> bool:
        """Tell whether some level is exceeded, so that the one below has to be confirmed."""
        return self.ceiling < self.top

    @property
    def pending_anywhere(self) -> bool:
        """Tell whether any DLT window is open."""
        return any(counts.pending for counts in self.levels.values())

    def titrates(self, level: int) -> bool:
        """Tell whether one subject is enough at the level: mode `atd` of domain 1.1."""
        return level <= _atd_end(self.rules, self.top) and (self.trigger is None or level < self.trigger)


def survey(rules: EscalationRules, top: int, outcomes: Sequence[Outcome]) -> Situation:
    """Return the situation after these outcomes, with levels 1 to `top` to go through."""
    levels = count_levels(outcomes)
    ceiling = _ceiling(rules, top, levels)
    # Level 1 stands in where nothing at or below the ceiling was dosed: no level is ever skipped.
    current = max((level for level in levels if level <= ceiling), default=1)
    uncleared = _lowest_uncleared(rules, top, levels, current)
    return Situation(
        rules=rules,
        top=top,
        levels=levels,
        last_level=outcomes[-1].level if outcomes else 0,
        ceiling=ceiling,
        trigger=_trigger(rules, top, levels),
        focus=current if uncleared is None else uncleared,
        reopened=uncleared is not None,
    )


def _ceiling(rules: EscalationRules, top: int, levels: Mapping[int, LevelCounts]) -> int:
    exceeded = (level for level, counts in levels.items() if counts.dlt > rules.mtd_max_dlt)
    return min(exceeded, default=top + 1) - 1


def _atd_end(rules: EscalationRules, top: int) -> int:
    return top if rules.atd_last_level is None else min(rules.atd_last_level, top)


def _trigger(rules: EscalationRules, top: int, levels: Mapping[int, LevelCounts]) -> int | None:
    """Return the level that ended accelerated titration for the rest of the trial, if one did."""
    grade2 = 0
    for level in range(1, _atd_end(rules, top) + 1):
        counts = levels.get(level, NOBODY)
        grade2 += counts.grade2
        if counts.dlt > 0 or grade2 >= rules.grade2_trigger_count:
            return level
    return None


def _lowest_uncleared(
    rules: EscalationRules, top: int, levels: Mapping[int, LevelCounts], current: int
) -> int | None:
    below = range(1, current)
    atd_end = _atd_end(rules, top)
    uncleared = (level for level in below if not _cleared(rules, atd_end, level, levels.get(level, NOBODY)))
    return next(uncleared, None)


def _cleared(rules: EscalationRules, atd_end: int, level: int, counts: LevelCounts) -> bool:
    """Tell whether a level with a dosed one above it needs nobody any more."""
    # A level above is dosed, so one clean subject is enough wherever titration was allowed:
    # a late grade 2 ends the accelerated phase but does not reopen a level (domain 1.4).
    enough_without_dlt = 1 if level <= atd_end else rules.cohort_size
    if counts.pending:
        return False
    if counts.dlt == 0:
        return counts.evaluable >= enough_without_dlt
    return counts.dlt <= rules.mtd_max_dlt and counts.evaluable >= rules.mtd_min_evaluable
