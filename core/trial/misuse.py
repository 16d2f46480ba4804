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
from core.trial.attempts import Attempts
from core.trial.people.events import LockoutLifted

if TYPE_CHECKING:
    from datetime import datetime

    from core.trial.instance.events import CommandRefused, Lockout
    from core.trial.people.person import Person
    from core.trial.state import TrialState

# Somebody who is not the person, or does not hold their password or key, would be refused with these.
ATTEMPT_CODES: Final = frozenset(
    {"WRONG_PASSWORD", "WRONG_PERSON", "NO_SEALED_KEY", "BAD_ANSWER", "BAD_SIGNATURE", "WRONG_KEY"}
)

# The code of a try that was turned away unlooked at.
TRY_LATER: Final = "TRY_LATER"


@dataclass(frozen=True, slots=True)
class Judged:
    """The attempts in a person's name with one more refusal, and whether it locks them out."""

    attempts: Attempts
    locks_out: bool


def judged(trial: TrialState, refused: CommandRefused, received_at: datetime) -> Judged:
    """Judge a refusal that the log receives at a moment, on the trial as it was before it.

    The writer asks this before it appends, the fold and so every verifier with it. Only an attempt locks
    anybody out, and only while somebody is left to lift it.
    """
    before, policy = trial.attempts.get(refused.person, Attempts()), trial.instance.policy
    if policy is None or refused.person not in trial.people:
        return Judged(before, locks_out=False)
    if _is_locked(trial, refused.person):
        return Judged(replace(before, turned_away_at=received_at), locks_out=False)
    if refused.code not in ATTEMPT_CODES:
        return Judged(before, locks_out=False)
    after = _with_attempt(before, received_at, policy.lockout)
    enough = after.reach(policy.lockout)
    return Judged(after, locks_out=enough and _is_dispensable(trial, refused.person, received_at))


def _with_attempt(before: Attempts, received_at: datetime, lockout: Lockout) -> Attempts:
    since = received_at - timedelta(minutes=lockout.minutes)
    recent = replace(before, failed=tuple(at for at in before.failed if at > since))
    if recent.reach(lockout):  # enough before this one: the last officer, or a limit that was lowered since
        return replace(recent, turned_away_at=received_at)
    return replace(recent, failed=(*recent.failed, received_at))


def _is_dispensable(trial: TrialState, person: str, moment: datetime) -> bool:
    return any(_could_lift(other, trial, moment) for other in trial.people.values() if other.id != person)


def require_not_locked(trial: TrialState, person: str) -> None:
    """Refuse, before a password is even looked at, who is locked out.

    Raises: `LOCKED_OUT`.
    """
    if _is_locked(trial, person):
        raise Refused("LOCKED_OUT", "too many attempts failed; a registrar lets the person in again")


def require_may_try(trial: TrialState, person: str, moment: datetime) -> None:
    """Refuse, before a password or an answer is even looked at, who is locked out or has to wait.

    The last officer is not locked out; so whoever guesses in their name has one try a minute.

    Raises: `LOCKED_OUT`, `TRY_LATER`.
    """
    require_not_locked(trial, person)
    if must_wait(trial, person, moment):
        raise Refused(TRY_LATER, "too many attempts failed; try again in a minute")


def is_told(trial: TrialState, refused: CommandRefused, moment: datetime) -> bool:
    """Tell whether a refusal shortly before the moment already says what this one would."""
    repeats = refused.code in {TRY_LATER, *ATTEMPT_CODES} or _is_locked(trial, refused.person)
    return repeats and must_wait(trial, refused.person, moment)


def must_wait(trial: TrialState, person: str, moment: datetime) -> bool:
    """Tell whether so much failed in the person's name that the next try has to wait."""
    return trial.attempts.get(person, Attempts()).turned_away_just(moment)


def _is_locked(trial: TrialState, person: str) -> bool:
    return person in trial.people and trial.people[person].locked_at is not None


def _could_lift(person: Person, trial: TrialState, moment: datetime) -> bool:
    """Tell whether the person lets others in, in a role that does not lapse while nobody else is left."""
    grants = trial.instance.grants
    return person.can_sign and any(
        (LockoutLifted.TOPIC, role) in grants for role in person.lasting_roles(moment)
    )
