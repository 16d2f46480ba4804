"""Where the time can be held against something that the server's operator does not set.

A source answers how far the machine's clock is off, or that it cannot say; it changes nothing. Which sources
an instance asks is a setting; `core/clock_watch.py` judges what they say. Somebody waits for the answer, so
no name is looked up, and a source that does not answer is given up within a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source said: by how much the machine's clock is ahead, or as `fault` why it cannot say."""

    source: str
    offset: timedelta | None
    fault: str = ""


class TimeSource(Protocol):
    """Something that knows the time, or how well the machine knows it."""

    name: str

    def read(self) -> Reading:
        """Return how far the machine's clock is off; never raises, a silent source is a reading too."""
