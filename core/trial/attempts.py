"""What was tried in one person's name, as the log remembers it: 21 CFR 11.300(d)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from core.trial.instance.events import Lockout

# Once enough has failed, further tries leave one refusal in so long a time, not one each.
TURNED_AWAY_GRAIN: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Attempts:
    """What was tried in one person's name since they were last let in: when, as the log received it.

    `failed` is oldest first; `turned_away_at` the last refusal behind those that were enough.
    """

    failed: tuple[datetime, ...] = ()
    turned_away_at: datetime | None = None

    def reach(self, lockout: Lockout) -> bool:
        """Tell whether enough has failed to lock the person out."""
        return len(self.failed) >= lockout.attempts

    def turned_away_just(self, moment: datetime) -> bool:
        """Tell whether somebody was turned away in the person's name shortly before the moment."""
        return self.turned_away_at is not None and moment - self.turned_away_at < TURNED_AWAY_GRAIN
