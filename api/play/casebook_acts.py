"""Script events about a subject's casebook: panels, corrections, antibodies, vital status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.play.acts import Act, Memory, analyte_and_unit, demanded_reason
from core.kernel.quantities import Quantity
from core.trial.casebook import commands
from core.trial.casebook.events import AntibodyClass, LabResult

if TYPE_CHECKING:
    from api.play.payload import Payload


def lab_panel_recorded(subject_key: str, given: Payload, memory: Memory) -> tuple[Act, ...]:
    """Enter a panel; an analyte with overrides has a specimen or times of its own."""
    visit, panel = given.whole("visit"), given.text("specimen_set")
    values, overrides = given.part("values"), given.part_or_empty("overrides")
    results = []
    for name in values.given:
        analyte, unit = analyte_and_unit(name)
        own = overrides.part_or_empty(name)
        results.append(
            LabResult(
                analyte=analyte,
                value=values.number(name),
                unit=unit,
                specimen_set=own.optional_text("specimen_set") or panel,
                drawn_at=_either(own, given, "drawn_at").instant("drawn_at"),
                resulted_at=_either(own, given, "resulted_at").instant("resulted_at"),
            )
        )
        memory.panels[subject_key, visit, analyte] = panel
    command = commands.ReportLabPanel(
        subject_key=subject_key,
        visit=visit,
        specimen_set=panel,
        drawn_at=given.instant("drawn_at"),
        resulted_at=given.instant("resulted_at"),
        results=tuple(results),
        dialysis_twice_in_7d=given.truth_or_false("dialysis_2x_in_7d"),
        cvvhd_24h_in_7d=given.truth_or_false("cvvhd_24h_in_7d"),
    )
    return (Act(command),)


def _either(own: Payload, panel: Payload, name: str) -> Payload:
    return own if name in own else panel


def lab_result_corrected(subject_key: str, given: Payload, memory: Memory) -> tuple[Act, ...]:
    """Correct a result; the script names visit and analyte, the panel is the last one that held it."""
    visit = given.whole("visit")
    analyte, unit = analyte_and_unit(given.text("analyte"))
    panel = given.optional_text("specimen_set") or memory.panels.get((subject_key, visit, analyte))
    command = commands.CorrectLabResult(
        subject_key=subject_key,
        visit=visit,
        # The trial refuses a correction of what was never reported.
        specimen_set=panel or f"{subject_key}-V{visit}",
        analyte=analyte,
        old=Quantity(given.number("old"), unit),
        new=Quantity(given.number("new"), unit),
        source="stated in the reason",
    )
    return (Act(command, demanded_reason(given, "correction")),)


def hla_antibody_recorded(subject_key: str, given: Payload, _memory: Memory) -> tuple[Act, ...]:
    """Enter the antibodies of a visit."""
    command = commands.ReportHlaAntibodies(
        subject_key=subject_key,
        visit=given.whole("visit"),
        assay=given.text("assay"),
        laboratory=given.optional_text("laboratory"),
        kit_lot=given.optional_text("kit_lot"),
        threshold_mfi=given.number("threshold_mfi"),
        class_i=_antibodies(given.part("class_I")),
        class_ii=_antibodies(given.part("class_II")),
    )
    return (Act(command),)


def _antibodies(given: Payload) -> AntibodyClass:
    return AntibodyClass(given.number("max_mfi"), given.number("cpra_percent"), ())


def vital_status_recorded(subject_key: str, given: Payload, _memory: Memory) -> tuple[Act, ...]:
    """Record vital status."""
    return (Act(commands.RecordVitalStatus(subject_key, given.whole("study_day"), given.truth("alive"))),)
