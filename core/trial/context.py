"""What a decider is told besides the command, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from core.kernel.errors import Malformed, Refused

if TYPE_CHECKING:
    from datetime import date, datetime

    from core.kernel.actors import Role
    from core.kernel.recorded import Event, Reason


class KeyChecks(Protocol):
    """The one question about keys that a decider asks; answered outside the pure core."""

    def require_possession(self, person: str, key: str, proof: str) -> None:
        """Raise unless the key is acceptable and the proof shows that the person holds it."""


# What is entered later than this needs a reason.
LATE_ENTRY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Context:
    """Who commands, when, and why; `now` is the server's clock, `occurred_at` the person's claim."""

    person: str
    role: Role
    now: datetime
    occurred_at: datetime
    zone: str
    reason: Reason | None
    key_checks: KeyChecks


@dataclass(frozen=True, slots=True)
class Decided:
    """One event to append: to which stream, and which statement it corrects, if any."""

    stream: str
    event: Event
    corrects: str | None = None


def require_reason(context: Context) -> None:
    """Refuse unless a reason with code and text was given.

    Raises: `REASON_REQUIRED` (21 CFR 11.10(e); EU Annex 11 clause 9).
    """
    reason = context.reason
    if reason is None or not (reason.code.strip() and reason.text.strip()):
        raise Refused("REASON_REQUIRED", "this change needs a reason: a code and a sentence")


def require_timely(context: Context) -> None:
    """Refuse an event entered more than a day after it occurred, unless a reason is given.

    Raises: `REASON_REQUIRED` (contemporaneous, ICH E6(R3) 4.2.2; trust 2, T5).
    """
    if context.now - context.occurred_at > LATE_ENTRY:
        require_reason(context)


def require_past(moment: datetime, now: datetime, what: str) -> None:
    """Refuse a moment later than the server's clock.

    Raises: `FUTURE_TIME`.
    """
    if moment > now:
        raise Malformed("FUTURE_TIME", f"{what} lies in the future", field=what)


def require_past_day(day: date, today: date, what: str) -> None:
    """Refuse a calendar day later than today at the site.

    Raises: `FUTURE_TIME`.
    """
    if day > today:
        raise Malformed("FUTURE_TIME", f"{what} lies in the future", field=what)
