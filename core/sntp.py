"""A time server as a source of time: the Simple Network Time Protocol (RFC 5905 14)."""

from __future__ import annotations

import secrets
import socket
import struct
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from core.clock import EPOCH, steady_time, wall_time
from core.time_source import Reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

SCHEME: Final = "sntp"
NTP_PORT: Final = 123
ATTEMPTS: Final = 2
TIMEOUT_SECONDS: Final = 0.5
# Further from its own reference than this, a server does not know the time either (RFC 5905 11.1: 1.5 s).
MAX_ROOT_DISTANCE: Final = timedelta(seconds=1.5)

# 1900-01-01, where NTP counts from, to 1970-01-01 (RFC 5905 6).
_NTP_EPOCH: Final = 2_208_988_800
_PACKET: Final = struct.Struct("!BBbbII4s4Q")
_CLIENT: Final = 0 << 6 | 4 << 3 | 3  # no leap warning, version 4, mode client
_SERVER_MODE: Final = 4
_UNSYNCHRONISED: Final = 3
_MAX_STRATUM: Final = 15


class Sntp:
    """A time server asked by the Simple Network Time Protocol (RFC 5905 14).

    Its answer is believed only if it echoes our random cookie, so that it is the answer to our question, if
    the server says that it is synchronised, and if the answer came soon enough to say something.
    """

    def __init__(
        self,
        address: str,
        port: int = NTP_PORT,
        wall: Callable[[], datetime] = wall_time,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        written = f"[{address}]" if ":" in address else address
        self.name = f"{SCHEME}://{written}:{port}"
        self._address = address, port
        self._wall = wall
        self._timeout = timeout

    def read(self) -> Reading:
        """Ask twice at most; a lost or bad answer is worth another try."""
        fault = ""
        for _ in range(ATTEMPTS):
            try:
                return Reading(self.name, self._ask())
            except TimeoutError:
                fault = "it did not answer in time"
            except OSError:
                fault = "it cannot be reached"
            except ValueError as error:
                fault = str(error)
        return Reading(self.name, None, fault)

    def _ask(self) -> timedelta:
        """Return the offset from one exchange.

        Raises: OSError, and ValueError for an answer that is not to be believed.
        """
        cookie = secrets.token_bytes(8)
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as line:
            line.settimeout(self._timeout)
            line.connect(self._address)  # the kernel drops what comes from elsewhere
            began, asked_at = steady_time(), self._wall()
            line.send(_PACKET.pack(_CLIENT, 0, 0, 0, 0, 0, b"", 0, 0, 0, int.from_bytes(cookie)))
            answer = line.recv(512)
            took = steady_time() - began
        received, sent = _believed(answer, int.from_bytes(cookie))
        held = _difference(sent, received)
        if not timedelta() <= held <= took:
            raise ValueError("its two times do not fit the time that the answer took")
        if took - held > timedelta(seconds=self._timeout):
            raise ValueError("its answer took too long to say anything")
        # Our own two readings are one and a steady interval: a wall clock set meanwhile does no harm.
        middle = _difference(received, _ntp(asked_at)) + held / 2
        return took / 2 - middle


def _believed(answer: bytes, cookie: int) -> tuple[int, int]:
    """Return when the server received and sent, in NTP's units.

    Raises: ValueError where the answer is malformed, not to our question, or from who does not know.
    """
    if len(answer) < _PACKET.size:
        raise ValueError("its answer is too short")
    first, stratum, _, _, delay, dispersion, _, _, echoed, received, sent = _PACKET.unpack_from(answer)
    leap, version, mode = first >> 6, first >> 3 & 7, first & 7
    if mode != _SERVER_MODE or version not in {3, 4}:
        raise ValueError("its answer is not that of a time server")
    if echoed != cookie:
        raise ValueError("its answer does not belong to our question")
    if leap == _UNSYNCHRONISED or not 1 <= stratum <= _MAX_STRATUM or not (received and sent):
        raise ValueError("it is not synchronised itself")
    if timedelta(seconds=(delay / 2 + dispersion) / 2**16) > MAX_ROOT_DISTANCE:
        raise ValueError("it is too far from its own reference")
    return received, sent


def _ntp(moment: datetime) -> int:
    """Return an instant as 32 bits of seconds, modulo the era, and 32 of fraction."""
    since = moment - EPOCH
    seconds = since.days * 86_400 + since.seconds + _NTP_EPOCH
    return (seconds << 32 | (since.microseconds << 32) // 1_000_000) % 2**64


def _difference(later: int, earlier: int) -> timedelta:
    """Return later - earlier, right across the end of an era (2036) if they are within 68 years."""
    units = (later - earlier + 2**63) % 2**64 - 2**63
    return timedelta(microseconds=units * 1_000_000 / 2**32)
