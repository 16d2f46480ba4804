"""What an operator may set about the HTTP interface and the clock; an unknown name is an error."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from core.kernel.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "DOSETRAIL_HTTP_"
CLOCK_PREFIX = "DOSETRAIL_CLOCK_"
TOLERANCE_MS = 2000
GRACE_MINUTES = 240


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits of the HTTP interface; times in seconds.

    `refused_sign_in_seconds` is how long every refused sign-in takes, so that its time tells nothing.
    `stream_slots` bounds the requests that may hold a thread while they wait for events.
    `sign_ins_per_minute` bounds what one address may try without a session, `orders_per_minute` what one
    token may ask to change; 0 is no limit. `trusted_proxies` is how many proxies stand before the server,
    each of which adds to `X-Forwarded-For`; while it is 0 everybody behind a proxy counts as one address.
    With `devices_required` (0 or 1) sign-ins and secrets of tools are for registered devices only.
    """

    heartbeat_seconds: float = 15.0
    stream_slots: int = 16
    reading_wait_seconds: float = 2.0
    refused_sign_in_seconds: float = 0.4
    long_poll_seconds: float = 30.0
    body_limit: int = 1_000_000
    sign_ins_per_minute: int = 30
    orders_per_minute: int = 120
    trusted_proxies: int = 0
    devices_required: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings that stand under `DOSETRAIL_HTTP_<NAME>`.

        Raises: `BAD_SETTING` for an unknown name, a value that is no positive number, or neither 0 nor 1 for
        a switch.
        """
        kinds = {f.name: type(f.default) for f in fields(cls)}
        given = {
            name.removeprefix(PREFIX).lower(): text
            for name, text in environment.items()
            if name.startswith(PREFIX)
        }
        numbers: dict[str, Any] = {n: _number(n, text, kinds.get(n)) for n, text in given.items()}
        return cls(**numbers)


@dataclass(frozen=True, slots=True)
class ClockSettings:
    """What the server's clock is held against, and by how many milliseconds it may be off.

    `sources` are `kernel` and `sntp://address:port`, separated by commas; none means that only jumps of the
    clock and receipts that lie in its future are found, which needs no network and no time daemon.
    `grace_minutes` is how long the last good answer of a source that has fallen silent still counts.
    """

    sources: tuple[str, ...] = ()
    tolerance_ms: int = TOLERANCE_MS
    grace_minutes: int = GRACE_MINUTES

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings under `DOSETRAIL_CLOCK_SOURCES`, `…_TOLERANCE_MS` and `…_GRACE_MINUTES`.

        Raises: `BAD_SETTING` for an unknown name, a tolerance that is not from 1 ms to a minute, or a grace
        that is not from 0 to a week.
        """
        given = {name: text for name, text in environment.items() if name.startswith(CLOCK_PREFIX)}
        sources = given.pop(f"{CLOCK_PREFIX}SOURCES", "")
        tolerance = given.pop(f"{CLOCK_PREFIX}TOLERANCE_MS", str(TOLERANCE_MS))
        grace = given.pop(f"{CLOCK_PREFIX}GRACE_MINUTES", str(GRACE_MINUTES))
        for name in given:
            raise Malformed("BAD_SETTING", f"there is no setting {name}", setting=name)
        return cls(
            tuple(one.strip() for one in sources.split(",") if one.strip()),
            _whole_number(f"{CLOCK_PREFIX}TOLERANCE_MS", tolerance, 1, 60_000),
            _whole_number(f"{CLOCK_PREFIX}GRACE_MINUTES", grace, 0, 10_080),
        )


def _whole_number(name: str, text: str, least: int, most: int) -> int:
    # The length first: int() refuses thousands of digits with an error of its own.
    if text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most:
        return int(text)
    raise Malformed("BAD_SETTING", f"{name} is from {least} to {most}", setting=name)


def _number(name: str, text: str, kind: type | None) -> float:
    if kind is bool:
        return bool(_whole_number(f"{PREFIX}{name.upper()}", text, 0, 1))
    if kind not in {int, float}:
        raise Malformed("BAD_SETTING", f"there is no setting {PREFIX}{name.upper()}", setting=name)
    try:
        number: float = int(text) if kind is int else float(text)
    except ValueError:
        number = -1
    if not 0 <= number < float("inf"):
        raise Malformed("BAD_SETTING", f"{PREFIX}{name.upper()} is a number from 0", setting=name)
    return number
