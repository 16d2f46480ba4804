"""Instants in one written form, and windows over local dates.

An instant is a timezone-aware `datetime` in UTC with whole milliseconds; written
`YYYY-MM-DDTHH:MM:SS.mmmZ`. There is no other spelling in stored bytes.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.kernel.errors import Malformed

# No hour 24, which later Pythons read as midnight: a second spelling of an instant.
_HOUR = r"(?:[01]\d|2[0-3])"
_WRITTEN = re.compile(rf"\d{{4}}-\d\d-\d\dT{_HOUR}:\d\d:\d\d\.\d{{3}}Z", re.ASCII)
_WITH_OFFSET = re.compile(rf"\d{{4}}-\d\d-\d\dT{_HOUR}:\d\d(:\d\d(\.\d{{1,6}})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_ZONE = re.compile(r"UTC|[A-Z][A-Za-z_]+(/[A-Z][A-Za-z0-9_+\-]+)+", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def whole_milliseconds(moment: datetime) -> datetime:
    """Return the instant in UTC, cut (never rounded up) to milliseconds."""
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


@lru_cache(maxsize=4096)
def write_instant(moment: datetime) -> str:
    """Return the one written form of an instant.

    Raises: `NAIVE_TIME` where the time has no zone.
    """
    if moment.tzinfo is None:
        raise Malformed("NAIVE_TIME", "a time needs its zone or offset")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


@lru_cache(maxsize=4096)  # one moment stands in many places of a statement and of its neighbours
def read_instant(text: str) -> datetime:
    """Parse the written form and nothing else.

    Raises: `BAD_TIME`.
    """
    if not _WRITTEN.fullmatch(text):
        raise Malformed("BAD_TIME", "a stored time reads YYYY-MM-DDTHH:MM:SS.mmmZ")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Malformed("BAD_TIME", "no such moment exists") from None


def parse_offset_time(text: str) -> datetime:
    """Parse what people and scripts send: RFC 3339 with an offset; the result is in UTC.

    Raises: `NAIVE_TIME` where the offset is missing, `BAD_TIME` for anything else.
    """
    if not _WITH_OFFSET.fullmatch(text):
        code = "NAIVE_TIME" if _WITH_OFFSET.fullmatch(text + "Z") else "BAD_TIME"
        raise Malformed(code, "a time reads like 2024-03-04T09:00:00+08:00, with its offset")
    try:
        return whole_milliseconds(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise Malformed("BAD_TIME", "no such moment exists") from None


@lru_cache(maxsize=4096)
def read_date(text: str) -> date:
    """Parse `YYYY-MM-DD`.

    Raises: `BAD_DATE`.
    """
    if not _DATE.fullmatch(text):
        raise Malformed("BAD_DATE", "a date reads YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed("BAD_DATE", "no such day exists") from None


@lru_cache(maxsize=1024)  # of those that are known
def require_zone(name: str) -> str:
    """Return the IANA zone name if it is known.

    Raises: `UNKNOWN_ZONE`.
    """
    # Names such as localtime mean something else on every machine.
    if not _ZONE.fullmatch(name):
        raise Malformed("UNKNOWN_ZONE", "a zone is named like Asia/Shanghai or Etc/UTC")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Malformed("UNKNOWN_ZONE", "the zone is not in the IANA time-zone database") from None
    return name


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local_date(moment: datetime, zone: str) -> date:
    """Return the calendar date of an instant at a site; study days are counted in these.

    Raises: `BAD_TIME` for an instant whose date at the site no calendar has.
    """
    try:
        return moment.astimezone(_zone(zone)).date()
    except OverflowError:
        raise Malformed("BAD_TIME", "the instant lies beyond the calendar") from None


@lru_cache(maxsize=4096)
def local_text(moment: datetime, zone: str) -> str:
    """Return the instant with the site's own offset, whole seconds where possible."""
    local = moment.astimezone(_zone(zone))
    return local.isoformat(timespec="milliseconds" if local.microsecond else "seconds")


def study_day(moment_date: date, day_zero: date) -> int:
    """Return days since dosing: day 0 is the day of the dose, no day-1 offset (domain 7)."""
    return (moment_date - day_zero) // timedelta(days=1)
