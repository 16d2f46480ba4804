"""What a person holds or held: keys, roles, delegations, trainings, and the doubts about a key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from core.kernel.actors import Duty, Role
    from core.kernel.recorded import Reason, Recorded
    from core.trial.people.events import Proposable


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who did something, at which position, when and where, and why."""

    position: int
    by: str
    at: datetime
    zone: str
    reason: Reason | None


def stamp_of(recorded: Recorded) -> Stamp:
    """Return who recorded the event, where it stands and why."""
    return Stamp(recorded.position, recorded.signer.id, recorded.recorded_at, recorded.zone, recorded.reason)


@dataclass(frozen=True, slots=True)
class Held:
    """A key or a role with the positions between which it counts; `until` is open while None.

    `valid_from` and `valid_until` are dates that the grant itself named; `ended_by` is the name of the event
    that ended it. `proposed_by` is the first officer where two were needed; the stamps tell who made it count
    and who ended it. `rotated_from` is the key that signed a rotated one in.
    """

    what: str
    since: int
    until: int | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    ended_by: str | None = None
    proposed_by: str | None = None
    rotated_from: str | None = None
    granted: Stamp | None = None
    ended: Stamp | None = None

    def counts_at(self, position: int) -> bool:
        """Tell whether an event at the position could rest on it."""
        return self.since < position and (self.until is None or position <= self.until)

    def counts_on(self, moment: datetime) -> bool:
        """Tell whether nothing has ended it, and its own dates cover the moment."""
        return self.until is None and self.covers(moment)

    def covers(self, moment: datetime) -> bool:
        """Tell whether the moment lies within the dates of the grant: from inclusive, until exclusive."""
        return (self.valid_from is None or self.valid_from <= moment) and (
            self.valid_until is None or moment < self.valid_until
        )


def ended_among(held: tuple[Held, ...], what: str | None, recorded: Recorded) -> tuple[Held, ...]:
    """Return what was held, with the one that is named ended by the event, or all of it."""
    return tuple(ended(h, recorded) if what in (None, h.what) else h for h in held)


def ended(held: Held, recorded: Recorded) -> Held:
    """Return what was held as the event ends it; what ended before stays so."""
    if held.until is not None:
        return held
    ended_by = type(recorded.payload).__name__
    return replace(held, until=recorded.position, ended_by=ended_by, ended=stamp_of(recorded))


def held_from(
    what: str, recorded: Recorded, dates: tuple[datetime | None, datetime | None] = (None, None)
) -> Held:
    """Return what counts from the event on."""
    return Held(what, recorded.position, None, *dates, granted=stamp_of(recorded))


@dataclass(frozen=True, slots=True)
class Delegation:
    """Duties that the principal investigator delegated; `held.what` is the digest of the statement."""

    held: Held
    role: Role
    duties: tuple[Duty, ...]
    by: str

    @property
    def digest(self) -> str:
        """The digest of the statement that delegated."""
        return self.held.what


@dataclass(frozen=True, slots=True)
class Training:
    """A completed course; it counts to the end of `expires_on` (UTC)."""

    course: str
    completed_on: date
    expires_on: date
    position: int


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A key whose signatures from `suspected_from` up to `declared_at` are in doubt: both are positions."""

    key: str
    suspected_from: int
    declared_at: int


@dataclass(frozen=True, slots=True)
class Reaffirmation:
    """A signature of the person at a position, by a key, by which they stand by the statements it covers."""

    covers: frozenset[str]
    position: int
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something one officer proposed and no second officer has approved yet."""

    digest: str
    proposer: str
    event: Proposable
