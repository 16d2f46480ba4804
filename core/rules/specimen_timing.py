"""Whether results belong to one time point and came soon enough after the draw.

- Same time point: one specimen set, or the identical instant of draw whatever its zone.
- How long results may take is signed configuration, six hours unless said otherwise; the last moment is
  within. The release by the laboratory counts, not the entry.
- Judged analyte by analyte, so that a late albumin takes away only the score that needs it.

Source: domain 3, same-time-point and 6-hour rule; codes of record 9.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from core.rules.meld_units import Analyte

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.rules.quantities import HasTimes

LONGEST_WAIT: Final = timedelta(hours=6)
_AT_ONCE: Final = timedelta(0)
_IN_ORDER: Final = tuple(Analyte)


def timing_faults(
    specimens: Mapping[str, HasTimes], longest_wait: timedelta = LONGEST_WAIT
) -> dict[Analyte, str]:
    """Return `CODE:analyte` for every analyte that cannot be used, in the order of `Analyte`.

    Codes: `MISSING`, `NOT_SAME_TIME_POINT`, `RESULT_LATER_THAN_6H`, `RESULT_BEFORE_DRAW`; the third is
    the record's name for lateness, whatever the limit.
    """
    present = {analyte: specimens[analyte] for analyte in _IN_ORDER if analyte in specimens}
    reference = _reference(tuple(present.values()))
    faults: dict[Analyte, str] = {}
    for analyte in _IN_ORDER:
        code = _fault(present.get(analyte), reference, longest_wait)
        if code is not None:
            faults[analyte] = f"{code}:{analyte}"
    return faults


def _reference(specimens: Sequence[HasTimes]) -> HasTimes | None:
    """Return a specimen of the time point that most analytes share; the first listed wins a tie.

    Three of five analytes make the smallest score, so a score that is possible has the majority.
    """
    if specimens and all(_same_point(one, specimens[0]) for one in specimens):
        return specimens[0]  # shares with all, and is listed first
    return max(specimens, key=lambda one: sum(_same_point(one, other) for other in specimens), default=None)


def _same_point(one: HasTimes, other: HasTimes) -> bool:
    same_set = one.specimen_set is not None and one.specimen_set == other.specimen_set
    return same_set or one.drawn_at == other.drawn_at


def _fault(specimen: HasTimes | None, reference: HasTimes | None, longest_wait: timedelta) -> str | None:
    if specimen is None or reference is None:
        return "MISSING"
    if not _same_point(specimen, reference):
        return "NOT_SAME_TIME_POINT"
    waited = specimen.resulted_at - specimen.drawn_at
    if waited > longest_wait:
        return "RESULT_LATER_THAN_6H"
    return "RESULT_BEFORE_DRAW" if waited < _AT_ONCE else None
