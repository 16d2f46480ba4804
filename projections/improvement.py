"""Clinical improvement at the visits that ask for it: two attested parts, one computed from the results.

* Stored are the panels that can matter: before the dose, and of visits at which improvement is assessed.
* Baseline of an analyte: its last result before dosing; of a visit: its last result drawn under that visit.
* A visit with neither results nor an assessment has no row. After a transplant a visit is censored.

Source: domain 6, China 2018 guideline 2.6.2.2 as the sponsor signs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.kernel.errors import Refused
from core.kernel.quantities import write_decimal
from core.kernel.time import study_day, write_instant
from core.rules.clinical_improvement import ClinicalImprovement, LabPart, lab_part
from core.rules.lab_units import LabAnalyte
from core.rules.quantities import Quantity
from core.rules.three_valued import all_known
from core.trial.casebook.events import ClinicalImprovementAssessed
from core.trial.casebook.state import IMPROVEMENT
from core.trial.registry import events_of
from core.trial.subject.outcome import dose_date
from projections.lab_records import RESULT_EVENTS, is_before_dose, panel_record, stored_result
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.casebook.panel import Panel
    from core.trial.study.config import ProtocolConfig
    from core.trial.trial import Trial
    from projections.lab_records import StoredResult

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Limits:
    """The limits of the laboratory part as a row has stored them."""

    bilirubin_uln_multiple: Decimal
    pta_percent: Decimal
    inr: Decimal


class Improvement:
    """Stored: panels, assessments, subjects, the signed rules. Read: one row a subject and visit."""

    name = "improvement"
    readers = readers_of(name, "subject", "casebook")
    concerns = frozenset({*RESULT_EVENTS, ClinicalImprovementAssessed}) | events_of("subject", "study")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the panel or assessment of an event, or what their reading depends on."""
        del before
        kind, _, key = event.stream.partition("/")
        if isinstance(event.payload, RESULT_EVENTS):
            panel = trial.casebooks[key].panels[event.payload.specimen_set]
            if _can_matter(panel, key, trial):
                yield RowChange(f"{key}/{panel.current.specimen_set}", panel_record(key, panel, event))
        elif isinstance(event.payload, ClinicalImprovementAssessed):
            yield RowChange(f"{key}/{event.payload.visit}", _assessment_row(key, event))
        elif kind == "subject":
            yield RowChange(key, _subject_row(key, trial))
        elif kind == streams.STUDY and trial.study.config is not None:
            yield RowChange("protocol/", _protocol_row(trial.study.config))

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the assessments, subjects in order of screening, visits in order of days."""
        del moment
        protocol = next((row for row in rows if row["kind"] == "protocol"), None)
        subjects = [row for row in rows if row["kind"] == "subject" and row["dosed_at"] is not None]
        if protocol is None:
            return []
        of_subject: dict[str, list[Row]] = {row["subject_key"]: [] for row in subjects}
        for row in rows:
            if row["kind"] in {"panel", "assessment"} and row["subject_key"] in of_subject:
                of_subject[row["subject_key"]].append(row)
        return [
            found
            for subject in subjects
            for visit in protocol["visits"]
            if (found := _at_visit(subject, visit, of_subject[subject["subject_key"]], protocol)) is not None
        ]


# -- what is stored -------------------------------------------------------------------------------------


def _can_matter(panel: Panel, key: str, trial: Trial) -> bool:
    dose, config = trial.subjects[key].dose, trial.study.config
    if dose is None or panel.current.drawn_at <= dose.at:
        return True
    return config is not None and panel.current.visit in _visits(config)


def _visits(config: ProtocolConfig) -> list[int]:
    return [window.day for window in config.visits if IMPROVEMENT in window.assessments]


def _assessment_row(key: str, event: Recorded) -> Row:
    said: ClinicalImprovementAssessed = event.payload
    return {
        "kind": "assessment",
        "subject_key": key,
        "visit": said.visit,
        "by": event.signer.id,
        "guideline": said.guideline,
        "symptoms_improved": said.symptoms_improved,
        "encephalopathy_resolved": said.encephalopathy_resolved,
        "jaundice_and_ascites_improved": said.jaundice_and_ascites_improved,
        "evidence": said.evidence,
    }


def _subject_row(key: str, trial: Trial) -> Row:
    subject = trial.subjects[key]
    transplant = None
    if subject.dose is not None and subject.transplanted is not None:
        transplant = study_day(subject.transplanted.date, dose_date(subject.dose, trial.study))
    return {
        "kind": "subject",
        "subject_key": key,
        "sex": subject.screened.sex if subject.screened else None,
        "dosed_at": write_instant(subject.dose.at) if subject.dose else None,
        "transplant_day": transplant,
    }


def _protocol_row(config: ProtocolConfig) -> Row:
    rules = config.improvement
    limits = [one for one in config.reference_ranges if one.analyte == LabAnalyte.BILIRUBIN and one.high]
    return {
        "kind": "protocol",
        "guideline": rules.guideline,
        "visits": _visits(config),
        "bilirubin_uln_multiple": write_decimal(rules.bilirubin_uln_multiple),
        "pta_percent": write_decimal(rules.pta_percent),
        "inr": write_decimal(rules.inr),
        "bilirubin_uln": [
            {"sex": one.sex, "value": write_decimal(one.high), "unit": one.unit} for one in limits if one.high
        ],
    }


# -- what is read ---------------------------------------------------------------------------------------


def _at_visit(subject: Row, visit: int, entered: Sequence[Row], protocol: Row) -> Row | None:
    panels = [row for row in entered if row["kind"] == "panel"]
    said = next((r for r in entered if r["kind"] == "assessment" and r["visit"] == visit), None)
    results = [stored_result(r) for panel in panels if panel["visit"] == visit for r in panel["results"]]
    current = {
        a: r for a, r in _last_of_each(results).items() if not is_before_dose(r.drawn_at, subject["dosed_at"])
    }
    if not current and said is None:
        return None
    part = _lab_part(subject, _baseline(subject, panels), current, protocol)
    symptoms = all_known(said["symptoms_improved"], said["encephalopathy_resolved"]) if said else None
    jaundice = said["jaundice_and_ascites_improved"] if said else None
    improved = None if part is None else ClinicalImprovement(symptoms, jaundice, part).improved
    gone = subject["transplant_day"]
    return {
        "subject_key": subject["subject_key"],
        "visit": visit,
        "guideline": protocol["guideline"],
        "symptoms_improved": symptoms,
        "jaundice_and_ascites_improved": jaundice,
        **_figures(part, protocol),
        "improved": improved,
        "censored": gone is not None and gone <= visit,
        "attested_by": said["by"] if said else None,
        "signature": said["signature"] if said else None,
        "evidence": said["evidence"] if said else None,
    }


def _baseline(subject: Row, panels: Sequence[Row]) -> dict[str, StoredResult]:
    before = (
        result
        for panel in panels
        for result in map(stored_result, panel["results"])
        if is_before_dose(result.drawn_at, subject["dosed_at"])
    )
    return _last_of_each(before)


def _last_of_each(results: Iterable[StoredResult]) -> dict[str, StoredResult]:
    ordered = sorted(results, key=lambda one: (one.drawn_at, one.resulted_at, one.specimen_set))
    return {result.analyte: result for result in ordered}


def _lab_part(
    subject: Row, baseline: dict[str, StoredResult], current: dict[str, StoredResult], protocol: Row
) -> LabPart | None:
    limits = _Limits(*(Decimal(protocol[n]) for n in ("bilirubin_uln_multiple", "pta_percent", "inr")))
    fitting = [one for one in protocol["bilirubin_uln"] if one["sex"] in {subject["sex"], None}]
    if not fitting:
        return None
    uln = max(fitting, key=lambda one: one["sex"] is not None)
    try:
        return lab_part(baseline, current, Quantity(Decimal(uln["value"]), uln["unit"]), limits)
    except Refused:
        return None  # a value that this protocol takes and the calculator does not


def _figures(part: LabPart | None, protocol: Row) -> Row:
    """Return the laboratory part under the names of the golden trial, which spell the limits out."""
    multiple, inr = protocol["bilirubin_uln_multiple"], protocol["inr"].replace(".", "_")
    return {
        f"tbil_lt_{multiple}x_uln": part.bilirubin_below_limit if part else None,
        f"pta_gt_{protocol['pta_percent']}": part.pta_above_limit if part else None,
        f"inr_lt_{inr}": part.inr_below_limit if part else None,
        "fall_needed": part.fall_needed if part else None,
        "fell": part.fell if part else None,
        "lab_part_met": part.met if part else None,
    }
