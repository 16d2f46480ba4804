"""Who has stolen the service's key makes it say nothing that an honest service could not have said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.verification import verify_store
from core.kernel.errors import IntegrityFinding
from core.trial.context import Decided
from core.trial.instance.events import (
    ClockDiscrepancyDetected,
    CommandRefused,
    RefusalsRepeated,
    SessionMisused,
    TimeSourceChecked,
    UnknownSignInsRefused,
)
from tests.support.given import SC, START
from tests.support.world import World, founded, world
from tests.verify.test_going_around_the_deciders import append_around

__all__ = ["founded", "world"]

LONG_AGO = datetime(1999, 1, 1, tzinfo=UTC)
FUTURE = datetime(2099, 1, 1, tzinfo=UTC)


def findings(world: World) -> set[tuple[int | None, str]]:
    report = verify_store(world.url, world.trust, workers=0)
    return {(f.position, f.code) for f in report.findings}


def said(world: World, stream: str, payload: Any) -> set[tuple[int | None, str]]:
    append_around(world, None, stream, payload)
    return findings(world)


NO_CHECKS = (
    TimeSourceChecked("ntp", 10**9, 2000),
    TimeSourceChecked("ntp", 2001, 2000),
    TimeSourceChecked("ntp", 0, -7),
    TimeSourceChecked("ntp", 0, 0),
    TimeSourceChecked("", 0, 2000),
    ClockDiscrepancyDetected("ntp", 0, 2000),
    ClockDiscrepancyDetected("ntp", 1999, 2000),
)
NO_REFUSALS = (
    SessionMisused("nobody.known", START, 5),
    SessionMisused(None, START, -3),
    SessionMisused(None, LONG_AGO, 5),
    UnknownSignInsRefused(FUTURE, 3),
    UnknownSignInsRefused(START, 0),
    UnknownSignInsRefused(START + timedelta(seconds=1), 3),
    RefusalsRepeated("ROLE_NOT_HELD", "nobody.known", START, 3),
    RefusalsRepeated("role not held", SC.id, START, 3),
    RefusalsRepeated("ROLE_NOT_HELD", SC.id, START, 0),
    RefusalsRepeated("ROLE_NOT_HELD", SC.id, FUTURE, 3),
    CommandRefused("lower case!!", "SignIn", SC.id, None),
    CommandRefused("ROLE_NOT_HELD", "sign in", SC.id, None),
    CommandRefused("ROLE_NOT_HELD", "SignIn", SC.id, "person/../x"),
    CommandRefused("ROLE_NOT_HELD", "SignIn", "nobody.known", None),
    CommandRefused("NO_SEALED_KEY", "SignIn", "../x", None),
    CommandRefused("LOCKED_OUT", "SignIn", SC.id, None),
)


@pytest.mark.parametrize("payload", NO_CHECKS)
def test_a_check_of_the_clock_that_cannot_be(world: World, payload: Any) -> None:
    assert said(world, "instance", payload) == {(world.log.size(), "SERVICE_STATEMENT")}


@pytest.mark.parametrize("payload", NO_REFUSALS)
def test_a_refusal_that_cannot_be(world: World, payload: Any) -> None:
    assert (world.log.size() + 1, "SERVICE_STATEMENT") in said(world, "refusals", payload)


def test_an_honest_service_never_says_it(world: World) -> None:
    size = world.log.size()
    for stream, payloads in (("instance", NO_CHECKS), ("refusals", NO_REFUSALS)):
        for payload in payloads:
            with pytest.raises(IntegrityFinding, match="SERVICE_STATEMENT"):
                world.handler.refusing.record_by_service([Decided(stream, payload)])
    assert world.log.size() == size


def test_a_refusal_of_nobody_is_not_laid_at_somebodys_door(world: World) -> None:
    """Before, it was recorded, and the verifier reported the honest server."""
    size = world.log.size()
    for code, person in (("ROLE_NOT_HELD", "nobody.known"), ("UNKNOWN_PERSON", "../x")):
        world.handler.record_refusal(code, "SignIn", person, None)
    assert world.log.size() == size
    world.handler.record_refusal("UNKNOWN_PERSON", "SignIn", "nobody.known", None)
    assert world.log.size() == size + 1
    assert findings(world) == set()


def minute(world: World) -> datetime:
    world.log.catch_up()
    return world.log.received_at.replace(second=0, microsecond=0)


def test_what_an_honest_service_says(world: World) -> None:
    for payload in (
        SessionMisused(SC.id, minute(world), 5),
        SessionMisused(None, minute(world), 5),
        UnknownSignInsRefused(minute(world), 1),
        RefusalsRepeated("ROLE_NOT_HELD", SC.id, minute(world), 1),
        RefusalsRepeated("NO_SEALED_KEY", "nobody.known", minute(world), 1),
        CommandRefused("ROLE_NOT_HELD", "SignIn", SC.id, None),
        CommandRefused("NO_SEALED_KEY", "Invite", "nobody.known", None),
    ):
        append_around(world, None, "refusals", payload)
    for check in (
        TimeSourceChecked("ntp", -2000, 2000),
        ClockDiscrepancyDetected("ntp", 2000, 2000),
        ClockDiscrepancyDetected("ntp", None, 2000),
    ):
        append_around(world, None, "instance", check)
    assert findings(world) == set()


def test_somebody_is_refused_as_locked_out_only_while_they_are(world: World) -> None:
    for _ in range(5):
        world.handler.record_refusal("WRONG_PASSWORD", "SignIn", SC.id, None)
    append_around(world, None, "refusals", CommandRefused("LOCKED_OUT", "SignIn", SC.id, None))
    assert findings(world) == set()
