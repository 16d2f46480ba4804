"""Script events about the study as a whole: its configuration."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from api.play.acts import Act, analyte_and_unit
from api.play.payload import Payload, pair
from core.kernel.actors import Role
from core.kernel.quantities import Quantity
from core.rules.case_reading import whole
from core.rules.validation import read_rules
from core.trial.study.commands import ApproveProtocolConfig, ProposeProtocolConfig
from core.trial.study.config import DoseLevel, EscalationParameters, ReferenceRange, VisitWindow
from core.trial.study.nct05727722 import CELLS_UNIT, protocol_config

if TYPE_CHECKING:
    from core.trial.study.config import DltDefinition, ProtocolConfig

_LONGEST_STUDY_DAYS = 10_000
_FIRST = 1
_DAY_ZERO = 0
# What is asked for at a visit that only the script plans.
_ASKED = ("labs",)


def trial_configured(given: Payload) -> tuple[Act, ...]:
    """The medical monitor proposes the configuration, the investigator approves it."""
    return (
        Act(ProposeProtocolConfig(_config(given, protocol_config()))),
        Act(ApproveProtocolConfig(_FIRST), role=Role.PI),
    )


def _config(given: Payload, built_in: ProtocolConfig) -> ProtocolConfig:
    """Return what the script says, completed by the built-in configuration of the trial."""
    config = built_in
    if "doses_e9_cells" in given:
        doses = enumerate(given.numbers("doses_e9_cells"), 1)
        levels = tuple(DoseLevel(level, Quantity(dose, CELLS_UNIT)) for level, dose in doses)
        config = replace(config, levels=levels)
    if "rules" in given:
        config = replace(config, escalation=_escalation(given))
    if "causality_related" in given:
        config = replace(config, related_causalities=given.texts("causality_related"))
    return replace(
        config,
        dlt=_window(given, built_in.dlt),
        reference_ranges=_ranges(given, built_in),
        visits=_visits(given, built_in),
    )


def _escalation(given: Payload) -> EscalationParameters:
    rules = given.part("rules")
    rules.read_all()
    return EscalationParameters(**asdict(read_rules(rules.given)))


def _window(given: Payload, built_in: DltDefinition) -> DltDefinition:
    days = given.optional_whole("dlt_window_days")
    inclusive = given.truth("dlt_window_inclusive") if "dlt_window_inclusive" in given else built_in.inclusive
    return replace(built_in, days=built_in.days if days is None else days, inclusive=inclusive)


def _ranges(given: Payload, built_in: ProtocolConfig) -> tuple[ReferenceRange, ...]:
    """Return the built-in ranges with the upper limits that the script names."""
    ranges = {(one.analyte, one.sex): one for one in built_in.reference_ranges}
    limits = given.part_or_empty("reference_ranges")
    for name in limits.given:
        analyte, unit = analyte_and_unit(name)
        ranges[analyte, None] = ReferenceRange(analyte, unit, None, None, limits.number(name))
    return tuple(ranges.values())


def _visits(given: Payload, built_in: ProtocolConfig) -> tuple[VisitWindow, ...]:
    """Return the windows of the script; it says nothing about day 0 nor about what a visit asks for."""
    windows = given.part_or_empty("visit_windows")
    if not windows.given:
        return built_in.visits
    planned = {visit.day: visit for visit in built_in.visits}
    visits = {day: planned[day] for day in (_DAY_ZERO,) if day in planned}
    for name in windows.given:
        day, (first, last) = _day(_number(name)), pair(windows.value(name), "visit_windows")
        asked = planned[day].assessments if day in planned else _ASKED
        visits[day] = VisitWindow(day, _day(first), _day(last), asked)
    return tuple(visits.values())


def _day(value: object) -> int:
    return whole(value, "visit_windows", 0, _LONGEST_STUDY_DAYS)


def _number(text: str) -> object:
    return int(text) if text.isascii() and text.isdigit() else text
