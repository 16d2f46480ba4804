"""What a source of time says is believed only if it can be the answer of one who knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from api.time_sources import source_of
from core.clock import wall_time
from core.kernel.errors import Malformed
from core.kernel_time import KernelTime, ask_kernel
from core.sntp import ATTEMPTS, TIMEOUT_SECONDS, Sntp, _difference, _ntp
from tests.clock.time_server import Answer, time_server

if TYPE_CHECKING:
    from core.time_source import Reading

# A loaded machine answers late; half of that is the error.
SLACK = timedelta(milliseconds=500)


def asked(*answers: Answer, wall_ahead: timedelta = timedelta(), timeout: float = 1.0) -> Reading:
    def wall() -> datetime:
        return wall_time() + wall_ahead

    with time_server(*answers) as port:
        return Sntp("127.0.0.1", port, wall, timeout).read()


@pytest.mark.parametrize(
    "ahead", [timedelta(), timedelta(seconds=7), timedelta(days=-400), timedelta(days=9000)]
)
def test_a_good_answer_says_how_far_the_clock_is_ahead(ahead: timedelta) -> None:
    reading = asked(Answer(), wall_ahead=ahead)
    assert reading.offset is not None
    assert abs(reading.offset - ahead) < SLACK
    assert reading.fault == ""


BAD = {
    "unsynchronised": (Answer(leap=3), "not synchronised"),
    "a kiss of death": (Answer(stratum=0), "not synchronised"),
    "stratum 16": (Answer(stratum=16), "not synchronised"),
    "no time in it": (Answer(zero=True), "not synchronised"),
    "far from its reference": (Answer(root_dispersion=2 * 2**16), "its own reference"),
    "late to its reference": (Answer(root_delay=4 * 2**16), "its own reference"),
    "a client": (Answer(mode=3), "not that of a time server"),
    "a broadcast": (Answer(mode=5), "not that of a time server"),
    "another version": (Answer(version=1), "not that of a time server"),
    "somebody else's answer": (Answer(echo=False), "our question"),
    "cut off": (Answer(cut=47), "too short"),
    "nothing in it": (Answer(cut=0), "too short"),
    "held longer than it took": (Answer(held=timedelta(seconds=5)), "do not fit"),
    "sent before it was received": (Answer(held=timedelta(seconds=-1)), "do not fit"),
    "silent": (Answer(silent=True), "did not answer in time"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_answer_says_nothing_about_the_time(what: str) -> None:
    answer, fault = BAD[what]
    reading = asked(answer, timeout=0.05 if answer.silent else 2.0)
    assert reading.offset is None
    assert fault in reading.fault


def test_a_bad_answer_is_asked_for_again() -> None:
    assert asked(Answer(echo=False), Answer(), timeout=10).offset is not None


def test_a_lost_answer_is_asked_for_again_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever signs waits meanwhile: two tries, each with its own end."""
    lost = [TimeoutError(), TimeoutError()]

    def ask(_self: Sntp) -> timedelta:
        if lost:
            raise lost.pop()
        return timedelta()

    monkeypatch.setattr(Sntp, "_ask", ask)
    assert Sntp("127.0.0.1").read().fault == "it did not answer in time"
    lost[:] = [TimeoutError()]
    assert Sntp("127.0.0.1").read().offset == timedelta()
    assert ATTEMPTS * TIMEOUT_SECONDS <= 1


def test_an_answer_that_took_too_long_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line's own time-out ends a slow answer; one that slips through it is refused by what it took."""
    readings = iter(timedelta(seconds=n) for n in range(100))
    monkeypatch.setattr("core.sntp.steady_time", lambda: next(readings))
    assert "too long" in asked(Answer(), timeout=0.5).fault


def test_nobody_there_is_a_reading_too() -> None:
    with time_server(Answer()) as port:
        pass
    assert "cannot be reached" in Sntp("127.0.0.1", port, timeout=0.1).read().fault


def test_no_name_is_ever_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that hangs would hold up whoever signs, and one that lies would choose the time."""

    def look_up(*_args: object, **_more: object) -> list[object]:
        raise AssertionError("a name was looked up")

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    with time_server(Answer()) as port:
        assert source_of(f"sntp://127.0.0.1:{port}").read().source == f"sntp://127.0.0.1:{port}"
    with pytest.raises(Malformed, match="IP address and no name"):
        source_of("sntp://ntp.example")


@pytest.mark.parametrize("days", [0, 3650, -3650, 20_000])
def test_differences_hold_across_the_end_of_an_era(days: int) -> None:
    end = datetime(2036, 2, 7, 6, 28, 16, tzinfo=UTC)
    for around in (timedelta(seconds=-1), timedelta(), timedelta(seconds=1)):
        later, earlier = end + around, end + around - timedelta(days=days)
        assert abs(_difference(_ntp(later), _ntp(earlier)) - timedelta(days=days)) < timedelta(milliseconds=1)


# -- the kernel -----------------------------------------------------------------------------------------


def test_a_kept_kernel_clock_is_off_by_at_most_what_it_says() -> None:
    assert KernelTime(lambda: (0, 0x2001, 1500)).read().offset == timedelta(milliseconds=1.5)


@pytest.mark.parametrize("told", [(5, 0, 10), (0, 0x40, 10), (5, 0x40, 16_000_000)])
def test_an_unsynchronised_kernel_says_nothing(told: tuple[int, int, int]) -> None:
    reading = KernelTime(lambda: told).read()
    assert (reading.offset, "no time daemon" in reading.fault) == (None, True)


def test_a_system_that_does_not_tell_says_nothing() -> None:
    def ask() -> tuple[int, int, int]:
        raise OSError("no adjtimex")

    assert KernelTime(ask).read().offset is None


def test_the_kernel_of_this_machine_answers_or_refuses() -> None:
    try:
        state, _, microseconds = ask_kernel()
    except OSError:
        return
    assert 0 <= state <= 5
    assert 0 <= microseconds <= 16_000_000


# -- the setting ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("kernel", "kernel"),
        ("sntp://192.0.2.7", "sntp://192.0.2.7:123"),
        ("sntp://192.0.2.7:1123", "sntp://192.0.2.7:1123"),
        ("sntp://[2001:db8::7]:1123", "sntp://[2001:db8::7]:1123"),
    ],
)
def test_a_setting_names_a_source(text: str, name: str) -> None:
    assert source_of(text).name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ntp",
        "sntp://",
        "sntp://:1",
        "sntp://ntp.example",
        "sntp://192.0.2.7:y",
        "sntp://192.0.2.7:99999",
        "sntp://192.0.2.7/y",
        "sntp://me@192.0.2.7x",
        "sntp:192.0.2.7",
        "http://192.0.2.7",
    ],
)
def test_any_other_setting_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="BAD_SETTING"):
        source_of(text)
