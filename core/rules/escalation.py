"""The escalation decision: a pure function of the signed rules and of who had which outcome.

1. `survey` turns outcomes into the terms of domain 1.1 (`escalation_situation`).
2. The first row of the table that applies gives the verdict (`escalation_table`).
3. The overlays may cap its slots or turn it into a hold (`escalation_overlays`).

Not done here: staggering (a time rule of the dosing command), the safety hold, overrides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Malformed
from core.rules.escalation_overlays import await_adjudication, limit_sample_size
from core.rules.escalation_situation import Situation, count_levels, survey
from core.rules.escalation_table import judge
from core.rules.escalation_terms import (
    AdjudicationDue,
    Decision,
    DecisionKind,
    EscalationRules,
    LevelCounts,
    Outcome,
    OutcomeStatus,
    Reason,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AdjudicationDue",
    "Decision",
    "DecisionKind",
    "EscalationRules",
    "LevelCounts",
    "Outcome",
    "OutcomeStatus",
    "Reason",
    "count_levels",
    "decide",
]


def decide(
    rules: EscalationRules,
    highest_level: int,
    outcomes: Sequence[Outcome],
    due: Sequence[AdjudicationDue] = (),
) -> Decision:
    """Return what the protocol says next, given the outcomes in order of dosing.

    `highest_level` is K, the number of planned levels, 1 or more.

    Raises: `LEVEL_UNKNOWN` where a level is not one of 1 to K.

    Source: domain 1.2; Korn et al. 1994 (six everywhere), Simon et al. 1997 (accelerated titration).
    """
    _require_levels(highest_level, outcomes)
    situation = survey(rules, highest_level, outcomes)
    decision = _from_table(situation)
    return await_adjudication(limit_sample_size(decision, rules), due)


def _require_levels(highest_level: int, outcomes: Sequence[Outcome]) -> None:
    if highest_level < 1 or any(not 1 <= one.level <= highest_level for one in outcomes):
        raise Malformed("LEVEL_UNKNOWN", f"dose levels are 1 to {highest_level}")


def _from_table(situation: Situation) -> Decision:
    row, verdict = judge(situation)
    return Decision(
        decision=verdict.decision,
        level=verdict.level,
        mtd=verdict.mtd,
        reason=verdict.reason,
        slots=verdict.slots,
        flags=verdict.flags,
        row=row,
        levels=tuple(situation.levels.items()),
        ceiling=situation.ceiling,
    )
