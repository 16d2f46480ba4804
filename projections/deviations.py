"""Deviations from the protocol: those that the record shows by itself, and those that somebody recorded.

* Read off the record: `OUT_OF_WINDOW`, `MISSED_VISIT`, `MISSING_ASSESSMENT`, `LATE_ENTRY`, `DOSE_DEVIATION`,
  `DOSED_INELIGIBLE`, `DLT_WINDOW_OVERDUE`, `STAGGER_VIOLATION`. They go when the record no longer shows them;
  the trail keeps what it showed.
* An assessment is missing only from a visit with a form that says what was done. A visit known from a
  draw alone says nothing about its other assessments: `visits` lists what is not there yet.
* The stagger is judged dose after dose as they were given, not as they were entered: a corrected time of dose
  can break it.
* `RECORDED` rows are what people found; they never go.

Source: domain 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.kernel.time import local_date
from core.trial.casebook.events import DeviationAssessed, DeviationRecorded
from core.trial.subject.outcome import dose_date, dose_level, dosed_under
from core.trial.subject.stagger import dosed_before, stagger_breach
from projections.projection import RowChange
from projections.read_rights import readers_of
from projections.visit_records import VISIT_EVENTS, calendar_of, missing_at, visit_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.rules.visit_schedule import CalendarEntry
    from core.trial.casebook.state import Deviation
    from core.trial.subject.state import Subject
    from core.trial.trial import Trial

Row = dict[str, Any]


class Deviations:
    """Stored: one row a dosed subject, one a recorded deviation. Read: one row a deviation."""

    name = "deviations"
    readers = readers_of(name, "subject", "casebook")
    concerns = VISIT_EVENTS | {DeviationRecorded, DeviationAssessed}

    def project(self, event: Recorded, before: Any, trial: Trial) -> Iterable[RowChange]:  # noqa: ANN401 - a state
        """Return what an event changed about visits, or the deviation that it is about."""
        if isinstance(event.payload, DeviationRecorded | DeviationAssessed):
            key, name = event.stream.partition("/")[2], event.payload.deviation_id
            found = trial.casebooks[key].deviations[name]
            return (RowChange(f"{key}/{name}", _recorded(key, found)),)
        return (*visit_changes(event, before, trial), *_stagger_change(event, before, trial))

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the deviations at the moment: of each subject in order of visits, then what was recorded."""
        found = [row for row in rows if row["kind"] == "recorded"]
        breached = {key for row in rows if row["kind"] == "stagger" for key in row["breached"]}
        subjects = [row for row in rows if row["kind"] == "subject"]
        shown = [
            deviation
            for row in subjects
            for deviation in _of_subject(row, moment, too_soon=row["subject_key"] in breached)
        ]
        shown = [{**row, "signature": None} for row in shown]
        return [*shown, *({name: row[name] for name in row if name != "kind"} for row in found)]


def _recorded(key: str, found: Deviation) -> Row:
    event, assessed = found.recorded, found.assessed
    return {
        "kind": "recorded",
        "subject_key": key,
        "visit": None,
        "type": "RECORDED",
        "deviation_id": event.deviation_id,
        "category": event.category,
        "description": event.description,
        "found_on": event.found_on,
        "severity": assessed.severity if assessed else event.severity,
        "impact": assessed.impact if assessed else None,
        "action": assessed.action if assessed else None,
    }


def _stagger_change(event: Recorded, before: Any, trial: Trial) -> Iterator[RowChange]:  # noqa: ANN401 - a state
    """Return the row of the doses given too soon where the event can have changed which they are."""
    kind, _, key = event.stream.partition("/")
    if kind == streams.STUDY or (kind == "subject" and _moves_stagger(before, trial.subjects[key])):
        yield RowChange("stagger/", {"kind": "stagger", "breached": _breached(trial)})


def _moves_stagger(before: Subject | None, now: Subject) -> bool:
    return now.dose is not None and (
        before is None or (before.dose, before.left_on) != (now.dose, now.left_on)
    )


def _breached(trial: Trial) -> list[str]:
    """Return who was dosed too soon after those dosed before them."""
    study = trial.study
    doses = [(one.dose, key, one) for key, one in trial.subjects.items() if one.dose is not None]
    doses.sort(key=lambda dosed: (dosed[0].at, dosed[0].position))
    found: list[str] = []
    earlier: list[Subject] = []
    for dose, key, subject in doses:
        level, day, rules = dose_level(dose, study), dose_date(dose, study), dosed_under(dose, study).dosing
        if stagger_breach(dosed_before(earlier, study), level, day, rules) is not None:
            found.append(key)
        earlier.append(subject)
    return found


def _of_subject(row: Row, moment: datetime, *, too_soon: bool) -> Iterator[Row]:
    key = row["subject_key"]
    if too_soon:
        yield {"subject_key": key, "visit": 0, "type": "STAGGER_VIOLATION"}
    if row["dose_deviation"]:
        yield {"subject_key": key, "visit": 0, "type": "DOSE_DEVIATION"}
    if row["broken_rules"]:
        yield {"subject_key": key, "visit": None, "type": "DOSED_INELIGIBLE", "rules": row["broken_rules"]}
    for entry, stored in calendar_of(row, moment):
        yield from _of_visit(key, entry, stored, row)
    last_day = row["dlt_window_open_until"]
    if last_day is not None and last_day < local_date(moment, row["zone"]).isoformat():
        yield {"subject_key": key, "visit": None, "type": "DLT_WINDOW_OVERDUE", "last_day": last_day}


def _of_visit(key: str, entry: CalendarEntry, stored: Row, row: Row) -> Iterator[Row]:
    where = {"subject_key": key, "visit": entry.visit}
    if entry.deviation is not None:
        window = {"actual_day": entry.actual_day, "window": [entry.first, entry.last]}
        yield {**where, "type": str(entry.deviation), **window, "cause": stored["missed_cause"]}
    if stored["has_form"]:
        for missing in missing_at(entry, stored, row):
            yield {**where, "type": "MISSING_ASSESSMENT", "assessment": missing}
    if stored["entered_late"]:
        yield {**where, "type": "LATE_ENTRY"}
