"""Whether the server's time can be trusted: FDA 2024 question 14, EU Annex 11 clause 14.

The machine's clock is held against three things: a steady clock that nobody can set, the newest receipt of
the log, and whatever sources of time the settings name. While one of them disagrees nobody signs; reading
goes on, and the disagreement itself, its end, and one good check an hour of use are recorded.

A source that falls silent does not disagree: its last good answer counts for a while, in which the steady
clock still finds every jump. A server that starts has no such answer, and waits for the first.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from core.clock import EPOCH, steady_time, wall_time
from core.kernel import streams
from core.kernel.errors import Conflict, Unavailable
from core.store.recorder import Batch
from core.store.refusals import by_service, service_of
from core.time_source import Reading
from core.trial.context import Decided
from core.trial.instance.events import ClockDiscrepancyDetected, TimeSourceChecked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from core.keys.ed25519 import SigningKey
    from core.store.trial_log import TrialLog
    from core.time_source import TimeSource
    from core.trial.instance.state import Instance

STEADY: Final = "steady"
LOG: Final = "log"
CHECKED_EVERY: Final = timedelta(hours=1)
ASKED_AGAIN_AFTER: Final = timedelta(seconds=10)
SILENT_ASKED_AGAIN_AFTER: Final = timedelta(minutes=1)
# A poor quartz, 100 ppm off, loses 1.4 s in this time: less than the tolerance that settings begin with.
GRACE: Final = timedelta(hours=4)
ATTEMPTS: Final = 20
_MILLISECOND: Final = timedelta(milliseconds=1)


class ClockJudge:
    """Holds the machine's clock against all that it can be held against; records nothing."""

    def __init__(
        self,
        sources: Sequence[TimeSource],
        tolerance: timedelta,
        wall: Callable[[], datetime] = wall_time,
        steady: Callable[[], timedelta] = steady_time,
        grace: timedelta = GRACE,
    ) -> None:
        self.tolerance = tolerance
        self._grace = grace
        self._sources = sources
        self._wall = wall
        self._steady = steady
        self._anchor = wall(), steady()
        self._answers: tuple[Reading, ...] = ()
        self._asked_at: timedelta | None = None
        self._agreed_at: dict[str, timedelta] = {}

    def judge(self, newest_receipt: datetime) -> Reading:
        """Return the first check that fails, or the best that agrees.

        Sources are asked once an hour, once a minute while one is silent, and every ten seconds while
        something is wrong: a source that agrees also says that a jump of the clock has put it right.
        """
        if self._is_due():
            self._ask()
        steady = Reading(STEADY, self._drift())
        ahead = min(self._wall() - newest_receipt, timedelta())
        counting = self._counting()
        checks = (Reading(LOG, ahead), *counting, steady)
        best = counting[-1] if counting else steady
        return next((check for check in checks if not self.agrees(check)), best)

    def agrees(self, reading: Reading) -> bool:
        """Tell whether a reading is within the tolerance."""
        return reading.offset is not None and abs(reading.offset) <= self.tolerance

    def _drift(self) -> timedelta:
        """How far the machine's clock has jumped since it was last known to be right."""
        wall, steady = self._anchor
        return (self._wall() - wall) - (self._steady() - steady)

    def _counting(self) -> tuple[Reading, ...]:
        """Return the answers without those of sources whose last good one still counts in their place."""
        return tuple(answer for answer in self._answers if not self._is_excused(answer))

    def _is_excused(self, answer: Reading) -> bool:
        agreed_at = self._agreed_at.get(answer.source)
        if answer.offset is not None or agreed_at is None:
            return False
        return self._steady() - agreed_at < self._grace

    def _is_due(self) -> bool:
        if self._asked_at is None or not self._sources:
            return bool(self._sources)
        return self._steady() - self._asked_at >= self._pause()

    def _pause(self) -> timedelta:
        """Return how long sources are left alone."""
        if abs(self._drift()) > self.tolerance or not all(map(self.agrees, self._counting())):
            return ASKED_AGAIN_AFTER
        is_silent = any(answer.offset is None for answer in self._answers)
        return SILENT_ASKED_AGAIN_AFTER if is_silent else CHECKED_EVERY

    def _ask(self) -> None:
        self._answers = tuple(source.read() for source in self._sources)
        self._asked_at = now = self._steady()
        for answer in self._answers:
            if self.agrees(answer):
                self._agreed_at[answer.source] = now
            elif answer.offset is not None:  # who has disagreed does not vouch by silence
                self._agreed_at.pop(answer.source, None)
        counting = self._counting()
        if counting and all(map(self.agrees, counting)):
            self._anchor = self._wall(), now


class ClockWatch:
    """Refuses to let anybody sign by a clock that cannot be trusted, and keeps the record of it."""

    def __init__(
        self, log: TrialLog, service_key: SigningKey, clock: Callable[[], datetime], judge: ClockJudge
    ) -> None:
        self._log = log
        self._service_key = service_key
        self._clock = clock
        self._judge = judge
        self._judging = threading.Lock()
        self._disagreed_at: datetime | None = None

    def require_trusted(self) -> None:
        """Check the clock, record what is news, and refuse where it cannot be trusted.

        Raises: `CLOCK_UNTRUSTED`.
        """
        reading = self.check()
        if not self._judge.agrees(reading):
            tolerance = self._judge.tolerance / _MILLISECOND
            raise Unavailable(
                "CLOCK_UNTRUSTED",
                f"nothing can be signed because the server's clock cannot be trusted: {_said(reading)} "
                f"(tolerance {tolerance:.0f} ms); whoever runs the server has to look at it, reading goes on",
                source=reading.source,
            )

    def is_trusted(self) -> bool:
        """Check the clock, record what is news, and tell whether it can be trusted."""
        return self._judge.agrees(self.check())

    def check(self, *, starting: bool = False) -> Reading:
        """Check the clock and record what is news; a server that starts records a good check too.

        The judge's lock is never held together with the log's.
        """
        newest = self._newest_receipt()
        with self._judging:
            reading = self._judge.judge(newest)
        self._record(reading, starting=starting)
        return reading

    def _newest_receipt(self) -> datetime:
        """Return when the log was last written; a training log was perhaps played by a script's clock."""
        with self._log.lock:
            self._log.catch_up()
            return self._log.received_at if self._log.trial.instance.is_real else EPOCH

    def _record(self, reading: Reading, *, starting: bool) -> None:
        """Record a reading that is news; of two servers that see the same, one records it."""
        if self._judge.agrees(reading):
            self._disagreed_at = None
        said = (Decided(streams.INSTANCE, self._event(reading)),)
        for attempt in range(ATTEMPTS):
            with self._log.lock:
                if attempt:  # `check` has just done so; what came meanwhile is a conflict
                    self._log.catch_up()
                instance = self._log.trial.instance
                version = self._log.trial.versions.get(streams.INSTANCE, 0)
                now = self._log.receivable_at(self._clock())
                news = self._is_news(reading, instance, now, starting=starting)
                service = service_of(self._log, self._service_key) if news else None  # it opens position 1
            if service is None:
                return
            build = by_service(service, now, lambda _view: said)
            try:
                self._log.append(Batch(build, {streams.INSTANCE: version}))
            except Conflict:
                continue
            if not self._judge.agrees(reading):
                self._disagreed_at = now
            return
        raise Unavailable("STORE_BUSY", "the check of the clock could not be recorded")

    def _is_news(self, reading: Reading, instance: Instance, now: datetime, *, starting: bool) -> bool:
        """Tell whether the log does not say so already: a turn, the first good check of an hour or a start.

        A training log records no start: it is looked at more often than it is used. Where another server's
        clock agrees, what is wrong with this one's is said once an hour: two servers do not argue.
        """
        if instance.created is None or not instance.is_open:
            return False
        trusted, standing = self._judge.agrees(reading), instance.clock
        if standing is None or standing.trusted is not trusted:
            return trusted or self._disagreed_at is None or now - self._disagreed_at >= CHECKED_EVERY
        starts = starting and instance.is_real
        return trusted and (starts or now - standing.recorded_at >= CHECKED_EVERY)

    def _event(self, reading: Reading) -> TimeSourceChecked | ClockDiscrepancyDetected:
        offset = None if reading.offset is None else round(reading.offset / _MILLISECOND)
        tolerance = round(self._judge.tolerance / _MILLISECOND)
        if offset is not None and self._judge.agrees(reading):
            return TimeSourceChecked(reading.source, offset, tolerance)
        return ClockDiscrepancyDetected(reading.source, offset, tolerance)


def _said(reading: Reading) -> str:
    if reading.offset is None:
        return f"{reading.source} cannot vouch for it, {reading.fault}"
    side = "ahead of" if reading.offset > timedelta() else "behind"
    than = {STEADY: "where it was when last known to be right", LOG: "the newest record"}
    seconds = abs(reading.offset).total_seconds()
    return f"it is {seconds:.1f} s {side} {than.get(reading.source, reading.source)}"
