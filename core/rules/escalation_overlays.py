"""What may stand between a row of the table and a dose: the sample size, an adjudication that is due.

- Sample size comes first: where both apply, the reason is `sample_size_limit`.
- A hold keeps the level and says in a flag what the decision would be.
- The safety hold is no overlay: it refuses the dosing command and leaves the decision visible.

Source: domain 1.2, overlays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from core.rules.escalation_terms import Decision, DecisionKind, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.rules.escalation_terms import AdjudicationDue, EscalationRules

# A hold says in this flag what the table alone would decide.
HELD_FLAG: Final = "would_be:"


def limit_sample_size(decision: Decision, rules: EscalationRules) -> Decision:
    """Return the decision cut to the places left; without a place left it becomes a hold.

    Whether replaced subjects count is configuration. A terminal decision is never blocked.
    """
    if rules.max_subjects is None or decision.slots == 0:
        return decision
    replaced = 0 if rules.replaced_count else sum(counts.withdrawn for _, counts in decision.levels)
    left = rules.max_subjects + replaced - sum(counts.dosed for _, counts in decision.levels)
    if left <= 0:
        return _held(decision, Reason.SAMPLE_SIZE_LIMIT)
    if left < decision.slots:
        return replace(decision, slots=left, flags=(*decision.flags, "slots_capped_by_sample_size"))
    return decision


def await_adjudication(decision: Decision, due: Iterable[AdjudicationDue]) -> Decision:
    """Return a hold where an adjudication is due at or below the level that the decision acts on."""
    acts = decision.slots > 0 or decision.decision.is_terminal
    level = _acting_level(decision)
    if acts and any(one.level <= level for one in due):
        return _held(decision, Reason.DLT_ADJUDICATION_DUE)
    return decision


def _acting_level(decision: Decision) -> int:
    # `stop_no_mtd` names no level; it rests on the DLTs of the lowest one.
    return 1 if decision.level is None else decision.level


def _held(decision: Decision, reason: Reason) -> Decision:
    flags = (*decision.flags, f"{HELD_FLAG}{decision.decision}")
    return replace(decision, decision=DecisionKind.HOLD, mtd=None, reason=reason, slots=0, flags=flags)
