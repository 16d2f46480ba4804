"""Words of the dose escalation: the signed rules, what a decision is made from, what it says.

- A level is an ordinal from 1; amounts of cells are no business of the decision.
- Outcomes are facts as they stand now; how they came about (late, corrected, retracted) is forgotten.
- `Decision` is complete: its row of the table, its counts and its ceiling stand beside its words.

Source: domain 1.1 and 1.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.kernel.errors import Malformed

# The lowest level that is not cleared comes first, however late its event became known (domain 1.5).
STRICT: Final = "strict"
# Flag of rows 2 to 5: nobody is dosed above this level before it is cleared.
HOLD_ABOVE: Final = "hold_above_level_"
# Flag of row 6: this level, between the MTD and an exceeded one, was never dosed.
UNTESTED_ABOVE: Final = "untested_level_above:"


@dataclass(frozen=True, slots=True)
class EscalationRules:
    """Signed protocol configuration of the escalation (domain 1.5).

    `atd_last_level` None titrates up to the first trigger, 0 never; `max_subjects` None has no limit,
    and replaced subjects count toward it unless `replaced_count` is false.

    Raises: `ESCALATION_RULES_UNSUPPORTED` for a design that the decision table does not describe.
    """

    atd_last_level: int | None
    grade2_trigger_count: int
    early_stop_on_two_dlt: bool
    allow_deescalation: bool
    top_dose_requires_six: bool
    mtd_min_evaluable: int
    mtd_max_dlt: int
    cohort_size: int
    max_per_level: int
    max_subjects: int | None
    replaced_count: bool = True
    late_event_policy: str = STRICT
    expand_while_pending: bool = False

    def __post_init__(self) -> None:
        # Record 9: the presets of the literature are not half-built; a rule we cannot follow is refused.
        follows_table = self.early_stop_on_two_dlt and self.allow_deescalation and self.top_dose_requires_six
        if self.late_event_policy != STRICT or self.expand_while_pending:
            raise Malformed(
                "ESCALATION_RULES_UNSUPPORTED", "late events are strict, and one DLT waits for open windows"
            )
        if not follows_table:
            raise Malformed("ESCALATION_RULES_UNSUPPORTED", "only the six-everywhere design is supported")
        if not self._numbers_fit():
            raise Malformed("ESCALATION_RULES_UNSUPPORTED", "the numbers of the rules contradict each other")

    def _numbers_fit(self) -> bool:
        return (
            0 <= self.mtd_max_dlt < self.cohort_size < self.max_per_level
            # The table fills a level to one number only, and judges it on the same number.
            and self.mtd_min_evaluable == self.max_per_level
            and self.grade2_trigger_count >= 1
            and (self.atd_last_level is None or self.atd_last_level >= 0)
            and (self.max_subjects is None or self.max_subjects >= 1)
        )


class OutcomeStatus(StrEnum):
    """Where a dosed subject stands in the DLT window; a DLT makes any of them evaluable."""

    EVALUABLE = "evaluable"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One dosed subject; a sequence of outcomes is in order of dosing.

    `max_related_grade` is the worst related CTCAE grade with onset in the window, 0 to 5.
    """

    subject: str
    level: int
    dlt: bool
    max_related_grade: int
    status: OutcomeStatus


@dataclass(frozen=True, slots=True)
class LevelCounts:
    """Subjects of one level; `dosed` = `evaluable` + `pending` + `withdrawn`, `evaluable` includes `dlt`."""

    dosed: int
    evaluable: int
    dlt: int
    pending: int
    withdrawn: int
    grade2: int

    @property
    def counting(self) -> int:
        """Return n of domain 1.1: those who are, or may become, evaluable."""
        return self.evaluable + self.pending


@dataclass(frozen=True, slots=True)
class AdjudicationDue:
    """An adverse event whose DLT adjudication is missing or overtaken, at its subject's level."""

    ae_id: str
    level: int


class DecisionKind(StrEnum):
    """What the rules say next."""

    ENROL = "enrol"
    EXPAND = "expand"
    ESCALATE = "escalate"
    DEESCALATE = "deescalate"
    WAIT = "wait"
    HOLD = "hold"
    DECLARE_MTD = "declare_mtd"
    STOP_NO_MTD = "stop_no_mtd"

    @property
    def is_terminal(self) -> bool:
        """Tell whether the escalation ends here, unless a correction reopens it (domain 1.3)."""
        return self in {DecisionKind.DECLARE_MTD, DecisionKind.STOP_NO_MTD}


class Reason(StrEnum):
    """Why the rules say so; names of the rightmost column of domain 1.2 and of its overlays."""

    FIRST_SUBJECT = "first_subject"
    LOWEST_DOSE_TOO_TOXIC = "lowest_dose_too_toxic"
    LOWER_LEVEL_REOPENED = "lower_level_reopened"
    OPEN_WINDOW_LOWER_LEVEL = "open_window_lower_level"
    MTD_CONFIRMED = "mtd_confirmed"
    CONFIRM_LEVEL_BELOW_EXCEEDED = "confirm_level_below_exceeded"
    COHORT_WINDOW_OPEN = "cohort_window_open"
    REPLACEMENT = "replacement"
    ATD_WINDOW_OPEN = "atd_window_open"
    ATD_CLEARED = "atd_cleared"
    TOP_DOSE_CONFIRMATION = "top_dose_confirmation"
    ATD_TRIGGER_DLT = "atd_trigger_dlt"
    ATD_TRIGGER_GRADE2 = "atd_trigger_grade2"
    RESUME_HIGHER_LEVEL = "resume_higher_level"
    FILL_COHORT = "fill_cohort"
    ONE_OF_THREE = "one_of_three"
    ZERO_OF_THREE = "zero_of_three"
    AT_MOST_ONE_OF_SIX = "at_most_one_of_six"
    OPEN_WINDOW_ELSEWHERE = "open_window_elsewhere"
    TOP_DOSE_TOLERATED = "top_dose_tolerated"
    SAMPLE_SIZE_LIMIT = "sample_size_limit"
    DLT_ADJUDICATION_DUE = "dlt_adjudication_due"


@dataclass(frozen=True, slots=True)
class Decision:
    """The computed decision, the table row it came from, and the counts it rests on.

    `slots` is how many more may be dosed at `level` now; `ceiling` the highest level that may be
    dosed at all (0: none); `levels` the counts of every level ever dosed, ascending.
    """

    decision: DecisionKind
    level: int | None
    mtd: int | None
    reason: Reason
    slots: int
    flags: tuple[str, ...]
    row: int
    levels: tuple[tuple[int, LevelCounts], ...]
    ceiling: int
