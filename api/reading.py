"""The read side of one process: views that are caught up before they are read, live or as of a cut.

One lock guards views and runner, so the position in an answer is the position of its rows.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from core.kernel.errors import Malformed, Refused, Unavailable
from projections.as_of import position_at, received_at
from projections.catalogue import PROJECTIONS
from projections.presenting import presented
from projections.runner import Runner
from projections.views import Views

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from api.instance import Instance
    from core.kernel.actors import Role

Row: TypeAlias = "dict[str, Any]"
VerifyPositions: TypeAlias = "Callable[[Instance, Sequence[int]], dict[int, str]]"

_LOOK_AGAIN_SECONDS = 0.02
_BY_NAME = {projection.name: projection for projection in PROJECTIONS}
_READERS = {projection.name: projection.readers for projection in PROJECTIONS}


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a view is read: live, at a position, at an instant; `min_position` is what it must include."""

    as_of: datetime | None = None
    as_of_position: int | None = None
    min_position: int | None = None

    @property
    def is_live(self) -> bool:
        """Tell whether the newest rows are asked for."""
        return self.as_of is None and self.as_of_position is None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows with the position that they were read at; `after` continues them, None at the end."""

    position: int
    rows: list[Row]
    after: int | None = None


def require_reader(view: str, role: Role) -> None:
    """Refuse a role that does not read the view (part 11 section 5).

    Raises: `NOT_AUTHORISED`.
    """
    if role not in _READERS.get(view, frozenset()):
        raise Refused("NOT_AUTHORISED", f"the role {role} does not read this view", role=str(role))


class ReadSide:
    """Reads the views of an instance."""

    def __init__(self, instance: Instance, wait_seconds: float) -> None:
        self._log = instance.log
        self._clock = instance.clock
        self._present = instance.present
        self._wait = wait_seconds
        self._views = Views(instance.views_path)
        self._runner = Runner(instance.log, self._views)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file of the views."""
        with self._lock:
            self._views.close()

    def position(self) -> int:
        """Catch up and return the position of the views."""
        with self._lock:
            self._runner.catch_up()
            return self._views.position()

    def rows(self, view: str, cut: Cut, wanted: Callable[[Row], bool] = lambda _row: True) -> Page:
        """Return all rows of a view that are wanted.

        Raises: `PROJECTION_BEHIND`, `UNKNOWN_POSITION`, `FUTURE_TIME`.
        """
        self._await(cut)
        with self._lock:
            position, at = self._cut(cut)
            rows = presented(_BY_NAME[view], self._views.rows(view, at), self._moment(cut, position))
            return Page(position, self._views.manifested([row for row in rows if wanted(row)]))

    def rows_about(self, view: str, subject_key: str, cut: Cut) -> Page:
        """Return the rows of a view about one subject; only what is stored about them is presented.

        Raises: as `rows`.
        """
        self._await(cut)
        with self._lock:
            position, at = self._cut(cut)
            stored = [row for row in self._views.rows(view, at) if row.get("subject_key") == subject_key]
            rows = presented(_BY_NAME[view], stored, self._moment(cut, position))
            return Page(position, self._views.manifested(rows))

    def row(self, view: str, key: str, cut: Cut) -> tuple[int, Row | None]:
        """Return the position and one row, None where there is none.

        Raises: as `rows`.
        """
        self._await(cut)
        with self._lock:
            position, at = self._cut(cut)
            found = self._views.row(view, key, at)
            return position, None if found is None else self._views.manifested([found])[0]

    def page(
        self, view: str, cut: Cut, after: int, limit: int, wanted: Callable[[Row], bool] = lambda _row: True
    ) -> Page:
        """Return the next rows behind `after` that are wanted, at most `limit`; nothing is skipped unseen.

        Raises: as `rows`.
        """
        self._await(cut)
        with self._lock:
            position, at = self._cut(cut)
            found: list[Row] = []
            while rows := self._views.page(view, after or None, limit, at):
                for row in rows:
                    after = row["position"]
                    if wanted(row) and len(found) == limit:  # so there is a page to go on to
                        return Page(position, self._views.manifested(found), found[-1]["position"])
                    if wanted(row):
                        found.append(row)
                if len(rows) < limit:
                    break
            return Page(position, self._views.manifested(found))

    def _cut(self, cut: Cut) -> tuple[int, int | None]:
        """Return the position to answer with and the one to read at, None for live rows."""
        self._runner.catch_up()
        stands = self._views.position()
        if cut.is_live:
            return stands, None
        at = self._asked(cut)
        if at > stands:
            raise Refused("UNKNOWN_POSITION", "the log has not reached this position", position=stands)
        return at, at

    def _moment(self, cut: Cut, position: int) -> datetime:
        """Return the instant at which overdue and missed are judged: now, or that of the cut."""
        if cut.as_of is not None:
            return cut.as_of
        return self._present() if cut.is_live else received_at(self._log, position)

    def _asked(self, cut: Cut) -> int:
        if cut.as_of_position is not None:
            return cut.as_of_position
        if cut.as_of is None or cut.as_of > self._clock():
            raise Malformed("FUTURE_TIME", "as_of lies in the future", field="as_of")
        return position_at(self._log, cut.as_of)

    def _await(self, cut: Cut) -> None:
        """Wait, within bounds, until the views include what the client has seen elsewhere."""
        until, wanted = time.monotonic() + self._wait, cut.min_position or 0
        while wanted and (stands := self.position()) < wanted:
            if time.monotonic() > until:
                raise Unavailable(
                    "PROJECTION_BEHIND",
                    f"the views stand at {stands}, {wanted - stands} behind what was asked",
                    position=stands,
                    behind=wanted - stands,
                )
            time.sleep(_LOOK_AGAIN_SECONDS)
