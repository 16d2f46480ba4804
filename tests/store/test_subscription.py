"""A subscriber sees every event once, in order, at once; by whomever it was written."""

from __future__ import annotations

import gc
import subprocess
import sys
from contextlib import suppress
from queue import Empty, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from tests.support.given import PI

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.store.subscription import LogSubscription
    from tests.support.world import World

SOON = 10.0


class Reader:
    """Reads a subscription in a thread of its own and hands positions on."""

    def __init__(self, subscription: LogSubscription) -> None:
        self.subscription = subscription
        self.positions: Queue[int] = Queue()
        self.ended = Thread(target=self._read)
        self.ended.start()

    def _read(self) -> None:
        for notification in self.subscription:
            self.positions.put(notification.id)

    def take(self, count: int) -> list[int]:
        return [self.positions.get(timeout=SOON) for _ in range(count)]

    def stop(self) -> None:
        self.subscription.stop()
        self.ended.join(SOON)


@pytest.fixture
def readers() -> Iterator[list[Reader]]:
    started: list[Reader] = []
    yield started
    for reader in started:
        reader.stop()


def follow(world: World, readers: list[Reader], after: int = 0) -> Reader:
    readers.append(Reader(world.log.subscribe(after)))
    return readers[-1]


def append(world: World, count: int = 1) -> None:
    for number in range(count):
        world.handler.record_refusal("X", "Nothing", PI.id, f"subject/S{number}")


def test_what_is_there_already_comes_first(world: World, readers: list[Reader]) -> None:
    size = world.log.size()
    assert list(range(1, size + 1)) == follow(world, readers).take(size)


def test_an_append_of_this_process_wakes_the_reader(world: World, readers: list[Reader]) -> None:
    size = world.log.size()
    reader = follow(world, readers, size)
    for position in range(size + 1, size + 6):
        append(world)
        assert [position] == reader.take(1)


def test_an_append_through_another_connection_wakes_the_reader(world: World, readers: list[Reader]) -> None:
    size = world.log.size()
    reader = follow(world, readers, size)
    append(world.sibling(), 3)
    assert [size + 1, size + 2, size + 3] == reader.take(3)


def test_an_append_of_another_process_wakes_the_reader(world: World, readers: list[Reader]) -> None:
    size = world.log.size()
    reader = follow(world, readers, size)
    script = (
        "import sys; from pathlib import Path; from tests.support.world import World\n"
        "w = World.open(Path(sys.argv[1]), {})\n"
        "w.handler.record_refusal('X', 'Nothing', 'sc.liu', None); w.close()"
    )
    subprocess.run([sys.executable, "-c", script, str(world.folder)], check=True, timeout=60)
    assert [size + 1] == reader.take(1)


@pytest.mark.parametrize("after", [0, 1, 17, 38])
def test_a_reader_goes_on_where_it_stopped_without_gap_or_double(
    world: World, readers: list[Reader], after: int
) -> None:
    append(world, 30)
    first = follow(world, readers, after).take(5)
    readers[-1].stop()
    append(world, 5)
    rest = follow(world, readers, first[-1]).take(world.log.size() - first[-1])
    assert list(range(after + 1, world.log.size() + 1)) == first + rest


def test_a_log_longer_than_many_pages_comes_whole(world: World, readers: list[Reader]) -> None:
    append(world, 300)
    size = world.log.size()
    assert list(range(1, size + 1)) == follow(world, readers).take(size)


def test_several_readers_each_see_everything(world: World, readers: list[Reader]) -> None:
    size = world.log.size()
    several = [follow(world, readers, size) for _ in range(5)]
    append(world, 10)
    expected = list(range(size + 1, size + 11))
    assert [expected] * 5 == [reader.take(10) for reader in several]


def test_nothing_comes_twice(world: World, readers: list[Reader]) -> None:
    size = world.log.size()
    reader = follow(world, readers, size)
    append(world, 3)
    reader.take(3)
    with pytest.raises(Empty):
        reader.positions.get(timeout=0.1)


def test_stopping_ends_the_reader_and_both_threads_before_it_returns(world: World) -> None:
    subscription = world.log.subscribe(0)
    subscription.stop()
    assert not subscription._pull_thread.is_alive()
    assert not subscription._poller.is_alive()


def test_closing_the_log_ends_its_subscriptions_first(world: World) -> None:
    """A connection closed under a thread that uses it would take the whole process down."""
    append(world, 100)
    readers = [Reader(world.log.subscribe(0)) for _ in range(4)]
    world.log.close()
    for reader in readers:
        reader.ended.join(SOON)
    assert [reader.ended.is_alive() for reader in readers] == [False] * 4


def test_leaving_the_context_ends_the_subscription(world: World) -> None:
    with world.log.subscribe(0) as subscription:
        assert next(subscription).id == 1
    assert list(subscription) == []


def test_a_stopped_subscription_is_not_woken_any_more(world: World) -> None:
    world.log.subscribe(0).stop()
    gc.collect()
    assert len(world.log.recorder._wakers._events) == 0


def test_a_log_closed_under_a_reading_thread_takes_nothing_down(world: World) -> None:
    append(world, 200)
    log, reading = world.sibling().log, Event()

    def read() -> None:
        with suppress(Exception):  # the pool says that it is closed; the process lives
            while True:
                log.recorder.select_notifications(None, 500)
                reading.set()

    readers = [Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    reading.wait(SOON)
    log.close()
    for reader in readers:
        reader.join(SOON)
    assert [reader.is_alive() for reader in readers] == [False] * 4
