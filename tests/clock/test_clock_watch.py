"""While the clock cannot be trusted nobody signs; what was found is recorded once, and reading goes on."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

import pytest

from api.verification import verify_store
from core.clock import ServerClock
from core.clock_watch import ClockJudge, ClockWatch
from core.handle import Handler
from core.kernel.actors import Auth, Environment, Role
from core.kernel.errors import Refused, TrialError, Unavailable
from core.rules.screening_facts import Group
from core.time_source import Reading
from core.trial.instance.events import ClockDiscrepancyDetected, CommandRefused, TimeSourceChecked
from core.trial.subject.commands import ConfirmEligibility
from tests.support.faults import Fault
from tests.support.given import PI, SC, START, screening
from tests.support.world import World, open_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from core.keys.ed25519 import SigningKey
    from core.time_source import TimeSource

TOLERANCE = timedelta(seconds=2)
HOUR = timedelta(hours=1)
GRACE = timedelta(hours=2)


@dataclass
class Machine:
    """A machine whose clock the test sets; time itself passes with `pass_time`."""

    wall: datetime = START
    steady: timedelta = timedelta(days=3)

    def pass_time(self, time: timedelta) -> None:
        self.wall += time
        self.steady += time

    def set_clock(self, by: timedelta) -> None:
        self.wall += by

    def judge(self, sources: Sequence[TimeSource] = ()) -> ClockJudge:
        return ClockJudge(sources, TOLERANCE, lambda: self.wall, lambda: self.steady, GRACE)


@dataclass
class Station:
    """A source that knows the true time of the machine, or is broken."""

    machine: Machine
    name: str = "station"
    fault: str = ""
    off: timedelta = timedelta()
    asked: int = 0
    _start: tuple[datetime, timedelta] = field(init=False)

    def __post_init__(self) -> None:
        self._start = self.machine.wall, self.machine.steady

    def read(self) -> Reading:
        self.asked += 1
        true = self._start[0] + (self.machine.steady - self._start[1])
        return Reading(self.name, None if self.fault else self.machine.wall - true + self.off, self.fault)


class MachineClock(ServerClock):
    """The server's clock on a machine, in the place of a script's."""

    def advance_to(self, moment: datetime) -> None:
        """Nobody moves a server's clock by a request."""


@pytest.fixture
def machine(founded: World) -> Machine:
    return Machine(founded.clock() + HOUR)


@pytest.fixture
def world(founded: World, machine: Machine, tmp_path: Path) -> Iterator[World]:
    """A copy of the small trial on the machine, with its own clock."""
    folder = shutil.copytree(founded.folder, tmp_path / "instance")
    clock: Any = MachineClock(lambda: machine.wall, lambda: machine.steady)
    clock.never_before(machine.wall)
    log, secrets = open_log(folder, clock)
    world = World(folder, clock, log, secrets, founded.keys)
    yield world
    world.close()


def watched(world: World, machine: Machine, *sources: TimeSource) -> ClockWatch:
    """Return a watch over a world, and let the world's handler ask it."""
    clock: Callable[[], datetime] = world.clock
    watch = ClockWatch(world.log, world.secrets.service_key, clock, machine.judge(sources))
    world.handler = Handler(world.log, world.secrets.service_key, clock, watch.require_trusted)
    return watch


def checks(world: World) -> list[object]:
    world.trial  # noqa: B018 - catches up
    payloads = [world.log.entry(n).payload for n in range(1, world.log.size() + 1)]
    return [p for p in payloads if isinstance(p, TimeSourceChecked | ClockDiscrepancyDetected)]


def good(source: str = "steady", offset: int = 0) -> TimeSourceChecked:
    return TimeSourceChecked(source, offset, 2000)


def bad(source: str, offset: int | None) -> ClockDiscrepancyDetected:
    return ClockDiscrepancyDetected(source, offset, 2000)


def test_a_good_check_is_recorded_once_an_hour_of_use(world: World, machine: Machine) -> None:
    watched(world, machine)
    for key in ("S01", "S02"):
        world.do(screening(key), SC)
        machine.pass_time(timedelta(minutes=50))
    assert checks(world) == [good()]
    world.do(ConfirmEligibility("S01", Group.ACLF), PI)
    assert checks(world) == [good(), good()]
    entry = world.log.entry(world.log.size() - 1)
    assert (entry.statement.stream, entry.statement.signer.role, entry.leaf.seal.auth) == (
        "instance",
        Role.SVC,
        Auth.SERVICE,
    )
    assert verify_store(world.url, world.trust, workers=0).findings == ()


@pytest.mark.parametrize("jump", [timedelta(seconds=3), timedelta(days=-1), timedelta(days=400)])
def test_nobody_signs_after_a_jump_of_the_clock_until_it_is_back(
    world: World, machine: Machine, jump: timedelta
) -> None:
    watched(world, machine)
    world.do(screening("S01"), SC)
    size = world.log.size()
    machine.set_clock(jump)
    for _ in range(3):
        machine.pass_time(HOUR)
        assert world.refused(screening("S02"), SC) == "CLOCK_UNTRUSTED"
    found = bad("steady", round(jump / timedelta(milliseconds=1)))
    assert (checks(world), world.log.size()) == ([good(), found], size + 1)
    machine.set_clock(-jump)
    world.do(screening("S02"), SC)
    assert checks(world) == [good(), found, good()]
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_a_jump_within_the_tolerance_is_no_matter(world: World, machine: Machine) -> None:
    watched(world, machine)
    machine.set_clock(timedelta(seconds=-2))
    world.do(screening("S01"), SC)
    assert checks(world) == [good(offset=-2000)]


def test_small_jumps_add_up(world: World, machine: Machine) -> None:
    watched(world, machine)
    for _ in range(3):
        machine.pass_time(timedelta(minutes=1))
        machine.set_clock(timedelta(seconds=1))
    assert world.refused(screening("S01"), SC) == "CLOCK_UNTRUSTED"


def test_every_way_to_sign_is_refused_and_says_why(world: World, machine: Machine) -> None:
    watched(world, machine)
    machine.set_clock(timedelta(minutes=-5))
    request = world.request(SC)
    ways = (
        lambda: world.handler.submit(screening("S01"), request, lambda: world.keys[SC.id]),
        lambda: world.handler.prepare(screening("S01"), request),
        lambda: world.handler.commit(screening("S01"), request, ()),
    )
    for way in ways:
        with pytest.raises(Unavailable, match="CLOCK_UNTRUSTED") as refused:
            way()
        assert "it is 300.0 s behind where it was" in refused.value.detail
        assert "reading goes on" in refused.value.detail


def test_no_password_is_tried_while_the_clock_is_wrong(world: World, machine: Machine) -> None:
    def unlock() -> SigningKey:
        raise AssertionError("the key was opened")

    watched(world, machine)
    machine.set_clock(HOUR)
    with pytest.raises(Unavailable, match="CLOCK_UNTRUSTED"):
        world.handler.submit(screening("S01"), world.request(SC), unlock)


def test_refusals_are_still_recorded_while_the_clock_is_wrong(world: World, machine: Machine) -> None:
    watched(world, machine)
    machine.set_clock(-HOUR)
    world.handler.record_refusal("WRONG_PASSWORD", "SignIn", SC.id, None)
    assert (
        CommandRefused("WRONG_PASSWORD", "SignIn", SC.id, None) == world.log.entry(world.log.size()).payload
    )


def test_time_goes_on_while_the_clock_is_behind(world: World, machine: Machine) -> None:
    """Records made meanwhile, such as refusals, still tell which came first and about how long after."""
    watched(world, machine)
    machine.set_clock(-HOUR)
    receipts = []
    for _ in range(3):
        machine.pass_time(timedelta(minutes=2))
        world.handler.record_refusal("NOT_AUTHORISED", "SignIn", SC.id, None)
        receipts.append(world.log.entry(world.log.size()).statement.signed_at)
    assert receipts[1] - receipts[0] == receipts[2] - receipts[1] == timedelta(minutes=1)


# -- sources --------------------------------------------------------------------------------------------


def test_a_clock_that_was_wrong_from_the_start_is_found_by_a_source(world: World, machine: Machine) -> None:
    station = Station(machine)
    machine.set_clock(timedelta(seconds=20))
    watched(world, machine, station)
    assert world.refused(screening("S01"), SC) == "CLOCK_UNTRUSTED"
    machine.pass_time(timedelta(seconds=10))
    machine.set_clock(timedelta(seconds=-20))
    world.do(screening("S01"), SC)
    assert checks(world) == [bad("station", 20_000), good("station")]


def test_a_source_is_asked_once_an_hour_and_again_soon_while_something_is_wrong(
    world: World, machine: Machine
) -> None:
    station = Station(machine)
    watch = watched(world, machine, station)
    asked = []
    for off, time in (
        (0, timedelta(minutes=59)),
        (0, timedelta(minutes=2)),
        (9, timedelta(seconds=5)),
        (0, timedelta(seconds=6)),
        (0, timedelta(seconds=50)),
        (0, timedelta(seconds=6)),
    ):
        station.off = timedelta(seconds=off)
        trusted = watch.is_trusted()
        asked.append((station.asked, trusted))
        machine.pass_time(time)
    assert asked == [(1, True), (1, True), (2, False), (2, False), (3, True), (3, True)]
    assert checks(world) == [good("station"), bad("station", 9000), good("station")]


def test_a_source_that_falls_silent_stops_nobody_for_the_grace(world: World, machine: Machine) -> None:
    """A time server that is down for an hour holds up no safety report."""
    station = Station(machine)
    watch = watched(world, machine, station)
    assert watch.is_trusted()
    station.fault = "it did not answer in time"
    machine.pass_time(GRACE - timedelta(seconds=1))
    world.do(screening("S01"), SC)
    assert checks(world) == [good("station"), good("steady")]
    machine.pass_time(timedelta(seconds=1))
    assert world.refused(screening("S02"), SC) == "CLOCK_UNTRUSTED"
    assert checks(world)[-1] == bad("station", None)
    station.fault = ""
    machine.pass_time(timedelta(seconds=10))
    world.do(screening("S02"), SC)
    assert checks(world)[-1] == good("station")


def test_a_silent_source_is_asked_once_a_minute(world: World, machine: Machine) -> None:
    station = Station(machine)
    watch = watched(world, machine, station)
    asked = []
    for time in (HOUR, timedelta(seconds=59), timedelta(seconds=1), timedelta(minutes=1), HOUR):
        assert watch.is_trusted()
        asked.append(station.asked)
        machine.pass_time(time)
        station.fault = "" if len(asked) == 4 else "no answer"
    assert asked == [1, 2, 2, 3, 4]


def test_silence_hides_no_jump(world: World, machine: Machine) -> None:
    station = Station(machine)
    watch = watched(world, machine, station)
    assert watch.is_trusted()
    station.fault = "it did not answer in time"
    machine.pass_time(HOUR)
    assert watch.is_trusted()
    machine.set_clock(timedelta(seconds=3))
    assert not watch.is_trusted()
    assert checks(world)[-1] == bad("steady", 3000)


def test_who_has_disagreed_does_not_vouch_by_silence(world: World, machine: Machine) -> None:
    station = Station(machine)
    watch = watched(world, machine, station)
    assert watch.is_trusted()
    for off, fault in ((9, ""), (0, "it did not answer in time")):
        station.off, station.fault = timedelta(seconds=off), fault
        machine.pass_time(HOUR)
        assert not watch.is_trusted()


def test_the_silence_of_one_source_does_not_hide_the_word_of_another(world: World, machine: Machine) -> None:
    silent, other = Station(machine), Station(machine, "other")
    watch = watched(world, machine, silent, other)
    assert watch.is_trusted()
    silent.fault = "it did not answer in time"
    machine.pass_time(HOUR)
    assert watch.is_trusted()
    assert checks(world) == [good("other"), good("other")]
    other.off = timedelta(seconds=9)
    machine.pass_time(HOUR)
    assert not watch.is_trusted()


def test_a_source_that_never_answered_vouches_for_nothing(world: World, machine: Machine) -> None:
    station = Station(machine, fault="it did not answer in time")
    watched(world, machine, station)
    with pytest.raises(Unavailable, match="station cannot vouch for it, it did not answer in time"):
        world.do(screening("S01"), SC)
    assert checks(world) == [bad("station", None)]


def test_a_source_that_agrees_says_that_a_jump_was_right(world: World, machine: Machine) -> None:
    """The clock ran wrong where no source is asked; a time daemon puts it right by a jump."""
    station = Station(machine)
    watched(world, machine, station)
    world.do(screening("S01"), SC)
    station._start = station._start[0] + timedelta(seconds=30), station._start[1]
    machine.set_clock(timedelta(seconds=30))
    assert world.refused(screening("S02"), SC) == "CLOCK_UNTRUSTED"
    machine.pass_time(timedelta(seconds=10))
    world.do(screening("S02"), SC)
    assert checks(world) == [good("station"), bad("steady", 30_000), good("station")]


def test_all_sources_have_to_agree(world: World, machine: Machine) -> None:
    watch = watched(world, machine, Station(machine), Station(machine, "kernel", "no time daemon"))
    assert not watch.is_trusted()
    assert checks(world) == [bad("kernel", None)]


# -- the log's own time ---------------------------------------------------------------------------------


def test_a_clock_behind_the_newest_receipt_is_not_trusted(machine: Machine) -> None:
    judge, newest = machine.judge(), machine.wall
    machine.set_clock(-HOUR)
    reading = judge.judge(newest)
    assert (reading.source, reading.offset) == ("log", -HOUR)
    assert judge.judge(newest - HOUR).source == "steady"


def test_the_receipts_of_a_production_log_are_held_against_the_clock(world: World, machine: Machine) -> None:
    created = world.trial.instance.created
    assert created is not None
    machine.set_clock(-HOUR)
    watch = watched(world, machine)
    assert watch.check().source == "steady"  # the receipts of a training log may be a script's
    object.__setattr__(created, "environment", Environment.PRODUCTION)
    try:
        assert watch.check().source == "log"
    finally:
        object.__setattr__(created, "environment", Environment.TRAINING)


def test_a_production_server_that_starts_records_that_its_clock_is_right(
    world: World, machine: Machine
) -> None:
    watch = watched(world, machine)
    watch.check(starting=True)
    watch.check(starting=True)
    assert checks(world) == [good()]  # a training log is looked at more often than it is used
    created = world.trial.instance.created
    assert created is not None
    object.__setattr__(created, "environment", Environment.PRODUCTION)
    try:
        watch.check(starting=True)
        machine.set_clock(HOUR)
        watch.check(starting=True)
        watch.check(starting=True)
    finally:
        object.__setattr__(created, "environment", Environment.TRAINING)
    assert checks(world) == [good(), good(), bad("steady", 3_600_000)]


# -- once, whatever happens -----------------------------------------------------------------------------


def test_two_servers_that_see_the_same_record_it_once(world: World, machine: Machine) -> None:
    servers = [world, world.sibling()]
    for server in servers:
        watched(server, machine)
    machine.set_clock(HOUR)
    start = Barrier(8)

    def sign(number: int) -> None:
        start.wait()
        servers[number % 2].refused(screening(f"N{number}"), SC, zone="Asia/Shanghai")

    for server in servers:
        server.consented = lambda key: key  # type: ignore[method-assign]
    threads = [Thread(target=sign, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert checks(world) == [bad("steady", 3_600_000)]


def test_two_servers_that_see_different_things_do_not_argue(world: World, machine: Machine) -> None:
    """Else whoever asks both whether they are ready fills the log; a turn of one's own is news again."""
    sibling = world.sibling()
    station = Station(machine)
    right, wrong = watched(world, machine, Station(machine)), watched(sibling, machine, station)
    station.off = HOUR
    for _ in range(5):
        assert not wrong.is_trusted()
        assert right.is_trusted()
    said = [bad("station", 3_600_000), good("station")]
    assert checks(world) == said
    world.do(screening("S01"), SC)
    assert sibling.refused(screening("S02"), SC) == "CLOCK_UNTRUSTED"
    machine.pass_time(timedelta(seconds=11))
    station.off = timedelta()
    assert wrong.is_trusted()
    station.off = HOUR
    machine.pass_time(HOUR)
    assert [wrong.is_trusted(), right.is_trusted()] == [False, True]
    assert checks(world) == [*said, *said]


def test_a_server_that_starts_again_goes_on_from_the_record(world: World, machine: Machine) -> None:
    """What stands in the log is not recorded again, and its end is recorded by whoever sees it."""
    watched(world, machine)
    machine.set_clock(HOUR)
    assert world.refused(screening("S01"), SC) == "CLOCK_UNTRUSTED"
    again = watched(world, machine)  # started at the wrong time: nothing to compare it with
    assert again.is_trusted()
    assert checks(world) == [bad("steady", 3_600_000), good()]


@pytest.mark.parametrize("done", [False, True])
def test_a_discrepancy_that_could_not_be_recorded_is_recorded_by_the_next(
    world: World,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    done: bool,  # noqa: FBT001 - a row of the table
) -> None:
    watched(world, machine)
    machine.set_clock(HOUR)
    Fault("COMMIT", done=done).install(monkeypatch)
    with pytest.raises(TrialError):
        world.do(screening("S01"), SC)
    monkeypatch.undo()
    assert world.refused(screening("S01"), SC) == "CLOCK_UNTRUSTED"
    assert checks(world) == [bad("steady", 3_600_000)]


def test_a_statement_prepared_before_an_hourly_check_is_prepared_anew(world: World, machine: Machine) -> None:
    watched(world, machine)
    request = world.request(SC)
    world.consented("S01")
    world.handler.prepare(screening("S01"), request)
    machine.pass_time(HOUR)
    with pytest.raises((Refused, TrialError)):
        world.handler.commit(screening("S01"), request, ())
