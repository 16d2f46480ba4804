"""The only writer: every event enters the log through here.

    1 load    fold the log; the decision notes each stream that it looks at
    2 decide  pure: events, or a coded refusal that is itself recorded
    3 state   canonical statements: event, who, when, why, meaning, shown text, prev, reads, seen
    4 sign    by the person: an opened key, or signatures that the client brings
    5 append  one transaction, which fails if a stream that was read has moved

A failure between 4 and 5 leaves nothing; after 5 the record stands even if the answer is lost, and
the same command sent again (same `txn`) gets the receipt of the first. Several commands may be signed in
one ceremony (`core/series.py`); one command is a series of one.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

from core.audit.authority_at import PREPARED_LIFETIME
from core.ceremony import (
    first_statement,
    matching,
    receipts_of,
    require_shown,
    require_writable,
)
from core.heads import head_of, newest_seen, require_seen
from core.kernel.actors import Auth
from core.kernel.errors import Conflict, Refused
from core.planning import Basis, Terms, require_open
from core.refusing import Refusing
from core.repetition import earlier_receipts, require_unused
from core.request import Item, Receipt, Request, Signed
from core.series import plan_series, require_series
from core.store.recorder import Batch
from core.store.refusals import sealed_by
from core.trial.authority import require_member
from core.trial.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from core.audit.drafting import Drafted
    from core.audit.statement import Seen, Statement
    from core.ceremony import Plan
    from core.keys.ed25519 import SigningKey
    from core.store.recorder import WriterView
    from core.store.sealing import SignedEvent
    from core.store.trial_log import TrialLog
    from core.trial.catalogue import Command

__all__ = ["Handler", "Item", "Receipt", "Request", "Signed"]

ATTEMPTS = 20


class Handler:
    """Handles commands on one log; `trusted_time` raises where nothing may be signed by the clock."""

    def __init__(
        self,
        log: TrialLog,
        service_key: SigningKey,
        clock: Callable[[], datetime],
        trusted_time: Callable[[], None] = lambda: None,
    ) -> None:
        self._log = log
        self._clock = clock
        self._require_trusted_time = trusted_time
        self._refusing = Refusing(log, service_key, clock)

    # -- one command ----------------------------------------------------------------------------------

    def submit(
        self,
        command: Command,
        request: Request,
        unlock: Callable[[], SigningKey],
        shown: Sequence[str] | None = None,
        seen: Seen | None = None,
    ) -> Receipt:
        """Open the key, decide, sign and append; decide and sign again where a stream moved.

        `shown` are the digests of the texts that the signer has read (`require_shown`), `seen` the head that
        came with them (`core/heads.py`).

        Raises: `Refused` (recorded; also `SHOWN_DIFFERS`, `BAD_SEEN`), `Malformed` (recorded where an edit
        check says so), `Conflict` `VERSION_CONFLICT`, `Unavailable`.
        """
        return self.submit_series([Item(command, request)], unlock, shown, seen)[0]

    def prepare(self, command: Command, request: Request) -> tuple[bytes, ...]:
        """Return the exact statements that the client has to sign, one an event; nothing is written.

        Raises: as `submit`.
        """
        return self.prepare_series([Item(command, request)])[0]

    def commit(self, command: Command, request: Request, signed: Sequence[Signed]) -> Receipt:
        """Decide again, demand the very bytes that were signed, and append them.

        Raises: as `submit`; `NOTHING_SIGNED`, `PREPARED_EXPIRED`, `BAD_SEEN`, `BAD_SIGNATURE`, `WRONG_KEY`.
        """
        return self.commit_series([Item(command, request)], signed)[0]

    # -- several in one ceremony ----------------------------------------------------------------------

    def submit_series(
        self,
        items: Sequence[Item],
        unlock: Callable[[], SigningKey],
        shown: Sequence[str] | None = None,
        seen: Seen | None = None,
    ) -> tuple[Receipt, ...]:
        """Sign all commands with the key, opened once, and append them all or none.

        Raises: as `submit`, the fact `item` naming the command; `BAD_SERIES`, `SERIES_PARTLY_RECORDED`.
        """
        self._require_trusted_time()
        require_series(items)
        first = items[0]
        with self._refusing.attempt(first.command, first.request.person):
            self._require_member(first.request)  # before anything is tried with a password
            key = unlock()

        def sign(drafted: Sequence[Drafted]) -> list[SignedEvent]:
            require_shown(drafted, shown)
            return [sealed_by(key, one, Auth.PASSWORD) for one in drafted]

        def terms() -> Terms:
            head = self._seen_by(first.request.person, shown, seen)
            return Terms(self._now(), head, key.key_id, Auth.PASSWORD)

        return self._write(items, terms, sign)

    def prepare_series(self, items: Sequence[Item]) -> tuple[tuple[bytes, ...], ...]:
        """Return the exact statements that the client has to sign, for each command; nothing is written.

        Raises: as `submit_series`.
        """
        self._require_trusted_time()
        require_series(items)
        with self._recording(items), self._log.lock:
            self._log.catch_up()
            require_unused(self._log, items)
            planned = self._plan(items, Terms(self._now(), head_of(self._log)))
        return tuple(tuple(one.data for one in drafted) for _, drafted in planned)

    def commit_series(self, items: Sequence[Item], signed: Sequence[Signed]) -> tuple[Receipt, ...]:
        """Decide again, demand the very bytes that were signed, all commands in order, and append them.

        Raises: as `submit_series` and `commit`.
        """
        self._require_trusted_time()
        require_series(items)

        def terms() -> Terms:
            first = first_statement(signed)
            self._require_fresh(first, items[0].request)
            return Terms(first.signed_at, first.seen, first.signer.key, Auth.CLIENT_KEY)

        return self._write(items, terms, lambda drafted: matching(drafted, signed))

    # -- the steps ------------------------------------------------------------------------------------

    def _require_member(self, request: Request) -> None:
        """Refuse who could not sign whatever they bring.

        Raises: `UNKNOWN_PERSON`, `LOCKED_OUT`, `ROLE_NOT_HELD`, `NO_ACTIVE_KEY`.
        """
        with self._log.lock:
            self._log.catch_up()
            facts = Facts(self._log.trial)
        require_open(facts.instance())
        require_member(facts.person(request.person), request.role, self._now())

    def _write(
        self,
        items: Sequence[Item],
        terms: Callable[[], Terms],
        sign: Callable[[Sequence[Drafted]], list[SignedEvent]],
    ) -> tuple[Receipt, ...]:
        """Decide, sign and append; once more where a stream moved, until it is in or refused."""
        with self._recording(items):
            for _ in range(ATTEMPTS):
                with ExitStack() as held:
                    held.enter_context(self._log.lock)
                    self._log.catch_up()
                    if (receipts := earlier_receipts(self._log, items)) is not None:
                        return receipts
                    planned = self._plan(items, terms())
                    if len(items) == 1:
                        held.close()  # guards see what neighbours do; a series waits for none of them
                    events = sign([*chain.from_iterable(drafted for _, drafted in planned)])
                    try:
                        return self._append(planned, events)
                    except Conflict:
                        continue  # a target that moved on from `expected_version` is refused next
            raise Conflict("VERSION_CONFLICT", "the record keeps changing; try again")

    def _plan(self, items: Sequence[Item], terms: Terms) -> list[tuple[Plan, tuple[Drafted, ...]]]:
        log = self._log
        basis = Basis(log.trial, log.trial.versions, self._signed_root)
        return plan_series(items, terms, basis, log.received_at)

    def _append(
        self, planned: Sequence[tuple[Plan, tuple[Drafted, ...]]], events: Sequence[SignedEvent]
    ) -> tuple[Receipt, ...]:
        plans = [plan for plan, _ in planned]

        def build(view: WriterView) -> Sequence[SignedEvent]:
            require_writable(plans, view)
            return events

        # A series stands right behind the head that it was decided on: that guards all that it read.
        guards = (plans[0].expects, plans[0].births) if len(plans) == 1 else ({}, {})
        return receipts_of([drafted for _, drafted in planned], self._log.append(Batch(build, *guards)))

    def _signed_root(self, size: int) -> bytes | None:
        """Return the root of a committed head, None where no checkpoint was ever signed over the size."""
        if not 0 < size <= self._log.head.size or not self._log.has_checkpoint(size):
            return None
        return self._log.root_at(size)

    def _now(self) -> datetime:
        return self._log.receivable_at(self._clock())

    def _seen_by(self, person: str, shown: Sequence[str] | None, seen: Seen | None) -> Seen:
        """Return the head that a person has before them who opens their key here.

        Raises: as `require_seen`.
        """
        if shown is None:  # the caller is itself the signer's client: it looks at the log of now
            return head_of(self._log)
        return newest_seen(self._log, person) if seen is None else require_seen(self._log, person, seen)

    def _require_fresh(self, statement: Statement, request: Request) -> None:
        """Check what a commit takes over from the signed bytes: time, head seen, command id."""
        age = self._now() - statement.signed_at
        if not timedelta() <= age <= PREPARED_LIFETIME:
            raise Refused("PREPARED_EXPIRED", "a prepared statement is signed within 15 minutes")
        if statement.txn.id != request.txn:
            raise Refused("STATEMENT_DIFFERS", "the signed statement belongs to another command")
        require_seen(self._log, statement.signer.id, statement.seen)

    # -- refusals -------------------------------------------------------------------------------------

    @contextmanager
    def _recording(self, items: Sequence[Item]) -> Iterator[None]:
        """Record a refusal against the command of the series that was refused."""
        try:
            yield
        except Refused as refused:
            number = refused.facts.get("item", 1)
            item = items[number - 1 if isinstance(number, int) else 0]
            with self._refusing.recording(item.command, item.request.person):
                raise

    @property
    def refusing(self) -> Refusing:
        """What records refusals, and locks out who was refused too often."""
        return self._refusing

    def record_refusal(self, code: str, command: str, person: str, target: str | None) -> None:
        """Record that the system refused something."""
        self._refusing.record(code, command, person, target)
