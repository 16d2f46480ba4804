"""Measured values: an exact decimal with its unit, never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from core.kernel.errors import Malformed

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,12})?")


@lru_cache(maxsize=4096)  # laboratory values repeat
def read_decimal(text: str) -> Decimal:
    """Parse a decimal string, keeping its scale: `12.50` stays `12.50`.

    Raises: `BAD_DECIMAL` for exponents, leading zeros, signs on zero, spaces and anything else.
    """
    if not _DECIMAL.fullmatch(text) or (text.startswith("-") and not text.strip("-0.")):
        raise Malformed("BAD_DECIMAL", "a measured value is a decimal string such as 12.5")
    return Decimal(text)


def write_decimal(value: Decimal) -> str:
    """Return the decimal string without exponent; the inverse of `read_decimal`."""
    text = str(value)
    return format(value, "f") if "E" in text else text  # str knows an exponent and is otherwise the same


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value with its UCUM unit, as received."""

    value: Decimal
    unit: str
