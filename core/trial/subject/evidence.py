"""What a screening rests on: values that can be true, taken after consent, and not too old at the dose.

Source: domain 5 (j); domain 3 (plausibility); part 11 section 6 (AssessEligibility).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused
from core.rules.eligibility import RuleResult, judge_eligibility
from core.rules.lab_units import LabAnalyte, in_standard_unit
from core.rules.quantities import Quantity
from core.rules.screening_facts import Attestation
from core.trial.context import require_past
from core.trial.study.eligibility import criteria
from core.trial.subject.events import RuleAnswer
from core.trial.subject.personal_data import require_no_personal_data
from core.trial.subject.screening_entries import screening_facts_of

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from core.trial.study.config import PlausibleRange, ProtocolConfig
    from core.trial.subject.events import Attested, Measured, SubjectScreened
    from core.trial.subject.state import Subject

NOTE_LIMIT: Final = 500
# Completed years of the oldest person; more is a slip of the keyboard.
OLDEST_YEARS: Final = 130
_LONGEST_TREATMENT_DAYS: Final = 36_500


def judged_screening(asked: SubjectScreened, config: ProtocolConfig) -> SubjectScreened:
    """Return the screening with the answer of every rule, by the limits of the configuration.

    Raises: `DUPLICATE_FIELD`, and what the eligibility rules refuse in an entry.
    """
    result = judge_eligibility(screening_facts_of(asked), criteria(config, asked.sex))
    rules = tuple(RuleAnswer(rule, answer) for rule, answer in result.rules)
    return replace(asked, eligible=result.eligible, rules=rules)


def require_sound_evidence(
    screened: SubjectScreened, consented_at: datetime, screened_at: datetime, config: ProtocolConfig
) -> None:
    """Refuse a screening whose entries cannot be true or were taken when they must not be.

    Raises: `IMPLAUSIBLE`, `CONSENT_MISSING` for a value taken before consent, `FUTURE_TIME` for one taken
    after the screening, `REASON_REQUIRED` for EXC-12 without words, `BAD_TEXT`, `PII_SUSPECTED`.
    """
    if not 0 <= screened.age_years <= OLDEST_YEARS:
        raise Malformed("IMPLAUSIBLE", "an age is 0 to 130 completed years", field="age_years")
    days = screened.days_of_prior_treatment
    if days is not None and not 0 <= days <= _LONGEST_TREATMENT_DAYS:
        raise Malformed(
            "IMPLAUSIBLE", "prior treatment lasted 0 days to 100 years", field="days_of_prior_treatment"
        )
    ranges = {one.analyte: one for one in config.plausible_ranges}
    for measured in screened.measurements:
        _require_taken_in_time(measured, consented_at, screened_at)
        if measured.analyte in ranges:
            _require_plausible(measured, ranges[measured.analyte])
    for attested in screened.attestations:
        _require_note(attested)


def _require_taken_in_time(measured: Measured, consented_at: datetime, screened_at: datetime) -> None:
    _require_words(measured.source, "source")
    if measured.measured_at is None:
        return
    if measured.measured_at < consented_at:
        raise Refused("CONSENT_MISSING", f"{measured.analyte} was taken before the subject had consented")
    require_past(measured.measured_at, screened_at, "measured_at")


def _require_plausible(measured: Measured, limits: PlausibleRange) -> None:
    low, value, high = (_comparable(measured, limits, v) for v in (limits.low, measured.value, limits.high))
    if not low <= value <= high:
        raise Refused(
            "IMPLAUSIBLE", f"{measured.analyte} is outside its plausible range", name=measured.analyte
        )


def _comparable(measured: Measured, limits: PlausibleRange, value: Decimal) -> Decimal:
    """Return the value in one unit for both: as it is, or in the standard unit of the laboratory."""
    if measured.unit == limits.unit or measured.analyte not in set(LabAnalyte):
        return value
    unit = measured.unit if value is measured.value else limits.unit
    return in_standard_unit(measured.analyte, Quantity(value, unit)).value


def _require_note(attested: Attested) -> None:
    _require_words(attested.note, "note")
    other = attested.id is Attestation.OTHER_REASON_AGAINST_INCLUSION and attested.holds
    if other and attested.note is None:
        raise Refused("REASON_REQUIRED", "another reason against inclusion is said in words (EXC-12)")


def _require_words(text: str | None, field: str) -> None:
    if text is None:
        return
    if not text.strip() or len(text) > NOTE_LIMIT:
        raise Malformed("BAD_TEXT", f"a {field} has 1 to {NOTE_LIMIT} characters, or is null", field=field)
    require_no_personal_data(text, field)


def evidence_from(subject: Subject) -> datetime | None:
    """Return when the oldest value of the last screening was taken; None before screening.

    What says nothing of its own time was taken at the screening.
    """
    if subject.screened is None or subject.screened_at is None:
        return None
    own = (m.measured_at for m in subject.screened.measurements if m.measured_at is not None)
    return min(own, default=subject.screened_at)


def is_evidence_fresh(subject: Subject, moment: datetime, config: ProtocolConfig) -> bool:
    """Tell whether every screening value is young enough at the moment; the limit itself still is."""
    taken = evidence_from(subject)
    return taken is not None and moment - taken <= timedelta(hours=config.dosing.screening_valid_hours)


def require_evidence_fresh(subject: Subject, moment: datetime, config: ProtocolConfig) -> None:
    """Refuse a dose on screening values that are too old; they are renewed by screening again.

    Raises: `EVIDENCE_STALE`; `NOT_ELIGIBLE` where renewed or corrected values await or miss confirmation.
    """
    if subject.confirmed is None or subject.screened is None or not subject.screened.eligible:
        raise Refused("NOT_ELIGIBLE", "the last screening does not stand confirmed as eligible")
    if not is_evidence_fresh(subject, moment, config):
        hours = config.dosing.screening_valid_hours
        raise Refused("EVIDENCE_STALE", f"screening values may be {hours} hours old at the dose", hours=hours)


def broken_rules(subject: Subject) -> tuple[str, ...]:
    """Return the rules that an enrolled subject's screening, corrected or renewed, no longer passes.

    Enrolment stays; it is a deviation from the protocol.
    """
    if subject.enrolled is None or subject.screened is None:
        return ()
    return tuple(one.rule for one in subject.screened.rules if one.answer is not RuleResult.PASS)
