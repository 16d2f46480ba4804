"""Reference and plausible ranges with which the built-in configuration is proposed.

The limits of bilirubin, ALT and creatinine are the trial's own; the others are customary adult limits,
which a site replaces by those of its laboratory before the configuration is signed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.rules.quantities import Sex
from core.trial.study.config import PlausibleRange, ReferenceRange

_REFERENCE: Final = (
    ("bilirubin", "umol/L", None, None, "20.5"),
    ("alt", "U/L", None, None, "40"),
    ("ast", "U/L", None, None, "40"),
    ("alp", "U/L", None, "45", "125"),
    ("ggt", "U/L", None, "10", "60"),
    ("creatinine", "umol/L", None, None, "104"),
    ("albumin", "g/L", None, "40", "55"),
    ("inr", "1", None, "0.8", "1.2"),
    ("pta", "%", None, "70", "130"),
    ("fibrinogen", "g/L", None, "2", "4"),
    ("platelets", "10*9/L", None, "125", "350"),
    ("leukocytes", "10*9/L", None, "3.5", "9.5"),
    ("neutrophils", "10*9/L", None, "1.8", "6.3"),
    ("lymphocytes", "10*9/L", None, "1.1", "3.2"),
    ("haemoglobin", "g/L", Sex.MALE, "130", "175"),
    ("haemoglobin", "g/L", Sex.FEMALE, "115", "150"),
    ("sodium", "mmol/L", None, "137", "147"),
    ("potassium", "mmol/L", None, "3.5", "5.3"),
    ("glucose", "mmol/L", None, "3.9", "6.1"),
)

# Both ends in; the first five are those of domain 3.
_PLAUSIBLE: Final = (
    ("bilirubin", "umol/L", "1", "1500"),
    ("creatinine", "umol/L", "10", "2500"),
    ("inr", "1", "0.5", "20"),
    ("sodium", "mmol/L", "100", "180"),
    ("albumin", "g/L", "5", "70"),
    ("alt", "U/L", "1", "30000"),
    ("ast", "U/L", "1", "30000"),
    ("alp", "U/L", "1", "10000"),
    ("ggt", "U/L", "1", "10000"),
    ("pta", "%", "1", "200"),
    ("fibrinogen", "g/L", "0.1", "20"),
    ("platelets", "10*9/L", "1", "3000"),
    ("leukocytes", "10*9/L", "0.01", "500"),
    ("neutrophils", "10*9/L", "0", "500"),
    ("lymphocytes", "10*9/L", "0", "500"),
    ("haemoglobin", "g/L", "10", "300"),
    ("potassium", "mmol/L", "1", "12"),
    ("glucose", "mmol/L", "0.5", "100"),
    ("weight", "kg", "20", "300"),
    ("pao2_fio2", "mm[Hg]", "20", "700"),
)


def reference_ranges() -> tuple[ReferenceRange, ...]:
    """Return the limits of normal."""
    return tuple(
        ReferenceRange(analyte, unit, sex, _limit(low), _limit(high))
        for analyte, unit, sex, low, high in _REFERENCE
    )


def plausible_ranges() -> tuple[PlausibleRange, ...]:
    """Return what a value can be at all."""
    return tuple(
        PlausibleRange(name, unit, Decimal(low), Decimal(high)) for name, unit, low, high in _PLAUSIBLE
    )


def _limit(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
