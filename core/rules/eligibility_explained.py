"""Why a rule of eligibility failed, in the facts themselves: `CLF-3 (214 >= 10 x 20.5 = 205)`.

- An explanation states comparisons that are true and attestations that were given; it judges nothing.
- Numbers read without trailing zeros; `x` is times; limits come from the signed criteria.

Source: domain 5; the form of `expected.screen_failures` in the golden trial.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from core.rules.eligibility_rules import RULES_OF
from core.rules.screening_facts import Attestation, EligibilityCriteria, Measurement, ScreeningFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from decimal import Decimal

    from core.rules.eligibility_rules import EligibilityRule

    Explanation: TypeAlias = Callable[[ScreeningFacts, EligibilityCriteria], Iterator[str]]


def explain_failure(rule: str, facts: ScreeningFacts, criteria: EligibilityCriteria) -> str:
    """Return the id of a rule that failed with the facts that made it fail.

    A rule that did not fail, or of another group, reads as its id alone.
    """
    found = next((one for one in RULES_OF[facts.group] if one.id == rule), None)
    if found is None or found.satisfied(facts, criteria) is not False:
        return rule
    given = _COMPUTED[rule](facts, criteria) if rule in _COMPUTED else _attested(found, facts)
    return f"{rule} ({', '.join(given)})"


def _number(value: Decimal | int) -> str:
    """Return the number without trailing zeros and without exponent."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _weight(facts: ScreeningFacts, criteria: EligibilityCriteria) -> Iterator[str]:
    yield from _not_above(facts.measured(Measurement.WEIGHT), criteria.min_weight_kg)


def _age(facts: ScreeningFacts, criteria: EligibilityCriteria) -> Iterator[str]:
    yield from _below(facts.age_years, criteria.min_age)
    if facts.age_years > criteria.max_age:
        yield f"{facts.age_years} > {criteria.max_age}"


def _clf_bilirubin(facts: ScreeningFacts, criteria: EligibilityCriteria) -> Iterator[str]:
    value, uln = facts.measured(Measurement.BILIRUBIN), criteria.bilirubin_uln_umol_l
    multiple = criteria.clf_max_bilirubin_uln_multiple
    yield from _not_above(value, uln)
    if value is not None and value >= uln * multiple:
        yield f"{_number(value)} >= {_number(multiple)} x {_number(uln)} = {_number(uln * multiple)}"


def _treated_in_vain(facts: ScreeningFacts, criteria: EligibilityCriteria) -> Iterator[str]:
    for reason in _not_above(facts.days_of_prior_treatment, criteria.min_days_of_prior_treatment):
        yield f"{reason} days"
    yield from _said(facts, Attestation.NO_OBVIOUS_IMPROVEMENT, holds=False)


def _aclf_jaundice(facts: ScreeningFacts, criteria: EligibilityCriteria) -> Iterator[str]:
    yield from _below(facts.measured(Measurement.BILIRUBIN), criteria.aclf_min_bilirubin_umol_l)
    yield from _said(facts, Attestation.PROGRESSIVE_JAUNDICE, holds=False)


def _aclf_coagulation(facts: ScreeningFacts, criteria: EligibilityCriteria) -> Iterator[str]:
    inr, pta = facts.measured(Measurement.INR), facts.measured(Measurement.PTA)
    yield from (f"INR {reason}" for reason in _not_above(inr, criteria.aclf_inr))
    if pta is not None and pta >= criteria.aclf_pta_percent:
        yield f"PTA {_number(pta)} >= {_number(criteria.aclf_pta_percent)}"


def _oxygenation(facts: ScreeningFacts, criteria: EligibilityCriteria) -> Iterator[str]:
    low = _below(facts.measured(Measurement.PAO2_FIO2), criteria.min_pao2_fio2_mmhg)
    yield from (f"{reason}, uncorrectable attested" for reason in low)


def _platelets(facts: ScreeningFacts, criteria: EligibilityCriteria) -> Iterator[str]:
    low = _below(facts.measured(Measurement.PLATELETS), criteria.min_platelets_e9_l)
    yield from (f"{reason}, uncorrectable attested" for reason in low)


def _pregnancy(facts: ScreeningFacts, _: EligibilityCriteria) -> Iterator[str]:
    yield from _said(facts, Attestation.PREGNANT_OR_LACTATING, holds=True)
    if facts.attested(Attestation.OF_CHILDBEARING_POTENTIAL):
        for reason in _said(facts, Attestation.HCG_NEGATIVE, holds=False):
            yield f"of childbearing potential, {reason}"


def _attested(rule: EligibilityRule, facts: ScreeningFacts) -> Iterator[str]:
    """Yield what was attested against the subject: an exclusion's presence, an inclusion's absence."""
    for name in rule.asks:
        yield from _said(facts, name, holds=rule.satisfied_by_absence)


def _said(facts: ScreeningFacts, name: Attestation, *, holds: bool) -> Iterator[str]:
    if facts.attested(name) is holds:
        yield f"{name.replace('_', ' ')} attested{'' if holds else ' absent'}"


def _not_above(value: Decimal | int | None, limit: Decimal | int) -> Iterator[str]:
    if value is not None and value <= limit:
        yield f"{_number(value)} <= {_number(limit)}"


def _below(value: Decimal | int | None, limit: Decimal | int) -> Iterator[str]:
    if value is not None and value < limit:
        yield f"{_number(value)} < {_number(limit)}"


_COMPUTED: Final[Mapping[str, Explanation]] = {
    "CLF-1": _weight,
    "ACLF-1": _weight,
    "CLF-2": _age,
    "ACLF-2": _age,
    "CLF-3": _clf_bilirubin,
    "CLF-8": _treated_in_vain,
    "ACLF-7": _treated_in_vain,
    "ACLF-5": _aclf_jaundice,
    "ACLF-6": _aclf_coagulation,
    "EXC-3": _oxygenation,
    "EXC-7": _platelets,
    "EXC-11": _pregnancy,
}
