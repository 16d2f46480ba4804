"""A configuration that contradicts itself, or the record, is refused before anybody signs it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from core.kernel.codec import to_data
from core.kernel.errors import Refused
from core.kernel.time import require_zone
from core.rules.ctcae_terms import term as ctcae_term
from core.rules.escalation import EscalationRules
from core.rules.lab_units import LabAnalyte, units_of
from core.rules.quantities import Sex
from core.rules.screening_facts import UNITS
from core.trial.study.eligibility import criteria

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.trial.study.config import DltExclusion, DoseLevel, ProtocolConfig, VisitWindow
    from core.trial.study.state import Study

LONGEST_DAYS: Final = 3650
WORST_GRADE: Final = 5
# The decision rules that this program knows; a configuration names the ones that it is decided by.
RULES_VERSIONS: Final = frozenset({"dosetrail-rules/1"})
TRANSPLANT_AS: Final = frozenset({"censored", "event"})
ENDPOINTS: Final = frozenset({"meld", "meld_na", "meld3"})
ASSESSMENTS: Final = frozenset({"labs", "hla", "vital_status", "improvement"})
HOLDS: Final = frozenset({"related_death", "related_life_threatening", "late_dlt", "two_dlts"})
CTCAE_VERSIONS: Final = frozenset({"5.0"})
CAUSALITIES: Final = frozenset({"definite", "probable", "possible", "unlikely", "unrelated"})
FACTOR_SETS: Final = frozenset({"meld-factors/1"})


def require_sound(config: ProtocolConfig) -> None:
    """Refuse a configuration that contradicts itself or that this program cannot decide by.

    Raises: `BAD_CONFIG`, `UNKNOWN_RULES`, `ESCALATION_RULES_UNSUPPORTED`, `UNKNOWN_ZONE`.
    """
    if config.rules_version not in RULES_VERSIONS:
        raise Refused("UNKNOWN_RULES", f"this program decides by {', '.join(sorted(RULES_VERSIONS))}")
    require_zone(config.zone)
    require_levels(config.levels)
    EscalationRules(**to_data(config.escalation))
    for sex in Sex:
        criteria(config, sex)
    _require_windows(config)
    require_visits(config.visits)
    _require_dosing(config)
    _require_ranges(config)
    _require_outcomes(config)
    _require_governance(config)


def require_levels(levels: tuple[DoseLevel, ...]) -> None:
    """Refuse dose levels with a gap, of several units, or not strictly rising.

    Raises: `BAD_CONFIG`.
    """
    ordinals = [level.level for level in levels]
    require(bool(levels) and ordinals == list(range(1, len(levels) + 1)), "levels count from 1 without gaps")
    rising = all(low.cells.value < high.cells.value for low, high in pairwise(levels))
    require(rising and levels[0].cells.value > 0, "doses rise strictly")
    require(len({level.cells.unit for level in levels}) == 1, "doses have one unit")


def require_visits(visits: tuple[VisitWindow, ...]) -> None:
    """Refuse visits out of their windows, twice on a day, overlapping, or asking for what no form holds.

    Raises: `BAD_CONFIG`.
    """
    require(bool(visits), "there is at least one visit")
    timely = all(0 <= v.first <= v.day <= v.last <= LONGEST_DAYS for v in visits)
    require(timely, "a visit lies in its window, within 3650 days")
    apart = all(one.last < other.first for one, other in pairwise(visits))
    require(apart, "visits stand in order and their windows do not overlap")
    known = all(ASSESSMENTS.issuperset(v.assessments) for v in visits)
    require(known, f"a visit asks for {', '.join(sorted(ASSESSMENTS))}")


def require_continues(study: Study, config: ProtocolConfig) -> None:
    """Refuse a later version that would rewrite what was done under an earlier one.

    Raises: `AMENDMENT_REWRITES_HISTORY`.
    """
    before = study.config
    if before is None:
        return
    kept = {level.cells for level in config.levels}
    same = (before.study, before.zone) == (config.study, config.zone)
    if not same or not kept.issuperset(level.cells for level in before.levels):
        raise Refused(
            "AMENDMENT_REWRITES_HISTORY", "study, zone and every dose level of an earlier version stay"
        )


def require(holds: bool, sentence: str) -> None:  # noqa: FBT001 - an assertion of a fact
    """Refuse the configuration unless the sentence about it is true.

    Raises: `BAD_CONFIG`.
    """
    if not holds:
        raise Refused("BAD_CONFIG", sentence)


def _require_windows(config: ProtocolConfig) -> None:
    dlt = config.dlt
    require(0 < dlt.days <= LONGEST_DAYS, "the DLT window has 1 to 3650 days")
    require(1 <= dlt.minimum_grade <= 5, "a DLT has at least a grade of 1 to 5")
    require(0 <= dlt.minimum_worsening <= 4, "a worsening is 0 to 4 grades")
    require(dlt.adjudicators >= 1, "at least one member adjudicates")
    require(_distinct(e.id for e in dlt.exclusions), "each exclusion is named once")
    require(all(map(_is_exclusion, dlt.exclusions)), "an exclusion names CTCAE terms, grades and hours")
    related = config.related_causalities
    require(bool(related) and _distinct(related), "at least one causality is related, each named once")
    require(CAUSALITIES.issuperset(related), f"causalities are {', '.join(sorted(CAUSALITIES))}")


def _is_exclusion(exclusion: DltExclusion) -> bool:
    hours = exclusion.within_hours
    return (
        0 <= exclusion.back_to_grade < exclusion.max_grade <= WORST_GRADE
        and (hours is None or hours > 0)
        and all(ctcae_term(name) is not None for name in exclusion.terms)
    )


def _require_dosing(config: ProtocolConfig) -> None:
    dosing = config.dosing
    require(bool(dosing.routes) and _distinct(dosing.routes), "at least one route, each named once")
    require(0 <= dosing.tolerance_percent < 100, "the dose tolerance is 0 to below 100 %")
    numbers = (dosing.screening_valid_hours, dosing.first_of_level_days, dosing.between_subjects_days)
    require(all(0 <= n <= LONGEST_DAYS for n in numbers), "intervals between doses are not negative")
    viable = config.product.min_viability_percent
    require(0 <= viable <= 100, "viability is 0 to 100 %")
    require(bool(config.consent_forms), "there is a consent form")
    require(_distinct((f.version, f.language) for f in config.consent_forms), "a form has one text")


def _require_ranges(config: ProtocolConfig) -> None:
    ranges = config.reference_ranges
    require(_distinct((r.analyte, r.unit, r.sex) for r in ranges), "an analyte has one reference range")
    ordered = all(r.low is None or r.high is None or r.low < r.high for r in ranges)
    require(ordered, "a reference range has its low limit below its high one")
    require(_distinct(p.analyte for p in config.plausible_ranges), "an analyte has one plausible range")
    units = {(r.analyte, r.unit) for r in ranges} | {(p.analyte, p.unit) for p in config.plausible_ranges}
    require(all(_has_unit(*one) for one in units), "a range is of a known analyte, in a unit that it has")
    require(all(p.low < p.high for p in config.plausible_ranges), "a plausible range is one")
    named = config.laboratory.analyser_named if config.laboratory else ()
    known = _distinct(named) and set(LabAnalyte).issuperset(named)
    require(known, "analysers are named for analytes of the casebook, each once")


def _require_outcomes(config: ProtocolConfig) -> None:
    ends = config.survival.interval_ends
    require(bool(ends) and ends[0] > 0 and all(a < b for a, b in pairwise(ends)), "interval ends rise")
    require(config.survival.transplant in TRANSPLANT_AS, "a transplant is censored or an event")
    control = config.survival.historical
    require(control is None or 0 < control.survival < 1, "a historical survival lies between 0 and 1")
    require(config.meld.endpoint in ENDPOINTS, f"the endpoint is one of {', '.join(sorted(ENDPOINTS))}")
    require(config.meld.factors in FACTOR_SETS, "the conversion factors are a set that this program has")
    require(config.meld.results_within_hours > 0, "results have at least an hour")
    require(config.hla.threshold_mfi > 0, "the MFI threshold is positive")
    require(config.ctcae_version in CTCAE_VERSIONS, "the CTCAE version is one that this program has")


def _require_governance(config: ProtocolConfig) -> None:
    safety, data = config.safety, config.data
    require(HOLDS.issuperset(safety.holds), f"automatic holds are {', '.join(sorted(HOLDS))}")
    clocks = (safety.sponsor_hours, safety.susar_fatal_days, safety.susar_days, data.late_entry_hours)
    require(all(clock > 0 for clock in clocks), "clocks run for at least one hour or day")
    require(safety.last_teae_day >= 0 and data.rescreenings >= 0, "days and counts are not negative")
    require(config.committee.quorum >= 1, "a quorum is at least one vote")


def _has_unit(analyte: str, unit: str) -> bool:
    known = units_of(analyte) if analyte in set(LabAnalyte) else ()
    return unit in known or {str(name): taken for name, taken in UNITS.items()}.get(analyte) == unit


def _distinct(values: Iterable[object]) -> bool:
    listed = list(values)
    return len(set(listed)) == len(listed)
