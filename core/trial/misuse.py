"""Failed attempts in a person's name, folded from the refusals: 21 CFR 11.300(d).

What counts as an attempt to guess or to pretend is a closed list of codes. As many of them within the
minutes that the policy names as it allows at most, and the service locks the person out in the same
transaction as the last refusal; what failed before a lock-out was lifted never counts again. Who is the last
that could let anybody in again is not locked out: else a stranger who knows the officers' ids could stop the
trial for good.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Refused
from core.trial.people.events import LockoutLifted

if TYPE_CHECKING:
    from datetime import datetime

    from core.trial.instance.events import CommandRefused, Lockout
    from core.trial.people.state import Person
    from core.trial.trial import Trial

# Somebody who is not the person, or does not hold their password or key, would be refused with these.
ATTEMPT_CODES: Final = frozenset(
    {"WRONG_PASSWORD", "WRONG_PERSON", "NO_SEALED_KEY", "BAD_ANSWER", "BAD_SIGNATURE", "WRONG_KEY"}
)

# The code of a try that was turned away unlooked at.
TRY_LATER: Final = "TRY_LATER"

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


@dataclass(frozen=True, slots=True)
class Judged:
    """The attempts in a person's name with one more refusal, and whether it locks them out."""

    attempts: Attempts
    locks_out: bool


def judged(trial: Trial, refused: CommandRefused, received_at: datetime) -> Judged:
    """Judge a refusal that the log receives at a moment, on the trial as it was before it.

    The writer asks this before it appends, the fold and so every verifier with it. Only an attempt locks
    anybody out, and only while somebody is left to lift it.
    """
    before, created = trial.attempts.get(refused.person, Attempts()), trial.instance.created
    if created is None or refused.person not in trial.people:
        return Judged(before, locks_out=False)
    if _is_locked(trial, refused.person):
        return Judged(replace(before, turned_away_at=received_at), locks_out=False)
    if refused.code not in ATTEMPT_CODES:
        return Judged(before, locks_out=False)
    after = _with_attempt(before, received_at, created.policy.lockout)
    enough = after.reach(created.policy.lockout)
    return Judged(after, locks_out=enough and _is_dispensable(trial, refused.person, received_at))


def _with_attempt(before: Attempts, received_at: datetime, lockout: Lockout) -> Attempts:
    since = received_at - timedelta(minutes=lockout.minutes)
    recent = replace(before, failed=tuple(at for at in before.failed if at > since))
    if recent.reach(lockout):  # enough before this one: the last officer, who is not locked out
        return replace(recent, turned_away_at=received_at)
    return replace(recent, failed=(*recent.failed, received_at))


def _is_dispensable(trial: Trial, person: str, moment: datetime) -> bool:
    return any(_could_lift(other, trial, moment) for other in trial.people.values() if other.id != person)


def require_may_try(trial: Trial, person: str, moment: datetime) -> None:
    """Refuse, before a password or an answer is even looked at, who is locked out or has to wait.

    The last officer is not locked out; so whoever guesses in their name has one try a minute.

    Raises: `LOCKED_OUT`, `TRY_LATER`.
    """
    if _is_locked(trial, person):
        raise Refused("LOCKED_OUT", "too many attempts failed; a registrar lets the person in again")
    if _must_wait(trial, person, moment):
        raise Refused(TRY_LATER, "too many attempts failed; try again in a minute")


def is_told(trial: Trial, refused: CommandRefused, moment: datetime) -> bool:
    """Tell whether a refusal shortly before the moment already says what this one would."""
    repeats = refused.code in {TRY_LATER, *ATTEMPT_CODES} or _is_locked(trial, refused.person)
    return repeats and _must_wait(trial, refused.person, moment)


def _must_wait(trial: Trial, person: str, moment: datetime) -> bool:
    return trial.attempts.get(person, Attempts()).turned_away_just(moment)


def _is_locked(trial: Trial, person: str) -> bool:
    return person in trial.people and trial.people[person].locked_at is not None


def _could_lift(person: Person, trial: Trial, moment: datetime) -> bool:
    grants = trial.instance.grants
    return person.can_sign and any(
        (LockoutLifted.TOPIC, role) in grants for role in person.active_roles(moment)
    )
