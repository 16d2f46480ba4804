"""What is refused again and again, counted a minute at a time: 21 CFR 11.300(d) without a log to flood.

* A sign-in of nobody who is enrolled is counted; once its minute is over, one event states the sum.
* A token that does not count, brought again and again, is one event a minute and person: at once, when it has
  been brought `MISUSE_THRESHOLD` times. A session that merely ran out is nobody's misuse.

* A person who is refused by the same code more than `RECORDED_ONE_BY_ONE` times within a minute leaves no
  more records of their own; once the minute is over, one event states how many more there were.

However fast they come, strangers add two events a minute to the log, and one for each person whose ended
token they hold.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from core.kernel import streams
from core.kernel.errors import TrialError
from core.trial.context import Decided
from core.trial.instance.events import RefusalsRepeated, SessionMisused, UnknownSignInsRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from core.store.access_journal import AccessJournal

MISUSE_THRESHOLD: Final = 5
RECORDED_ONE_BY_ONE: Final = 5

_UNKNOWN: Final = "unknown_sign_in"
_MISUSE: Final = "session_misuse"
_REFUSAL: Final = "refusal"
_MINUTE: Final = timedelta(minutes=1)


class StrangerWatch:
    """Counts in the access journal and states the sums through the service."""

    def __init__(
        self,
        journal: AccessJournal,
        record: Callable[[Sequence[Decided]], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._journal = journal
        self._record = record
        self._clock = clock
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._closed = False

    def unknown_sign_in(self) -> None:
        """Count a sign-in of nobody.

        Raises: `ACCESS_JOURNAL_UNAVAILABLE`, and what the log raises.
        """
        if self._journal.count(_UNKNOWN, "", self._minute()) == 1:
            self.state_sums()
            self._state_sums_soon()

    def session_misused(self, person: str | None) -> None:
        """Count a token that does not count; `person` is whose session it was, if it was one.

        Raises: as `unknown_sign_in`.
        """
        minute = self._minute()
        if self._journal.count(_MISUSE, person or "", minute) == MISUSE_THRESHOLD:
            self._say(SessionMisused(person, minute, MISUSE_THRESHOLD))

    def is_repeated(self, code: str, person: str) -> bool:
        """Count a refusal of a person; tell whether it is one of so many that only the sum is recorded.

        Raises: `ACCESS_JOURNAL_UNAVAILABLE`.
        """
        count = self._journal.count(_REFUSAL, f"{code} {person}", self._minute())
        if count == RECORDED_ONE_BY_ONE + 1:
            self._state_sums_soon()
        return count > RECORDED_ONE_BY_ONE

    def state_sums(self) -> None:
        """State the sums of the minutes that are over; called at each start, so a crash loses none.

        Raises: as `unknown_sign_in`.
        """
        with self._journal.sums_before(self._minute()) as sums:
            for one in sums:
                if one.kind == _UNKNOWN:
                    self._say(UnknownSignInsRefused(one.minute, one.count))
                elif one.kind == _REFUSAL and one.count > RECORDED_ONE_BY_ONE:
                    code, _, person = one.about.partition(" ")
                    self._say(RefusalsRepeated(code, person, one.minute, one.count - RECORDED_ONE_BY_ONE))

    def close(self) -> None:
        """Stop; what is still counted is stated by the next start."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()

    def _minute(self) -> datetime:
        return self._clock().replace(second=0, microsecond=0)

    def _say(self, event: RefusalsRepeated | UnknownSignInsRefused | SessionMisused) -> None:
        self._record((Decided(streams.REFUSALS, event),))

    def _state_sums_soon(self) -> None:
        """Make sure that the minute is stated even if nobody ever comes again."""
        with self._lock:
            if not self._closed and (self._timer is None or not self._timer.is_alive()):
                self._timer = threading.Timer(_MINUTE.total_seconds() + 1, self._state_or_wait)
                self._timer.daemon = True
                self._timer.start()

    def _state_or_wait(self) -> None:
        try:
            self.state_sums()
        except TrialError:
            # The sums stay in the journal; whoever comes next, or the next start, states them.
            return
