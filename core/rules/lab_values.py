"""Which laboratory values can be true at all: known analyte, known unit, plausible size.

- Ranges hold in the standard unit, after conversion, so that a value is judged alike in any unit.
- Domain 3 gives ranges for the analytes of the MELD scores; of the others only the sign is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Refused
from core.rules.lab_units import LabAnalyte, in_standard_unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.rules.lab_units import Converted
    from core.rules.quantities import HasQuantity


@dataclass(frozen=True, slots=True)
class _Range:
    """Lowest and highest plausible value in the standard unit, both included."""

    lowest: Decimal
    highest: Decimal


_PLAUSIBLE: Final[Mapping[str, _Range]] = {
    LabAnalyte.BILIRUBIN: _Range(Decimal(1), Decimal(1500)),
    LabAnalyte.CREATININE: _Range(Decimal(10), Decimal(2500)),
    LabAnalyte.INR: _Range(Decimal("0.5"), Decimal(20)),
    LabAnalyte.SODIUM: _Range(Decimal(100), Decimal(180)),
    LabAnalyte.ALBUMIN: _Range(Decimal(5), Decimal(70)),
}

# An analyser reports no cell found as 0; refusing it would hide the worst grade.
_MAY_BE_ZERO: Final = frozenset({LabAnalyte.NEUTROPHILS, LabAnalyte.LYMPHOCYTES})


def plausible(analyte: str, quantity: HasQuantity) -> Converted:
    """Return a value that a laboratory can have measured, in the standard unit of its analyte.

    Raises: `UNKNOWN_ANALYTE`, `UNKNOWN_UNIT`, `NON_POSITIVE`, `IMPLAUSIBLE`. Source: domain 3, plausibility.
    """
    converted = in_standard_unit(analyte, quantity)
    if not quantity.value.is_finite():
        raise Refused("IMPLAUSIBLE", f"{analyte} is not a number", analyte=str(analyte))
    if quantity.value < 0 or (quantity.value == 0 and analyte not in _MAY_BE_ZERO):
        raise Refused("NON_POSITIVE", f"{analyte} is zero or less", analyte=str(analyte))
    limits = _PLAUSIBLE.get(analyte)
    if limits and not limits.lowest <= converted.value <= limits.highest:
        raise Refused("IMPLAUSIBLE", f"{analyte} is outside its plausible range", analyte=str(analyte))
    return converted
