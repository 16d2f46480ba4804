"""Which events raise an alert, and which do not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.kernel import streams
from core.kernel.actors import Role
from core.trial.instance.events import (
    ClockDiscrepancyDetected,
    CommandRefused,
    SessionMisused,
    TimeSourceChecked,
    UnknownSignInsRefused,
)
from core.trial.people.events import KeyCompromiseDeclared, LockedOut, LockoutLifted
from core.trial.trial import Trial
from projections.alerts import MANY_UNKNOWN_SIGN_INS, Alerts
from tests.support.given import ADM, SC, SEC, START, Past, given, recorded

if TYPE_CHECKING:
    from core.kernel.recorded import Event

KEY = "ed25519:" + "0" * 64
PERSON, REFUSALS, INSTANCE = streams.person(SC.id), streams.REFUSALS, streams.INSTANCE
MANY, FEW = MANY_UNKNOWN_SIGN_INS, MANY_UNKNOWN_SIGN_INS - 1

RAISED: list[tuple[str, Event, str, str | None]] = [
    (PERSON, LockedOut(5), "locked_out", SC.id),
    (PERSON, KeyCompromiseDeclared(KEY, 7), "key_compromise", SC.id),
    (REFUSALS, SessionMisused(SC.id, START, 5), "session_misuse", SC.id),
    (REFUSALS, SessionMisused(None, START, 5), "session_misuse", None),
    (REFUSALS, UnknownSignInsRefused(START, MANY), "unknown_sign_ins", None),
    (REFUSALS, CommandRefused("WRONG_PERSON", "ScreenSubject", SC.id, None), "wrong_person", SC.id),
    (INSTANCE, ClockDiscrepancyDetected("ntp", 9000, 2000), "clock_discrepancy", None),
]
QUIET: list[tuple[str, Event]] = [
    (PERSON, LockoutLifted()),
    (REFUSALS, UnknownSignInsRefused(START, FEW)),
    (REFUSALS, CommandRefused("WRONG_PASSWORD", "SignIn", SC.id, None)),
    (INSTANCE, TimeSourceChecked("ntp", 3, 2000)),
]


@pytest.mark.parametrize(("stream", "event", "alert", "person"), RAISED)
def test_what_raises_an_alert(stream: str, event: Event, alert: str, person: str | None) -> None:
    happened = recorded(Past(stream, event, at=START + timedelta(days=1)), 9, 1)
    (change,) = Alerts().project(happened, None, Trial())
    assert change.key == "9"
    assert change.row is not None
    assert (change.row["alert"], change.row["person"]) == (alert, person)
    assert change.row["sentence"].endswith(".")


@pytest.mark.parametrize(("stream", "event"), QUIET)
def test_what_raises_none(stream: str, event: Event) -> None:
    assert not list(Alerts().project(recorded(Past(stream, event), 9, 1), None, Trial()))


def test_attempts_on_the_last_officer_who_is_not_locked_out() -> None:
    failed = Past(REFUSALS, CommandRefused("WRONG_PASSWORD", "SignIn", SEC.id, None))
    locked = Past(streams.person(ADM.id), LockedOut(5), by=SEC)
    for tries, alerts in ((4, []), (5, ["officer_attacked"])):
        trial = given([locked, *[failed] * tries]).trial
        changes = Alerts().project(recorded(failed, trial.position, 1), None, trial)
        assert [change.row["alert"] for change in changes if change.row] == alerts


def test_who_reads_alerts() -> None:
    assert Alerts().readers == {Role.SEC, Role.AUD, Role.ADM, Role.SVC}
