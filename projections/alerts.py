"""What somebody responsible has to see at once: 21 CFR 11.300(d), "immediate and urgent".

Each alert is an event of the log that says so itself; nothing is judged here that the log does not hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.actors import Role
from core.kernel.streams import key_of
from core.kernel.time import write_instant
from core.trial.attempts import Attempts
from core.trial.instance.events import (
    ClockDiscrepancyDetected,
    CommandRefused,
    SessionMisused,
    UnknownSignInsRefused,
)
from core.trial.misuse import ATTEMPT_CODES
from core.trial.people.events import KeyCompromiseDeclared, LockedOut
from projections.projection import RowChange
from projections.sentences.sentence import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial

# From so many sign-ins of nobody within a minute on somebody is looking for names.
MANY_UNKNOWN_SIGN_INS: Final = 10
# Who signs with another person's id is not somebody who mistyped.
ALARMING_REFUSALS: Final = frozenset({"WRONG_PERSON"})


class Alerts:
    """One row an alert, keyed by the position of the event that raised it."""

    name = "alerts"
    by_position = True
    concerns = frozenset(
        {
            LockedOut,
            KeyCompromiseDeclared,
            SessionMisused,
            UnknownSignInsRefused,
            ClockDiscrepancyDetected,
            CommandRefused,
        }
    )
    readers = frozenset({Role.SEC, Role.AUD, Role.ADM, Role.SVC})

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the alert that an event raises, if it raises one."""
        del before
        kind = "officer_attacked" if _spares_last_officer(event, trial) else kind_of(event)
        if kind is not None:
            row = {
                "position": event.position,
                "recorded_at": write_instant(event.recorded_at),
                "alert": kind,
                "person": _person(event),
                "sentence": sentence(event),
            }
            yield RowChange(str(event.position), row)


def kind_of(event: Recorded) -> str | None:  # noqa: PLR0911 - one case a kind of alert
    """Return which alert an event raises, None where it raises none."""
    match event.payload:
        case LockedOut():
            return "locked_out"
        case KeyCompromiseDeclared():
            return "key_compromise"
        case SessionMisused():
            return "session_misuse"
        case UnknownSignInsRefused(count=count) if count >= MANY_UNKNOWN_SIGN_INS:
            return "unknown_sign_ins"
        case ClockDiscrepancyDetected():
            return "clock_discrepancy"
        case CommandRefused(code=code) if code in ALARMING_REFUSALS:
            return code.lower()
        case _:
            return None


def _spares_last_officer(event: Recorded, trial: Trial) -> bool:
    """Tell whether enough has failed to lock somebody out, but nobody would be left to lift it."""
    payload, policy = event.payload, trial.instance.policy
    if policy is None or not isinstance(payload, CommandRefused) or payload.code not in ATTEMPT_CODES:
        return False
    attempts = trial.attempts.get(payload.person, Attempts())
    return attempts.reach(policy.lockout) and trial.lockout_due is None


def _person(event: Recorded) -> str | None:
    payload = event.payload
    if isinstance(payload, LockedOut | KeyCompromiseDeclared):
        return key_of(event.stream)
    return payload.person if isinstance(payload, CommandRefused | SessionMisused) else None
