"""Refusals leave a trace that outlives the request: 21 CFR 11.300(d), 11.10(e).

* A refusal is signed by the service and written before the caller learns of it.
* Tries with a password go one at a time a person: check whether they are locked out, try, record. However
  many come at once, none is tried behind the one that locks; a second server adds one try at most.
* Who is refused by the same code again and again within a minute leaves few records, and their sum.
* Once enough has failed, one refusal a minute says that more does: nobody floods the log in another's name.
  Who cannot be locked out, as nobody else could lift it, then signs in once a minute at most.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from zlib import crc32

from core.audit.service_statements import may_be_refused
from core.kernel import streams
from core.kernel.errors import Malformed, Refused, TrialError, Unavailable
from core.store.recorder import Batch
from core.store.refusals import attempt, by_service, service_of
from core.trial import misuse
from core.trial.context import Decided
from core.trial.edit_checks import is_edit_check
from core.trial.instance.events import CommandRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from core.keys.ed25519 import SigningKey
    from core.store.recorder import WriterView
    from core.store.trial_log import TrialLog
    from core.trial.catalogue import Command
    from core.trial.trial import Trial

_GATES: Final = 64


class Refusing:
    """Records in the log what the system refused, and locks out who was refused too often."""

    def __init__(self, log: TrialLog, service_key: SigningKey, clock: Callable[[], datetime]) -> None:
        self._log = log
        self._service_key = service_key
        self._clock = clock
        self._gates = tuple(threading.RLock() for _ in range(_GATES))
        self._is_repeated: Callable[[str, str], bool] = lambda _code, _person: False

    def count_with(self, is_repeated: Callable[[str, str], bool]) -> None:
        """Leave it to this to count refusals by code and person, and to state what is repeated."""
        self._is_repeated = is_repeated

    # -- around what may be refused -------------------------------------------------------------------

    @contextmanager
    def recording(self, command: Command, person: str) -> Iterator[None]:
        """Record a refusal of a person's command before it reaches the caller.

        Malformed input is none, unless an edit check says so (`core/trial/edit_checks.py`).
        """
        with self.recording_as(type(command).__name__, person, lambda: _target(command)):
            yield

    @contextmanager
    def attempt(self, command: Command, person: str) -> Iterator[None]:
        """As `recording`, for the part that tries the password of somebody signed in: one try at a time.

        They do not wait: strangers who fail in their name cannot keep them from signing. Whoever lets them
        sign ends their sessions where they fail themselves and `has_to_wait`.

        Raises: `LOCKED_OUT`.
        """
        with self._one_at_a_time(person), self.recording(command, person):
            with self._log.lock:
                misuse.require_not_locked(self._caught_up(), person)
            yield

    @contextmanager
    def attempt_as(self, command: str, person: str) -> Iterator[None]:
        """As `attempt`, for what is no command of the record, such as signing in; who fails too often waits.

        Raises: `LOCKED_OUT`, `TRY_LATER`.
        """
        with self._one_at_a_time(person), self.recording_as(command, person, lambda: None):
            self._require_may_try(person)
            yield

    @contextmanager
    def recording_as(self, command: str, person: str, target: Callable[[], str | None]) -> Iterator[None]:
        """As `recording`, under a name; the target is asked for only where something is refused."""
        try:
            yield
        except Refused as refused:
            about = target()
            if not isinstance(refused, Malformed) or is_edit_check(refused.code, about):
                self.record(refused.code, command, person, about)
            raise

    def has_to_wait(self, person: str) -> bool:
        """Tell whether so much has just failed in the person's name that who signs in has to wait."""
        with self._log.lock:
            return misuse.must_wait(self._caught_up(), person, self._now())

    def _require_may_try(self, person: str) -> None:
        """Refuse, whatever they bring, who is locked out or has to wait.

        Raises: `LOCKED_OUT`, `TRY_LATER`.
        """
        with self._log.lock:
            misuse.require_may_try(self._caught_up(), person, self._now())

    def _one_at_a_time(self, person: str) -> threading.RLock:
        return self._gates[crc32(person.encode()) % _GATES]

    # -- writing --------------------------------------------------------------------------------------

    def record(self, code: str, command: str, person: str, target: str | None) -> None:
        """Record one refusal; a log that was never founded keeps none, nor is one kept of nobody.

        Once enough has failed, the first in a minute speaks for all that follow.
        """
        refused = CommandRefused(code, command, person, target)
        with self._one_at_a_time(person):
            with self._log.lock:
                trial = self._caught_up()
                if not may_be_refused(code, person, trial) or misuse.is_told(trial, refused, self._now()):
                    return
                # A copy is folded on inside the transaction; only an attempt needs it.
                ahead = trial.copy() if code in misuse.ATTEMPT_CODES else None
            if ahead is not None:
                self._append(attempt(ahead, refused))
            elif not self._is_counted(refused):
                self.record_by_service([Decided(streams.REFUSALS, refused)])

    def _is_counted(self, refused: CommandRefused) -> bool:
        """Tell whether the refusal is one of so many that only their sum is recorded."""
        try:
            return self._is_repeated(refused.code, refused.person)
        except Unavailable:
            return False  # what cannot be counted is recorded

    def record_by_service(self, decided: Sequence[Decided]) -> None:
        """Record what the service itself noticed; a log that was never founded keeps nothing."""
        self._append(lambda _view: decided)

    def _append(self, decide: Callable[[WriterView], Sequence[Decided]]) -> None:
        with self._log.lock:
            self._log.catch_up()
            service = service_of(self._log, self._service_key)
        if service is not None:
            self._log.append(Batch(by_service(service, self._now(), decide)))

    def _caught_up(self) -> Trial:
        """Return the trial as the log tells it now; the log's lock is held."""
        self._log.catch_up()
        return self._log.trial

    def _now(self) -> datetime:
        return self._log.receivable_at(self._clock())


def _target(command: Command) -> str | None:
    try:
        return command.target
    except TrialError:
        return None
