"""Script events about the study as a whole: its configuration and the committee's decisions."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from api.play.acts import Act, analyte_and_unit
from api.play.payload import Payload, pair
from core.kernel.actors import Role
from core.kernel.quantities import Quantity
from core.rules.case_reading import whole
from core.rules.validation import read_rules
from core.trial.escalation.commands import SignDecision
from core.trial.study.commands import ApproveProtocolConfig, ProposeProtocolConfig
from core.trial.study.events import DltWindow, DoseLevel, EscalationParameters, UpperLimit, VisitWindow
from core.trial.study.nct05727722 import CELLS_UNIT, protocol_config

if TYPE_CHECKING:
    from core.trial.study.events import ProtocolConfig

_LONGEST_STUDY_DAYS = 10_000
_FIRST = 1


def trial_configured(given: Payload) -> tuple[Act, ...]:
    """The medical monitor proposes the configuration, the investigator approves it."""
    return (
        Act(ProposeProtocolConfig(_config(given, protocol_config()))),
        Act(ApproveProtocolConfig(_FIRST), role=Role.PI),
    )


def src_decision_signed(given: Payload) -> tuple[Act, ...]:
    """The committee signs."""
    return (Act(SignDecision(given.text("decision"), given.optional_whole("level"))),)


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
    window = _window(given, built_in.dlt_window)
    return replace(
        config, dlt_window=window, upper_limits=_limits(given, built_in), visits=_visits(given, built_in)
    )


def _escalation(given: Payload) -> EscalationParameters:
    rules = given.part("rules")
    rules.read_all()
    return EscalationParameters(**asdict(read_rules(rules.given)))


def _window(given: Payload, built_in: DltWindow) -> DltWindow:
    days = given.optional_whole("dlt_window_days")
    inclusive = given.truth("dlt_window_inclusive") if "dlt_window_inclusive" in given else built_in.inclusive
    return DltWindow(built_in.days if days is None else days, inclusive)


def _limits(given: Payload, built_in: ProtocolConfig) -> tuple[UpperLimit, ...]:
    limits = {limit.analyte: limit for limit in built_in.upper_limits}
    ranges = given.part_or_empty("reference_ranges")
    for name in ranges.given:
        analyte, unit = analyte_and_unit(name)
        limits[analyte] = UpperLimit(analyte, ranges.number(name), unit)
    return tuple(limits.values())


def _visits(given: Payload, built_in: ProtocolConfig) -> tuple[VisitWindow, ...]:
    windows = given.part_or_empty("visit_windows")
    visits = []
    for day in windows.given:
        first, last = pair(windows.value(day), "visit_windows")
        visits.append(VisitWindow(_day(_number(day)), _day(first), _day(last)))
    return tuple(visits) or built_in.visits


def _day(value: object) -> int:
    return whole(value, "visit_windows", 0, _LONGEST_STUDY_DAYS)


def _number(text: str) -> object:
    return int(text) if text.isascii() and text.isdigit() else text
