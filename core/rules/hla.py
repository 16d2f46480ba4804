"""HLA antibody status of one class over the visits: negative, positive, and since when.

- A value at or above the threshold is positive (domain 6; the threshold is signed configuration). Each visit
  is judged by the threshold under which it was reported.
- The baseline is what was drawn up to day 0. It is positive if any value of it is, and missing if none is.
- A positive baseline reads `positive` at its own visit; what follows it reads `positive_preexisting`, also
  after a negative value in between: a class maximum cannot tell an old specificity from a new one.
- `positive_de_novo` stands once: at the first positive value after a negative baseline. Later positive
  values read `positive`, also after a negative value in between.
- Without a baseline nobody knows since when: positive values read `positive`, never de novo.
- A value that is missing has no status (None); it is no negative value, neither at baseline nor later.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused
from core.rules.three_valued import any_known

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

BASELINE_VISIT: Final = 0


class HlaStatus(StrEnum):
    """Status of one class at one visit."""

    NEGATIVE = "negative"
    POSITIVE = "positive"
    POSITIVE_PREEXISTING = "positive_preexisting"
    POSITIVE_DE_NOVO = "positive_de_novo"


@dataclass(frozen=True, slots=True)
class AntibodyReading:
    """The highest bead of one class at a visit, in MFI, and the threshold from which it is positive.

    `max_mfi` is None where the class was not measured.
    """

    visit: int
    max_mfi: Decimal | None
    threshold_mfi: Decimal

    @property
    def is_positive(self) -> bool | None:
        """Tell whether antibodies were found, None where nobody looked."""
        return None if self.max_mfi is None else self.max_mfi >= self.threshold_mfi


def hla_statuses(readings: Iterable[AntibodyReading]) -> tuple[tuple[int, HlaStatus | None], ...]:
    """Return visit and status in order of visits; the order in which readings come does not matter.

    Raises: `IMPLAUSIBLE` (a value below zero, a threshold that is not above it), `DUPLICATE_VISIT`.
    """
    ordered = sorted(readings, key=lambda reading: reading.visit)
    _require_sound(ordered)
    baseline = _baseline(ordered)
    statuses: list[tuple[int, HlaStatus | None]] = []
    seen = False
    for reading in ordered:
        positive = reading.is_positive
        origin = baseline if reading.visit > BASELINE_VISIT else None
        statuses.append((reading.visit, _status(positive, origin, seen=seen)))
        seen = seen or positive is True
    return tuple(statuses)


def _require_sound(ordered: Sequence[AntibodyReading]) -> None:
    if any(not (one.threshold_mfi.is_finite() and one.threshold_mfi > 0) for one in ordered):
        raise Malformed("IMPLAUSIBLE", "the MFI threshold is above zero", field="threshold_mfi")
    values = [reading.max_mfi for reading in ordered if reading.max_mfi is not None]
    if any(not value.is_finite() or value < 0 for value in values):
        raise Malformed("IMPLAUSIBLE", "an MFI is not below zero", field="max_mfi")
    if len({reading.visit for reading in ordered}) < len(ordered):
        raise Refused("DUPLICATE_VISIT", "a class has one value a visit")


def _baseline(ordered: Iterable[AntibodyReading]) -> bool | None:
    """Return whether antibodies were there before the cells; None where nobody looked."""
    drawn = (one.is_positive for one in ordered if one.visit <= BASELINE_VISIT)
    known = [positive for positive in drawn if positive is not None]
    return any_known(*known) if known else None


def _status(positive: bool | None, baseline: bool | None, *, seen: bool) -> HlaStatus | None:  # noqa: FBT001 - truth values
    match positive, baseline:
        case None, _:
            return None
        case False, _:
            return HlaStatus.NEGATIVE
        case _, True:
            return HlaStatus.POSITIVE_PREEXISTING
        case _, False if not seen:
            return HlaStatus.POSITIVE_DE_NOVO
        case _:
            return HlaStatus.POSITIVE
