"""Instants have one written form; study days are days of the site's calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import EPOCH, ScriptedClock, ServerClock, new_txn_id
from core.kernel.errors import Malformed
from core.kernel.time import (
    local_date,
    local_text,
    parse_offset_time,
    read_date,
    read_instant,
    require_zone,
    study_day,
    whole_milliseconds,
    write_instant,
)

offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1000, 1, 2), datetime(9998, 12, 30), timezones=offsets)  # noqa: DTZ001 - the zone is given beside


@given(instants)
def test_what_is_written_is_read_back_to_the_millisecond(moment: datetime) -> None:
    assert whole_milliseconds(moment) == read_instant(write_instant(moment))


@given(instants)
def test_milliseconds_are_cut_and_never_rounded_up(moment: datetime) -> None:
    assert timedelta() <= moment - whole_milliseconds(moment) < timedelta(milliseconds=1)


@given(instants, instants)
def test_written_instants_sort_as_they_follow_each_other(one: datetime, other: datetime) -> None:
    assert (whole_milliseconds(one) < whole_milliseconds(other)) == (
        write_instant(one) < write_instant(other)
    )


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-04T09:00:00Z",
        "2024-03-04T09:00:00.000",
        "2024-03-04T09:00:00.000+00:00",
        "2024-03-04t09:00:00.000Z",
        "2024-03-04 09:00:00.000Z",
        "2024-02-30T09:00:00.000Z",
        "2024-03-04T24:00:00.000Z",
        "2024-03-04T23:59:60.000Z",
        "20240304T090000.000Z",
        " 2024-03-04T09:00:00.000Z",
        "2024-03-04T09:00:00.000Z\n",
        "+12024-03-04T09:00:00.000Z",
        "10000-03-04T09:00:00.000Z",
        "٢٠٢٤-03-04T09:00:00.000Z",
        "",
    ],
)
def test_another_spelling_of_an_instant_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="BAD_TIME"):
        read_instant(text)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(Malformed, match="NAIVE_TIME"):
        write_instant(datetime(2024, 3, 4))  # noqa: DTZ001 - that is the point
    with pytest.raises(Malformed, match="NAIVE_TIME"):
        parse_offset_time("2024-03-04T09:00:00")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2024-03-04T09:00:00+08:00", "2024-03-04T01:00:00.000Z"),
        ("2024-03-04T09:00+08:00", "2024-03-04T01:00:00.000Z"),
        ("2024-03-04T09:00:00.9999Z", "2024-03-04T09:00:00.999Z"),
    ],
)
def test_what_people_send_is_turned_into_utc(text: str, written: str) -> None:
    assert written == write_instant(parse_offset_time(text))


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", "tomorrow", "2024-03-04T09:00:00+25:00"],
)
def test_a_moment_beyond_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="BAD_TIME"):
        parse_offset_time(text)


@pytest.mark.parametrize(
    "text", ["2024-3-4", "2024-02-30", "20240304", "2024-W10-1", "", "2024-03-04\n", "٢٠٢٤-03-04"]
)
def test_another_spelling_of_a_date_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="BAD_DATE"):
        read_date(text)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Etc/UTC", "Europe/Berlin"])
def test_a_zone_of_the_iana_database_is_known(zone: str) -> None:
    assert zone == require_zone(zone)


@pytest.mark.parametrize(
    "zone", ["", ".", "/etc/passwd", "../zone", "Asia", "Nowhere/City", "UTC+8", "x" * 5000, "a\x00b"]
)
def test_anything_else_is_no_zone(zone: str) -> None:
    with pytest.raises(Malformed, match="UNKNOWN_ZONE"):
        require_zone(zone)


def test_midnight_of_the_site_divides_its_days() -> None:
    before = datetime(2024, 3, 4, 15, 59, 59, tzinfo=UTC)
    assert date(2024, 3, 4) == local_date(before, "Asia/Shanghai")
    assert date(2024, 3, 5) == local_date(before + timedelta(seconds=1), "Asia/Shanghai")


def test_a_day_of_23_hours_is_one_day() -> None:
    before = datetime(2024, 3, 30, 23, 30, tzinfo=UTC)  # 00:30 in Berlin, the night the clocks go forward
    days = [local_date(before + timedelta(hours=h), "Europe/Berlin") for h in (0, 23)]
    assert study_day(days[1], days[0]) == 1


def test_a_local_time_shows_the_offset_of_the_site() -> None:
    assert local_text(datetime(2024, 3, 4, 1, tzinfo=UTC), "Asia/Shanghai") == "2024-03-04T09:00:00+08:00"


def test_the_servers_clock_never_goes_back() -> None:
    clock = ServerClock()
    readings = [clock() for _ in range(2000)]
    assert sorted(readings) == readings
    clock.never_before(datetime(9000, 1, 1, tzinfo=UTC))
    assert clock() >= datetime(9000, 1, 1, tzinfo=UTC)


def test_the_servers_clock_does_not_stand_still_while_the_machines_clock_is_behind() -> None:
    wall, steady = [datetime(2024, 1, 1, 12, tzinfo=UTC)], [timedelta()]
    clock = ServerClock(lambda: wall[0], lambda: steady[0])
    assert clock() == wall[0]
    wall[0] -= timedelta(minutes=10)
    told = []
    for _ in range(4):
        wall[0], steady[0] = wall[0] + timedelta(minutes=6), steady[0] + timedelta(minutes=6)
        told.append((clock().hour, clock().minute))
    assert told == [(12, 3), (12, 6), (12, 9), (12, 14)]  # half pace until caught up, never back


def test_a_scripted_clock_ignores_the_past() -> None:
    clock = ScriptedClock(datetime(2024, 1, 2, tzinfo=UTC))
    clock.advance_to(datetime(2024, 1, 1, tzinfo=UTC))
    assert clock() == datetime(2024, 1, 2, tzinfo=UTC)


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - the zone is given beside
def test_identifiers_of_commands_begin_with_their_millisecond(moment: datetime) -> None:
    txn = new_txn_id(moment)
    milliseconds = int((whole_milliseconds(moment) - EPOCH) / timedelta(milliseconds=1))
    assert milliseconds == int(txn.replace("-", "")[:12], 16)
    assert (txn[14], txn[19] in "89ab") == ("7", True)


def test_an_instant_beyond_the_calendar_of_the_site_is_refused() -> None:
    with pytest.raises(Malformed) as refused:
        local_date(datetime(9999, 12, 31, 23, tzinfo=UTC), "Asia/Shanghai")
    assert refused.value.code == "BAD_TIME"
