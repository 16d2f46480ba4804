"""A time server on this machine that tells the truth, lies, or keeps silent."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from core.clock import EPOCH, wall_time

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKET = struct.Struct("!BBbbII4s4Q")


def ntp(offset: timedelta) -> int:
    """Return now plus the offset, in NTP's 64 bits."""
    since = (wall_time() + offset - EPOCH) / timedelta(seconds=1) + 2_208_988_800
    return int(since * 2**32) % 2**64


@dataclass
class Answer:
    """How the server answers; the defaults are those of a good one."""

    offset: timedelta = timedelta()
    leap: int = 0
    version: int = 4
    mode: int = 4
    stratum: int = 2
    root_delay: int = 100
    root_dispersion: int = 100
    echo: bool = True
    zero: bool = False
    held: timedelta = timedelta()
    cut: int | None = None
    silent: bool = False

    def to_bytes(self, asked: bytes) -> bytes:
        cookie = int.from_bytes(asked[40:48]) if self.echo else 1
        now = 0 if self.zero else ntp(self.offset)
        first = self.leap << 6 | self.version << 3 | self.mode
        sent = (now + int(self.held.total_seconds() * 2**32)) % 2**64
        packet = PACKET.pack(
            first,
            self.stratum,
            6,
            -20,
            self.root_delay,
            self.root_dispersion,
            b"GPS\0",
            now,
            cookie,
            now,
            sent,
        )
        return packet[: self.cut]


@contextmanager
def time_server(*answers: Answer) -> Iterator[int]:
    """Serve the answers in turn, the last one for ever; yields the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        waiting = list(answers)

        def serve() -> None:
            while True:
                asked, client = line.recvfrom(512)
                if asked == b"end":
                    return
                answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                if not answer.silent:
                    line.sendto(answer.to_bytes(asked), client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield line.getsockname()[1]
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"end", line.getsockname())
            thread.join()
