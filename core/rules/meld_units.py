"""Analytes of the MELD scores: accepted units, conversion, plausible ranges.

- Value and unit are stored as received; conversion happens here, at the moment of scoring.
- Bounds of the formulas are applied after conversion, never to the value as received.

Source: domain 3, units and plausibility.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.rules.quantities import HasQuantity

FACTOR_SET: Final = "meld-factors/1"
ARITHMETIC: Final = Context(prec=40)


class Analyte(StrEnum):
    """What the scores are made from, in the order in which faults are named."""

    CREATININE = "creatinine"
    BILIRUBIN = "bilirubin"
    INR = "inr"
    SODIUM = "sodium"
    ALBUMIN = "albumin"


@dataclass(frozen=True, slots=True)
class _Scale:
    """Units of one analyte: how many SI units one of each is, and the plausible range in SI units."""

    si_per: Mapping[str, Decimal]
    si_per_conventional: Decimal
    lowest: Decimal
    highest: Decimal


_ONE = Decimal(1)

_SCALES: Final[Mapping[Analyte, _Scale]] = {
    Analyte.CREATININE: _Scale(
        {"umol/L": _ONE, "mg/dL": Decimal("88.4")}, Decimal("88.4"), Decimal(10), Decimal(2500)
    ),
    Analyte.BILIRUBIN: _Scale(
        {"umol/L": _ONE, "mg/dL": Decimal("17.1")}, Decimal("17.1"), Decimal(1), Decimal(1500)
    ),
    Analyte.INR: _Scale({"1": _ONE}, _ONE, Decimal("0.5"), Decimal(20)),
    Analyte.SODIUM: _Scale({"mmol/L": _ONE, "mEq/L": _ONE}, _ONE, Decimal(100), Decimal(180)),
    Analyte.ALBUMIN: _Scale({"g/L": _ONE, "g/dL": Decimal(10)}, Decimal(10), Decimal(5), Decimal(70)),
}


def conventional(analyte: Analyte, quantity: HasQuantity) -> Decimal:
    """Return the value in the unit of the formulas: mg/dL, g/dL (albumin), mmol/L (sodium), 1 (INR).

    Raises: `UNKNOWN_UNIT`, `NON_POSITIVE`, `IMPLAUSIBLE`.
    """
    scale = _SCALES[analyte]
    factor = scale.si_per.get(quantity.unit)
    if factor is None:
        raise Refused("UNKNOWN_UNIT", f"{analyte} is not reported in this unit", analyte=str(analyte))
    with localcontext(ARITHMETIC):
        in_si = _plausible(analyte, scale, quantity.value, factor)
        return in_si / scale.si_per_conventional


def _plausible(analyte: Analyte, scale: _Scale, value: Decimal, factor: Decimal) -> Decimal:
    if not value.is_finite():
        raise Refused("IMPLAUSIBLE", f"{analyte} is not a number", analyte=str(analyte))
    if value <= 0:
        raise Refused("NON_POSITIVE", f"{analyte} is zero or less", analyte=str(analyte))
    in_si = value * factor
    if not scale.lowest <= in_si <= scale.highest:
        raise Refused("IMPLAUSIBLE", f"{analyte} is outside its plausible range", analyte=str(analyte))
    return in_si
