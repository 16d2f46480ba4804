"""MELD of every specimen set, with the scores that corrections have replaced.

* Age and sex are those of the subject's screening; values, units and times those of the panel.
* A panel for which the rules refuse a score has a row too, with the code of the refusal.
* `superseded` lists what this row has said before, oldest first; a correction that left the scores
  as they were adds nothing.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.kernel.errors import Refused
from core.kernel.quantities import write_decimal
from core.kernel.time import local_text
from core.rules.meld import Measured, MeldResult, meld_history_entry
from core.rules.meld_units import FACTOR_SET, Analyte
from core.trial.casebook.events import LabPanelReported, LabResult, LabResultCorrected
from core.trial.study.state import require_config
from projections.projection import CLINICAL_READERS, RowChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.casebook.state import Panel
    from core.trial.subject.events import SubjectScreened
    from core.trial.trial import Trial

_SCORES: Final = ("meld", "meld_na", "meld3")
_ANALYTES: Final = frozenset(str(analyte) for analyte in Analyte)

# The results of a panel share their instants; spelling them out is what a row costs beside its logarithms.
_spelled = lru_cache(maxsize=1024)(local_text)


class Meld:
    """One row a specimen set, keyed `subject/specimen set`."""

    name = "meld"
    readers = CLINICAL_READERS

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the row of the panel that was reported or corrected."""
        del before
        if isinstance(event.payload, LabPanelReported | LabResultCorrected):
            key, specimen_set = streams.key_of(event.stream), event.payload.specimen_set
            panel = trial.casebooks[key].panel(specimen_set)
            screened = trial.subjects[key].screened
            if panel is not None and screened is not None:
                zone = require_config(trial.study).zone
                yield RowChange(f"{key}/{specimen_set}", {"subject_key": key, **_row(panel, screened, zone)})


def _row(panel: Panel, screened: SubjectScreened, zone: str) -> dict[str, Any]:
    current = panel.current
    history = [_scored(text, screened) for text in (*panel.superseded, current)]
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


def _scored(panel: LabPanelReported, screened: SubjectScreened) -> dict[str, Any]:
    try:
        result = meld_history_entry(
            screened.sex,
            screened.age_years,
            {result.analyte: _measured(result) for result in panel.results},
            panel.dialysis_twice_in_7d,
            panel.cvvhd_24h_in_7d,
        )
    except Refused as refusal:
        result = MeldResult({}, refusal.code)
    scores = {"meld": result.meld, "meld_na": result.meld_na, "meld3": result.meld3}
    return {"computable": result.computable, "reason": result.reason, **scores}


def _measured(result: LabResult) -> Measured:
    return Measured(result.value, result.unit, result.drawn_at, result.resulted_at, result.specimen_set)


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
        "drawn_at": _spelled(result.drawn_at, zone),
        "resulted_at": _spelled(result.resulted_at, zone),
    }
