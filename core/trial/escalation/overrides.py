"""What the committee may decide against the table, and the slots that such a decision opens.

* Never above the ceiling, never at a level that skips one: not even with one voice (domain 1.2, Override).
* An override passes neither the sample size nor an adjudication that is due at or below its level, and a
  safety hold stops its doses like any other.
* It opens the level that it names for one filling: to a cohort, or from a cohort to a full level. The
  limits are applied again at each enrolment and dose, on the facts of that moment; a DLT at a lower level
  that becomes known after the signature ends it.
* An MTD against the table still has the subjects that an MTD is made of; a stop is always open.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.kernel.errors import Refused
from core.rules.escalation import DecisionKind
from core.rules.escalation_overlays import await_adjudication, limit_sample_size
from core.rules.escalation_situation import NOBODY
from core.trial.cohorts import adjudications_due, computed_decision, escalation_rules
from core.trial.study.state import require_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.rules.escalation import Decision, EscalationRules, LevelCounts
    from core.trial.escalation.events import DecisionSigned
    from core.trial.study.state import Study
    from core.trial.subject.state import Subject


def require_permitted(
    kind: DecisionKind, level: int | None, subjects: Mapping[str, Subject], study: Study
) -> None:
    """Refuse an override that no vote can justify.

    Raises: `ABOVE_CEILING`, `LEVEL_SKIPPED`, `LEVEL_FULL`, `MTD_NOT_CONFIRMED`, `OVERRIDE_HELD`.
    """
    if level is None:
        return
    computed, rules = computed_decision(subjects, study), escalation_rules(require_config(study))
    if level > computed.ceiling:
        raise Refused("ABOVE_CEILING", "the level is above the highest that may be dosed", level=level)
    counts = _counts(computed, level)
    if kind is DecisionKind.DECLARE_MTD:
        _require_mtd(counts, rules)
        _require_bound_above(level, computed)
        slots = 0
    else:
        if level > 1 + max((one for one, _ in computed.levels), default=0):
            raise Refused("LEVEL_SKIPPED", "no dose level is ever skipped", level=level)
        slots = _upto(counts.counting, rules) - counts.counting
        if slots <= 0:
            raise Refused("LEVEL_FULL", "the level has all the subjects that it can have", level=level)
    held = _limited(replace(computed, decision=kind, level=level, slots=slots, flags=()), subjects, study)
    if held.decision is DecisionKind.HOLD:
        raise Refused("OVERRIDE_HELD", f"no vote passes this: {held.reason}", reason=str(held.reason))


def override_slots(signed: DecisionSigned, level: int, subjects: Mapping[str, Subject], study: Study) -> int:
    """Return the slots that a signed override still gives at its level, which is `level` today.

    Raises: `LEVEL_NOT_OPEN` where what has happened since has taken them away.
    """
    computed, rules = computed_decision(subjects, study), escalation_rules(require_config(study))
    if level > computed.ceiling:
        raise Refused("LEVEL_NOT_OPEN", "the level is now above the highest that may be dosed", level=level)
    then_below = {study.level_now(signed.config_number, tally.level): tally.dlt for tally in signed.levels}
    if any(one < level and counts.dlt > then_below.get(one, 0) for one, counts in computed.levels):
        raise Refused("LEVEL_NOT_OPEN", "a lower level has had another DLT since the committee signed")
    then = next((t.evaluable + t.pending for t in signed.levels if t.level == signed.level), 0)
    slots = max(0, _upto(then, rules) - _counts(computed, level).counting)
    open_now = replace(computed, decision=DecisionKind(signed.decision), level=level, slots=slots, flags=())
    limited = _limited(open_now, subjects, study)
    if limited.decision is DecisionKind.HOLD:
        raise Refused("LEVEL_NOT_OPEN", f"no vote passes this: {limited.reason}", reason=str(limited.reason))
    return limited.slots


def _limited(decision: Decision, subjects: Mapping[str, Subject], study: Study) -> Decision:
    rules = escalation_rules(require_config(study))
    return await_adjudication(limit_sample_size(decision, rules), adjudications_due(subjects, study))


def _counts(decision: Decision, level: int) -> LevelCounts:
    return dict(decision.levels).get(level, NOBODY)


def _upto(counting: int, rules: EscalationRules) -> int:
    """Return how far a level is filled: to a cohort, from a cohort on to a full level."""
    return rules.cohort_size if counting < rules.cohort_size else rules.max_per_level


def _require_mtd(counts: LevelCounts, rules: EscalationRules) -> None:
    """Refuse an MTD that lacks what the protocol calls one (domain 1.6, P3)."""
    enough = counts.evaluable >= rules.mtd_min_evaluable and not counts.pending
    if not enough or counts.dlt > rules.mtd_max_dlt:
        raise Refused(
            "MTD_NOT_CONFIRMED",
            f"an MTD has {rules.mtd_min_evaluable} evaluable subjects, and at most {rules.mtd_max_dlt} DLT",
        )


def _require_bound_above(level: int, computed: Decision) -> None:
    """Refuse an MTD that nothing bounds: the next level is exceeded, or there is none (domain 1.6, P3)."""
    if level < computed.ceiling:
        raise Refused(
            "MTD_NOT_CONFIRMED", "an MTD is the highest level, or the one right below an exceeded one"
        )
