"""Decisions about a candidate: screening with the answer of every rule, confirmation, screen failure.

* Nobody is screened before consent. Every rule is answered by the configuration that counts.
* A candidate who failed may be screened again as often as the configuration says; each attempt stays.
* Values that became too old before the dose are renewed by another screening, in the same group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Refused
from core.rules.eligibility import RuleResult
from core.trial.context import Context, Decided
from core.trial.study.state import require_config
from core.trial.subject.consent import require_consent, require_consent_to_treatment
from core.trial.subject.events import (
    EligibilityConfirmed,
    SubjectScreened,
    SubjectScreenFailed,
)
from core.trial.subject.evidence import is_evidence_fresh, judged_screening, require_sound_evidence
from core.trial.subject.sequence import has_left, require_in_order

if TYPE_CHECKING:
    from core.trial.facts import Facts
    from core.trial.study.config import ProtocolConfig
    from core.trial.subject.commands import (
        ConfirmEligibility,
        RecordScreenFailure,
        ScreenSubject,
    )
    from core.trial.subject.state import Subject


def screen_subject(facts: Facts, command: ScreenSubject, context: Context) -> tuple[Decided, ...]:
    """Record a screening with the result of every rule.

    Raises: `CONSENT_MISSING`, `CONSENT_WITHDRAWN`, `SUBJECT_EXISTS`, `ILLEGAL_SEQUENCE`, `GROUP_MISMATCH`,
    `NO_RESCREENING_LEFT`, `NO_PROTOCOL_CONFIG`, `DUPLICATE_FIELD`, what `require_sound_evidence` and the
    eligibility rules refuse.
    """
    study, subject = facts.study(), facts.subject(command.subject_key)
    config = require_config(study)
    consent = require_consent_to_treatment(subject, context.occurred_at)
    _require_screenable(subject, command, context, config)
    asked = SubjectScreened(
        group=command.group,
        sex=command.sex,
        age_years=command.age_years,
        measurements=command.measurements,
        days_of_prior_treatment=command.days_of_prior_treatment,
        attestations=command.attestations,
        config_number=study.number,
        eligible=False,
        rules=(),
    )
    judged = judged_screening(asked, config)
    require_sound_evidence(judged, consent.given_at, context.occurred_at, config)
    return (Decided(command.target, judged),)


def _require_screenable(
    subject: Subject, command: ScreenSubject, context: Context, config: ProtocolConfig
) -> None:
    """Refuse unless this is a first screening, one after a failure, or renews values that are too old."""
    if subject.screened is None:
        return
    if subject.dose is not None or has_left(subject):
        raise Refused("ILLEGAL_SEQUENCE", "screening is over once the subject is dosed or has left")
    if subject.screen_failed is not None:
        if subject.attempt > config.data.rescreenings:
            raise Refused("NO_RESCREENING_LEFT", "the protocol allows no further screening of this candidate")
    elif is_evidence_fresh(subject, context.occurred_at, config):
        raise Refused("SUBJECT_EXISTS", "the subject is screened already; correct that screening instead")
    elif subject.enrolled is None and _failed_rules(subject):
        raise Refused("ILLEGAL_SEQUENCE", "who fails a rule is a screen failure before another screening")
    elif subject.screened.group is not command.group:
        raise Refused(
            "GROUP_MISMATCH", "renewed values are for the group that the candidate was screened for"
        )
    require_in_order(subject, context)


def confirm_eligibility(facts: Facts, command: ConfirmEligibility, context: Context) -> tuple[Decided, ...]:
    """Confirm eligibility of a candidate whose every rule passed.

    Raises: `UNKNOWN_SUBJECT`, `CONSENT_MISSING`, `CONSENT_WITHDRAWN`, `ILLEGAL_SEQUENCE`, `GROUP_MISMATCH`,
    `NOT_ELIGIBLE` with the rules.
    """
    subject = facts.known_subject(command.subject_key)
    require_still_candidate(subject)
    require_in_order(subject, context)
    require_consent(subject, context.occurred_at)
    screened = subject.screened
    if screened is None or screened.group is not command.group:
        raise Refused("GROUP_MISMATCH", "the candidate was screened for the other group")
    if not screened.eligible:
        open_rules = [r.rule for r in screened.rules if r.answer is not RuleResult.PASS]
        raise Refused("NOT_ELIGIBLE", "not every eligibility rule passes", rules=open_rules)
    return (Decided(command.target, EligibilityConfirmed(command.group)),)


def record_screen_failure(
    facts: Facts, command: RecordScreenFailure, context: Context
) -> tuple[Decided, ...]:
    """Record a screen failure by exactly the rules that failed; not after enrolment.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `RULES_DIFFER`.
    """
    subject = facts.known_subject(command.subject_key)
    require_still_candidate(subject)
    if subject.enrolled is not None:
        raise Refused("ILLEGAL_SEQUENCE", "an enrolled subject leaves by withdrawal, not by screen failure")
    require_in_order(subject, context)
    failed = _failed_rules(subject)
    if not failed or failed != set(command.failed_rules):
        raise Refused("RULES_DIFFER", "the rules named are not those that failed", rules=sorted(failed))
    return (Decided(command.target, SubjectScreenFailed(command.failed_rules)),)


def _failed_rules(subject: Subject) -> set[str]:
    rules = subject.screened.rules if subject.screened else ()
    return {r.rule for r in rules if r.answer is RuleResult.FAIL}


def require_still_candidate(subject: Subject) -> None:
    """Refuse once the candidate was confirmed, failed or has left.

    Raises: `ILLEGAL_SEQUENCE`.
    """
    if subject.confirmed or subject.screen_failed:
        raise Refused("ILLEGAL_SEQUENCE", "screening of this candidate is already concluded")
    if has_left(subject):
        raise Refused("ILLEGAL_SEQUENCE", "who has left is no candidate any more")
