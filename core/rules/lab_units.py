"""Units of laboratory values: what each analyte may be reported in, and its value in the standard unit.

- The one place where a conversion factor is written; every calculator takes it from here.
- Units are UCUM codes, case-sensitive; `mEq/L` is taken beside UCUM's `meq/L`, because reports print it.
- A received value is never replaced: a `Converted` keeps it beside the converted one and the factor set.

Source: domain 3 (bilirubin, creatinine, albumin, sodium); domain 4 (units of the CTCAE thresholds).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Refused
from core.rules.quantities import Quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.rules.quantities import HasQuantity

FACTOR_SET: Final = "lab-factors/1"
ARITHMETIC: Final = Context(prec=40)


class LabAnalyte(StrEnum):
    """Every analyte that the casebook takes."""

    CREATININE = "creatinine"
    BILIRUBIN = "bilirubin"
    INR = "inr"
    SODIUM = "sodium"
    ALBUMIN = "albumin"
    ALT = "alt"
    AST = "ast"
    ALP = "alp"
    GGT = "ggt"
    PLATELETS = "platelets"
    NEUTROPHILS = "neutrophils"
    LEUKOCYTES = "leukocytes"
    LYMPHOCYTES = "lymphocytes"
    HAEMOGLOBIN = "haemoglobin"
    FIBRINOGEN = "fibrinogen"
    POTASSIUM = "potassium"
    GLUCOSE = "glucose"
    PTA = "pta"


@dataclass(frozen=True, slots=True)
class _Factor:
    """What turns a value into the standard unit: times `times`, over `over`; both exact."""

    times: Decimal
    over: Decimal = Decimal(1)

    def to_standard(self, value: Decimal) -> Decimal:
        return ARITHMETIC.divide(ARITHMETIC.multiply(value, self.times), self.over)

    def from_standard(self, value: Decimal) -> Decimal:
        return ARITHMETIC.divide(ARITHMETIC.multiply(value, self.over), self.times)


_SAME: Final = _Factor(Decimal(1))
_TEN: Final = _Factor(Decimal(10))

# The first unit of each analyte is its standard unit.
_ENZYME: Final = {"U/L": _SAME}
_COUNT: Final = {"10*9/L": _SAME, "10*3/uL": _SAME, "/uL": _Factor(Decimal(1), Decimal(1000))}
_IONS: Final = {"mmol/L": _SAME, "mEq/L": _SAME, "meq/L": _SAME}  # both ions carry one charge
_PROTEIN: Final = {"g/L": _SAME, "g/dL": _TEN}

_UNITS: Final[Mapping[str, Mapping[str, _Factor]]] = {
    LabAnalyte.CREATININE: {"umol/L": _SAME, "mg/dL": _Factor(Decimal("88.4"))},
    LabAnalyte.BILIRUBIN: {"umol/L": _SAME, "mg/dL": _Factor(Decimal("17.1"))},
    LabAnalyte.INR: {"1": _SAME},
    LabAnalyte.SODIUM: _IONS,
    LabAnalyte.POTASSIUM: _IONS,
    LabAnalyte.ALBUMIN: _PROTEIN,
    LabAnalyte.HAEMOGLOBIN: _PROTEIN,
    LabAnalyte.ALT: _ENZYME,
    LabAnalyte.AST: _ENZYME,
    LabAnalyte.ALP: _ENZYME,
    LabAnalyte.GGT: _ENZYME,
    LabAnalyte.PLATELETS: _COUNT,
    LabAnalyte.NEUTROPHILS: _COUNT,
    LabAnalyte.LEUKOCYTES: _COUNT,
    LabAnalyte.LYMPHOCYTES: _COUNT,
    LabAnalyte.FIBRINOGEN: {"g/L": _SAME, "mg/dL": _Factor(Decimal(1), Decimal(100))},
    # D-glucose, C6H12O6: 180.16 g/mol, so 18.016 mg/dL are 1 mmol/L.
    LabAnalyte.GLUCOSE: {"mmol/L": _SAME, "mg/dL": _Factor(Decimal(1), Decimal("18.016"))},
    LabAnalyte.PTA: {"%": _SAME},
}


@dataclass(frozen=True, slots=True)
class Converted:
    """A value in the standard unit of its analyte, what was received, and the factors between them."""

    value: Decimal
    unit: str
    received: Quantity
    factor_set: str = FACTOR_SET


def units_of(analyte: str) -> tuple[str, ...]:
    """Return the units that an analyte may be reported in, its standard unit first.

    Raises: `UNKNOWN_ANALYTE`.
    """
    return tuple(_factors(analyte))


def standard_unit(analyte: str) -> str:
    """Return the unit in which an analyte is compared and graded.

    Raises: `UNKNOWN_ANALYTE`.
    """
    return units_of(analyte)[0]


def in_standard_unit(analyte: str, quantity: HasQuantity) -> Converted:
    """Return a quantity in the standard unit of its analyte, the original kept beside it.

    Raises: `UNKNOWN_ANALYTE`, `UNKNOWN_UNIT`.
    """
    return Converted(
        standard_value(analyte, quantity), standard_unit(analyte), Quantity(quantity.value, quantity.unit)
    )


def standard_value(analyte: str, quantity: HasQuantity) -> Decimal:
    """Return the value of a quantity in the standard unit of its analyte.

    Raises: `UNKNOWN_ANALYTE`, `UNKNOWN_UNIT`.
    """
    return _factor(analyte, quantity.unit).to_standard(quantity.value)


def in_unit(analyte: str, converted: Converted, unit: str) -> Decimal:
    """Return the value of a converted quantity in another unit of its analyte.

    Raises: `UNKNOWN_ANALYTE`, `UNKNOWN_UNIT`.
    """
    return _factor(analyte, unit).from_standard(converted.value)


def _factors(analyte: str) -> Mapping[str, _Factor]:
    if analyte not in _UNITS:
        raise Refused("UNKNOWN_ANALYTE", "the casebook has no such analyte", analyte=str(analyte))
    return _UNITS[analyte]


def _factor(analyte: str, unit: str) -> _Factor:
    factors = _factors(analyte)
    if unit not in factors:
        raise Refused(
            "UNKNOWN_UNIT", f"{analyte} is reported in {' or '.join(factors)}", analyte=str(analyte)
        )
    return factors[unit]
