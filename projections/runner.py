"""Brings the views up to the log: every projection, in catalogue order, page by page.

    1 lock    the write transaction of the views; nobody else moves them now
    2 meet    fold a trial up to where the views stand; start over where they tell another log
    3 apply   open each stored event, fold it, ask every projection for the rows it changes
    4 commit  rows and tracking position together, or neither

If the process dies before 4, nothing happened; the next runner starts where the views really stand.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from core.store.collections_paused import collections_paused
from core.trial.trial import Trial
from projections.projection import concerns, state_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.kernel.recorded import Recorded
    from core.store.trial_log import TrialLog
    from projections.projection import Projection
    from projections.views import Views, Writing

PAGE = 2000


class Runner:
    """Applies one log to its views; its own fold of the trial follows the views, not the log's head."""

    def __init__(self, log: TrialLog, views: Views, page: int = PAGE) -> None:
        self._log = log
        self._views = views
        self._page = page
        self._lock = threading.Lock()
        self._trial = Trial()
        self._head = ""
        self._by_kind: dict[type, tuple[Projection, ...]] = {}

    def catch_up(self, until: int | None = None, progress: Callable[[int, int], None] | None = None) -> int:
        """Apply what the log holds beyond the views, up to `until`; return the position reached.

        `progress` is told position and goal after each page.

        Raises: `IntegrityFinding` where stored bytes cannot be opened; the pages before it stay applied.
        """
        with self._lock:
            size = self._log.size()
            goal = size if until is None else min(until, size)
            if goal <= self._trial.position == self._views.position() <= size:
                return self._trial.position
            with collections_paused(freezing=goal - self._trial.position > self._page):
                while (reached := self._advance(goal, size)) < goal:
                    _tell(progress, reached, goal)
            _tell(progress, reached, goal)
            return reached

    def rebuild(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Throw the rows away and apply the log from its beginning; return the position reached."""
        with self._views.writing() as writing:
            writing.reset()
        return self.catch_up(progress=progress)

    # -- one page -----------------------------------------------------------------------------------

    def _advance(self, goal: int, size: int) -> int:
        # Folding a long log takes seconds after a start: done before the lock, which others wait for.
        self._fold_up_to(self._views.position())
        with self._views.writing() as writing:
            self._meet(writing, size)
            stop = min(writing.position + self._page, goal)
            if writing.position < stop:
                self._apply(writing, stop)
            return writing.position

    def _meet(self, writing: Writing, size: int) -> None:
        if writing.position > size:
            writing.reset()
        if self._trial.position > writing.position:
            self._forget()
        self._fold_up_to(writing.position)
        # The views name the last event that they tell: over another log they start anew.
        if self._head != writing.head:
            writing.reset()
            self._forget()

    def _apply(self, writing: Writing, stop: int) -> None:
        # A page is opened before it is applied: each of the two then stays in the processor's cache.
        for event in tuple(self._log.recorded(writing.position, stop)):
            before = state_of(self._trial, event.stream)
            self._fold(event)
            writing.sign(event)
            for projection in self._concerned(type(event.payload)):
                for change in projection.project(event, before, self._trial):
                    writing.put(projection.name, event.position, change)
        writing.track(self._trial.position, self._head)

    def _concerned(self, kind: type) -> tuple[Projection, ...]:
        """Return the projections that payloads of a kind concern, in catalogue order."""
        if (found := self._by_kind.get(kind)) is None:
            found = tuple(p for p in self._views.projections if concerns(p, kind))
            self._by_kind[kind] = found
        return found

    def _fold_up_to(self, position: int) -> None:
        for event in self._log.recorded(self._trial.position, position):
            self._fold(event)

    def _fold(self, event: Recorded) -> None:
        self._trial.apply(event)
        self._head = event.digest

    def _forget(self) -> None:
        self._trial, self._head = Trial(), ""


def _tell(progress: Callable[[int, int], None] | None, reached: int, goal: int) -> None:
    if progress is not None:
        progress(reached, goal)
