"""The clock of a real instance: what the operator sets is what it is held against."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from api.settings import ClockSettings
from api.wiring import OfficerEntry, create_instance, open_instance
from core.clock import ScriptedClock, new_txn_id, steady_time
from core.clock_watch import CHECKED_EVERY, ClockJudge
from core.genesis import Birth
from core.handle import Request
from core.kernel.actors import Environment, Role
from core.kernel.errors import Malformed, Unavailable
from core.kernel_time import KernelTime
from core.trial.instance.events import ClockDiscrepancyDetected, TimeSourceChecked
from tests.clock.time_server import Answer, time_server
from tests.support.enrolment import acceptance
from tests.support.given import ORIGIN, ZONE

if TYPE_CHECKING:
    from pathlib import Path

    from api.instance import Instance
    from core.handle import Receipt

OFFICERS = (
    OfficerEntry("mei.lin", "Lin Mei", Role.SEC, "three blue tin kettles"),
    OfficerEntry("jun.xu", "Xu Jun", Role.ADM, "nine slow paper boats"),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('clock') / 'store'}"
    create_instance(url, Birth(ORIGIN, Environment.TRAINING, "NCT05727722"), OFFICERS).close()
    return url


def accept(instance: Instance, officer: OfficerEntry) -> Receipt:
    """Let an officer sign."""
    now = instance.clock()
    request = Request(officer.id, officer.role, now, ZONE, new_txn_id(now))
    command = acceptance(officer.id)
    return instance.handler.submit(
        command, request, lambda: instance.unlocker.open(officer.id, officer.password)
    )


def test_nobody_signs_while_a_time_server_disagrees_and_then_they_do(store: str) -> None:
    with time_server(Answer(offset=timedelta(seconds=-30))) as port:
        settings = ClockSettings((f"sntp://127.0.0.1:{port}",))
        with closing(open_instance(store, clock_settings=settings)) as instance:
            with pytest.raises(Unavailable, match=r"CLOCK_UNTRUSTED.* \d+\.\d s ahead of sntp://127"):
                accept(instance, OFFICERS[0])
            said = instance.log.entry(instance.log.size()).payload
            assert isinstance(said, ClockDiscrepancyDetected)
            assert said.offset_ms is not None
            assert abs(said.offset_ms - 30_000) < 1000
    with closing(open_instance(store)) as instance:
        accept(instance, OFFICERS[0])
        checked = instance.log.entry(instance.log.size() - 1).payload
        assert isinstance(checked, TimeSourceChecked)
        assert checked.source == "steady"


def test_a_scripts_clock_is_not_judged(store: str) -> None:
    with closing(open_instance(store, ScriptedClock(), ClockSettings(("sntp://127.0.0.1:1",)))) as instance:
        assert instance.clock_watch is None


def test_the_environment_says_what_the_clock_is_held_against(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOSETRAIL_CLOCK_SOURCES", "kernel, ntp.example")
    with pytest.raises(Malformed, match="BAD_SETTING"):
        open_instance(store)


@pytest.mark.parametrize(
    ("environment", "settings"),
    [
        ({}, ClockSettings()),
        ({"DOSETRAIL_CLOCK_SOURCES": ""}, ClockSettings()),
        ({"DOSETRAIL_CLOCK_SOURCES": "kernel, sntp://a:1"}, ClockSettings(("kernel", "sntp://a:1"))),
        ({"DOSETRAIL_CLOCK_TOLERANCE_MS": "500", "OTHER": "x"}, ClockSettings((), 500)),
        ({"DOSETRAIL_CLOCK_GRACE_MINUTES": "0"}, ClockSettings((), 2000, 0)),
    ],
)
def test_settings_come_from_the_environment(environment: dict[str, str], settings: ClockSettings) -> None:
    assert ClockSettings.from_environment(environment) == settings


@pytest.mark.parametrize("tolerance", ["0", "-1", "60001", "2s", "", "1.5", "\u0661"])
def test_a_tolerance_is_from_a_millisecond_to_a_minute(tolerance: str) -> None:
    with pytest.raises(Malformed, match="BAD_SETTING"):
        ClockSettings.from_environment({"DOSETRAIL_CLOCK_TOLERANCE_MS": tolerance})


@pytest.mark.parametrize("grace", ["-1", "10081", "1h", "", "1" * 5000])
def test_a_grace_is_at_most_a_week(grace: str) -> None:
    with pytest.raises(Malformed, match="BAD_SETTING"):
        ClockSettings.from_environment({"DOSETRAIL_CLOCK_GRACE_MINUTES": grace})


@pytest.mark.parametrize(("minutes", "trusted"), [(240, True), (0, False)])
def test_the_grace_that_is_set_is_the_grace_that_is_given(
    store: str,
    tmp_path: Path,
    minutes: int,
    trusted: bool,  # noqa: FBT001 - a row of the table
) -> None:
    copy = shutil.copytree(store.removeprefix("sqlite:///"), tmp_path / "store")
    with time_server(Answer()) as port:
        settings = ClockSettings((f"sntp://127.0.0.1:{port}",), 60_000, minutes)
        with closing(open_instance(f"sqlite:///{copy}", clock_settings=settings)) as instance:
            watch = instance.clock_watch
            assert watch is not None
            assert watch.is_trusted()
            fall_silent(watch._judge)
            assert watch.is_trusted() is trusted


def fall_silent(judge: ClockJudge) -> None:
    """Let the source be due and say nothing."""
    (source,) = judge._sources
    silent = KernelTime(lambda: (5, 0, 0))
    silent.name = source.name
    judge._sources, judge._asked_at = (silent,), steady_time() - CHECKED_EVERY


def test_an_unknown_setting_is_an_error() -> None:
    with pytest.raises(Malformed, match="BAD_SETTING"):
        ClockSettings.from_environment({"DOSETRAIL_CLOCK_SOURCE": "kernel"})
