"""Clinical improvement: two attested parts and one that is computed from laboratory values.

- All three parts must be met; what is not known stays unknown, unless another part already fails.
- Part 3: bilirubin < k x ULN, and prothrombin activity > p % or INR < r; every limit is signed.
- A subject whose baseline bilirubin was already below the limit has not improved by staying there: then
  the level is not enough, and the value must have fallen below its baseline (domain 6).

Source: domain 6, China 2018 guideline 2.6.2.2; the sponsor signs the text and the limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Protocol

from core.rules.lab_units import ARITHMETIC, LabAnalyte
from core.rules.lab_values import plausible
from core.rules.three_valued import all_known, any_known, known_not

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.rules.quantities import HasQuantity


class HasImprovementLimits(Protocol):
    """The limits of part 3 as they were signed."""

    @property
    def bilirubin_uln_multiple(self) -> Decimal:
        """Return k of bilirubin < k x ULN."""

    @property
    def pta_percent(self) -> Decimal:
        """Return the prothrombin activity, in %, that must be exceeded."""

    @property
    def inr(self) -> Decimal:
        """Return the INR that must not be reached."""


@dataclass(frozen=True, slots=True)
class LabPart:
    """Part 3 with what it was computed from; None is not known.

    `fall_needed` flags a baseline that was already below the bilirubin limit; `fell` tells whether
    bilirubin is lower than at baseline.
    """

    bilirubin_below_limit: bool | None
    pta_above_limit: bool | None
    inr_below_limit: bool | None
    fall_needed: bool | None
    fell: bool | None

    @property
    def met(self) -> bool | None:
        """Tell whether part 3 is met."""
        return all_known(
            self.bilirubin_below_limit,
            any_known(self.pta_above_limit, self.inr_below_limit),
            any_known(known_not(self.fall_needed), self.fell),
        )


@dataclass(frozen=True, slots=True)
class ClinicalImprovement:
    """The assessment: part 1 (symptoms, encephalopathy resolved), part 2 (jaundice, ascites), part 3."""

    symptoms_improved: bool | None
    jaundice_and_ascites_improved: bool | None
    lab_part: LabPart

    @property
    def improved(self) -> bool | None:
        """Tell whether all three parts are met."""
        return all_known(self.symptoms_improved, self.jaundice_and_ascites_improved, self.lab_part.met)


def lab_part(
    baseline: Mapping[str, HasQuantity],
    current: Mapping[str, HasQuantity],
    bilirubin_uln: HasQuantity,
    limits: HasImprovementLimits,
) -> LabPart:
    """Return part 3 of results keyed by analyte (bilirubin, pta, inr), each in any unit of its analyte.

    Raises: `UNKNOWN_UNIT`, `NON_POSITIVE`, `IMPLAUSIBLE`.
    """
    with localcontext(ARITHMETIC):
        limit = plausible(LabAnalyte.BILIRUBIN, bilirubin_uln).value * limits.bilirubin_uln_multiple
    before, now = _value(baseline, LabAnalyte.BILIRUBIN), _value(current, LabAnalyte.BILIRUBIN)
    return LabPart(
        bilirubin_below_limit=_below(now, limit),
        pta_above_limit=_below(limits.pta_percent, _value(current, LabAnalyte.PTA)),
        inr_below_limit=_below(_value(current, LabAnalyte.INR), limits.inr),
        fall_needed=_below(before, limit),
        fell=_below(now, before),
    )


def _value(results: Mapping[str, HasQuantity], analyte: LabAnalyte) -> Decimal | None:
    quantity = results.get(analyte)
    return None if quantity is None else plausible(analyte, quantity).value


def _below(value: Decimal | None, limit: Decimal | None) -> bool | None:
    return None if value is None or limit is None else value < limit
