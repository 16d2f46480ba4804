"""The decision table of the escalation: 25 rows, evaluated top to bottom, the first match decides.

- Row numbers, order and words are those of domain 1.2; a row is changed there first.
- 3 is the cohort size and 6 the full level, both from the signed rules; d at the focus never exceeds
  the permitted DLTs, because the focus is at or below the ceiling.
- What a row grants never leads above the ceiling and never fills a level beyond its maximum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.rules.escalation_terms import HOLD_ABOVE, UNTESTED_ABOVE, Reason
from core.rules.escalation_terms import DecisionKind as Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.rules.escalation_situation import Situation


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a row says, before the overlays."""

    decision: Kind
    level: int | None
    reason: Reason
    slots: int = 0
    mtd: int | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in domain 1.2, when it applies, what it says."""

    number: int
    applies: Callable[[Situation], bool]
    verdict: Callable[[Situation], Verdict]


def judge(situation: Situation) -> tuple[int, Verdict]:
    """Return the number of the first row that applies and what it says; there always is one."""
    row = next(row for row in ROWS if row.applies(situation))
    return row.number, row.verdict(situation)


def _cohort(s: Situation) -> int:
    return s.rules.cohort_size


def _full(s: Situation) -> int:
    return s.rules.max_per_level


def _short(s: Situation) -> bool:
    return s.n < s.rules.cohort_size


def _partly_expanded(s: Situation) -> bool:
    return s.rules.cohort_size < s.n < s.rules.max_per_level


def _settled(s: Situation) -> bool:
    """Tell whether the level is passed: a clean cohort, or a full level with few enough DLTs."""
    if s.p or s.n < s.rules.cohort_size:
        return False
    return s.d <= s.rules.mtd_max_dlt if s.n >= s.rules.mtd_min_evaluable else s.d == 0


def _wait(s: Situation, reason: Reason) -> Verdict:
    return Verdict(Kind.WAIT, s.focus, reason)


def _dose(s: Situation, kind: Kind, upto: int, reason: Reason) -> Verdict:
    return Verdict(kind, s.focus, reason, upto - s.n)


def _next_level(s: Situation, slots: int, reason: Reason) -> Verdict:
    return Verdict(Kind.ESCALATE, s.focus + 1, reason, slots)


def _mtd(s: Situation, reason: Reason) -> Verdict:
    # Below the ceiling only where an amendment put a level in between, which nobody was dosed at.
    flags = (f"{UNTESTED_ABOVE}{s.focus + 1}",) if s.focus < s.ceiling else ()
    return Verdict(Kind.DECLARE_MTD, s.focus, reason, mtd=s.focus, flags=flags)


def _first_cohort(s: Situation, level: int) -> int:
    return 1 if s.titrates(level) else _cohort(s)


def _hold_above(s: Situation, verdict: Verdict) -> Verdict:
    # A reopened level lies below a dosed one, so the flag belongs to rows 2 to 5 without exception.
    flags = (f"{HOLD_ABOVE}{s.focus}",)
    return Verdict(verdict.decision, verdict.level, verdict.reason, verdict.slots, flags=flags)


def _refill_reopened(s: Situation) -> Verdict:
    kind = Kind.EXPAND if s.d > 0 and s.last_level != s.focus else Kind.ENROL
    return _hold_above(s, _dose(s, kind, _cohort(s), Reason.LOWER_LEVEL_REOPENED))


def _more(s: Situation) -> Kind:
    return Kind.EXPAND if s.n == _cohort(s) else Kind.ENROL


def _confirm_below(s: Situation) -> Verdict:
    kind = Kind.DEESCALATE if s.last_level > s.focus else _more(s)
    upto = _cohort(s) if _short(s) else _full(s)
    return _dose(s, kind, upto, Reason.CONFIRM_LEVEL_BELOW_EXCEEDED)


def _expand_after_trigger(s: Situation) -> Verdict:
    reason = Reason.ATD_TRIGGER_DLT if s.d > 0 else Reason.ATD_TRIGGER_GRADE2
    return _dose(s, Kind.EXPAND, _cohort(s), reason)


def _fill(s: Situation, upto: int) -> Verdict:
    return _dose(s, Kind.ENROL, upto, Reason.REPLACEMENT if s.here.withdrawn else Reason.FILL_COHORT)


def _escalate_settled(s: Situation) -> Verdict:
    full = s.n >= s.rules.mtd_min_evaluable
    return _next_level(s, _cohort(s), Reason.AT_MOST_ONE_OF_SIX if full else Reason.ZERO_OF_THREE)


def _confirm_top(s: Situation) -> Verdict:
    return _dose(s, _more(s), _full(s), Reason.TOP_DOSE_CONFIRMATION)


def _partly_expanded_and_open(s: Situation) -> Verdict:
    return _wait(s, Reason.COHORT_WINDOW_OPEN) if s.focus < s.top else _confirm_top(s)


ROWS: Final[tuple[Row, ...]] = (
    Row(
        0, lambda s: not s.levels, lambda s: Verdict(Kind.ENROL, 1, Reason.FIRST_SUBJECT, _first_cohort(s, 1))
    ),
    Row(1, lambda s: s.ceiling == 0, lambda _: Verdict(Kind.STOP_NO_MTD, None, Reason.LOWEST_DOSE_TOO_TOXIC)),
    # Some level below the current one is not cleared: it comes first, whatever is open above.
    Row(2, lambda s: s.reopened and _short(s), _refill_reopened),
    Row(
        3,
        lambda s: s.reopened and s.n == _cohort(s) and s.p == 0 and s.d > 0,
        lambda s: _hold_above(s, _dose(s, Kind.EXPAND, _full(s), Reason.LOWER_LEVEL_REOPENED)),
    ),
    Row(
        4,
        lambda s: s.reopened and _partly_expanded(s) and s.d > 0,
        lambda s: _hold_above(s, _dose(s, Kind.ENROL, _full(s), Reason.LOWER_LEVEL_REOPENED)),
    ),
    Row(5, lambda s: s.reopened, lambda s: _hold_above(s, _wait(s, Reason.OPEN_WINDOW_LOWER_LEVEL))),
    # Some level is exceeded: the highest dosed one below it must be full before it is the MTD.
    Row(
        6,
        lambda s: s.confirming and s.e >= s.rules.mtd_min_evaluable and s.p == 0,
        lambda s: _mtd(s, Reason.MTD_CONFIRMED),
    ),
    Row(
        7,
        lambda s: s.confirming and (_short(s) or _partly_expanded(s) or (s.n == _cohort(s) and s.p == 0)),
        _confirm_below,
    ),
    Row(8, lambda s: s.confirming, lambda s: _wait(s, Reason.COHORT_WINDOW_OPEN)),
    # Accelerated titration: one subject a level.
    Row(9, lambda s: s.titrates(s.focus) and s.n == 0, lambda s: _dose(s, Kind.ENROL, 1, Reason.REPLACEMENT)),
    Row(
        10,
        lambda s: s.titrates(s.focus) and s.n == 1 and s.p == 1,
        lambda s: _wait(s, Reason.ATD_WINDOW_OPEN),
    ),
    Row(
        11,
        lambda s: s.titrates(s.focus) and s.n == 1 and s.focus < s.top,
        lambda s: _next_level(s, _first_cohort(s, s.focus + 1), Reason.ATD_CLEARED),
    ),
    Row(
        12,
        lambda s: s.titrates(s.focus) and s.n == 1,
        lambda s: _dose(s, Kind.EXPAND, _cohort(s), Reason.TOP_DOSE_CONFIRMATION),
    ),
    # Every other case: 3+3, or a titrated level with two or more.
    Row(13, lambda s: _short(s) and s.trigger == s.focus and s.here.dosed == 1, _expand_after_trigger),
    Row(
        14,
        lambda s: _short(s) and s.last_level < s.focus,
        lambda s: _dose(s, Kind.ESCALATE, _cohort(s), Reason.RESUME_HIGHER_LEVEL),
    ),
    Row(15, _short, lambda s: _fill(s, _cohort(s))),
    Row(16, lambda s: s.n == _cohort(s) and s.p > 0, lambda s: _wait(s, Reason.COHORT_WINDOW_OPEN)),
    Row(
        17,
        lambda s: s.n == _cohort(s) and s.d > 0,
        lambda s: _dose(s, Kind.EXPAND, _full(s), Reason.ONE_OF_THREE),
    ),
    Row(18, lambda s: _settled(s) and s.focus < s.top and not s.pending_anywhere, _escalate_settled),
    # Rows 2 to 5 leave nobody pending below, the ceiling nobody above; row 19 stays as a second bolt.
    Row(19, lambda s: _settled(s) and s.focus < s.top, lambda s: _wait(s, Reason.OPEN_WINDOW_ELSEWHERE)),
    Row(20, lambda s: _settled(s) and s.e < s.rules.mtd_min_evaluable, _confirm_top),
    Row(21, _settled, lambda s: _mtd(s, Reason.TOP_DOSE_TOLERATED)),
    Row(22, lambda s: _partly_expanded(s) and s.d == 0, _partly_expanded_and_open),
    Row(23, _partly_expanded, lambda s: _fill(s, _full(s))),
    Row(24, lambda _: True, lambda s: _wait(s, Reason.COHORT_WINDOW_OPEN)),
)
