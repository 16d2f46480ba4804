"""The study's own numbers: defaults of the protocol configuration of NCT05727722.

Only proposals: what counts is the configuration that was signed (domain 1.5 and 5).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.rules.dlt import DltCriteria
from core.rules.escalation_terms import EscalationRules
from core.rules.screening_facts import EligibilityCriteria

DOSES_E9_CELLS: Final = (Decimal("0.15"), Decimal("0.5"), Decimal("1.5"), Decimal("4.5"))

# The laboratory's own upper limit; the sites' reference ranges are part of the signed configuration.
_BILIRUBIN_ULN_UMOL_L: Final = Decimal("20.5")


def escalation_rules_of_nct05727722() -> EscalationRules:
    """Return one titrated level, then 3+3 with six at the MTD, ten subjects in all."""
    return EscalationRules(
        atd_last_level=1,
        grade2_trigger_count=1,
        early_stop_on_two_dlt=True,
        allow_deescalation=True,
        top_dose_requires_six=True,
        mtd_min_evaluable=6,
        mtd_max_dlt=1,
        cohort_size=3,
        max_per_level=6,
        max_subjects=10,
    )


def dlt_criteria_of_nct05727722() -> DltCriteria:
    """Return the DLT window: days 0 to 28, both in, at least possibly related."""
    return DltCriteria(
        window_days=28, inclusive=True, related=frozenset({"definite", "probable", "possible"})
    )


def criteria_of_nct05727722(bilirubin_uln_umol_l: Decimal = _BILIRUBIN_ULN_UMOL_L) -> EligibilityCriteria:
    """Return the limits of the registered criteria, with the laboratory's own limit of bilirubin."""
    return EligibilityCriteria(
        min_weight_kg=Decimal(40),
        min_age=18,
        max_age=65,
        bilirubin_uln_umol_l=bilirubin_uln_umol_l,
        clf_max_bilirubin_uln_multiple=Decimal(10),
        aclf_min_bilirubin_umol_l=Decimal(85),
        aclf_inr=Decimal("1.5"),
        aclf_pta_percent=Decimal(40),
        min_days_of_prior_treatment=3,
        min_pao2_fio2_mmhg=Decimal(200),
        min_platelets_e9_l=Decimal(20),
    )
