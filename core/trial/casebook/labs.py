"""Decisions about specimens and results: plausible, in order of time, entered once, never overwritten.

* What replaces a result is a correction (it was written wrong), a repeat (it was measured again) or a late
  result (it was not there); each is an event of its own and the earlier text stays.
* A procedure is judged by the consent that stood when the specimen was drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.kernel.streams import require_key
from core.kernel.time import local_date
from core.trial.casebook.events import (
    LabPanelReported,
    LabResultCorrected,
    LabResultRepeated,
    LabReviewed,
    LateResultReported,
    Significance,
    SpecimenDrawn,
)
from core.trial.casebook.results import require_plausible_by, require_result, require_specimen, require_times
from core.trial.context import Context, Decided, require_past, require_reason
from core.trial.study.state import require_config
from core.trial.subject.consent import require_consent
from core.trial.subject.personal_data import require_no_personal_data

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.kernel.quantities import Quantity
    from core.trial.casebook.commands import (
        CorrectLabResult,
        RecordSpecimen,
        RepeatLabResult,
        ReportLabPanel,
        ReportLateResult,
        ReviewLab,
    )
    from core.trial.casebook.events import LabResult
    from core.trial.casebook.panel import Panel
    from core.trial.casebook.state import Casebook
    from core.trial.facts import Facts


def record_specimen(facts: Facts, command: RecordSpecimen, context: Context) -> tuple[Decided, ...]:
    """Record the draw of a specimen set, once.

    Raises: `UNKNOWN_SUBJECT`, `CONSENT_MISSING`, `CONSENT_WITHDRAWN`, `CONTRADICTS_DEATH`,
    `DUPLICATE_SPECIMEN_SET`, `BAD_IDENTIFIER`, `RECEIVED_BEFORE_DRAW`, `FUTURE_TIME`, `SPECIMEN_MISMATCH`.
    """
    _require_drawn_from_living(facts, command.subject_key, command.drawn_at)
    casebook = facts.casebook(command.subject_key)
    if command.specimen_set in casebook.specimens:
        raise Refused("DUPLICATE_SPECIMEN_SET", "the draw of this specimen set is already recorded")
    require_key(command.specimen_set, "a specimen set")
    require_key(command.kind, "a kind of specimen")
    _require_visit(command.visit)
    received = command.received_at or command.drawn_at
    if received < command.drawn_at:
        raise Malformed("RECEIVED_BEFORE_DRAW", "a specimen is received after its draw", field="received_at")
    require_past(received, context.now, "received_at" if command.received_at else "drawn_at")
    _require_fits_panel(casebook.panel(command.specimen_set), command)
    event = SpecimenDrawn(
        command.visit, command.specimen_set, command.drawn_at, command.received_at, command.kind
    )
    return (Decided(command.target, event),)


def _require_fits_panel(panel: Panel | None, command: RecordSpecimen) -> None:
    if panel is None:
        return
    said = (panel.current.visit, panel.current.drawn_at)
    received_late = command.received_at is not None and command.received_at > panel.current.resulted_at
    if said != (command.visit, command.drawn_at) or received_late:
        raise Refused("SPECIMEN_MISMATCH", "the panel of this specimen set tells its draw otherwise")


def report_lab_panel(facts: Facts, command: ReportLabPanel, context: Context) -> tuple[Decided, ...]:
    """Enter a panel.

    Raises: `UNKNOWN_SUBJECT`, `CONSENT_MISSING`, `CONSENT_WITHDRAWN`, `CONTRADICTS_DEATH`,
    `DUPLICATE_SPECIMEN_SET`, `BAD_IDENTIFIER`, `DUPLICATE_ANALYTE`, `NO_RESULTS`,
    `SPECIMEN_MISMATCH`, `RESULT_BEFORE_RECEIPT`, `RESULT_BEFORE_DRAW`, `FUTURE_TIME`,
    `UNKNOWN_ANALYTE`, `UNKNOWN_UNIT`, `NON_POSITIVE`, `IMPLAUSIBLE`, `ANALYSER_MISSING`,
    `DEVICE_NOT_REGISTERED`.
    """
    _require_drawn_from_living(facts, command.subject_key, command.drawn_at)
    casebook = facts.casebook(command.subject_key)
    if casebook.panel(command.specimen_set) is not None:
        raise Refused("DUPLICATE_SPECIMEN_SET", "this specimen set is already reported; correct it instead")
    require_key(command.specimen_set, "a specimen set")
    _require_visit(command.visit)
    _require_each_once([r.analyte for r in command.results], "a panel has one result an analyte")
    require_times(command.drawn_at, command.resulted_at, context)
    _require_drawn_as_recorded(casebook, command)
    for result in command.results:
        require_result(facts, casebook, result, context)
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


def _require_drawn_as_recorded(casebook: Casebook, command: ReportLabPanel) -> None:
    specimen = casebook.specimens.get(command.specimen_set)
    if specimen is not None and specimen.visit != command.visit:
        raise Refused("SPECIMEN_MISMATCH", "the specimen was drawn for another visit")
    require_specimen(casebook, command.specimen_set, command.drawn_at, command.resulted_at)


def report_late_result(facts: Facts, command: ReportLateResult, context: Context) -> tuple[Decided, ...]:
    """Add an analyte to a panel that was reported before.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_RESULT`, `DUPLICATE_ANALYTE`, `CONSENT_MISSING`,
    `CONSENT_WITHDRAWN`, `CONTRADICTS_DEATH`, and as `require_result`.
    """
    panel = _panel(facts, command)
    if panel.result_of(command.result.analyte) is not None:
        raise Refused("DUPLICATE_ANALYTE", "the panel has this analyte; correct or repeat it instead")
    _require_drawn_from_living(facts, command.subject_key, command.result.drawn_at)
    require_result(facts, facts.casebook(command.subject_key), command.result, context)
    event = LateResultReported(command.visit, command.specimen_set, command.result)
    return (Decided(command.target, event),)


def repeat_lab_result(facts: Facts, command: RepeatLabResult, context: Context) -> tuple[Decided, ...]:
    """Replace a result by the repeat of its measurement; the laboratory released the repeat later.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_RESULT`, `REASON_REQUIRED`, `STALE_VALUE`,
    `REPEAT_BEFORE_RESULT`, `ANALYSER_MISSING` where the result that it repeats named one,
    `CONSENT_MISSING`, `CONSENT_WITHDRAWN`, `CONTRADICTS_DEATH`, and as `require_result`.
    """
    before = _result(_panel(facts, command), command.result.analyte)
    require_reason(context)
    _require_standing(before, command.old)
    if command.result.resulted_at <= before.resulted_at:
        raise Refused("REPEAT_BEFORE_RESULT", "a repeat is released after the result that it repeats")
    if before.measured is not None and command.result.measured is None:
        raise Refused("ANALYSER_MISSING", "the result named its analyser, so its repeat names one too")
    _require_drawn_from_living(facts, command.subject_key, command.result.drawn_at)
    require_result(facts, facts.casebook(command.subject_key), command.result, context)
    event = LabResultRepeated(command.visit, command.specimen_set, command.old, command.result)
    return (_change(facts, command, event),)


def correct_lab_result(facts: Facts, command: CorrectLabResult, context: Context) -> tuple[Decided, ...]:
    """Replace a value, keeping draw and release time.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_RESULT`, `REASON_REQUIRED`, `SOURCE_REQUIRED`, `STALE_VALUE`,
    `NO_CHANGE`, `PII_SUSPECTED`, `UNKNOWN_UNIT`, `NON_POSITIVE`, `IMPLAUSIBLE`.
    """
    result = _result(_panel(facts, command), command.analyte)
    require_reason(context)
    if not command.source.strip():
        raise Malformed("SOURCE_REQUIRED", "a correction names its source document", field="source")
    require_no_personal_data(command.source, "source")
    _require_standing(result, command.old)
    if command.new == command.old:
        raise Malformed("NO_CHANGE", "a correction changes something", field="new")
    require_plausible_by(require_config(facts.study()), command.analyte, command.new)
    event = LabResultCorrected(
        command.visit, command.specimen_set, command.analyte, command.old, command.new, command.source
    )
    return (_change(facts, command, event),)


def review_lab(facts: Facts, command: ReviewLab, context: Context) -> tuple[Decided, ...]:
    """Judge results of a panel; nobody reviews what they wrote themselves.

    Raises: `UNKNOWN_SUBJECT`, `UNKNOWN_RESULT`, `NO_RESULTS`, `DUPLICATE_ANALYTE`, `SOD_VIOLATION`,
    `ACTION_REQUIRED`, `PII_SUSPECTED`.
    """
    panel = _panel(facts, command)
    _require_each_once([f.analyte for f in command.findings], "a review judges each analyte once")
    for finding in command.findings:
        _result(panel, finding.analyte)
    if context.person in panel.written_by:
        raise Refused("SOD_VIOLATION", "results are reviewed by somebody who did not enter them")
    significant = any(f.significance is Significance.SIGNIFICANT for f in command.findings)
    if significant and not (command.action or "").strip():
        raise Malformed("ACTION_REQUIRED", "a significant result needs an action", field="action")
    require_no_personal_data(command.action, "action")
    event = LabReviewed(command.visit, command.specimen_set, command.findings, command.action)
    return (Decided(command.target, event),)


def _change(
    facts: Facts, command: RepeatLabResult | CorrectLabResult, event: LabResultRepeated | LabResultCorrected
) -> Decided:
    """Return the change of a result, which corrects the statement that set this result last."""
    items = facts.quality(command.subject_key).items
    return Decided(command.target, event, corrects=items.set_before(event))


def _panel(facts: Facts, command: ReportLateResult | RepeatLabResult | CorrectLabResult | ReviewLab) -> Panel:
    facts.known_subject(command.subject_key)
    panel = facts.casebook(command.subject_key).panel(command.specimen_set)
    if panel is None or panel.current.visit != command.visit:
        raise Refused("UNKNOWN_RESULT", "no such panel was reported")
    return panel


def _result(panel: Panel, analyte: str) -> LabResult:
    result = panel.result_of(analyte)
    if result is None:
        raise Refused("UNKNOWN_RESULT", "no such result was reported")
    return result


def _require_standing(result: LabResult, old: Quantity) -> None:
    if (result.value, result.unit) != (old.value, old.unit):
        raise Refused("STALE_VALUE", "the result no longer reads as this change says")


def _require_drawn_from_living(facts: Facts, subject_key: str, drawn_at: datetime) -> None:
    """Refuse a draw without consent, or on a day after the subject's death."""
    subject = facts.known_subject(subject_key)
    require_consent(subject, drawn_at)
    if subject.died and local_date(drawn_at, require_config(facts.study()).zone) > subject.died.date:
        raise Refused("CONTRADICTS_DEATH", "the subject had died before that day")


def _require_each_once(analytes: Sequence[str], sentence: str) -> None:
    if not analytes:
        raise Malformed("NO_RESULTS", "at least one result is named", field="results")
    if len(set(analytes)) != len(analytes):
        raise Malformed("DUPLICATE_ANALYTE", sentence, field="results")


def _require_visit(visit: int | None) -> None:
    if visit is not None and visit < 0:
        raise Malformed("IMPLAUSIBLE", "visits count from day 0", field="visit")
