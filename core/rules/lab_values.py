"""Which laboratory values can be true at all: known analyte, known unit, plausible size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.errors import Refused
from core.rules.meld_units import Analyte, conventional

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.rules.quantities import HasQuantity

# Analytes outside the MELD scores, each in the one unit that the casebook takes.
OTHER_UNITS: Final[Mapping[str, str]] = {
    "alt": "U/L",
    "ast": "U/L",
    "platelets": "10*9/L",
    "pta": "%",
}
_MELD: Final = {str(analyte): analyte for analyte in Analyte}


def require_plausible(analyte: str, quantity: HasQuantity) -> None:
    """Refuse a value that no laboratory can have measured.

    Raises: `UNKNOWN_ANALYTE`, `UNKNOWN_UNIT`, `NON_POSITIVE`, `IMPLAUSIBLE`. Source: domain 3, plausibility.
    """
    if analyte in _MELD:
        conventional(_MELD[analyte], quantity)
        return
    if analyte not in OTHER_UNITS:
        raise Refused("UNKNOWN_ANALYTE", "the casebook has no such analyte", analyte=analyte)
    if quantity.unit != OTHER_UNITS[analyte]:
        raise Refused("UNKNOWN_UNIT", f"{analyte} is reported in {OTHER_UNITS[analyte]}", analyte=analyte)
    if quantity.value <= 0:
        raise Refused("NON_POSITIVE", f"{analyte} is zero or less", analyte=analyte)
