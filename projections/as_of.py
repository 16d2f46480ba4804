"""The log at an instant, and the same projections stopped at a position, without any database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from core.store.trial_log import open_row
from core.trial.trial import Trial
from projections.catalogue import PROJECTIONS
from projections.manifestation import SIGNATURE, is_computed
from projections.projection import RowChange, RowPatch, is_by_position, state_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.store.trial_log import TrialLog
    from projections.projection import Projection


def position_at(log: TrialLog, instant: datetime) -> int:
    """Return the last position received at or before the instant, 0 where the log is younger.

    Bisection over positions: the time of receipt never decreases (record 7).
    """
    low, high = 0, log.size()
    while low < high:
        middle = (low + high + 1) // 2
        if log.entry(middle).recorded().recorded_at <= instant:
            low = middle
        else:
            high = middle - 1
    return low


def received_at(log: TrialLog, position: int) -> datetime:
    """Return when the event at a position was received; before the first, the time of the first."""
    return log.entry(max(position, 1)).recorded().recorded_at


class Rebuilding:
    """The views as plain dictionaries, grown event by event: what the stored views must always equal."""

    def __init__(self, projections: Sequence[Projection] = PROJECTIONS) -> None:
        self._projections = projections
        self._trial = Trial()
        self._rows: dict[str, dict[str, dict[str, Any] | None]] = {p.name: {} for p in projections}
        self._signed: dict[str, dict[str, int]] = {p.name: {} for p in projections}

    def feed(self, event: Recorded) -> None:
        """Apply the next event."""
        before = state_of(self._trial, event.stream)
        self._trial.apply(event)
        for projection in self._projections:
            rows = self._rows[projection.name]
            for change in projection.project(event, before, self._trial):
                after = _row_after(rows.get(change.key), change)
                if _as_stored(after) != _as_stored(rows.get(change.key)):
                    self._signed[projection.name][change.key] = event.position
                rows[change.key] = after

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Return the open rows of every view in order of first appearance, as they read after storage."""
        open_rows = {p.name: self._open_rows(p) for p in self._projections}
        read: dict[str, list[dict[str, Any]]] = orjson.loads(orjson.dumps(open_rows))
        return read

    def _open_rows(self, projection: Projection) -> list[dict[str, Any]]:
        named = {key: row for key, row in self._rows[projection.name].items() if row}
        if is_computed(projection):
            return list(named.values())
        signed = (
            {key: int(key) for key in named} if is_by_position(projection) else self._signed[projection.name]
        )
        return [{**row, SIGNATURE: signed[key]} for key, row in named.items()]


def _as_stored(row: dict[str, Any] | None) -> bytes | None:
    return None if row is None else orjson.dumps(row)


def _row_after(row: dict[str, Any] | None, change: RowChange | RowPatch) -> dict[str, Any] | None:
    if isinstance(change, RowChange):
        return change.row
    if row is None:
        raise ValueError("no open row under the key to change")
    return {**row, **change.fields}


def rows_as_rebuilt(
    log: TrialLog, until: int, projections: Sequence[Projection] = PROJECTIONS
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every view from a rebuild in memory that stops at a position."""
    rebuilding = Rebuilding(projections)
    for row in log.rows(0, until):
        rebuilding.feed(open_row(row).recorded())
    return rebuilding.rows()
