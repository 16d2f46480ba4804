"""The three MELD formulas and the one historical variant, on values in conventional units.

- `Decimal.ln` with 40 digits; every rounding is half-up, to the place that the text names.
- MELD-Na starts from the rounded MELD(i), and so does its threshold.

Source: OPTN policy 9 (MELD(i), MELD-Na 2016, MELD 3.0 of 2022), Kim et al. 2021
(Gastroenterology 161:1887), Kamath et al. 2001 (Hepatology 33:464); domain 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum
from functools import lru_cache
from typing import Final

from core.rules.meld_units import ARITHMETIC

LOWEST_SCORE: Final = 6
HIGHEST_SCORE: Final = 40


class Formula(StrEnum):
    """The formulas of the trial; the word is the name of the result."""

    MELD = "meld"
    MELD_NA = "meld_na"
    MELD3 = "meld3"


class Etiology(StrEnum):
    """Causes that the 2001 variant tells apart."""

    CHOLESTATIC = "cholestatic"
    ALCOHOLIC = "alcoholic"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Score:
    """A score unrounded and unbounded (`raw`), rounded (`uncapped`), and within 6 to 40 (`reported`)."""

    raw: Decimal
    uncapped: int
    reported: int


def meld_i(creatinine: Decimal, bilirubin: Decimal, inr: Decimal, *, dialysed: bool) -> Score:
    """Return MELD(i) from mg/dL, mg/dL and 1; `raw` is 10 times the unrounded sum.

    On dialysis creatinine counts as 4.0.
    """
    with localcontext(ARITHMETIC):
        creatinine = Decimal(4) if dialysed else creatinine
        total = _meld_i_sum(creatinine, bilirubin, inr) + Decimal("0.643")
        # "Rounded to the tenth decimal place and then multiplied by 10": to 0.1 (domain 3, rounding trap).
        tenth = total.quantize(Decimal("0.1"), ROUND_HALF_UP)
        return _score(total * 10, int(tenth * 10))


def meld_na(meld: Score, sodium: Decimal) -> Score:
    """Return MELD-Na (2016) from the MELD(i) score and sodium in mmol/L."""
    with localcontext(ARITHMETIC):
        base = Decimal(meld.uncapped)
        # The threshold is tested on the rounded value: 11.27 is 11 and takes no sodium term.
        if base > 11:
            deficit = 137 - _within(sodium, "125", "137")
            raw = base + Decimal("1.32") * deficit - Decimal("0.033") * base * deficit
        else:
            raw = base
        return _score(raw, _nearest(raw))


def meld3(values: Meld3Values, *, female: bool, dialysed: bool) -> Score:
    """Return MELD 3.0; on dialysis creatinine counts as 3.0."""
    with localcontext(ARITHMETIC):
        bounded = Decimal(3) if dialysed else _within(values.creatinine, "1", "3")
        ln_creatinine = _ln(bounded)
        ln_bilirubin = _ln(_at_least_one(values.bilirubin))
        ln_inr = _ln(_at_least_one(values.inr))
        sodium_deficit = 137 - _within(values.sodium, "125", "137")
        albumin_deficit = Decimal("3.5") - _within(values.albumin, "1.5", "3.5")
        raw = (
            Decimal("1.33") * int(female)
            + Decimal("4.56") * ln_bilirubin
            + Decimal("0.82") * sodium_deficit
            - Decimal("0.24") * sodium_deficit * ln_bilirubin
            + Decimal("9.09") * ln_inr
            + Decimal("11.14") * ln_creatinine
            + Decimal("1.85") * albumin_deficit
            - Decimal("1.83") * albumin_deficit * ln_creatinine
            + 6
        )
        return _score(raw, _nearest(raw))


@dataclass(frozen=True, slots=True)
class Meld3Values:
    """Inputs of MELD 3.0: mg/dL, mg/dL, 1, mmol/L, g/dL."""

    creatinine: Decimal
    bilirubin: Decimal
    inr: Decimal
    sodium: Decimal
    albumin: Decimal


def meld_kamath_2001(creatinine: Decimal, bilirubin: Decimal, inr: Decimal, etiology: Etiology) -> Score:
    """Return the etiology variant still printed in Chinese articles; never the trial's score.

    Inputs are mg/dL, mg/dL, 1; 6.43 is added unless the cause is cholestatic or alcoholic.
    Its paper knows no range: `uncapped` is its result.
    """
    with localcontext(ARITHMETIC):
        other = etiology is Etiology.OTHER
        raw = 10 * _meld_i_sum(creatinine, bilirubin, inr) + Decimal("6.43") * int(other)
        return _score(raw, _nearest(raw))


def _meld_i_sum(creatinine: Decimal, bilirubin: Decimal, inr: Decimal) -> Decimal:
    return (
        Decimal("0.957") * _ln(_within(creatinine, "1", "4"))
        + Decimal("0.378") * _ln(_at_least_one(bilirubin))
        + Decimal("1.120") * _ln(_at_least_one(inr))
    )


@lru_cache(maxsize=4096)  # laboratory values repeat, and a logarithm to 40 digits is what a score costs
def _ln(value: Decimal) -> Decimal:
    return value.ln(ARITHMETIC)


def _within(value: Decimal, lowest: str, highest: str) -> Decimal:
    return min(max(value, Decimal(lowest)), Decimal(highest))


def _at_least_one(value: Decimal) -> Decimal:
    return max(value, Decimal(1))


def _nearest(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def _score(raw: Decimal, rounded: int) -> Score:
    return Score(raw, rounded, min(max(rounded, LOWEST_SCORE), HIGHEST_SCORE))
