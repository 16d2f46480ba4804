"""Every result with what it means: converted, against its range and baseline, with the grades it suggests.

* Stored are panels as they read, one row each; so an event costs one row, however many panels there are.
* Computed when read: conversion, flags, baseline (the last value before dosing) and CTCAE suggestions. A
  late dose, a late baseline or a medication entered afterwards therefore needs no other row to change.
* A suggestion is no adverse event: its grade is an investigator's signed entry (domain 4).
"""

from __future__ import annotations

from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.kernel.quantities import write_decimal
from core.kernel.time import local_date, local_text, write_instant
from core.rules.ctcae_labs import in_standard_units, suggestions
from core.rules.ctcae_limits import Sign
from core.rules.lab_units import in_standard_unit
from core.rules.quantities import Quantity
from core.trial.casebook.events import LabReviewed, MedicationClass, MedicationEnded, MedicationRecorded
from core.trial.registry import events_of
from core.trial.study.state import require_config
from projections.lab_records import RESULT_EVENTS, change_record, is_before_dose, panel_record, stored_result
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.casebook.panel import Panel
    from core.trial.study.state import Study
    from core.trial.trial import Trial
    from projections.lab_records import StoredResult

Row = dict[str, Any]

_BESIDE: Final = (LabReviewed, MedicationRecorded, MedicationEnded)


class Labs:
    """Stored: a row a panel, a subject, a configuration. Read: a row a result."""

    name = "labs"
    readers = readers_of(name, "subject", "casebook")
    concerns = frozenset({*RESULT_EVENTS, *_BESIDE}) | events_of("subject", "study")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the panel that an event wrote, or what the reading of panels depends on."""
        del before
        kind, _, key = event.stream.partition("/")
        if isinstance(event.payload, (*RESULT_EVENTS, LabReviewed)):
            panel = trial.casebooks[key].panels[event.payload.specimen_set]
            number = version_at(trial.study, panel.reported_at)
            yield RowChange(f"{key}/{panel.current.specimen_set}", _panel_row(key, panel, number, event))
        elif kind == "subject" or isinstance(event.payload, MedicationRecorded | MedicationEnded):
            yield RowChange(key, _subject_row(key, trial))
        elif kind == streams.STUDY and trial.study.number:
            yield RowChange(f"ranges/{trial.study.number}", _ranges_row(trial.study))

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return one row a result: panels in order of entry, their results in order of names."""
        del moment
        ranges = {row["number"]: row["ranges"] for row in rows if row["kind"] == "ranges"}
        subjects = {row["subject_key"]: row for row in rows if row["kind"] == "subject"}
        panels = [row for row in rows if row["kind"] == "panel"]
        baselines = _baselines(panels, subjects)
        return [
            _read(panel, record, subjects[panel["subject_key"]], ranges[panel["config_number"]], baselines)
            for panel in panels
            for record in sorted(panel["results"], key=itemgetter("analyte"))
        ]


def version_at(study: Study, instant: datetime) -> int:
    """Return the number of the configuration that counted at an instant of the server's clock."""
    return max((n for n, since in study.since.items() if since <= instant), default=study.number)


# -- what is stored -------------------------------------------------------------------------------------


def _panel_row(key: str, panel: Panel, number: int, event: Recorded) -> Row:
    return {
        **panel_record(key, panel, event),
        "config_number": number,
        "position": panel.position,
        "changes": [change_record(change) for change in panel.changes],
        "reviews": [
            {
                "by": review.by,
                "position": review.position,
                "stale": review.stale,
                "action": review.event.action,
                "findings": {f.analyte: f.significance for f in review.event.findings},
            }
            for review in panel.reviews
        ],
    }


def _subject_row(key: str, trial: Trial) -> Row:
    subject, casebook = trial.subjects.get(key), trial.casebooks.get(key)
    anticoagulants = [
        {"start": taken.start, "end": taken.end}
        for taken in (casebook.medications.values() if casebook else ())
        if taken.medication_class is MedicationClass.ANTICOAGULANT
    ]
    return {
        "kind": "subject",
        "subject_key": key,
        "sex": subject.screened.sex if subject and subject.screened else None,
        "dosed_at": write_instant(subject.dose.at) if subject and subject.dose else None,
        "zone": require_config(trial.study).zone,
        "anticoagulants": anticoagulants,
    }


def _ranges_row(study: Study) -> Row:
    ranges = [
        {
            "analyte": one.analyte,
            "unit": one.unit,
            "sex": one.sex,
            "low": None if one.low is None else write_decimal(one.low),
            "high": None if one.high is None else write_decimal(one.high),
        }
        for one in require_config(study).reference_ranges
    ]
    return {"kind": "ranges", "number": study.number, "ranges": ranges}


# -- what is read ---------------------------------------------------------------------------------------


def _baselines(panels: Sequence[Row], subjects: dict[str, Row]) -> dict[tuple[str, str], StoredResult]:
    """Return the last result before dosing of each subject and analyte; by draw, not by order of entry."""
    found: dict[tuple[str, str], StoredResult] = {}
    for panel in panels:
        key = panel["subject_key"]
        dosed_at = subjects[key]["dosed_at"]
        for record in panel["results"] if dosed_at is not None else ():
            result = stored_result(record)
            standing = found.get((key, result.analyte))
            later = standing is None or _order(result) > _order(standing)
            if is_before_dose(result.drawn_at, dosed_at) and later:
                found[key, result.analyte] = result
    return found


def _order(result: StoredResult) -> tuple[datetime, datetime, str]:
    return result.drawn_at, result.resulted_at, result.specimen_set


def _read(
    panel: Row,
    record: Row,
    subject: Row,
    ranges: Sequence[Row],
    baselines: dict[tuple[str, str], StoredResult],
) -> Row:
    result, zone = stored_result(record), subject["zone"]
    limits = _range_of(ranges, result.analyte, subject["sex"])
    standing = baselines.get((panel["subject_key"], result.analyte))
    is_after = subject["dosed_at"] is not None and not is_before_dose(result.drawn_at, subject["dosed_at"])
    converted = in_standard_unit(result.analyte, result)
    return {
        "subject_key": panel["subject_key"],
        "visit": panel["visit"],
        "specimen_set": panel["specimen_set"],
        "analyte": result.analyte,
        "drawn_at": local_text(result.drawn_at, zone),
        "resulted_at": local_text(result.resulted_at, zone),
        "value": write_decimal(result.value),
        "unit": result.unit,
        "analyser": record.get("measured", {}).get("analyser"),
        "converted": {
            "value": _printed(converted.value),
            "unit": converted.unit,
            "factor_set": converted.factor_set,
        },
        "reference": limits,
        "flag": _flag(result, limits),
        "baseline": None if standing is None else _as_baseline(standing, zone),
        "ctcae": _suggested(result, limits, standing if is_after else None, _signs(result, subject)),
        "superseded": [_superseded(change) for change in _changes(panel, result.analyte)],
        "review": _review(panel, result.analyte),
        "signature": _written_at(panel, result.analyte),
    }


def _range_of(ranges: Sequence[Row], analyte: str, sex: str | None) -> Row | None:
    """Return the range of the subject's sex, else the one of both."""
    fitting = [one for one in ranges if one["analyte"] == analyte and one["sex"] in {sex, None}]
    return max(fitting, key=lambda one: one["sex"] is not None, default=None)


def _limit(limits: Row | None, end: str) -> Quantity | None:
    if limits is None or limits[end] is None:
        return None
    return Quantity(Decimal(limits[end]), limits["unit"])


def _flag(result: StoredResult, limits: Row | None) -> str | None:
    """Return `low`, `normal` or `high`; both limits are normal themselves."""
    if limits is None:
        return None
    value = in_standard_unit(result.analyte, result).value
    low, high = _limit(limits, "low"), _limit(limits, "high")
    if low is not None and value < in_standard_unit(result.analyte, low).value:
        return "low"
    if high is not None and value > in_standard_unit(result.analyte, high).value:
        return "high"
    return "normal"


def _signs(result: StoredResult, subject: Row) -> frozenset[Sign]:
    day = local_date(result.drawn_at, subject["zone"]).isoformat()
    taken = any(
        one["start"] <= day and (one["end"] is None or day <= one["end"]) for one in subject["anticoagulants"]
    )
    return frozenset({Sign.ANTICOAGULATED}) if taken else frozenset()


def _suggested(
    result: StoredResult, limits: Row | None, baseline: StoredResult | None, signs: frozenset[Sign]
) -> list[Row]:
    value = in_standard_units(
        result.analyte,
        result,
        lower=_limit(limits, "low"),
        upper=_limit(limits, "high"),
        baseline=baseline,
        signs=signs,
    )
    return [
        {
            "term": one.term,
            "grade": one.grade,
            "baseline_abnormal": one.baseline_abnormal,
            "rule": one.rule,
        }
        for one in suggestions(result.analyte, value)
    ]


def _as_baseline(standing: StoredResult, zone: str) -> Row:
    return {
        "value": write_decimal(standing.value),
        "unit": standing.unit,
        "drawn_at": local_text(standing.drawn_at, zone),
    }


def _changes(panel: Row, analyte: str) -> list[Row]:
    return [one for one in panel["changes"] if one["analyte"] == analyte and one["before"] is not None]


def _written_at(panel: Row, analyte: str) -> int:
    """Return the position of the event that the result reads from: its last change, else the report."""
    changes = [one["position"] for one in panel["changes"] if one["analyte"] == analyte]
    return int(changes[-1] if changes else panel["position"])


def _superseded(change: Row) -> Row:
    before = change["before"]
    return {
        "value": before["value"],
        "unit": before["unit"],
        "resulted_at": before["resulted_at"],
        **{name: change[name] for name in ("kind", "position", "by", "reason", "source")},
    }


def _review(panel: Row, analyte: str) -> Row | None:
    """Return the last review that judged the analyte."""
    judged = [one for one in panel["reviews"] if analyte in one["findings"]]
    if not judged:
        return None
    last = judged[-1]
    said = {name: last[name] for name in ("by", "position", "stale", "action")}
    return {"significance": last["findings"][analyte], **said}


def _printed(value: Decimal) -> str:
    """Return a converted value to six decimals, without the zeros that the conversion made."""
    text = write_decimal(round(value, 6))
    return text.rstrip("0").rstrip(".") if "." in text else text
