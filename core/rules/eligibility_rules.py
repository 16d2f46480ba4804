"""The rules of eligibility as a table: id, kind, and whether the facts satisfy it.

- `satisfied` answers True, False or None (not known); an exclusion is satisfied by its absence.
- Ids and order are those of domain 5, and are stored with a screen failure: names are for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from core.rules.quantities import Sex
from core.rules.screening_facts import (
    Attestation,
    EligibilityCriteria,
    Group,
    Measurement,
    ScreeningFacts,
)
from core.rules.three_valued import all_known, any_known, known_not

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    Predicate: TypeAlias = Callable[[ScreeningFacts, EligibilityCriteria], bool | None]


class RuleKind(StrEnum):
    """Where the answer comes from."""

    COMPUTED = "computed"
    ATTESTED = "attested"
    MIXED = "mixed"
    DESCRIPTOR = "descriptor"


@dataclass(frozen=True, slots=True)
class EligibilityRule:
    """One inclusion or exclusion rule.

    `asks` are the attestations that alone decide it, if any do; `satisfied_by_absence` tells whether
    it is their absence that satisfies it.
    """

    id: str
    kind: RuleKind
    satisfied: Predicate
    asks: tuple[Attestation, ...] = ()
    satisfied_by_absence: bool = False


def _above(value: Decimal | None, limit: Decimal) -> bool | None:
    return None if value is None else value > limit


def _below(value: Decimal | None, limit: Decimal) -> bool | None:
    return None if value is None else value < limit


def _attests(identifier: str, kind: RuleKind, name: Attestation) -> EligibilityRule:
    return EligibilityRule(identifier, kind, lambda facts, _: facts.attested(name), (name,))


def _attests_absence(identifier: str, kind: RuleKind, *names: Attestation) -> EligibilityRule:
    def absent(facts: ScreeningFacts, _: EligibilityCriteria) -> bool | None:
        return known_not(any_known(*(facts.attested(name) for name in names)))

    return EligibilityRule(identifier, kind, absent, names, satisfied_by_absence=True)


def _weight(facts: ScreeningFacts, criteria: EligibilityCriteria) -> bool | None:
    return _above(facts.measured(Measurement.WEIGHT), criteria.min_weight_kg)


def _age(facts: ScreeningFacts, criteria: EligibilityCriteria) -> bool:
    return criteria.min_age <= facts.age_years <= criteria.max_age


def _clf_bilirubin(facts: ScreeningFacts, criteria: EligibilityCriteria) -> bool | None:
    bilirubin = facts.measured(Measurement.BILIRUBIN)
    uln = criteria.bilirubin_uln_umol_l
    return all_known(_above(bilirubin, uln), _below(bilirubin, uln * criteria.clf_max_bilirubin_uln_multiple))


def _treated_in_vain(facts: ScreeningFacts, criteria: EligibilityCriteria) -> bool | None:
    days = facts.days_of_prior_treatment
    long_enough = None if days is None else days > criteria.min_days_of_prior_treatment
    return all_known(long_enough, facts.attested(Attestation.NO_OBVIOUS_IMPROVEMENT))


def _aclf_jaundice(facts: ScreeningFacts, criteria: EligibilityCriteria) -> bool | None:
    # "At or above" is the one limit of the table that is itself in.
    high = known_not(_below(facts.measured(Measurement.BILIRUBIN), criteria.aclf_min_bilirubin_umol_l))
    return all_known(high, facts.attested(Attestation.PROGRESSIVE_JAUNDICE))


def _aclf_coagulation(facts: ScreeningFacts, criteria: EligibilityCriteria) -> bool | None:
    return any_known(
        _above(facts.measured(Measurement.INR), criteria.aclf_inr),
        _below(facts.measured(Measurement.PTA), criteria.aclf_pta_percent),
    )


def _oxygenation(facts: ScreeningFacts, criteria: EligibilityCriteria) -> bool | None:
    low = _below(facts.measured(Measurement.PAO2_FIO2), criteria.min_pao2_fio2_mmhg)
    return known_not(all_known(low, facts.attested(Attestation.OXYGENATION_UNCORRECTABLE)))


def _platelets(facts: ScreeningFacts, criteria: EligibilityCriteria) -> bool | None:
    low = _below(facts.measured(Measurement.PLATELETS), criteria.min_platelets_e9_l)
    return known_not(all_known(low, facts.attested(Attestation.PLATELETS_UNCORRECTABLE)))


def _not_pregnant(facts: ScreeningFacts, _: EligibilityCriteria) -> bool | None:
    if facts.sex == Sex.MALE:
        return True
    untested = all_known(
        facts.attested(Attestation.OF_CHILDBEARING_POTENTIAL),
        known_not(facts.attested(Attestation.HCG_NEGATIVE)),
    )
    return known_not(any_known(facts.attested(Attestation.PREGNANT_OR_LACTATING), untested))


def _descriptor(_: ScreeningFacts, __: EligibilityCriteria) -> bool:
    return True


_C, _A, _M, _D = RuleKind.COMPUTED, RuleKind.ATTESTED, RuleKind.MIXED, RuleKind.DESCRIPTOR
_Rule = EligibilityRule

_CLF: Final = (
    _attests("CLF-0", _A, Attestation.CIRRHOSIS_WITH_DECOMPENSATION),
    _Rule("CLF-1", _C, _weight),
    _Rule("CLF-2", _C, _age),
    _Rule("CLF-3", _C, _clf_bilirubin),
    _Rule("CLF-4", _D, _descriptor),
    _Rule("CLF-5", _D, _descriptor),
    _Rule("CLF-6", _D, _descriptor),
    _attests_absence("CLF-7", _M, Attestation.ENCEPHALOPATHY_ABOVE_GRADE_2),
    _Rule("CLF-8", _M, _treated_in_vain),
)

_ACLF: Final = (
    _attests("ACLF-0", _A, Attestation.EARLY_STAGE_ACUTE_SYNDROME),
    _Rule("ACLF-1", _C, _weight),
    _Rule("ACLF-2", _C, _age),
    _attests("ACLF-3", _A, Attestation.FATIGUE_AND_GI_SYMPTOM),
    _attests("ACLF-4", _M, Attestation.ASCITES_OR_HE_WITHIN_4_WEEKS),
    _Rule("ACLF-5", _M, _aclf_jaundice),
    _Rule("ACLF-6", _C, _aclf_coagulation),
    _Rule("ACLF-7", _M, _treated_in_vain),
)

_EXCLUSIONS: Final = (
    _attests_absence("EXC-1", _A, Attestation.BRAIN_OEDEMA_HERNIATION_OR_HAEMORRHAGE),
    _attests_absence("EXC-2", _A, Attestation.LIVER_CANCER_KNOWN_OR_SUSPECTED),
    _Rule("EXC-3", _M, _oxygenation),
    _attests_absence("EXC-4", _A, Attestation.DISSEMINATED_COAGULATION),
    _attests_absence("EXC-5", _A, Attestation.ACTIVE_BLEEDING),
    _attests_absence("EXC-6", _A, Attestation.UNCONTROLLED_INFECTION),
    _Rule("EXC-7", _M, _platelets),
    # Computed from serology once laboratories report it; until then somebody attests the results.
    _attests_absence("EXC-8", _C, Attestation.HIV_POSITIVE, Attestation.SARS_COV_2_POSITIVE),
    _attests_absence("EXC-9", _A, Attestation.DRUG_ABUSE_WITHIN_A_YEAR),
    _attests_absence("EXC-10", _A, Attestation.HAEMODYNAMIC_INSTABILITY),
    _Rule("EXC-11", _M, _not_pregnant),
    _attests_absence("EXC-12", _A, Attestation.OTHER_REASON_AGAINST_INCLUSION),
)

RULES_OF: Final[Mapping[Group, tuple[EligibilityRule, ...]]] = {
    Group.CLF: _CLF + _EXCLUSIONS,
    Group.ACLF: _ACLF + _EXCLUSIONS,
}
