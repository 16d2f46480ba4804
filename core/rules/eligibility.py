"""Eligibility: every inclusion and exclusion rule of a group answers pass, fail or unknown.

- Eligible only if no rule fails and none is unknown; the investigator's signature comes after.
- A mixed rule uses what is known: platelets above the limit settle it without the attestation.
- Limits are strict exactly where the table of domain 5 is; PTA and INR are never converted.
- CLF-4 to CLF-6 are descriptors ("with or without"): they stand in the result and always pass.

Source: domain 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from core.rules.eligibility_rules import RULES_OF, RuleKind
from core.rules.screening_facts import (
    Attestation,
    EligibilityCriteria,
    Group,
    Measurement,
    ScreeningFacts,
)

if TYPE_CHECKING:
    from core.rules.eligibility_rules import EligibilityRule

__all__ = [
    "Attestation",
    "EligibilityCriteria",
    "EligibilityResult",
    "Group",
    "Measurement",
    "RuleKind",
    "RuleResult",
    "ScreeningFacts",
    "judge_eligibility",
]


class RuleResult(StrEnum):
    """Answer of one rule."""

    PASS = "pass"  # noqa: S105 - the answer of a rule, not a secret
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class EligibilityResult:
    """Answers of all rules of the group, in the order of the protocol."""

    eligible: bool
    rules: tuple[tuple[str, RuleResult], ...]


def judge_eligibility(facts: ScreeningFacts, criteria: EligibilityCriteria) -> EligibilityResult:
    """Return what every rule of the subject's group says about the facts."""
    answers = tuple((rule.id, _answer(rule, facts, criteria)) for rule in RULES_OF[facts.group])
    return EligibilityResult(all(answer is RuleResult.PASS for _, answer in answers), answers)


def _answer(rule: EligibilityRule, facts: ScreeningFacts, criteria: EligibilityCriteria) -> RuleResult:
    satisfied = rule.satisfied(facts, criteria)
    if satisfied is None:
        return RuleResult.UNKNOWN
    return RuleResult.PASS if satisfied else RuleResult.FAIL
