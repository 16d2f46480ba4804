"""MELD of one time point: which of the three scores can be computed, and what they are.

1. A subject outside the trial's ages, an unknown unit and an impossible value are refused.
2. Each formula needs its own analytes, of one draw and in time; a fault blocks only the
   formulas that need the analyte.
3. The result names the first fault; without any fault the reason is null.

A correction of a value keeps its release time: score again, the old result stays with its event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Refused
from core.rules.meld_formulas import Formula, Meld3Values, Score, meld3, meld_i, meld_na
from core.rules.meld_units import Analyte, conventional
from core.rules.quantities import Measured, Sex
from core.rules.specimen_timing import LONGEST_WAIT, timing_faults

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from decimal import Decimal

    from core.rules.quantities import HasQuantity, HasResult

__all__ = ["ANALYTES_OF", "Measured", "MeldResult", "Sex", "computable", "meld_history_entry", "meld_scores"]

YOUNGEST: Final = 18

_FOR_MELD: Final = (Analyte.CREATININE, Analyte.BILIRUBIN, Analyte.INR)

_ANALYTES: Final = tuple(Analyte)
_FORMULAS: Final = tuple(Formula)

ANALYTES_OF: Final[Mapping[Formula, tuple[Analyte, ...]]] = {
    Formula.MELD: _FOR_MELD,
    Formula.MELD_NA: (*_FOR_MELD, Analyte.SODIUM),
    Formula.MELD3: (*_FOR_MELD, Analyte.SODIUM, Analyte.ALBUMIN),
}


@dataclass(frozen=True, slots=True)
class MeldResult:
    """Scores of one time point; a formula that could not be computed is absent from `scores`."""

    scores: Mapping[Formula, Score]
    reason: str | None

    @property
    def computable(self) -> bool | str:
        """Return True, False, or `partial:` and the names of the formulas that could be computed."""
        return _computable(tuple(self.scores))

    @property
    def meld(self) -> int | None:
        """Return MELD(i), 6 to 40: the trial's endpoint."""
        return self._reported(Formula.MELD)

    @property
    def meld_na(self) -> int | None:
        """Return MELD-Na, 6 to 40."""
        return self._reported(Formula.MELD_NA)

    @property
    def meld3(self) -> int | None:
        """Return MELD 3.0, 6 to 40."""
        return self._reported(Formula.MELD3)

    def _reported(self, formula: Formula) -> int | None:
        score = self.scores.get(formula)
        return None if score is None else score.reported


def meld_history_entry(
    sex: Sex,
    age: int,
    results: Mapping[str, HasResult],
    dialysis_twice_in_7d: bool,  # noqa: FBT001 - agreed shape
    cvvhd_24h_in_7d: bool,  # noqa: FBT001 - agreed shape
    longest_wait: timedelta = LONGEST_WAIT,
) -> MeldResult:
    """Return the scores of one visit's results, keyed by analyte; age in completed years.

    `longest_wait` is how long after the draw a result may be released.

    Raises: `AGE_OUT_OF_TRIAL`, `UNKNOWN_UNIT`, `NON_POSITIVE`, `IMPLAUSIBLE`.

    Source: domain 3.
    """
    values = _converted(age, results)
    dialysed = dialysis_twice_in_7d or cvvhd_24h_in_7d
    return _score_what_can_be(values, timing_faults(results, longest_wait), sex=sex, dialysed=dialysed)


def meld_scores(sex: Sex, age: int, quantities: Mapping[str, HasQuantity], *, dialysed: bool) -> MeldResult:
    """Return the scores of quantities that are known to belong together; only absence is a fault.

    Raises: `AGE_OUT_OF_TRIAL`, `UNKNOWN_UNIT`, `NON_POSITIVE`, `IMPLAUSIBLE`.
    """
    values = _converted(age, quantities)
    missing = {analyte: f"MISSING:{analyte}" for analyte in Analyte if analyte not in values}
    return _score_what_can_be(values, missing, sex=sex, dialysed=dialysed)


def computable(faults: Mapping[Analyte, str]) -> tuple[bool | str, str | None]:
    """Return what these faults leave computable, in the words of `MeldResult`, and the first fault."""
    return _computable(_formulas_left(faults)), next(iter(faults.values()), None)


def _converted(age: int, quantities: Mapping[str, HasQuantity]) -> dict[Analyte, Decimal]:
    if age < YOUNGEST:
        raise Refused("AGE_OUT_OF_TRIAL", "the scores of this trial are for adults")
    return {
        analyte: conventional(analyte, quantities[analyte]) for analyte in _ANALYTES if analyte in quantities
    }


def _score_what_can_be(
    values: Mapping[Analyte, Decimal], faults: Mapping[Analyte, str], *, sex: Sex, dialysed: bool
) -> MeldResult:
    scores: dict[Formula, Score] = {}
    formulas = _formulas_left(faults)
    if Formula.MELD in formulas:
        scores[Formula.MELD] = _meld_i(values, dialysed=dialysed)
    if Formula.MELD_NA in formulas:
        scores[Formula.MELD_NA] = meld_na(scores[Formula.MELD], values[Analyte.SODIUM])
    if Formula.MELD3 in formulas:
        scores[Formula.MELD3] = _meld3(values, sex=sex, dialysed=dialysed)
    return MeldResult(scores, next(iter(faults.values()), None))


def _formulas_left(faults: Mapping[Analyte, str]) -> tuple[Formula, ...]:
    if not faults:
        return _FORMULAS
    return tuple(formula for formula in _FORMULAS if faults.keys().isdisjoint(ANALYTES_OF[formula]))


def _computable(formulas: tuple[Formula, ...]) -> bool | str:
    if not formulas:
        return False
    return len(formulas) == len(_FORMULAS) or "partial:" + ",".join(formulas)


def _meld_i(values: Mapping[Analyte, Decimal], *, dialysed: bool) -> Score:
    return meld_i(*(values[analyte] for analyte in _FOR_MELD), dialysed=dialysed)


def _meld3(values: Mapping[Analyte, Decimal], *, sex: Sex, dialysed: bool) -> Score:
    inputs = Meld3Values(*(values[analyte] for analyte in ANALYTES_OF[Formula.MELD3]))
    return meld3(inputs, female=sex == Sex.FEMALE, dialysed=dialysed)
