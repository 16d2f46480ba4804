"""Alerts as server-sent events: the rows of the view `alerts`, each under the position that raised it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from api.feed.feed import Event, Scan
from api.reading import Cut

if TYPE_CHECKING:
    from api.feed.feed import Feed, Filter
    from api.reading import ReadSide

VIEW: Final = "alerts"
_AT_A_TIME: Final = 100


class AlertFeed:
    """The view as one listener follows it; waiting is that of the log's own feed."""

    def __init__(self, feed: Feed, reading: ReadSide) -> None:
        self._feed = feed
        self._reading = reading
        # The newest alert that the listener is past: what comes before it is not read again.
        self._place = 0

    @property
    def is_closed(self) -> bool:
        """Tell whether the server is going down."""
        return self._feed.is_closed

    def head(self) -> int:
        """Return the position of the newest event."""
        return self._feed.head()

    def wait_beyond(self, position: int, seconds: float) -> None:
        """Wait until the log has grown beyond a position."""
        self._feed.wait_beyond(position, seconds)

    def scan(self, after: int, limit: int, _wanted: Filter) -> Scan:
        """Return up to `limit` alerts behind a position.

        Raises: `POSITION_AHEAD` where the log is shorter than what the reader has seen.
        """
        self._feed.require_not_ahead(after)

        def is_new(row: dict[str, Any]) -> bool:
            if row["position"] <= after:
                self._place = row["position"]
            return bool(row["position"] > after)

        place = self._place if self._place <= after else 0
        page = self._reading.page(VIEW, Cut(min_position=self.head()), place, _AT_A_TIME, is_new)
        events = tuple(map(_event, page.rows[:limit]))
        is_cut = len(events) == limit or page.after is not None
        return Scan(events, events[-1].position if is_cut else max(page.position, after))


def _event(row: dict[str, Any]) -> Event:
    return Event(row["position"], f"nct.alert.{row['alert']}", orjson.dumps(row))
