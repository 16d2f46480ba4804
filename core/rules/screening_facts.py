"""What is known of a subject at screening, and the signed limits it is held against.

- A measurement carries the one unit of its name; another unit is refused, not converted.
- An attestation is a person's signed word on what no number shows; None is "not said".
- Limits are protocol configuration and arrive with the question.

Source: domain 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from core.rules.quantities import HasQuantity, Sex


class Group(StrEnum):
    """The two populations of the trial; the investigator picks one."""

    CLF = "CLF"
    ACLF = "ACLF"


class Measurement(StrEnum):
    """Names of what is measured at screening."""

    WEIGHT = "weight"
    BILIRUBIN = "bilirubin"
    INR = "inr"
    PTA = "pta"
    ALBUMIN = "albumin"
    PLATELETS = "platelets"
    CREATININE = "creatinine"
    SODIUM = "sodium"
    PAO2_FIO2 = "pao2_fio2"


UNITS: Final[Mapping[Measurement, str]] = {
    Measurement.WEIGHT: "kg",
    Measurement.BILIRUBIN: "umol/L",
    Measurement.INR: "1",
    Measurement.PTA: "%",
    Measurement.ALBUMIN: "g/L",
    Measurement.PLATELETS: "10*9/L",
    Measurement.CREATININE: "umol/L",
    Measurement.SODIUM: "mmol/L",
    Measurement.PAO2_FIO2: "mm[Hg]",
}


class Attestation(StrEnum):
    """What the investigator attests; each is worded so that "true" states the thing named."""

    CIRRHOSIS_WITH_DECOMPENSATION = "cirrhosis_with_decompensation"  # CLF-0
    ENCEPHALOPATHY_ABOVE_GRADE_2 = "encephalopathy_above_grade_2"  # CLF-7
    NO_OBVIOUS_IMPROVEMENT = "no_obvious_improvement"  # CLF-8, ACLF-7
    EARLY_STAGE_ACUTE_SYNDROME = "early_stage_acute_syndrome"  # ACLF-0
    FATIGUE_AND_GI_SYMPTOM = "fatigue_and_gi_symptom"  # ACLF-3
    ASCITES_OR_HE_WITHIN_4_WEEKS = "ascites_or_he_within_4_weeks"  # ACLF-4
    PROGRESSIVE_JAUNDICE = "progressive_jaundice"  # ACLF-5
    BRAIN_OEDEMA_HERNIATION_OR_HAEMORRHAGE = "brain_oedema_herniation_or_haemorrhage"  # EXC-1
    LIVER_CANCER_KNOWN_OR_SUSPECTED = "liver_cancer_known_or_suspected"  # EXC-2
    OXYGENATION_UNCORRECTABLE = "oxygenation_uncorrectable"  # EXC-3
    DISSEMINATED_COAGULATION = "disseminated_coagulation"  # EXC-4
    ACTIVE_BLEEDING = "active_bleeding"  # EXC-5
    UNCONTROLLED_INFECTION = "uncontrolled_infection"  # EXC-6
    PLATELETS_UNCORRECTABLE = "platelets_uncorrectable"  # EXC-7
    HIV_POSITIVE = "hiv_positive"  # EXC-8
    SARS_COV_2_POSITIVE = "sars_cov_2_positive"  # EXC-8
    DRUG_ABUSE_WITHIN_A_YEAR = "drug_abuse_within_a_year"  # EXC-9
    HAEMODYNAMIC_INSTABILITY = "haemodynamic_instability"  # EXC-10
    PREGNANT_OR_LACTATING = "pregnant_or_lactating"  # EXC-11
    OF_CHILDBEARING_POTENTIAL = "of_childbearing_potential"  # EXC-11
    HCG_NEGATIVE = "hcg_negative"  # EXC-11
    OTHER_REASON_AGAINST_INCLUSION = "other_reason_against_inclusion"  # EXC-12


@dataclass(frozen=True, slots=True)
class EligibilityCriteria:
    """Signed limits of the trial; whether a limit itself is in or out stands with its rule."""

    min_weight_kg: Decimal
    min_age: int
    max_age: int
    bilirubin_uln_umol_l: Decimal
    clf_max_bilirubin_uln_multiple: Decimal
    aclf_min_bilirubin_umol_l: Decimal
    aclf_inr: Decimal
    aclf_pta_percent: Decimal
    min_days_of_prior_treatment: int
    min_pao2_fio2_mmhg: Decimal
    min_platelets_e9_l: Decimal


@dataclass(frozen=True, slots=True)
class ScreeningFacts:
    """One screening: age in completed years at consent, measurements and attestations by name.

    Raises: `UNKNOWN_MEASUREMENT`, `UNKNOWN_ATTESTATION`, `UNKNOWN_UNIT`, `NON_POSITIVE`.
    """

    group: Group
    sex: Sex
    age_years: int
    measurements: Mapping[str, HasQuantity]
    days_of_prior_treatment: int | None
    attestations: Mapping[str, bool | None]

    def __post_init__(self) -> None:
        for name, quantity in self.measurements.items():
            _require_measurement(name, quantity)
        if unknown := sorted(self.attestations.keys() - set(Attestation)):
            raise Malformed("UNKNOWN_ATTESTATION", "there is no such attestation", names=tuple(unknown))

    def measured(self, name: Measurement) -> Decimal | None:
        """Return the value in the unit of its name, None where it was not measured."""
        quantity = self.measurements.get(name)
        return None if quantity is None else quantity.value

    def attested(self, name: Attestation) -> bool | None:
        """Return the investigator's word, None where there is none."""
        return self.attestations.get(name)


def _require_measurement(name: str, quantity: HasQuantity) -> None:
    if name not in set(Measurement):
        raise Malformed("UNKNOWN_MEASUREMENT", "there is no such measurement", name=name)
    if quantity.unit != UNITS[Measurement(name)]:
        raise Refused("UNKNOWN_UNIT", f"{name} is taken in {UNITS[Measurement(name)]}", name=name)
    if not quantity.value.is_finite() or quantity.value <= 0:
        raise Refused("NON_POSITIVE", f"{name} is not a positive number", name=name)
