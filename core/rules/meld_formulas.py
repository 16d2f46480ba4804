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

_ONE: Final = Decimal(1)
_TENTH: Final = Decimal("0.1")
# Lowest and highest value that counts, in the units of the formulas (domain 3).
_CREATININE: Final = (_ONE, Decimal(4))
_CREATININE_3: Final = (_ONE, Decimal(3))
_SODIUM: Final = (Decimal(125), Decimal(137))
_ALBUMIN_3: Final = (Decimal("1.5"), Decimal("3.5"))

# Coefficients of MELD(i), of MELD-Na, and of MELD 3.0.
_I_CREATININE, _I_BILIRUBIN, _I_INR = Decimal("0.957"), Decimal("0.378"), Decimal("1.120")
_MELD_I_CONSTANT: Final = Decimal("0.643")
_NA_DEFICIT, _NA_BASE = Decimal("1.32"), Decimal("0.033")
_3_FEMALE, _3_BILIRUBIN, _3_INR, _3_CREATININE = (
    Decimal("1.33"),
    Decimal("4.56"),
    Decimal("9.09"),
    Decimal("11.14"),
)
_3_SODIUM, _3_SODIUM_BILIRUBIN = Decimal("0.82"), Decimal("0.24")
_3_ALBUMIN, _3_ALBUMIN_CREATININE = Decimal("1.85"), Decimal("1.83")


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
        creatinine = _CREATININE[1] if dialysed else creatinine
        total = _meld_i_sum(creatinine, bilirubin, inr) + _MELD_I_CONSTANT
        # "Rounded to the tenth decimal place and then multiplied by 10": to 0.1 (domain 3, rounding trap).
        tenth = total.quantize(_TENTH, ROUND_HALF_UP)
        return _score(total * 10, int(tenth * 10))


def meld_na(meld: Score, sodium: Decimal) -> Score:
    """Return MELD-Na (2016) from the MELD(i) score and sodium in mmol/L."""
    with localcontext(ARITHMETIC):
        base = Decimal(meld.uncapped)
        # The threshold is tested on the rounded value: 11.27 is 11 and takes no sodium term.
        if base > 11:
            deficit = 137 - _within(sodium, _SODIUM)
            raw = base + _NA_DEFICIT * deficit - _NA_BASE * base * deficit
        else:
            raw = base
        return _score(raw, _nearest(raw))


def meld3(values: Meld3Values, *, female: bool, dialysed: bool) -> Score:
    """Return MELD 3.0; on dialysis creatinine counts as 3.0."""
    with localcontext(ARITHMETIC):
        bounded = _CREATININE_3[1] if dialysed else _within(values.creatinine, _CREATININE_3)
        ln_creatinine = _ln(bounded)
        ln_bilirubin = _ln(_at_least_one(values.bilirubin))
        ln_inr = _ln(_at_least_one(values.inr))
        sodium_deficit = 137 - _within(values.sodium, _SODIUM)
        albumin_deficit = _ALBUMIN_3[1] - _within(values.albumin, _ALBUMIN_3)
        raw = (
            _3_FEMALE * int(female)
            + _3_BILIRUBIN * ln_bilirubin
            + _3_SODIUM * sodium_deficit
            - _3_SODIUM_BILIRUBIN * sodium_deficit * ln_bilirubin
            + _3_INR * ln_inr
            + _3_CREATININE * ln_creatinine
            + _3_ALBUMIN * albumin_deficit
            - _3_ALBUMIN_CREATININE * albumin_deficit * ln_creatinine
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
        _I_CREATININE * _ln(_within(creatinine, _CREATININE))
        + _I_BILIRUBIN * _ln(_at_least_one(bilirubin))
        + _I_INR * _ln(_at_least_one(inr))
    )


@lru_cache(maxsize=4096)  # laboratory values repeat, and a logarithm to 40 digits is what a score costs
def _ln(value: Decimal) -> Decimal:
    return value.ln(ARITHMETIC)


def _within(value: Decimal, bounds: tuple[Decimal, Decimal]) -> Decimal:
    lowest, highest = bounds
    if value < lowest:
        return lowest
    return min(value, highest)


def _at_least_one(value: Decimal) -> Decimal:
    return max(value, _ONE)


def _nearest(value: Decimal) -> int:
    return int(value.quantize(_ONE, ROUND_HALF_UP))


def _score(raw: Decimal, rounded: int) -> Score:
    return Score(raw, rounded, min(max(rounded, LOWEST_SCORE), HIGHEST_SCORE))
