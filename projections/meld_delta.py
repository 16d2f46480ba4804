"""Change of the MELD scores from before dosing to each scheduled visit.

* Baseline: the last score before dosing that can be computed; a score that is not computable gives none.
* How long results may take is read from the configuration that counted when the panel was reported.
* Of several panels of a visit the one drawn last counts; scores are computed when the view is read.

Source: domain 6 and 3; which score is the endpoint is configuration.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.kernel.errors import Refused
from core.kernel.time import local_text, read_instant, write_instant
from core.rules.meld import MeldResult, meld_history_entry
from core.rules.quantities import Measured, Sex
from core.trial.registry import events_of
from core.trial.study.state import require_config
from projections.lab_records import RESULT_EVENTS, is_before_dose, panel_record, stored_result
from projections.labs import version_at
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.casebook.panel import Panel
    from core.trial.study.state import Study
    from core.trial.trial import Trial

Row = dict[str, Any]

_FORMULAS: Final = ("meld", "meld_na", "meld3")


class MeldDelta:
    """Stored: panels, subjects, the endpoint. Read: one row a subject and visit after the dose."""

    name = "meld-delta"
    readers = readers_of(name, "subject", "casebook")
    computed = True
    concerns = frozenset(RESULT_EVENTS) | events_of("subject", "study")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the panel that an event wrote, or what its score depends on."""
        del before
        kind, _, key = event.stream.partition("/")
        if isinstance(event.payload, RESULT_EVENTS):
            panel = trial.casebooks[key].panels[event.payload.specimen_set]
            yield RowChange(f"{key}/{panel.current.specimen_set}", _panel_row(key, panel, trial.study, event))
        elif kind == "subject":
            yield RowChange(key, _subject_row(key, trial))
        elif kind == streams.STUDY and trial.study.config is not None:
            config = trial.study.config
            days = [window.day for window in config.visits]
            yield RowChange(
                "protocol/", {"kind": "protocol", "endpoint": config.meld.endpoint, "visits": days}
            )

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the changes, subjects in order of screening, visits in order of days."""
        del moment
        protocol = next((row for row in rows if row["kind"] == "protocol"), None)
        panels: dict[str, list[Row]] = {}
        for row in rows:
            if row["kind"] == "panel":
                panels.setdefault(row["subject_key"], []).append(row)
        subjects = [row for row in rows if row["kind"] == "subject" and row["dosed_at"] is not None]
        if protocol is None:
            return []
        return [
            change
            for subject in subjects
            for change in _changes(subject, panels.get(subject["subject_key"], []), protocol)
        ]


def _panel_row(key: str, panel: Panel, study: Study, event: Recorded) -> Row:
    rules = study.version(version_at(study, panel.reported_at)).meld
    return {**panel_record(key, panel, event), "results_within_hours": rules.results_within_hours}


def _subject_row(key: str, trial: Trial) -> Row:
    subject = trial.subjects[key]
    return {
        "kind": "subject",
        "subject_key": key,
        "sex": subject.screened.sex if subject.screened else None,
        "age_years": subject.screened.age_years if subject.screened else None,
        "dosed_at": write_instant(subject.dose.at) if subject.dose else None,
        "zone": require_config(trial.study).zone,
    }


def _changes(subject: Row, panels: Sequence[Row], protocol: Row) -> list[Row]:
    ordered = sorted(panels, key=lambda panel: (panel["drawn_at"], panel["specimen_set"]))
    scored = [(panel, _scores(panel, subject)) for panel in ordered]
    dosed_at = subject["dosed_at"]
    earlier = [
        scores for panel, scores in scored if is_before_dose(read_instant(panel["drawn_at"]), dosed_at)
    ]
    baseline = {formula: _last(scores[formula] for scores in earlier) for formula in _FORMULAS}
    later = {
        panel["visit"]: (panel, scores)
        for panel, scores in scored
        if panel["visit"] in protocol["visits"]
        and not is_before_dose(read_instant(panel["drawn_at"]), dosed_at)
    }
    return [_row(subject, *later[visit], baseline, protocol["endpoint"]) for visit in sorted(later)]


def _last(scores: Iterable[int | None]) -> int | None:
    found = None
    for score in scores:
        found = found if score is None else score
    return found


def _row(
    subject: Row, panel: Row, scores: dict[str, int | None], baseline: dict[str, int | None], endpoint: str
) -> Row:
    deltas = {formula: _difference(scores[formula], baseline[formula]) for formula in _FORMULAS}
    return {
        "subject_key": subject["subject_key"],
        "visit": panel["visit"],
        "drawn_at": local_text(read_instant(panel["drawn_at"]), subject["zone"]),
        "endpoint": endpoint,
        "baseline": baseline[endpoint],
        "score": scores[endpoint],
        "delta": deltas[endpoint],
        "deltas": deltas,
    }


def _difference(score: int | None, baseline: int | None) -> int | None:
    return None if score is None or baseline is None else score - baseline


def _scores(panel: Row, subject: Row) -> dict[str, int | None]:
    results = [stored_result(record) for record in panel["results"]]
    measured = {
        one.analyte: Measured(one.value, one.unit, one.drawn_at, one.resulted_at, one.specimen_set)
        for one in results
    }
    try:
        result = meld_history_entry(
            Sex(subject["sex"]),
            subject["age_years"],
            measured,
            panel["dialysis_twice_in_7d"],
            panel["cvvhd_24h_in_7d"],
            timedelta(hours=panel["results_within_hours"]),
        )
    except Refused as refusal:
        result = MeldResult({}, refusal.code)
    return {formula: getattr(result, formula) for formula in _FORMULAS}
