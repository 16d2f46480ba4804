"""The limits of eligibility out of the signed configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.kernel.errors import Refused
from core.rules.screening_facts import EligibilityCriteria

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from core.rules.quantities import Sex
    from core.trial.study.config import ProtocolConfig

BILIRUBIN: Final = "bilirubin"

UNIT_OF: Final[Mapping[str, str]] = {
    "min_weight_kg": "kg",
    "min_age": "a",
    "max_age": "a",
    "clf_max_bilirubin_uln_multiple": "1",
    "aclf_min_bilirubin_umol_l": "umol/L",
    "aclf_inr": "1",
    "aclf_pta_percent": "%",
    "min_days_of_prior_treatment": "d",
    "min_pao2_fio2_mmhg": "mm[Hg]",
    "min_platelets_e9_l": "10*9/L",
}
_COUNTS: Final = frozenset({"min_age", "max_age", "min_days_of_prior_treatment"})


def criteria(config: ProtocolConfig, sex: Sex) -> EligibilityCriteria:
    """Return the limits for a candidate of this sex, as the eligibility rules take them.

    Raises: `BAD_CONFIG` where a limit is missing, unknown or in another unit.
    """
    given = {threshold.name: threshold for threshold in config.eligibility}
    if given.keys() != UNIT_OF.keys() or len(given) != len(config.eligibility):
        raise Refused("BAD_CONFIG", f"eligibility needs exactly the limits {sorted(UNIT_OF)}")
    if wrong := sorted(name for name, limit in given.items() if limit.unit != UNIT_OF[name]):
        raise Refused("BAD_CONFIG", "a limit is in another unit than its name says", names=wrong)
    numbers: dict[str, Any] = {
        name: int(limit.value) if name in _COUNTS else limit.value for name, limit in given.items()
    }
    return EligibilityCriteria(bilirubin_uln_umol_l=_bilirubin_uln(config, sex), **numbers)


def _bilirubin_uln(config: ProtocolConfig, sex: Sex) -> Decimal:
    for limit in config.reference_ranges:
        fits = limit.analyte == BILIRUBIN and limit.unit == "umol/L" and limit.sex in {None, sex}
        if fits and limit.high is not None:
            return limit.high
    raise Refused("BAD_CONFIG", "the upper limit of bilirubin in umol/L is missing")
