"""Analytes of the MELD scores, and their values in the units of the formulas.

- Value and unit are stored as received; conversion happens here, at the moment of scoring.
- Bounds of the formulas are applied after conversion, never to the value as received.
- Factors are those of `lab_units`, plausible ranges those of `lab_values`; none is repeated here.

Source: domain 3, units and plausibility.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from core.rules.lab_units import ARITHMETIC, LabAnalyte, in_unit
from core.rules.lab_values import plausible
from core.rules.quantities import Quantity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from core.rules.quantities import HasQuantity

__all__ = ["ARITHMETIC", "FACTOR_SET", "Analyte", "conventional"]

# The scores' own name for the part of the factors that they use; it stands in the rows of the view.
FACTOR_SET: Final = "meld-factors/1"


class Analyte(StrEnum):
    """What the scores are made from, in the order in which faults are named."""

    CREATININE = LabAnalyte.CREATININE
    BILIRUBIN = LabAnalyte.BILIRUBIN
    INR = LabAnalyte.INR
    SODIUM = LabAnalyte.SODIUM
    ALBUMIN = LabAnalyte.ALBUMIN


_UNIT_OF_FORMULAS: Final[Mapping[Analyte, str]] = {
    Analyte.CREATININE: "mg/dL",
    Analyte.BILIRUBIN: "mg/dL",
    Analyte.INR: "1",
    Analyte.SODIUM: "mmol/L",
    Analyte.ALBUMIN: "g/dL",
}


def conventional(analyte: Analyte, quantity: HasQuantity) -> Decimal:
    """Return the value in the unit of the formulas: mg/dL, g/dL (albumin), mmol/L (sodium), 1 (INR).

    Raises: `UNKNOWN_UNIT`, `NON_POSITIVE`, `IMPLAUSIBLE`.
    """
    # What is no number has no hash either; it is refused like any other implausible value.
    convert = _converted if quantity.value.is_finite() else _converted.__wrapped__
    return convert(analyte, quantity.value, quantity.unit)


@lru_cache(maxsize=4096)  # laboratory values repeat
def _converted(analyte: Analyte, value: Decimal, unit: str) -> Decimal:
    return in_unit(analyte, plausible(analyte, Quantity(value, unit)), _UNIT_OF_FORMULAS[analyte])
