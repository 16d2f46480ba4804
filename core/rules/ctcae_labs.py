"""Grades that CTCAE v5.0 suggests for a laboratory value.

- A suggestion only: the grade of an adverse event is an investigator's signed entry, and a dose-limiting
  toxicity is adjudicated, never derived from here.
- No suggestion where a number cannot tell: a limit that could make a worse grade has no reference, or the
  term has no numeric limits. Grade 0 is said only if every limit is known not to be passed.
- The baseline is abnormal if it lies outside the normal range on the side that is graded; an unknown one,
  as before dosing, counts as normal.

Source: domain 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.rules.ctcae_lab_rules import LAB_RULES, BaselineRule, LabRule
from core.rules.ctcae_limits import LabValue, Limit, Sign
from core.rules.lab_units import in_standard_unit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from core.rules.quantities import HasQuantity

NO_LIMIT_PASSED: Final = "no limit passed"

_BY_TERM: Final[Mapping[str, LabRule]] = {rule.term: rule for rule in LAB_RULES}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A grade from 0, not graded, to 4, with the criterion that makes it.

    `baseline_abnormal` tells how the baseline lay, whether or not the term's grades depend on it.
    """

    term: str
    grade: int
    baseline_abnormal: bool
    rule: str


def suggestions(analyte: str, lab: LabValue) -> tuple[Suggestion, ...]:
    """Return the suggestion of every term that grades the analyte, sodium for one having two.

    Terms of which the number alone tells nothing are left out; so are analytes without a term.
    """
    found = (suggestion(rule.term, lab) for rule in LAB_RULES if rule.analyte == analyte)
    return tuple(one for one in found if one is not None)


def suggestion(term: str, lab: LabValue) -> Suggestion | None:
    """Return the grade of a value under a term, None if the number cannot tell or no rule exists."""
    rule = _BY_TERM.get(term)
    if rule is None or not rule.by_range:
        return None
    limits = _limits_in_force(rule, lab)
    grades = _aggravated(rule, limits, lab) | _grades(limits, lab)
    worst = max(grades, default=0)
    if any(limit.grade > worst and limit.passed_by(lab.value, lab) is None for limit in limits):
        return None
    return Suggestion(term, worst, _is_baseline_abnormal(rule, lab), grades.get(worst, NO_LIMIT_PASSED))


def in_standard_units(
    analyte: str,
    result: HasQuantity,
    *,
    lower: HasQuantity | None = None,
    upper: HasQuantity | None = None,
    baseline: HasQuantity | None = None,
    signs: frozenset[Sign] = frozenset(),
) -> LabValue:
    """Return a result with its laboratory's limits and its baseline, each converted from its own unit.

    Raises: `UNKNOWN_ANALYTE`, `UNKNOWN_UNIT`.
    """

    def standard(quantity: HasQuantity | None) -> Decimal | None:
        return None if quantity is None else in_standard_unit(analyte, quantity).value

    value = in_standard_unit(analyte, result).value
    return LabValue(value, standard(lower), standard(upper), standard(baseline), signs)


def _limits_in_force(rule: LabRule, lab: LabValue) -> tuple[Limit, ...]:
    match rule.baseline_rule:
        case BaselineRule.NEVER:
            return rule.by_range
        case BaselineRule.IF_ABNORMAL:
            return rule.by_baseline if _is_baseline_abnormal(rule, lab) else rule.by_range
        case BaselineRule.IF_ANTICOAGULATED:
            return rule.by_baseline if Sign.ANTICOAGULATED in lab.signs else rule.by_range
        case BaselineRule.ALWAYS_TOO:
            # Before dosing there is no baseline, and a creatinine is graded by its range all the same.
            return rule.by_range if lab.baseline is None else (*rule.by_range, *rule.by_baseline)


def _is_baseline_abnormal(rule: LabRule, lab: LabValue) -> bool:
    """Return whether the baseline itself passes the limit of grade 1, which is the normal limit."""
    return lab.baseline is not None and rule.by_range[0].passed_by(lab.baseline, lab) is True


def _grades(limits: tuple[Limit, ...], lab: LabValue) -> dict[int, str]:
    """Return the grades whose limit is passed, each with the first such limit."""
    passed = [limit for limit in limits if limit.passed_by(lab.value, lab)]
    return {limit.grade: limit.words for limit in reversed(passed)}


def _aggravated(rule: LabRule, limits: tuple[Limit, ...], lab: LabValue) -> dict[int, str]:
    """Return the grades that signs make of a value beyond the limits, those by normal range included.

    Bleeding on an anticoagulant counts also while the INR stays below an already prolonged baseline.
    """
    number = max([*_grades(limits, lab), *_grades(rule.by_range, lab)], default=0)
    return {one.to: str(one.sign) for one in rule.aggravations if one.sign in lab.signs and number >= one.of}
