"""The shape of the protocol configuration: everything that the protocol leaves open, in one signed place.

* Numbers that are measurements carry their unit; days are whole study days, day 0 is the dose.
* Nothing here is a default: the values of NCT05727722 stand in `nct05727722`, and what counts is what
  two people signed.

Source: domain 1.5, 4, 5, 6, 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from core.kernel.codec import absent_unless_said
from core.kernel.quantities import Quantity
from core.rules.quantities import Sex


@dataclass(frozen=True, slots=True)
class DoseLevel:
    """One dose level: ordinal from 1 and the number of cells."""

    level: int
    cells: Quantity


@dataclass(frozen=True, slots=True)
class EscalationParameters:
    """Numbers and policies of the escalation rule (domain 1.5).

    `replaced_count` tells whether replaced subjects count toward `max_subjects`; a late event is met by
    `late_event_policy`; `expand_while_pending` would expand on one DLT before every window is closed.
    """

    atd_last_level: int | None
    grade2_trigger_count: int
    early_stop_on_two_dlt: bool
    allow_deescalation: bool
    top_dose_requires_six: bool
    mtd_min_evaluable: int
    mtd_max_dlt: int
    cohort_size: int
    max_per_level: int
    max_subjects: int | None
    replaced_count: bool
    late_event_policy: str
    expand_while_pending: bool


@dataclass(frozen=True, slots=True)
class DltExclusion:
    """A named reason for which a candidate is not dose-limiting: at most this grade, gone in this time.

    `terms` are CTCAE terms, empty for any; with `laboratory_only` the term is one that a laboratory value
    grades. Gone is a grade of at most `back_to_grade`, or that of baseline with `or_baseline`;
    `within_hours` is null where time does not matter.
    """

    id: str
    terms: tuple[str, ...]
    laboratory_only: bool
    max_grade: int
    back_to_grade: int
    or_baseline: bool
    within_hours: int | None


@dataclass(frozen=True, slots=True)
class DltDefinition:
    """When a toxicity is dose-limiting: days after dosing, grade, worsening, relation (domain 1.5).

    `minimum_worsening` is in CTCAE grades above baseline; `adjudicators` is how many members of the
    committee must agree before a judgement takes effect. With `only_worsened_grades` a grade that was
    there at baseline does not end the accelerated titration.
    """

    days: int
    inclusive: bool
    minimum_grade: int
    minimum_worsening: int
    only_worsened_grades: bool
    exclusions: tuple[DltExclusion, ...]
    adjudicators: int


@dataclass(frozen=True, slots=True)
class DosingRules:
    """How the product is given: route, tolerance in % of the level, and how far apart subjects are dosed.

    `screening_valid_hours` is the age that screening values may have at the dose;
    `first_of_level_days` is how long the first subject of a level is watched before the second is dosed,
    `between_subjects_days` how far apart later subjects are.
    """

    routes: tuple[str, ...]
    tolerance_percent: Decimal
    screening_valid_hours: int
    first_of_level_days: int
    between_subjects_days: int


@dataclass(frozen=True, slots=True)
class ProductSpecification:
    """What a lot must fulfil to be released: viability in %, and the tests that must have passed."""

    min_viability_percent: Decimal
    release_tests: tuple[str, ...]


# Stands in the built-in configuration where the digest of a sponsor's own document belongs.
PLACEHOLDER_DIGEST: Final = "sha256:" + "0" * 64


@dataclass(frozen=True, slots=True)
class ConsentForm:
    """An approved consent form: version, language, digest of its text, first day of use.

    `reconsent` tells whether subjects on study must be asked again under it.
    """

    version: str
    language: str
    digest: str
    effective_from: date
    reconsent: bool


@dataclass(frozen=True, slots=True)
class ReferenceRange:
    """The laboratory's limits of normal for an analyte; null where there is none; sex null for both."""

    analyte: str
    unit: str
    sex: Sex | None
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True)
class PlausibleRange:
    """What a value can be at all, both ends in; anything else is a slip of the keyboard."""

    analyte: str
    unit: str
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class VisitWindow:
    """A scheduled visit, the first and last study day on which it is on time, and what it must hold."""

    day: int
    first: int
    last: int
    assessments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A named number of the eligibility rules."""

    name: str
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class MeldRules:
    """Which score is the endpoint, by which factors units are converted, and how late results may be."""

    endpoint: str
    factors: str
    results_within_hours: int


@dataclass(frozen=True, slots=True)
class HlaRules:
    """MFI from which a class is positive, and the visits at which antibodies are looked for."""

    threshold_mfi: Decimal
    visits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ImprovementRules:
    """Clinical improvement: the guideline, its text as the sponsor signed it, and its laboratory limits."""

    guideline: str
    text: str
    bilirubin_uln_multiple: Decimal
    pta_percent: Decimal
    inr: Decimal


@dataclass(frozen=True, slots=True)
class HistoricalControl:
    """The survival that the trial is held against: share alive at the horizon, from how many, and whence."""

    survival: Decimal
    subjects: int | None
    source: str


@dataclass(frozen=True, slots=True)
class SurvivalRules:
    """Ends of the life table's intervals in study days; the last one is the horizon.

    `transplant` is `censored` or `event`: how the primary analysis treats a liver transplant.
    """

    interval_ends: tuple[int, ...]
    transplant: str
    historical: HistoricalControl | None


@dataclass(frozen=True, slots=True)
class SafetyRules:
    """Clocks and automatic holds: hours and days from awareness; the kinds of events that stop dosing."""

    last_teae_day: int
    sponsor_hours: int
    susar_fatal_days: int
    susar_days: int
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommitteeRules:
    """How the safety review committee decides: votes that make a quorum."""

    quorum: int


@dataclass(frozen=True, slots=True)
class DataRules:
    """Hours after which an entry needs a reason; how often a failed candidate may be screened again."""

    late_entry_hours: int
    rescreenings: int


@dataclass(frozen=True, slots=True)
class LaboratoryRules:
    """Where results come from: the analytes of which each result names the analyser that measured it."""

    analyser_named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProtocolConfig:
    """Everything that the protocol leaves to the sponsor, in one signed place."""

    study: str
    rules_version: str
    zone: str
    ctcae_version: str
    levels: tuple[DoseLevel, ...]
    escalation: EscalationParameters
    dlt: DltDefinition
    related_causalities: tuple[str, ...]
    dosing: DosingRules
    product: ProductSpecification
    consent_forms: tuple[ConsentForm, ...]
    eligibility: tuple[Threshold, ...]
    reference_ranges: tuple[ReferenceRange, ...]
    plausible_ranges: tuple[PlausibleRange, ...]
    visits: tuple[VisitWindow, ...]
    meld: MeldRules
    hla: HlaRules
    improvement: ImprovementRules
    survival: SurvivalRules
    safety: SafetyRules
    committee: CommitteeRules
    data: DataRules
    laboratory: LaboratoryRules | None = absent_unless_said()
