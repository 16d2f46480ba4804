"""The register of devices as it reads, and what results tell of the clocks of analysers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel.time import local_text
from projections.runner import Runner
from projections.sentences.sentence import sentence
from projections.views import Views
from tests.support.devices import ANALYSER, approve, panel, register, revoke
from tests.support.given import SC, ZONE, screening
from tests.support.world import World, founded, world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["founded", "world"]


@pytest.fixture
def read(world: World, tmp_path: Path) -> Iterator[Any]:
    views = Views(tmp_path / "views.sqlite")

    def row(at: int | None = None) -> dict[str, Any]:
        Runner(world.log, views).catch_up()
        (found,) = views.rows("devices", at)
        return found

    yield row
    views.close()


def test_a_device_reads_as_the_officers_left_it(world: World, read: Any) -> None:
    register(world)
    shown = read()
    assert (shown["device"], shown["kind"], shown["location"]) == (ANALYSER, "analyser", "lab 2")
    assert shown["state"] == "proposed"
    assert shown["approved"] is shown["revoked"] is shown["clock"] is None
    assert shown["registration"] == world.trial.devices.by_id[ANALYSER].digest
    approve(world)
    counts_at = world.log.size()
    assert (read()["state"], read()["approved"]["by"]) == ("counts", "sec.lin")
    revoke(world)
    assert (read()["state"], read()["revoked"]["reason"]["text"]) == ("revoked", "calibration failed")
    assert read(counts_at)["state"] == "counts"


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [timedelta(minutes=-3), timedelta(seconds=1, milliseconds=250)])
def test_the_clock_of_an_analyser_is_shown_against_the_receipt(
    world: World, read: Any, ahead: timedelta
) -> None:
    register(world)
    approve(world)
    world.do(screening("S01"), SC)
    sent_at = world.advance(minutes=10) + ahead
    world.do(panel("S01", sent_at=sent_at), SC)
    received = world.log.entry(world.log.size()).leaf.seal.received_at
    assert read()["clock"] == {
        "position": world.log.size(),
        "said": local_text(sent_at, ZONE),
        "received": local_text(received, ZONE),
        "skew_ms": (sent_at - received) // timedelta(milliseconds=1),
    }
    world.do(panel("S01", "P2"), SC)
    assert read()["clock"]["position"] == world.log.size() - 1, "who says no time leaves the last one"


@pytest.mark.slow
def test_the_trail_says_what_became_of_it(world: World) -> None:
    register(world)
    approve(world)
    revoke(world)
    told = [
        sentence(world.log.entry(n).recorded()) for n in range(world.log.size() - 2, world.log.size() + 1)
    ]
    assert told == [
        "The analyser cobas 8000 at lab 2 was registered as AN-1.",
        "Device AN-1 was approved and counts from here on.",
        "Device AN-1 was revoked: nothing more comes from it.",
    ]
