"""Decisions about the casebook: results must be plausible, in order of time, and entered once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.kernel.streams import require_key
from core.kernel.time import local_date, study_day
from core.rules.lab_values import require_plausible
from core.trial.casebook.events import (
    HlaAntibodyReported,
    LabPanelReported,
    LabResult,
    LabResultCorrected,
    VitalStatusRecorded,
)
from core.trial.context import Context, Decided, require_past, require_reason
from core.trial.study.state import require_config
from core.trial.subject.outcome import dose_date

if TYPE_CHECKING:
    from core.trial.casebook.commands import (
        CorrectLabResult,
        RecordVitalStatus,
        ReportHlaAntibodies,
        ReportLabPanel,
    )
    from core.trial.facts import Facts


def report_lab_panel(facts: Facts, command: ReportLabPanel, context: Context) -> tuple[Decided, ...]:
    """Enter a panel.

    Raises: `UNKNOWN_SUBJECT`, `DUPLICATE_SPECIMEN_SET`, `DUPLICATE_ANALYTE`, `NO_RESULTS`,
    `RESULT_BEFORE_DRAW`, `FUTURE_TIME`, `UNKNOWN_ANALYTE`, `UNKNOWN_UNIT`, `NON_POSITIVE`, `IMPLAUSIBLE`.
    """
    facts.known_subject(command.subject_key)
    if facts.casebook(command.subject_key).panel(command.specimen_set) is not None:
        raise Refused("DUPLICATE_SPECIMEN_SET", "this specimen set is already reported; correct it instead")
    require_key(command.specimen_set, "a specimen set")
    if command.visit < 0:
        raise Malformed("IMPLAUSIBLE", "visits count from day 0", field="visit")
    if not command.results:
        raise Malformed("NO_RESULTS", "a panel has at least one result", field="results")
    if len({r.analyte for r in command.results}) != len(command.results):
        raise Malformed("DUPLICATE_ANALYTE", "a panel has one result an analyte", field="results")
    _require_times(command.drawn_at, command.resulted_at, context)
    for result in command.results:
        _require_result(result, context)
    event = LabPanelReported(
        visit=command.visit,
        specimen_set=command.specimen_set,
        drawn_at=command.drawn_at,
        resulted_at=command.resulted_at,
        results=command.results,
        dialysis_twice_in_7d=command.dialysis_twice_in_7d,
        cvvhd_24h_in_7d=command.cvvhd_24h_in_7d,
    )
    return (Decided(command.target, event),)


def _require_result(result: LabResult, context: Context) -> None:
    _require_times(result.drawn_at, result.resulted_at, context)
    require_plausible(result.analyte, result)


def _require_times(drawn_at: object, resulted_at: object, context: Context) -> None:
    if resulted_at < drawn_at:  # type: ignore[operator]
        raise Malformed("RESULT_BEFORE_DRAW", "a result comes after its draw", field="resulted_at")
    require_past(resulted_at, context.now, "resulted_at")  # type: ignore[arg-type]


def correct_lab_result(facts: Facts, command: CorrectLabResult, context: Context) -> tuple[Decided, ...]:
    """Replace a value, keeping draw and release time.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_RESULT`, `STALE_VALUE`, `NO_CHANGE`, `REASON_REQUIRED`,
    `UNKNOWN_UNIT`, `NON_POSITIVE`, `IMPLAUSIBLE`.
    """
    facts.known_subject(command.subject_key)
    panel = facts.casebook(command.subject_key).panel(command.specimen_set)
    result = panel.result_of(command.analyte) if panel else None
    if panel is None or result is None or panel.current.visit != command.visit:
        raise Refused("UNKNOWN_RESULT", "no such result was reported")
    require_reason(context)
    if (result.value, result.unit) != (command.old.value, command.old.unit):
        raise Refused("STALE_VALUE", "the result no longer reads as the correction says")
    if command.new == command.old:
        raise Malformed("NO_CHANGE", "a correction changes something", field="new")
    require_plausible(command.analyte, command.new)
    event = LabResultCorrected(command.visit, command.specimen_set, command.analyte, command.old, command.new)
    return (Decided(command.target, event, corrects=panel.digest),)


def report_hla_antibodies(
    facts: Facts, command: ReportHlaAntibodies, _context: Context
) -> tuple[Decided, ...]:
    """Enter the antibodies of a visit, once.

    Raises: `UNKNOWN_SUBJECT`, `DUPLICATE_VISIT`, `IMPLAUSIBLE`.
    """
    facts.known_subject(command.subject_key)
    casebook = facts.casebook(command.subject_key)
    if any(a.visit == command.visit for a in casebook.antibodies):
        raise Refused("DUPLICATE_VISIT", "antibodies of this visit are already reported")
    for found in (command.class_i, command.class_ii):
        if found.max_mfi < 0 or not 0 <= found.cpra_percent <= 100:
            raise Malformed("IMPLAUSIBLE", "MFI is not negative, cPRA is 0 to 100 %")
    event = HlaAntibodyReported(
        command.visit, command.assay, command.threshold_mfi, command.class_i, command.class_ii
    )
    return (Decided(command.target, event),)


def record_vital_status(facts: Facts, command: RecordVitalStatus, context: Context) -> tuple[Decided, ...]:
    """Record whether a dosed subject lived on a study day, once a day.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `FUTURE_TIME`, `DUPLICATE_VISIT`, `CONTRADICTS_DEATH`.
    """
    subject = facts.known_subject(command.subject_key)
    if subject.dose is None or command.study_day < 0:
        raise Refused("ILLEGAL_SEQUENCE", "study days count from the dose")
    if facts.casebook(command.subject_key).alive_on(command.study_day) is not None:
        raise Refused("DUPLICATE_VISIT", "vital status of this study day is already recorded")
    config = require_config(facts.study())
    day_zero, today = dose_date(subject.dose, config), local_date(context.now, config.zone)
    if command.study_day > study_day(today, day_zero):
        raise Malformed("FUTURE_TIME", "the study day lies in the future", field="study_day")
    if command.alive and subject.died and command.study_day > study_day(subject.died.date, day_zero):
        raise Refused("CONTRADICTS_DEATH", "the subject had died before that day")
    event = VitalStatusRecorded(command.study_day, command.alive)
    return (Decided(command.target, event),)
