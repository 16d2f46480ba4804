"""Which source of time a setting names."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.kernel.errors import Malformed
from core.kernel_time import KernelTime
from core.sntp import NTP_PORT, SCHEME, Sntp

if TYPE_CHECKING:
    from core.time_source import TimeSource


def source_of(text: str) -> TimeSource:
    """Return the source that a setting names: `kernel` or `sntp://address[:port]`, IPv6 in brackets.

    Raises: `BAD_SETTING`.
    """
    if text == "kernel":
        return KernelTime()
    try:
        named = urlsplit(text)
        address, port = ipaddress.ip_address(named.hostname or ""), named.port or NTP_PORT
    except ValueError:
        raise _no_source() from None
    if named.scheme != SCHEME or f"{SCHEME}://{named.netloc}" != text:
        raise _no_source()
    return Sntp(str(address), port)


def _no_source() -> Malformed:
    sentence = "a time source reads kernel or sntp://address:port, with an IP address and no name"
    return Malformed("BAD_SETTING", sentence, setting="sources")
