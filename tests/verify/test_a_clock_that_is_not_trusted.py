"""What the log says of its clock holds for every server, and for whoever verifies."""

from __future__ import annotations

import pytest

from api.verification import verify_store
from core.kernel.errors import Unavailable
from core.trial.instance.events import ClockDiscrepancyDetected, TimeSourceChecked
from tests.support.given import PI, consent, consented
from tests.support.world import World, founded, world
from tests.verify.test_going_around_the_deciders import append_around

__all__ = ["founded", "world"]

DISCREPANCY = ClockDiscrepancyDetected("steady", 9_000, 2_000)
AGREEMENT = TimeSourceChecked("steady", 1, 2_000)


def test_another_server_does_not_sign_either_until_a_check_agrees(world: World) -> None:
    append_around(world, None, "instance", DISCREPANCY)
    sibling = world.sibling()
    with pytest.raises(Unavailable, match="CLOCK_UNTRUSTED"):
        sibling.do(consent("S03"), PI)
    append_around(world, None, "instance", AGREEMENT)
    sibling.do(consent("S03"), PI)


def test_what_was_signed_all_the_same_is_found(world: World) -> None:
    append_around(world, None, "instance", DISCREPANCY)
    (past,) = consented("S03")
    append_around(world, PI, past.stream, past.payload, ("study",))
    report = verify_store(world.url, world.trust, workers=0)
    assert {(f.position, f.code) for f in report.findings} == {(world.log.size(), "CLOCK_UNTRUSTED")}
