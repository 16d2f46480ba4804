"""The append-only recorder: event, leaf, tree head and checkpoint in one transaction, or none of them.

What is true when a transaction commits:

* positions are dense from 1, and position - 1 is the leaf index in the bytes and in the tree;
* time of receipt never decreases;
* every stream that a batch's decision read stands where the decision saw it (`expects`, `births`);
* the head is the head of exactly the leaves stored, and a checkpoint over it is stored with it.

If the process dies before the commit nothing of the batch exists; after it, everything does. The
answer may then be lost: a repeated command finds its own `txn` in the log.
"""

from __future__ import annotations

import sqlite3
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor

from core.audit.merkle import CompactRange, leaf_hash
from core.clock import EPOCH
from core.kernel.errors import IntegrityFinding
from core.kernel.time import read_instant
from core.store.group_commit import GroupCommit, Ticket
from core.store.schema import EVENTS, FORMAT, HEAD_ROW, TABLES, TRIGGERS
from core.store.subscription import LogSubscription, Wakers
from core.store.tree import store_complete_subtrees

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.store.datastore import LogDatastore
    from core.store.sealing import Sealer

_READ_HEAD = (
    "SELECT size, frontier, received_at, "
    "(SELECT COALESCE(MAX(rowid), 0) FROM stored_events) AS newest FROM log_head"
)

Build: TypeAlias = "Callable[[WriterView], Sequence[StoredEvent]]"


@dataclass(frozen=True, slots=True)
class Batch:
    """What one command wants appended, and what must still be true for that.

    `expects` maps streams to the versions that the decision saw, `births` stream prefixes to the
    number of streams it saw. `events` may be a function: it is then called inside the transaction.
    """

    events: Sequence[StoredEvent] | Build
    expects: Mapping[str, int] = field(default_factory=dict)
    births: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a batch landed, and the checkpoint of the commit that carried it."""

    positions: tuple[int, ...]
    leaf_hashes: tuple[bytes, ...]
    states: tuple[bytes, ...]
    checkpoint: bytes


@dataclass
class Head:
    """The tree head while a transaction grows it."""

    tree: CompactRange
    received_at: str

    def copy(self) -> Head:
        """Return an independent copy, to go back to when a batch fails."""
        tree = CompactRange.from_bytes(self.tree.size, self.tree.to_bytes())
        return Head(tree, self.received_at)


class WriterView:
    """What a batch that is built inside the transaction may look at."""

    def __init__(self, cursor: SQLiteCursor, committed: Head) -> None:
        self.cursor = cursor
        self._committed = committed.copy()
        self.received_at = EPOCH

    @property
    def size(self) -> int:
        """The size of the last committed head; only such a head has a checkpoint, so only it is ever seen."""
        return self._committed.tree.size

    @property
    def root(self) -> bytes:
        """The root of the last committed head."""
        return self._committed.tree.root()

    def last(self, stream: str) -> tuple[int, bytes | None]:
        """Return version and bytes of the newest event of a stream; 0 and None where there is none."""
        self.cursor.execute(
            f"SELECT originator_version, state FROM {EVENTS} WHERE originator_id = ? "  # noqa: S608 - constant
            "ORDER BY originator_version DESC LIMIT 1",
            (stream,),
        )
        row = self.cursor.fetchone()
        return (row["originator_version"], row["state"]) if row else (0, None)

    def after(self, position: int) -> list[bytes]:
        """Return the leaves behind a position, those of this transaction included."""
        self.cursor.execute(f"SELECT state FROM {EVENTS} WHERE rowid > ? ORDER BY rowid", (position,))  # noqa: S608 - constant
        return [row["state"] for row in self.cursor.fetchall()]


class LogRecorder(SQLiteApplicationRecorder):
    """SQLite recorder of the log; `insert_events` keeps the engine's contract, `append` is ours."""

    datastore: LogDatastore

    def __init__(self, datastore: LogDatastore, sealer: Sealer) -> None:
        self.sealer = sealer
        self._commits: GroupCommit[Batch, Appended] = GroupCommit(self._write)
        self._wakers = Wakers()
        self._subscriptions: weakref.WeakSet[LogSubscription] = weakref.WeakSet()
        super().__init__(datastore, EVENTS)

    def construct_create_table_statements(self) -> list[str]:
        """Return the statements that make tables, triggers and the head row."""
        return [FORMAT, *TABLES, *TRIGGERS, HEAD_ROW]

    def append(self, batch: Batch) -> Appended:
        """Append a batch.

        Raises: `IntegrityError` of the engine where a version is taken, an expectation fails or
        append-only would be broken.
        """
        appended = self._commits.submit(batch)
        self._wakers.wake()
        return appended

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:  # noqa: ANN401 - the engine's signature
        """Append events under the engine's own contract; `expects` and `births` may be given."""
        if not stored_events:
            return None
        expects, births = kwargs.get("expects") or {}, kwargs.get("births") or {}
        return list(self.append(Batch(tuple(stored_events), expects, births)).positions)

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> LogSubscription:
        """Return an endless iterator over notifications after position `gt`."""
        subscription = LogSubscription(self, self._wakers, gt=gt, topics=topics)
        self._subscriptions.add(subscription)
        return subscription

    def stop_subscriptions(self) -> None:
        """End all subscriptions, before the connections that they use are closed."""
        for subscription in list(self._subscriptions):
            subscription.stop()

    # -- inside the transaction ---------------------------------------------------------------------

    def _write(self, tickets: Sequence[Ticket[Batch, Appended]]) -> None:
        with self.datastore.writing() as cursor:
            head = self._read_head(cursor)
            view = WriterView(cursor, head)
            written = [
                (t, part)
                for t in tickets
                if (part := self._isolated(view, head, t, len(tickets))) is not None
            ]
            if written:
                note = self._move_head(cursor, head)
        # Nothing is answered before the commit above has succeeded.
        for ticket, (positions, hashes, states) in written:
            ticket.answers.append(Appended(positions, hashes, states, note))

    def _read_head(self, cursor: SQLiteCursor) -> Head:
        cursor.execute(_READ_HEAD)
        row = cursor.fetchone()
        if row is None:
            raise IntegrityError("the log has no head row")
        if row["newest"] != row["size"]:
            # Somebody wrote past this recorder: nothing is built on what it did not write.
            raise IntegrityFinding(
                "HEAD_MISMATCH", "the head is not that of the stored leaves", row["size"] + 1
            )
        return Head(CompactRange.from_bytes(row["size"], row["frontier"]), row["received_at"])

    def _isolated(
        self, view: WriterView, head: Head, ticket: Ticket[Batch, Appended], neighbours: int
    ) -> tuple[tuple[int, ...], tuple[bytes, ...], tuple[bytes, ...]] | None:
        """Write one batch; if it fails, undo it alone and go on with the next."""
        if neighbours == 1:
            return self._write_batch(view, head, ticket.batch)
        before = head.copy()
        cursor = view.cursor
        cursor.execute("SAVEPOINT batch")
        try:
            part = self._write_batch(view, head, ticket.batch)
        except Exception as error:  # noqa: BLE001 - the neighbours must not notice
            cursor.execute("ROLLBACK TO batch")
            head.tree, head.received_at = before.tree, before.received_at
            ticket.error = _as_engine_error(error)
            part = None
        cursor.execute("RELEASE batch")
        return part

    def _write_batch(
        self, view: WriterView, head: Head, batch: Batch
    ) -> tuple[tuple[int, ...], tuple[bytes, ...], tuple[bytes, ...]]:
        self._require_unmoved(view.cursor, batch)
        head.received_at = max(head.received_at, self.sealer.now())
        if callable(batch.events):
            view.received_at = read_instant(head.received_at)
        events = batch.events(view) if callable(batch.events) else batch.events
        sealed = [self._write_event(view.cursor, head, event) for event in events]
        first = head.tree.size - len(sealed) + 1
        positions = tuple(range(first, head.tree.size + 1))
        return positions, tuple(h for h, _ in sealed), tuple(s for _, s in sealed)

    def _require_unmoved(self, cursor: SQLiteCursor, batch: Batch) -> None:
        if batch.expects:
            marks = ",".join("?" * len(batch.expects))
            cursor.execute(
                f"SELECT originator_id, MAX(originator_version) AS version FROM {EVENTS} "  # noqa: S608 - constant
                f"WHERE originator_id IN ({marks}) GROUP BY originator_id",
                tuple(batch.expects),
            )
            found = {row["originator_id"]: row["version"] for row in cursor.fetchall()}
            for stream, version in batch.expects.items():
                if found.get(stream, 0) != version:
                    raise IntegrityError(f"{stream} has moved")
        for prefix, count in batch.births.items():
            cursor.execute(
                f"SELECT COUNT(*) AS n FROM {EVENTS} WHERE originator_version = 1 "  # noqa: S608 - constant
                "AND originator_id >= ? AND originator_id < ?",
                (prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)),
            )
            if cursor.fetchone()["n"] != count:
                raise IntegrityError(f"a stream under {prefix} is new")

    def _write_event(self, cursor: SQLiteCursor, head: Head, event: StoredEvent) -> tuple[bytes, bytes]:
        state = self.sealer.seal(event, head.tree.size, head.received_at)
        hashed = leaf_hash(state)
        head.tree.append(hashed)
        position = head.tree.size
        cursor.execute(
            f"INSERT INTO {EVENTS} (originator_id, originator_version, topic, state, leaf_hash, rowid) "  # noqa: S608 - constant
            "VALUES (?, ?, ?, ?, ?, ?)",
            (_as_text(event.originator_id), event.originator_version, event.topic, state, hashed, position),
        )
        store_complete_subtrees(cursor, position)
        return hashed, state

    def _move_head(self, cursor: SQLiteCursor, head: Head) -> bytes:
        size, root = head.tree.size, head.tree.root()
        cursor.execute(
            "UPDATE log_head SET size = ?, frontier = ?, received_at = ?",
            (size, head.tree.to_bytes(), head.received_at),
        )
        note = self.sealer.checkpoint(size, root)
        cursor.execute("INSERT INTO log_checkpoint VALUES (?, ?)", (size, note))
        return note


def _as_text(originator_id: UUID | str) -> str:
    return originator_id.hex if isinstance(originator_id, UUID) else originator_id


def _as_engine_error(error: Exception) -> Exception:
    """Return the engine's error for SQLite's: a constraint or trigger said no, or the store failed."""
    if isinstance(error, sqlite3.IntegrityError):
        return IntegrityError(str(error))
    return OperationalError(str(error)) if isinstance(error, sqlite3.Error) else error
