"""The screening form of a trial script, read as screening facts.

- A script says `exclusions_1_to_12_absent` once; it stands for every exclusion's attestations.
- What the form has no field for (CLF-0, CLF-7, ACLF-0, ACLF-3, ACLF-5) counts as attested (record 5).
- A word of the script on an attestation of its own name wins over both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed
from core.rules.case_reading import field, mapping, number, truth, whole, word
from core.rules.quantities import Quantity, Sex
from core.rules.screening_facts import UNITS, Attestation, Group, Measurement, ScreeningFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELDS: Final[Mapping[str, Measurement]] = {
    "weight_kg": Measurement.WEIGHT,
    "bilirubin_umol_L": Measurement.BILIRUBIN,
    "inr": Measurement.INR,
    "pta_percent": Measurement.PTA,
    "albumin_g_L": Measurement.ALBUMIN,
    "platelets_e9_L": Measurement.PLATELETS,
    "creatinine_umol_L": Measurement.CREATININE,
    "sodium_mmol_L": Measurement.SODIUM,
    "pao2_fio2_mmHg": Measurement.PAO2_FIO2,
}

_SUPPLIED: Final[Mapping[str, bool | None]] = {
    Attestation.CIRRHOSIS_WITH_DECOMPENSATION: True,
    Attestation.ENCEPHALOPATHY_ABOVE_GRADE_2: False,
    Attestation.EARLY_STAGE_ACUTE_SYNDROME: True,
    Attestation.FATIGUE_AND_GI_SYMPTOM: True,
    Attestation.PROGRESSIVE_JAUNDICE: True,
}

_NO_EXCLUSION: Final[Mapping[str, bool | None]] = {
    Attestation.BRAIN_OEDEMA_HERNIATION_OR_HAEMORRHAGE: False,
    Attestation.LIVER_CANCER_KNOWN_OR_SUSPECTED: False,
    Attestation.OXYGENATION_UNCORRECTABLE: False,
    Attestation.DISSEMINATED_COAGULATION: False,
    Attestation.ACTIVE_BLEEDING: False,
    Attestation.UNCONTROLLED_INFECTION: False,
    Attestation.PLATELETS_UNCORRECTABLE: False,
    Attestation.HIV_POSITIVE: False,
    Attestation.SARS_COV_2_POSITIVE: False,
    Attestation.DRUG_ABUSE_WITHIN_A_YEAR: False,
    Attestation.HAEMODYNAMIC_INSTABILITY: False,
    Attestation.PREGNANT_OR_LACTATING: False,
    Attestation.HCG_NEGATIVE: True,
    Attestation.OTHER_REASON_AGAINST_INCLUSION: False,
}

_ALL_ABSENT: Final = "exclusions_1_to_12_absent"
_SCRIPT_NAMES: Final[Mapping[str, str]] = {
    "ascites_or_HE_within_4_weeks": Attestation.ASCITES_OR_HE_WITHIN_4_WEEKS
}


def screening_facts(payload: Mapping[str, object]) -> ScreeningFacts:
    """Return the facts of a script's `SubjectScreened`; absent and null values are not known.

    Raises: `FIELD_MISSING`, `FIELD_MALFORMED`, `UNKNOWN_ATTESTATION`, `NON_POSITIVE`.
    """
    days = payload.get("days_of_prior_regular_treatment")
    return ScreeningFacts(
        group=word(Group, field(payload, "group"), "group"),
        sex=word(Sex, field(payload, "sex"), "sex"),
        age_years=whole(field(payload, "age"), "age", 0, 150),
        measurements=_measurements(payload),
        days_of_prior_treatment=None
        if days is None
        else whole(days, "days_of_prior_regular_treatment", 0, 36500),
        attestations=_attestations(mapping(payload.get("attestations", {}), "attestations")),
    )


def _measurements(payload: Mapping[str, object]) -> dict[str, Quantity]:
    return {
        measurement: Quantity(number(payload[name], name), UNITS[measurement])
        for name, measurement in _FIELDS.items()
        if payload.get(name) is not None
    }


def _attestations(said: Mapping[str, object]) -> dict[str, bool | None]:
    words = {name: None if value is None else truth(value, name) for name, value in said.items()}
    no_exclusion = words.pop(_ALL_ABSENT, None)
    expanded = _NO_EXCLUSION if no_exclusion else {}
    own = {_SCRIPT_NAMES.get(name, name): value for name, value in words.items()}
    if unknown := sorted(own.keys() - set(Attestation)):
        raise Malformed("UNKNOWN_ATTESTATION", "there is no such attestation", names=tuple(unknown))
    return {**_SUPPLIED, **expanded, **own}
