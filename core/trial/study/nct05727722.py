"""The built-in configuration of NCT05727722: a proposal to be signed, never a constant of the code.

Source: registry record NCT05727722; defaults of domain 1.5, 4, 5, 6 and 7, which the sponsor must confirm.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Final

from core.kernel.quantities import Quantity
from core.rules.nct05727722 import (
    DOSES_E9_CELLS,
    criteria_of_nct05727722,
    dlt_criteria_of_nct05727722,
    escalation_rules_of_nct05727722,
)
from core.trial.study.config import (
    PLACEHOLDER_DIGEST,
    CommitteeRules,
    ConsentForm,
    DataRules,
    DltDefinition,
    DltExclusion,
    DoseLevel,
    DosingRules,
    EscalationParameters,
    HistoricalControl,
    HlaRules,
    ImprovementRules,
    MeldRules,
    ProductSpecification,
    ProtocolConfig,
    SafetyRules,
    SurvivalRules,
    Threshold,
    VisitWindow,
)
from core.trial.study.eligibility import UNIT_OF
from core.trial.study.laboratory import plausible_ranges, reference_ranges

STUDY: Final = "NCT05727722"
SITE_ZONE: Final = "Asia/Shanghai"
CELLS_UNIT: Final = "10*9"
RULES_VERSION: Final = "dosetrail-rules/1"

_CAUSALITIES: Final = ("definite", "probable", "possible")
_SAFETY: Final = ("labs",)
_VISITS: Final = (
    (0, 0, 0, (*_SAFETY, "hla")),
    (1, 1, 1, _SAFETY),
    (3, 2, 4, _SAFETY),
    (7, 6, 8, _SAFETY),
    (14, 12, 16, (*_SAFETY, "hla")),
    (28, 25, 31, (*_SAFETY, "hla")),
    (60, 55, 65, (*_SAFETY, "hla", "vital_status", "improvement")),
)
_REACTION_TERMS: Final = ("Fever", "Chills", "Infusion related reaction", "Abdominal pain")
_HOURS_OF_A_WEEK: Final = 168
# A training text: the sponsor proposes the digest of the form that the ethics committee approved.


def protocol_config() -> ProtocolConfig:
    """Return the configuration as it is proposed for signature."""
    return ProtocolConfig(
        study=STUDY,
        rules_version=RULES_VERSION,
        zone=SITE_ZONE,
        ctcae_version="5.0",
        levels=tuple(
            DoseLevel(level, Quantity(dose, CELLS_UNIT)) for level, dose in enumerate(DOSES_E9_CELLS, 1)
        ),
        escalation=EscalationParameters(**asdict(escalation_rules_of_nct05727722())),
        dlt=_dlt_definition(),
        related_causalities=_CAUSALITIES,
        dosing=DosingRules(("intraperitoneal",), Decimal(10), 72, 14, 3),
        product=ProductSpecification(Decimal(70), ("sterility", "endotoxin", "mycoplasma")),
        consent_forms=(ConsentForm("1.0", "zh-CN", PLACEHOLDER_DIGEST, date(2024, 1, 1), reconsent=False),),
        eligibility=eligibility_thresholds(),
        reference_ranges=reference_ranges(),
        plausible_ranges=plausible_ranges(),
        visits=tuple(VisitWindow(*visit) for visit in _VISITS),
        meld=MeldRules("meld", "meld-factors/1", 6),
        hla=HlaRules(Decimal(1000), (0, 14, 28, 60)),
        improvement=_improvement(),
        survival=SurvivalRules(
            (1, 3, 7, 14, 28, 60),
            "censored",
            HistoricalControl(Decimal("0.5"), 40, "none named by the registry; to be set by the sponsor"),
        ),
        safety=SafetyRules(
            60, 24, 7, 15, ("related_death", "related_life_threatening", "late_dlt", "two_dlts")
        ),
        committee=CommitteeRules(2),
        data=DataRules(24, 1),
    )


def _dlt_definition() -> DltDefinition:
    """Return the DLT window and definition of domain 1.5; the exclusions are those it names."""
    window = dlt_criteria_of_nct05727722()
    return DltDefinition(
        days=window.window_days,
        inclusive=window.inclusive,
        minimum_grade=window.minimum_grade,
        minimum_worsening=1,
        only_worsened_grades=False,
        exclusions=(
            _exclusion("transient_reaction", _REACTION_TERMS, max_grade=3, back_to_grade=1, within_hours=72),
            _exclusion(
                "isolated_laboratory_value",
                laboratory_only=True,
                max_grade=3,
                back_to_grade=2,
                or_baseline=True,
                within_hours=_HOURS_OF_A_WEEK,
            ),
            _exclusion("unrelated_progression_of_liver_failure", ("Hepatic failure",), max_grade=5),
        ),
        adjudicators=2,
    )


def _exclusion(
    name: str,
    terms: tuple[str, ...] = (),
    *,
    max_grade: int,
    back_to_grade: int = 0,
    laboratory_only: bool = False,
    or_baseline: bool = False,
    within_hours: int | None = None,
) -> DltExclusion:
    return DltExclusion(name, terms, laboratory_only, max_grade, back_to_grade, or_baseline, within_hours)


def _improvement() -> ImprovementRules:
    """Return the guideline's laboratory limits (domain 6); its text is for the sponsor to paste."""
    return ImprovementRules(
        guideline="China 2018 2.6.2.2",
        text="",
        bilirubin_uln_multiple=Decimal(5),
        pta_percent=Decimal(40),
        inr=Decimal("1.5"),
    )


def eligibility_thresholds() -> tuple[Threshold, ...]:
    """Return the registered limits of eligibility, each with its unit."""
    limits = asdict(criteria_of_nct05727722())
    return tuple(Threshold(name, Decimal(limits[name]), unit) for name, unit in UNIT_OF.items())
