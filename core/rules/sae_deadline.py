"""Until when a serious adverse event must be reported: to the sponsor always, to the regulator as a SUSAR.

- Clocks run from the moment at which the site became aware; a day of the clock is 24 hours.
- A SUSAR is suspected (related), unexpected and serious; one that threatens life has the shorter clock.

Source: domain 4; ICH E2A III.B (7 and 15 calendar days).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class SaeClocks:
    """Signed configuration: hours to the sponsor, days to the regulator."""

    sponsor_hours: int
    susar_fatal_days: int
    susar_days: int


@dataclass(frozen=True, slots=True)
class SaeFacts:
    """What the clocks ask of a serious adverse event."""

    aware_at: datetime
    is_related: bool
    is_expected: bool
    threatens_life: bool


def sponsor_deadline(aware_at: datetime, clocks: SaeClocks) -> datetime:
    """Return the last moment at which the sponsor must have been told."""
    return aware_at + timedelta(hours=clocks.sponsor_hours)


def regulator_deadline(facts: SaeFacts, clocks: SaeClocks) -> datetime | None:
    """Return the last moment at which the regulator must have been told; None where it is no SUSAR."""
    if facts.is_expected or not facts.is_related:
        return None
    days = clocks.susar_fatal_days if facts.threatens_life else clocks.susar_days
    return facts.aware_at + timedelta(days=days)
