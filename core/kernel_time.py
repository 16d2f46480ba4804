"""What the Linux kernel knows of its own clock: whether a time daemon keeps it, and how wrong it may be."""

from __future__ import annotations

import ctypes
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from core.time_source import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised
_STA_UNSYNC: Final = 0x40
_PPS_AND_RESERVED: Final = 3 * ctypes.sizeof(ctypes.c_long) + 2 * ctypes.sizeof(ctypes.c_int) + 128


class Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2) up to what is read here, and room for the rest."""

    _fields_: ClassVar = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * (_PPS_AND_RESERVED + 16 * ctypes.sizeof(ctypes.c_long))),
    ]


def ask_kernel() -> tuple[int, int, int]:
    """Return the kernel's state, status bits and maximum error in microseconds; nothing is set.

    Raises: OSError where this system has no adjtimex or does not let us read it.
    """
    adjtimex = (
        getattr(ctypes.CDLL(None, use_errno=True), "adjtimex", None) if sys.platform == "linux" else None
    )
    if adjtimex is None:
        raise OSError("no adjtimex")
    timex = Timex()  # modes 0: read only
    state = adjtimex(ctypes.byref(timex))
    if state < 0:
        raise OSError(ctypes.get_errno(), "adjtimex")
    return state, timex.status, timex.maxerror


class KernelTime:
    """The kernel's word; the offset is the largest error that it admits to."""

    name = "kernel"

    def __init__(self, ask: Callable[[], tuple[int, int, int]] = ask_kernel) -> None:
        self._ask = ask

    def read(self) -> Reading:
        """Return the kernel's largest error; unsynchronised, it says nothing about the time."""
        try:
            state, status, microseconds = self._ask()
        except OSError:
            return Reading(self.name, None, "this system does not tell how its clock is kept")
        if state == _TIME_ERROR or status & _STA_UNSYNC:
            return Reading(self.name, None, "no time daemon keeps the clock")
        return Reading(self.name, timedelta(microseconds=microseconds))
