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
    from core.trial.study.state import Study


class KeyChecks(Protocol):
    """The one question about keys that a decider asks; answered outside the pure core."""

    def require_possession(self, person: str, key: str, proof: str) -> None:
        """Raise unless the key is acceptable and the proof shows that the person holds it."""


class LogChecks(KeyChecks, Protocol):
    """What a decider asks about keys, and about the log that it decides on."""

    def require_root(self, size: int, root: str) -> None:
        """Raise `BAD_SNAPSHOT` unless a signed head of this log has this size and this root."""


# What is entered later than this needs a reason, until a protocol configuration says otherwise.
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
    checks: LogChecks


@dataclass(frozen=True, slots=True)
class Decided:
    """One event to append: to which stream, and which statement it corrects or supersedes, if any."""

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


def late_entry(study: Study) -> timedelta:
    """Return how long after it occurred an event is entered without a reason."""
    config = study.config
    return LATE_ENTRY if config is None else timedelta(hours=config.data.late_entry_hours)


def require_timely(context: Context, study: Study) -> None:
    """Refuse an event entered late, unless a reason is given.

    Raises: `REASON_REQUIRED` (contemporaneous, ICH E6(R3) 4.2.2; trust 2, T5).
    """
    if context.now - context.occurred_at > late_entry(study):
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
