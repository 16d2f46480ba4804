"""MELD of every specimen set, with the scores that corrections have replaced.

* Age and sex are those of the subject's screening; values, units and times those of the panel.
* How long results may take is read from the configuration that counted when the panel was reported.
* A panel for which the rules refuse a score has a row too, with the code of the refusal.
* `superseded` lists what this row has said before, oldest first; a correction, of the panel or of
  the screening, that left the scores as they were adds nothing.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, TypeVar

from core.kernel.errors import Refused
from core.kernel.quantities import write_decimal
from core.kernel.time import local_text
from core.rules.meld import MeldResult, meld_history_entry
from core.rules.meld_units import FACTOR_SET, Analyte
from core.trial.study.state import require_config
from core.trial.subject.events import ScreeningCorrected, SubjectScreened
from projections.lab_records import RESULT_EVENTS
from projections.labs import version_at
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from core.kernel.recorded import Recorded
    from core.trial.casebook.events import (
        LabPanelReported,
        LabResult,
    )
    from core.trial.casebook.panel import Panel
    from core.trial.study.config import MeldRules
    from core.trial.study.state import Study
    from core.trial.subject.state import Subject
    from core.trial.trial import Trial

_DEMOGRAPHICS: Final = (SubjectScreened, ScreeningCorrected)
_SCORES: Final = ("meld", "meld_na", "meld3")
_ANALYTES: Final = frozenset(str(analyte) for analyte in Analyte)

_Text = TypeVar("_Text")


class Meld:
    """One row a specimen set, keyed `subject/specimen set`."""

    name = "meld"
    readers = readers_of(name, "subject", "casebook")
    computed = True
    concerns = frozenset({*RESULT_EVENTS, *_DEMOGRAPHICS})

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the row of the panel that an event changed, or of all panels of the subject it is about."""
        del before
        for key, panel in _touched(event, trial):
            subject = trial.subjects[key]
            if subject.screened is not None:
                row = {"subject_key": key, **_row(panel, subject.screened, subject, trial.study)}
                yield RowChange(f"{key}/{panel.current.specimen_set}", row)


def _touched(event: Recorded, trial: Trial) -> Iterator[tuple[str, Panel]]:
    key = event.stream.partition("/")[2]
    if isinstance(event.payload, RESULT_EVENTS):
        yield key, trial.casebooks[key].panels[event.payload.specimen_set]
    elif isinstance(event.payload, _DEMOGRAPHICS) and key in trial.casebooks:
        yield from ((key, panel) for panel in trial.casebooks[key].panels.values())


def _row(panel: Panel, screened: SubjectScreened, subject: Subject, study: Study) -> dict[str, Any]:
    current, zone = panel.current, require_config(study).zone
    rules = study.version(version_at(study, panel.reported_at)).meld
    history = [_scored(text, told, rules) for text, told in _readings(panel, subject)]
    distinct = [scores for scores, _ in groupby(_without_verdict(one) for one in history)]
    return {
        "visit": current.visit,
        "specimen_set": current.specimen_set,
        "drawn_at": local_text(current.drawn_at, zone),
        **history[-1],
        "superseded": distinct[:-1],
        "factor_set": FACTOR_SET,
        "inputs": _inputs(current, screened, zone),
    }


def _readings(panel: Panel, subject: Subject) -> Iterator[tuple[LabPanelReported, SubjectScreened]]:
    """Yield panel and screening as they read together, from the report on, after each change of either."""
    if not panel.changes and len(subject.screening_texts) == 1:
        yield panel.current, subject.screening_texts[0][1]
        return
    positions = (panel.position, *(change.position for change in panel.changes))
    texts = tuple(zip(positions, (*panel.superseded, panel.current), strict=True))
    screenings = subject.screening_texts
    begin = max(panel.position, screenings[0][0])
    for moment in sorted({begin, *(position for position, _ in (*texts, *screenings) if position > begin)}):
        yield _at(moment, texts), _at(moment, screenings)


def _at(moment: int, texts: Iterable[tuple[int, _Text]]) -> _Text:
    """Return the last text written by a position."""
    *_, (_, last) = ((position, text) for position, text in texts if position <= moment)
    return last


def _scored(panel: LabPanelReported, screened: SubjectScreened, rules: MeldRules) -> dict[str, Any]:
    try:
        result = meld_history_entry(
            screened.sex,
            screened.age_years,
            {result.analyte: result for result in panel.results},
            panel.dialysis_twice_in_7d,
            panel.cvvhd_24h_in_7d,
            timedelta(hours=rules.results_within_hours),
        )
    except Refused as refusal:
        result = MeldResult({}, refusal.code)
    scores = {"meld": result.meld, "meld_na": result.meld_na, "meld3": result.meld3}
    return {"computable": result.computable, "reason": result.reason, **scores}


def _without_verdict(scored: dict[str, Any]) -> dict[str, Any]:
    return {name: scored[name] for name in _SCORES}


def _inputs(panel: LabPanelReported, screened: SubjectScreened, zone: str) -> dict[str, Any]:
    return {
        "sex": screened.sex,
        "age_years": screened.age_years,
        "dialysis_twice_in_7d": panel.dialysis_twice_in_7d,
        "cvvhd_24h_in_7d": panel.cvvhd_24h_in_7d,
        "results": [_input(result, zone) for result in panel.results if result.analyte in _ANALYTES],
    }


def _input(result: LabResult, zone: str) -> dict[str, str]:
    return {
        "analyte": result.analyte,
        "value": write_decimal(result.value),
        "unit": result.unit,
        "specimen_set": result.specimen_set,
        "drawn_at": local_text(result.drawn_at, zone),
        "resulted_at": local_text(result.resulted_at, zone),
    }
