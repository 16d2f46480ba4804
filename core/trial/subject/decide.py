"""Decisions about a subject from screening to dosing.

No path leads to a dose without eligibility, enrolment, an open level and a free slot: each step
refuses unless the one before it stands, and enrolment and dosing ask the protocol's decision table.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.rules.eligibility import RuleResult, ScreeningFacts, judge_eligibility
from core.rules.escalation import DecisionKind, OutcomeStatus
from core.trial.cohorts import computed_decision
from core.trial.context import Context, Decided, require_reason
from core.trial.study.eligibility import criteria
from core.trial.study.state import require_config
from core.trial.subject.events import (
    DoseAdministered,
    EligibilityConfirmed,
    RuleAnswer,
    SubjectEnrolled,
    SubjectScreened,
    SubjectScreenFailed,
)
from core.trial.subject.outcome import outcome_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.rules.eligibility import EligibilityResult
    from core.trial.facts import Facts
    from core.trial.study.events import ProtocolConfig
    from core.trial.subject.commands import (
        AdministerDose,
        ConfirmEligibility,
        EnrolSubject,
        RecordScreenFailure,
        ScreenSubject,
    )
    from core.trial.subject.state import Subject

DOSING = frozenset({DecisionKind.ENROL, DecisionKind.EXPAND, DecisionKind.ESCALATE, DecisionKind.DEESCALATE})
OLDEST_YEARS = 130
DOSE_TOLERANCE = Decimal("1.10")
DOSE_SHORTFALL = Decimal("0.90")


def screen_subject(facts: Facts, command: ScreenSubject, _context: Context) -> tuple[Decided, ...]:
    """Record a screening with the result of every rule.

    Raises: `SUBJECT_EXISTS`, `NO_PROTOCOL_CONFIG`, and what the eligibility rules refuse.
    """
    if facts.subject(command.subject_key).screened is not None:
        raise Refused("SUBJECT_EXISTS", "this subject key is taken and is never used again")
    study = facts.study()
    result = _assessed(command, require_config(study))
    event = SubjectScreened(
        group=command.group,
        sex=command.sex,
        age_years=command.age_years,
        measurements=command.measurements,
        days_of_prior_treatment=command.days_of_prior_treatment,
        attestations=command.attestations,
        config_number=study.number,
        eligible=result.eligible,
        rules=tuple(RuleAnswer(rule, answer) for rule, answer in result.rules),
    )
    return (Decided(command.target, event),)


def _assessed(command: ScreenSubject, config: ProtocolConfig) -> EligibilityResult:
    if not 0 <= command.age_years <= OLDEST_YEARS:
        raise Malformed("IMPLAUSIBLE", "an age is 0 to 130 completed years", field="age_years")
    measurements = {m.analyte: m for m in command.measurements}
    attestations = {str(a.id): a.holds for a in command.attestations}
    if len(measurements) != len(command.measurements) or len(attestations) != len(command.attestations):
        raise Malformed("DUPLICATE_FIELD", "each measurement and each attestation is given once")
    screening = ScreeningFacts(
        group=command.group,
        sex=command.sex,
        age_years=command.age_years,
        measurements=measurements,
        days_of_prior_treatment=command.days_of_prior_treatment,
        attestations=attestations,
    )
    return judge_eligibility(screening, criteria(config))


def confirm_eligibility(facts: Facts, command: ConfirmEligibility, context: Context) -> tuple[Decided, ...]:
    """Confirm eligibility of a candidate whose every rule passed.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `GROUP_MISMATCH`, `NOT_ELIGIBLE` with the rules.
    """
    subject = facts.known_subject(command.subject_key)
    require_still_candidate(subject)
    _require_in_order(subject, context)
    screened = subject.screened
    if screened is None or screened.group is not command.group:
        raise Refused("GROUP_MISMATCH", "the candidate was screened for the other group")
    if not screened.eligible:
        open_rules = [r.rule for r in screened.rules if r.answer is not RuleResult.PASS]
        raise Refused("NOT_ELIGIBLE", "not every eligibility rule passes", rules=open_rules)
    return (Decided(command.target, EligibilityConfirmed(command.group)),)


def _require_in_order(subject: Subject, context: Context) -> None:
    """Refuse a step that claims to have occurred before the step that it rests on.

    A dose claimed for a day before enrolment would have its DLT window over before it began.
    """
    if subject.milestone_at is not None and context.occurred_at < subject.milestone_at:
        raise Refused("ILLEGAL_SEQUENCE", "this cannot have occurred before the step that it rests on")


def record_screen_failure(
    facts: Facts, command: RecordScreenFailure, _context: Context
) -> tuple[Decided, ...]:
    """Record a screen failure by exactly the rules that failed.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `RULES_DIFFER`.
    """
    subject = facts.known_subject(command.subject_key)
    require_still_candidate(subject)
    rules = subject.screened.rules if subject.screened else ()
    failed = {r.rule for r in rules if r.answer is RuleResult.FAIL}
    if not failed or failed != set(command.failed_rules):
        raise Refused("RULES_DIFFER", "the rules named are not those that failed", rules=sorted(failed))
    return (Decided(command.target, SubjectScreenFailed(command.failed_rules)),)


def require_still_candidate(subject: Subject) -> None:
    """Refuse once the candidate was confirmed or failed.

    Raises: `ILLEGAL_SEQUENCE`.
    """
    if subject.confirmed or subject.screen_failed:
        raise Refused("ILLEGAL_SEQUENCE", "screening of this candidate is already concluded")


def enrol_subject(facts: Facts, command: EnrolSubject, context: Context) -> tuple[Decided, ...]:
    """Enrol at the open level while the computed decision has a slot that nobody holds.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `LEVEL_NOT_OPEN`, `NO_FREE_SLOT`, `BAD_REPLACEMENT`.
    """
    subject = facts.known_subject(command.subject_key)
    if subject.confirmed is None or subject.screen_failed or subject.enrolled or has_left(subject):
        raise Refused("ILLEGAL_SEQUENCE", "only a candidate whose eligibility is confirmed can be enrolled")
    _require_in_order(subject, context)
    config = require_config(facts.study())
    subjects = facts.subjects()
    slots = _slots_at(facts, subjects, config, command.level)
    if slots <= waiting_for_dose(subjects, command.level):
        raise Refused("NO_FREE_SLOT", "every slot of this cohort is taken", level=command.level)
    _require_replaceable(command, subjects, config)
    return (Decided(command.target, SubjectEnrolled(command.level, command.replaces)),)


def _slots_at(facts: Facts, subjects: Mapping[str, Subject], config: ProtocolConfig, level: int) -> int:
    """Return the slots that the table gives at the level.

    Raises: `LEVEL_NOT_OPEN` where the committee has not opened it or the table does not ask for it.
    """
    if facts.escalation().open_level != level:
        raise Refused("LEVEL_NOT_OPEN", "the committee has not signed for this dose level", level=level)
    decision = computed_decision(subjects, config)
    if decision.decision not in DOSING or decision.level != level:
        raise Refused(
            "LEVEL_NOT_OPEN",
            f"the protocol's decision is now {decision.decision} ({decision.reason})",
            decision=str(decision.decision),
            reason=decision.reason,
        )
    return decision.slots


def waiting_for_dose(subjects: Mapping[str, Subject], level: int) -> int:
    """Return how many enrolled subjects of the level still wait for their dose."""
    return sum(1 for s in subjects.values() if s.level == level and s.dose is None and not has_left(s))


def has_left(subject: Subject) -> bool:
    """Tell whether the subject has withdrawn, died or received a transplant."""
    return bool(subject.withdrawn or subject.died or subject.transplanted)


def _require_replaceable(
    command: EnrolSubject, subjects: Mapping[str, Subject], config: ProtocolConfig
) -> None:
    if command.replaces is None:
        return
    replaced = subjects.get(command.replaces)
    outcome = outcome_of(command.replaces, replaced, config) if replaced else None
    taken = any(s.enrolled and s.enrolled.replaces == command.replaces for s in subjects.values())
    if outcome is None or outcome.status is not OutcomeStatus.WITHDRAWN or taken:
        raise Refused("BAD_REPLACEMENT", "only a subject who left before evaluation can be replaced, once")
    if outcome.level != command.level:
        raise Refused("BAD_REPLACEMENT", "a replacement takes the same dose level")


def administer_dose(facts: Facts, command: AdministerDose, context: Context) -> tuple[Decided, ...]:
    """Record the dose: once per subject, at the enrolled and open level, never above it.

    Raises: `UNKNOWN_SUBJECT`, `ALREADY_DOSED`, `ILLEGAL_SEQUENCE`, `LEVEL_MISMATCH`, `LEVEL_NOT_OPEN`,
    `NO_FREE_SLOT`, `WRONG_UNIT`, `DOSE_ABOVE_LEVEL`, `REASON_REQUIRED` for less than 90 % of the level.
    """
    subject = facts.known_subject(command.subject_key)
    if subject.dose is not None:
        raise Refused("ALREADY_DOSED", "the product is given once")
    if subject.enrolled is None or has_left(subject):
        raise Refused("ILLEGAL_SEQUENCE", "only an enrolled subject can be dosed")
    _require_in_order(subject, context)
    if subject.enrolled.level != command.level:
        raise Refused("LEVEL_MISMATCH", "the subject is enrolled at another level")
    config = require_config(facts.study())
    _require_amount(command, config, context)
    if _slots_at(facts, facts.subjects(), config, command.level) < 1:
        raise Refused("NO_FREE_SLOT", "the protocol asks for no further dose now", level=command.level)
    return (Decided(command.target, DoseAdministered(command.level, command.cells, command.route)),)


def _require_amount(command: AdministerDose, config: ProtocolConfig, context: Context) -> None:
    nominal = config.levels[command.level - 1].cells
    if command.cells.unit != nominal.unit:
        raise Malformed("WRONG_UNIT", f"cells are counted in {nominal.unit}", field="cells")
    if command.cells.value <= 0:
        raise Malformed("BAD_DECIMAL", "a dose is more than nothing", field="cells")
    if command.cells.value > nominal.value * DOSE_TOLERANCE:
        raise Refused("DOSE_ABOVE_LEVEL", "more cells than the level allows, tolerance 10 %")
    if command.cells.value < nominal.value * DOSE_SHORTFALL:
        # Giving less is a fact to be recorded, and a slip of the keyboard to be noticed.
        require_reason(context)
