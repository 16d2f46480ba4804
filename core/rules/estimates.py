"""Arithmetic of statistical estimates: exact fractions until a figure is printed, then six decimals.

- Shares are `Fraction`, so no order of subjects and no machine changes a digit.
- Roots, logarithms and exponentials are decimals of 50 digits, correctly rounded by definition of the
  decimal arithmetic; no binary float and no platform's mathematical library takes part.
- Rounding is half-even and happens once, in `rounded`; what is rounded is never computed with.
"""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Final

PLACES: Final = 6
ESTIMATION: Final = Context(prec=50)

# Two-sided 95 % limits; the figures of domain 6 were made with 1.96, not with 1.959964.
Z_95: Final = Decimal("1.96")

_PI: Final = Decimal("3.14159265358979323846264338327950288419716939937511")
# Beyond it the tail is below 1e-32: nothing is left of it in six decimals.
_FARTHEST: Final = Decimal(12)


def rounded(value: Fraction | Decimal, places: int = PLACES) -> Decimal:
    """Return an estimate as it is printed: rounded half-even to so many decimals."""
    nearest = round(Fraction(value), places)
    with localcontext(ESTIMATION):
        return Decimal(nearest.numerator) / Decimal(nearest.denominator)


def rounded_or_none(value: Fraction | Decimal | None, places: int = PLACES) -> Decimal | None:
    """Return an estimate as it is printed; what cannot be estimated stays null."""
    return None if value is None else rounded(value, places)


def decimal_of(value: Fraction | int) -> Decimal:
    """Return a share as a decimal of 50 significant digits."""
    with localcontext(ESTIMATION):
        return Decimal(value.numerator) / Decimal(value.denominator)


def normal_cdf(z: Decimal) -> Decimal:
    """Return the standard normal distribution function, exact to more than 30 decimals.

    Source: Marsaglia 2004 (J Stat Softw 11:4), 1/2 + phi(z) (z + z^3/3 + z^5/(3*5) + ...).
    """
    if abs(z) > _FARTHEST:
        return Decimal(int(z > 0))
    with localcontext(ESTIMATION):
        term = total = z
        step = 1
        while total != total + term * z * z / (step + 2):
            step += 2
            term = term * z * z / step
            total += term
        return Decimal("0.5") + total * (-z * z / 2).exp() / (2 * _PI).sqrt()


def two_sided_p(z: Decimal) -> Decimal:
    """Return the chance of a standard normal deviate at least as far from zero."""
    with localcontext(ESTIMATION):
        return 2 * normal_cdf(-abs(z))


def poisson_lower_tail(observed: int, expected: Decimal) -> Decimal:
    """Return P(X <= observed) of a Poisson count with this mean, exactly."""
    with localcontext(ESTIMATION):
        term = total = Decimal(1)
        for count in range(1, observed + 1):
            term = term * expected / count
            total += term
        return total * (-expected).exp()
