"""What the player supplies around a dose, and what it takes from the script where the script says it."""

from __future__ import annotations

import copy
import json
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from api.play.player import play
from api.play.script import ScriptStopped, UnreadableScript
from api.wiring import open_instance
from core.kernel.time import write_instant

if TYPE_CHECKING:
    from pathlib import Path

    from core.kernel.recorded import Recorded

PRODUCT = ["LotReceived", "LotReleased", "DosePrepared", "DosePreparationChecked", "DoseAdministered"]


def played(golden: Any, tmp_path: Path, **said: Any) -> list[Recorded]:
    """Play the script up to the first dose, whose payload says more, and return the last events."""
    script = copy.deepcopy({"events": [event for event in golden["events"] if event["seq"] <= 5]})
    script["events"][4]["payload"].update(said)
    store = f"sqlite:///{tmp_path / 'store'}"
    play(json.dumps(script).encode(), store)
    with closing(open_instance(store)) as instance:
        size = instance.log.size()
        return [instance.log.entry(p).recorded() for p in range(size - len(PRODUCT) + 1, size + 1)]


def test_a_lot_of_one_dose_is_supplied_marked_and_answered_for_by_two(golden: Any, tmp_path: Path) -> None:
    events = played(golden, tmp_path)
    assert [event.topic.split(".")[1].removesuffix("/1") for event in events] == PRODUCT
    assert [event.signer.id for event in events[:4]] == ["ph.qian", "ph.xie", "ph.qian", "ph.xie"]
    assert {event.reason.code if event.reason else None for event in events} == {"scripted"}
    assert {write_instant(event.occurred_at) for event in events} == {"2024-03-04T01:00:00.000Z"}
    contents, prepared = events[0].payload.contents, events[2].payload
    assert contents.viable_cells.value == prepared.cells.value == Decimal("0.15")


def test_times_volume_and_interruption_of_the_script_are_kept(golden: Any, tmp_path: Path) -> None:
    pause = {"interrupted_at": "2024-03-04T09:10:00+08:00", "resumed_at": "2024-03-04T09:20:00+08:00"}
    dose = played(
        golden,
        tmp_path,
        lot="C-24-17",
        volume_ml=48.5,
        ended_at="2024-03-04T09:45:00+08:00",
        interruption={**pause, "cause": "nausea"},
    )[-1]
    assert (dose.payload.lot, dose.payload.volume.value) == ("C-24-17", Decimal("48.5"))
    assert write_instant(dose.payload.ended_at) == "2024-03-04T01:45:00.000Z"
    assert write_instant(dose.payload.interruption.at) == "2024-03-04T01:10:00.000Z"
    assert write_instant(dose.payload.interruption.resumed_at) == "2024-03-04T01:20:00.000Z"
    assert dose.payload.interruption.cause == "nausea"


@pytest.mark.parametrize(("given", "prepared"), [(0.135, "0.135"), (0.165, "0.165"), (0.12, "0.15")])
def test_too_small_a_dose_was_prepared_as_the_level_says(
    golden: Any, tmp_path: Path, given: float, prepared: str
) -> None:
    events = played(golden, tmp_path, cells_e9=given)
    assert events[2].payload.cells.value == Decimal(prepared)
    assert events[-1].payload.cells.value == Decimal(str(given))


def test_an_interruption_that_ends_before_it_began_stops_the_script(golden: Any, tmp_path: Path) -> None:
    pause = {"interrupted_at": "2024-03-04T09:00:01+08:00", "cause": "nausea"}
    with pytest.raises(ScriptStopped, match="BAD_INTERVAL"):
        played(golden, tmp_path, interruption=pause)


def test_a_field_of_the_dose_that_the_player_does_not_know_is_refused(golden: Any, tmp_path: Path) -> None:
    with pytest.raises(UnreadableScript, match="FIELD_UNKNOWN"):
        played(
            golden,
            tmp_path,
            interruption={"interrupted_at": "2024-03-04T09:00:00+08:00", "cause": "x", "y": 1},
        )
