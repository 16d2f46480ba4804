"""A made-up trial whose every number differs from NCT05727722: what is hard-wired shows here.

Three levels in milligrams into a vein, no accelerated titration, a window of 21 days without its last day,
another zone, other limits, visits, clocks and committee.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from core.kernel.quantities import Quantity
from core.trial.study.config import (
    CommitteeRules,
    ConsentForm,
    DataRules,
    DltDefinition,
    DltExclusion,
    DoseLevel,
    DosingRules,
    HlaRules,
    ImprovementRules,
    LaboratoryRules,
    MeldRules,
    PlausibleRange,
    ProductSpecification,
    ProtocolConfig,
    SafetyRules,
    SurvivalRules,
    VisitWindow,
)
from core.trial.study.nct05727722 import protocol_config

OTHER_FORM = ConsentForm("B/2", "de-DE", "sha256:" + "b" * 64, date(2024, 2, 1), reconsent=False)
_LIMITS = {
    "min_weight_kg": "50",
    "min_age": "21",
    "max_age": "70",
    "clf_max_bilirubin_uln_multiple": "8",
    "aclf_min_bilirubin_umol_l": "100",
    "aclf_inr": "1.4",
    "aclf_pta_percent": "45",
    "min_days_of_prior_treatment": "2",
    "min_pao2_fio2_mmhg": "150",
    "min_platelets_e9_l": "30",
}


def other_config() -> ProtocolConfig:
    """Return the configuration of the made-up trial."""
    built_in = protocol_config()
    return replace(
        built_in,
        study="MADE-UP-1",
        zone="Europe/Berlin",
        levels=tuple(DoseLevel(n, Quantity(Decimal(mg), "mg")) for n, mg in enumerate(("1", "2", "5"), 1)),
        escalation=replace(
            built_in.escalation,
            atd_last_level=0,
            grade2_trigger_count=2,
            max_subjects=12,
            replaced_count=False,
        ),
        dlt=DltDefinition(
            days=21,
            inclusive=False,
            minimum_grade=4,
            minimum_worsening=2,
            only_worsened_grades=True,
            exclusions=(
                DltExclusion(
                    "brief_fever",
                    ("Fever",),
                    laboratory_only=False,
                    max_grade=4,
                    back_to_grade=1,
                    or_baseline=False,
                    within_hours=24,
                ),
            ),
            adjudicators=1,
        ),
        related_causalities=("definite", "probable"),
        dosing=DosingRules(("intravenous",), Decimal(5), 48, 7, 1),
        product=ProductSpecification(Decimal(80), ("sterility",)),
        consent_forms=(OTHER_FORM,),
        eligibility=tuple(
            replace(limit, value=Decimal(_LIMITS[limit.name])) for limit in built_in.eligibility
        ),
        reference_ranges=tuple(
            replace(limit, high=Decimal(30)) if limit.analyte == "alt" else limit
            for limit in built_in.reference_ranges
        ),
        plausible_ranges=tuple(
            PlausibleRange("sodium", "mmol/L", Decimal(110), Decimal(170)) if r.analyte == "sodium" else r
            for r in built_in.plausible_ranges
        ),
        visits=tuple(
            VisitWindow(day, first, last, ("labs",))
            for day, first, last in ((5, 4, 6), (10, 9, 11), (21, 20, 22), (90, 80, 100))
        ),
        meld=MeldRules("meld3", "meld-factors/1", 4),
        hla=HlaRules(Decimal(500), (0, 90)),
        improvement=ImprovementRules(
            "Made-up guideline 7", "All of it is invented.", Decimal(3), Decimal(50), Decimal("1.3")
        ),
        survival=SurvivalRules((5, 10, 21, 90), "event", None),
        safety=SafetyRules(90, 12, 5, 10, ("related_death",)),
        committee=CommitteeRules(1),
        data=DataRules(48, 0),
        laboratory=LaboratoryRules(("fibrinogen",)),
    )
