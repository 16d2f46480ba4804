"""The log of one trial over the engine: append, read, and the trial folded up to its head.

The folded trial is a cache of this process. It follows the log by position, so what another process
appended is folded before the next decision, and guards catch what comes between fold and append.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from eventsourcing.application import Application
from eventsourcing.persistence import (
    IntegrityError,
    Mapper,
    Notification,
    OperationalError,
    PersistenceError,
    StoredEvent,
)
from eventsourcing.sqlite import SQLiteFactory

from core.audit.entry import Entry, open_entry
from core.audit.merkle import CompactRange, leaf_hash, root_at
from core.audit.plain_leaf import read_plain
from core.clock import EPOCH
from core.kernel.errors import Conflict, IntegrityFinding, Malformed, Unavailable
from core.store.datastore import LogDatastore
from core.store.recorder import Appended, Batch, LogRecorder
from core.store.schema import EVENTS
from core.store.tree import StoredTree
from core.trial.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from eventsourcing.persistence import ApplicationRecorder
    from eventsourcing.utils import Environment

    from core.kernel.recorded import Recorded
    from core.store.sealing import Sealer
    from core.store.subscription import LogSubscription

PAGE = 500

_PAGE_OF_ROWS = (
    f"SELECT rowid, originator_id, originator_version, topic, state FROM {EVENTS} "  # noqa: S608 - constant
    "WHERE rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ?"
)


class LogMapper(Mapper[str]):
    """Opens stored bytes; the topic column is compared with what was signed and never resolved."""

    def to_domain_event(self, stored_event: StoredEvent) -> Any:  # noqa: ANN401 - the engine's protocol
        """Return the event of a stored row.

        Raises: `IntegrityFinding` `BAD_ROW` where bytes or columns are not what was signed.
        """
        return open_row(stored_event).recorded()


def open_row(stored: StoredEvent) -> Entry:
    """Open a row and hold its columns against the signed statement.

    Raises: `IntegrityFinding` with the code of the first defect.
    """
    position = getattr(stored, "id", None)
    try:
        entry = open_entry(bytes(stored.state))
    except Malformed as error:
        raise IntegrityFinding(error.code, error.detail, position) from None
    statement = entry.statement
    row = (stored.originator_id, stored.originator_version, stored.topic)
    if row != (statement.stream, statement.ver, statement.type):
        raise IntegrityFinding("ROW_MISMATCH", "the row's columns are not those that were signed", position)
    return entry


def read_row(position: int, stream: str, version: int, topic: str, state: bytes) -> Recorded:
    """Return the event of a row: as `open_row(…).recorded()`, with the same refusals, but sooner.

    Raises: `IntegrityFinding` with the code of the first defect.
    """
    event = read_plain(state)
    if event is None or (event.stream, event.version, event.topic) != (stream, version, topic):
        return open_row(Notification(stream, version, topic, state, position)).recorded()
    return event


class _Factory(SQLiteFactory):
    """Builds our recorder on our datastore instead of the engine's."""

    def __init__(self, env: Environment, datastore: LogDatastore, sealer: Sealer) -> None:
        super().__init__(env)
        self.datastore.close()
        self.datastore = self._log_datastore = datastore
        self._sealer = sealer

    def application_recorder(self) -> ApplicationRecorder:
        recorder = LogRecorder(self._log_datastore, self._sealer)
        recorder.create_table()
        return recorder


class TrialLog(Application[str]):
    """One trial's log in one SQLite file."""

    name = "dosetrail"
    recorder: LogRecorder

    def __init__(self, path: Path, sealer: Sealer) -> None:
        self._path = path
        self._sealer = sealer
        super().__init__({"SQLITE_DBNAME": str(path), "ORIGINATOR_ID_TYPE": "text"})
        self.tree = StoredTree(self.factory.datastore)  # type: ignore[attr-defined]
        self.lock = threading.RLock()
        self.trial = Trial()
        self.head = CompactRange()
        self._txns: dict[str, list[int]] = {}
        self._seen: dict[str, int] = {}
        self._defect: IntegrityFinding | None = None
        self.received_at = EPOCH

    def construct_factory(self, env: Environment) -> Any:  # noqa: ANN401 - the engine's type variable
        """Return the factory with our recorder."""
        return _Factory(env, LogDatastore(str(self._path)), self._sealer)

    def construct_mapper(self) -> Mapper[str]:
        """Return the mapper that resolves no topic."""
        return LogMapper(transcoder=self.construct_transcoder())

    def close(self) -> None:
        """End subscriptions, then close the files."""
        self.recorder.stop_subscriptions()
        super().close()

    # -- writing --------------------------------------------------------------------------------------

    def append(self, batch: Batch) -> Appended:
        """Append a batch.

        Raises: `Conflict` `VERSION_CONFLICT`, `Unavailable` `STORE_BUSY`, `STORE_FAILED`.
        """
        try:
            return self.recorder.append(batch)
        except IntegrityError:
            raise Conflict("VERSION_CONFLICT", "what this was decided on has changed meanwhile") from None
        except OperationalError as error:
            raise Unavailable("STORE_BUSY", f"the store did not take the record: {error}") from None
        except PersistenceError as error:
            raise Unavailable("STORE_FAILED", f"the store cannot take a record: {error}") from None

    # -- reading --------------------------------------------------------------------------------------

    def rows(self, after: int = 0, until: int | None = None) -> Iterator[Notification]:
        """Yield stored rows by position, `after` excluded, `until` included."""
        while page := self.recorder.select_notifications(after, PAGE, stop=until, inclusive_of_start=False):
            yield from page
            if len(page) < PAGE:
                return  # what comes meanwhile is for the next reader
            after = page[-1].id

    def recorded(self, after: int = 0, until: int | None = None) -> Iterator[Recorded]:
        """Yield events by position, `after` excluded, `until` included.

        Raises: `IntegrityFinding` with the code of the first defect of a row.
        """
        until = self.size() if until is None else until
        while page := self._page(after, until):
            for row in page:
                yield read_row(*row)
            after = page[-1][0]

    def _page(self, after: int, until: int) -> list[tuple[int, str, int, str, bytes]]:
        with self.factory.datastore.transaction(commit=False) as cursor:  # type: ignore[attr-defined]
            cursor.execute(_PAGE_OF_ROWS, (after, until, PAGE))
            return [tuple(row) for row in cursor.fetchall()]

    def entry(self, position: int) -> Entry:
        """Return the opened leaf at a position.

        Raises: `Malformed` `UNKNOWN_POSITION`, and what `open_row` raises.
        """
        for row in self.rows(position - 1, position):
            return open_row(row)
        raise Malformed("UNKNOWN_POSITION", "the log has no such position")

    def subscribe(self, after: int = 0) -> LogSubscription:
        """Return an endless iterator over rows after a position; stop it when done."""
        return self.recorder.subscribe(gt=after)

    def size(self) -> int:
        """Return how many events the log holds."""
        return self.recorder.max_notification_id() or 0

    def root_at(self, size: int) -> bytes:
        """Return the root over the first `size` leaves."""
        return root_at(size, self.tree.node)

    def checkpoint(self) -> bytes | None:
        """Return the newest stored checkpoint, None for an empty log."""
        with self.factory.datastore.transaction(commit=False) as cursor:  # type: ignore[attr-defined]
            cursor.execute("SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1")
            row = cursor.fetchone()
        return None if row is None else bytes(row["note"])

    def has_checkpoint(self, size: int) -> bool:
        """Tell whether a checkpoint was signed over the head of this size."""
        return self._note_at(size) is not None

    # -- the folded trial -----------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Fold what was appended since; call with `lock` held.

        What was folded must be what the log key signed: a row that somebody wrote past the writer is never
        acted upon, now or later.

        Raises: `IntegrityFinding`, again at every call once it was raised.
        """
        if self._defect is not None:
            raise self._defect
        before = self.trial.position
        try:
            for row in self.rows(before):
                self._fold(row)
            if self.trial.position > before:
                self._require_signed_head()
        except IntegrityFinding as finding:
            self._defect = finding
            raise

    def _require_signed_head(self) -> None:
        size = self.trial.position
        # Ed25519 is deterministic: the note over this head, by this key, has exactly one form.
        if self._note_at(size) != self._sealer.checkpoint(size, self.head.root()):
            raise IntegrityFinding(
                "HEAD_MISMATCH", "no checkpoint by the log key covers the stored leaves", size
            )

    def _fold(self, row: Notification) -> None:
        entry = open_row(row)
        if row.id != self.trial.position + 1 or entry.position != row.id:
            raise IntegrityFinding("POSITION_GAP", "positions are not dense", row.id)
        self.trial.apply(entry.recorded())
        self.head.append(leaf_hash(bytes(row.state)))
        self._txns.setdefault(entry.statement.txn.id, []).append(row.id)
        self._seen[entry.statement.signer.id] = entry.statement.seen.size
        self.received_at = entry.leaf.seal.received_at

    def _note_at(self, size: int) -> bytes | None:
        with self.factory.datastore.transaction(commit=False) as cursor:  # type: ignore[attr-defined]
            cursor.execute("SELECT note FROM log_checkpoint WHERE size = ?", (size,))
            row = cursor.fetchone()
        return None if row is None else bytes(row["note"])

    def positions_of(self, txn: str) -> tuple[int, ...]:
        """Return where the events of a command stand, empty if it never came; `lock` held, caught up."""
        return tuple(self._txns.get(txn, ()))

    def last_seen_by(self, person: str) -> int:
        """Return the size of the head that the person's newest signature had seen."""
        return self._seen.get(person, 0)

    def receivable_at(self, moment: datetime) -> datetime:
        """Return the moment, or the newest receipt's where that is later: another server may be ahead."""
        return max(moment, self.received_at)

    def active_key_of(self, person: str) -> str | None:
        """Return the key of a person that counts at the head of the log, None where there is none."""
        with self.lock:
            self.catch_up()
            known = self.trial.people.get(person)
            return None if known is None else known.active_key
