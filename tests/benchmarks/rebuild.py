"""Rebuilding all views of a generated trial: events a second, what each view costs, first and last tenth."""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from projections import views as views_module
from projections.catalogue import PROJECTIONS
from projections.projection import is_by_position
from projections.runner import Runner
from projections.view_table import TableWriter
from projections.views import Views

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

    from core.kernel.recorded import Recorded
    from core.store.trial_log import TrialLog
    from core.trial.trial import Trial
    from projections.projection import Projection, RowChange, RowPatch

AIM: Final = 20_000
TENTHS: Final = 10


class Timed:
    """A projection that adds what it takes to a clock."""

    def __init__(self, inner: Projection, spent: dict[str, float]) -> None:
        self.name, self.readers = inner.name, inner.readers
        self.concerns: frozenset[type] | None = getattr(inner, "concerns", None)
        self.by_position = is_by_position(inner)
        self._inner, self._spent = inner, spent

    def project(self, event: Recorded, before: Any, trial: Trial) -> Iterable[RowChange | RowPatch]:
        begun = perf_counter()
        changes = tuple(self._inner.project(event, before, trial))
        self._spent[self.name] += perf_counter() - begun
        return changes


def timed_writers(spent: dict[str, float]) -> type[TableWriter]:
    """Return a writer that adds what it takes to the clock of its view."""

    class TimedWriter(TableWriter):
        def __init__(self, connection: sqlite3.Connection, view: str, *, by_position: bool = False) -> None:
            super().__init__(connection, view, by_position=by_position)
            self._view = view

        def put(self, position: int, change: RowChange) -> None:
            begun = perf_counter()
            super().put(position, change)
            spent[self._view] += perf_counter() - begun

        def flush(self) -> None:
            begun = perf_counter()
            super().flush()
            spent[self._view] += perf_counter() - begun

    return TimedWriter


def rebuild(log: TrialLog, folder: Path) -> list[str]:
    """Rebuild twice, undisturbed and with clocks; return what to print."""
    size = log.size()
    pages = [(0, perf_counter())]
    with closing(Views(folder / "rebuilt.sqlite")) as views:
        Runner(log, views).rebuild(lambda done, _: pages.append((done, perf_counter())))
    (_, begun), (_, ended) = pages[0], pages[-1]
    first, last = _cost(pages, 0, size // TENTHS), _cost(pages, size - size // TENTHS, size)
    return [
        f"  {size / (ended - begun):,.0f} events a second over {size:,} events (aim {AIM:,}, one core)",
        f"  {first:.1f} us an event in the first tenth, {last:.1f} in the last: {last / first:.2f}",
        *_shares(log, folder, size),
    ]


def _cost(pages: list[tuple[int, float]], after: int, until: int) -> float:
    """Return microseconds an event between the pages next to two positions."""
    (low, begun) = max((page for page in pages if page[0] <= after), key=lambda page: page[0])
    (high, ended) = min((page for page in pages if page[0] >= until), key=lambda page: page[0])
    return (ended - begun) / (high - low) * 1e6


def _shares(log: TrialLog, folder: Path, size: int) -> list[str]:
    spent: dict[str, float] = defaultdict(float)
    timed = tuple(Timed(projection, spent) for projection in PROJECTIONS)
    with (
        patch.object(views_module, "TableWriter", timed_writers(spent)),
        closing(Views(folder / "timed.sqlite", timed)) as views,
    ):
        begun = perf_counter()
        Runner(log, views).rebuild()
        whole = perf_counter() - begun
    opened = _timed_opening(log)
    parts = [("open the stored leaves", opened), *sorted(spent.items(), key=lambda part: -part[1])]
    rest = whole - sum(seconds for _, seconds in parts)
    rows = [*parts, ("fold, commit, and the clocks themselves", rest)]
    return [f"  {name:<40}{s / size * 1e6:>8.1f} us{s / whole:>8.1%}" for name, s in rows]


def _timed_opening(log: TrialLog) -> float:
    begun = perf_counter()
    for _ in log.recorded():
        pass
    return perf_counter() - begun
