"""Complete subtrees of the stored tree: every 8th level is kept, the rest is hashed from leaf hashes.

One row a 256 leaves keeps proofs at a few hundred hashes without a second write at most appends. The
rows are a cache: they come from leaf hashes, and verification never reads them as truth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.audit.merkle import fold_row
from core.kernel.errors import CannotVerify

if TYPE_CHECKING:
    from eventsourcing.sqlite import SQLiteCursor, SQLiteDatastore

STEP = 8
STORED_LEVELS = (8, 16, 24, 32)


def read_row(cursor: SQLiteCursor, level: int, first: int, count: int) -> list[bytes]:
    """Return stored nodes of a level from number `first` on; level 0 are the leaf hashes."""
    if level == 0:
        cursor.execute(
            "SELECT leaf_hash AS hash FROM stored_events WHERE rowid > ? AND rowid <= ? ORDER BY rowid",
            (first, first + count),
        )
    else:
        cursor.execute(
            "SELECT hash FROM log_node WHERE level = ? AND number >= ? AND number < ? ORDER BY number",
            (level, first, first + count),
        )
    return [row["hash"] for row in cursor.fetchall()]


def store_complete_subtrees(cursor: SQLiteCursor, size: int) -> None:
    """Keep the nodes of the stored levels that the last leaf has completed."""
    for level in STORED_LEVELS:
        if size % (1 << level):
            return
        number = (size >> level) - 1
        row = read_row(cursor, level - STEP, number << STEP, 1 << STEP)
        cursor.execute("INSERT INTO log_node VALUES (?, ?, ?)", (level, number, fold_row(row)))


class StoredTree:
    """Answers `node(level, number)` out of the store, for proofs and roots at earlier sizes."""

    def __init__(self, datastore: SQLiteDatastore) -> None:
        self._datastore = datastore

    def node(self, level: int, number: int) -> bytes:
        """Return the root of the complete subtree over leaves number * 2**level and on.

        Raises: `LEAF_MISSING` where the log is shorter.
        """
        below = min(level // STEP * STEP, STORED_LEVELS[-1])
        count = 1 << (level - below)
        with self._datastore.transaction(commit=False) as cursor:
            row = read_row(cursor, below, number * count, count)
        if len(row) != count:
            raise CannotVerify("LEAF_MISSING", "the log does not hold these leaves")
        return fold_row(row)
