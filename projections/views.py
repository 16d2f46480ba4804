"""All views in one file, with the position of the log up to which they tell it.

* Rows and tracking commit together: there is no moment at which one is ahead of the other.
* A file made for another catalogue or another shape of rows is emptied when it is opened.
* Not done here: applying events (`runner`), turning an instant into a position (`as_of`).
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from core.kernel.errors import Malformed
from projections.catalogue import PROJECTIONS
from projections.manifestation import SIGNATURE, is_computed, manifest_of, with_manifests
from projections.projection import RowPatch, is_by_position
from projections.view_file import ViewFile
from projections.view_table import (
    LIVE,
    MANIFESTS_TABLE,
    PREFIX,
    TableWriter,
    ordinal_of,
    read_manifests,
    read_row,
    read_rows,
    table_statements,
    write_manifests,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from core.kernel.recorded import Recorded
    from projections.projection import Projection, RowChange

# Raise it whenever any projection's rows change: stored rows are then thrown away and made again.
SCHEMA: Final = 6

_TRACKING: Final = """CREATE TABLE IF NOT EXISTS tracking (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    catalogue TEXT NOT NULL,
    position INTEGER NOT NULL,
    head TEXT NOT NULL)"""


class Views:
    """Views of one log; reads from any thread, writes by one runner at a time."""

    def __init__(self, path: Path, projections: Sequence[Projection] = PROJECTIONS) -> None:
        self.projections = tuple(projections)
        self._named = {projection.name: projection for projection in projections}
        self._catalogue = _digest_of(self.projections)
        self._file = ViewFile(path, self._prepare)

    # -- reading ------------------------------------------------------------------------------------

    def position(self) -> int:
        """Return the position of the log up to which the views tell it, 0 while they are empty."""
        with self._file.reading() as connection:
            return _tracked(connection)[0]

    def rows(self, view: str, at: int | None = None) -> list[dict[str, Any]]:
        """Return the rows of a view, live or as of a position, in order of first appearance.

        Each names its signature by position (`manifested`), unless the view computes. A position that the
        views have not reached reads as live: compare with `position` before.

        Raises: `UNKNOWN_VIEW`.
        """
        self._require_known(view)
        with self._file.reading() as connection:
            return [self._signed(view, *found) for found in read_rows(connection, view, _moment(at))]

    def row(self, view: str, key: str, at: int | None = None) -> dict[str, Any] | None:
        """Return the row of a key, None where there is none at that position.

        Raises: `UNKNOWN_VIEW`.
        """
        self._require_known(view)
        with self._file.reading() as connection:
            found = read_row(connection, view, key, _moment(at))
            return None if found is None else self._signed(view, key, *found)

    def page(
        self, view: str, after: str | int | None, limit: int, at: int | None = None
    ) -> list[dict[str, Any]]:
        """Return up to `limit` rows behind the row with the key `after`, the first ones where it is None.

        In views with one row an event (`trail`, `signatures`, `refusals`, `decisions`) the key is the
        row's position. A page shorter than `limit` is the last.

        Raises: `UNKNOWN_VIEW`, `UNKNOWN_ROW`, `BAD_LIMIT`.
        """
        self._require_known(view)
        if limit < 1:
            raise Malformed("BAD_LIMIT", "a page has at least one row", field="limit")
        with self._file.reading() as connection:
            place = 0 if after is None else ordinal_of(connection, view, str(after))
            found = read_rows(connection, view, _moment(at), place, limit)
            return [self._signed(view, *one) for one in found]

    def manifested(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return rows as people are shown them: with printed name, time and meaning (21 CFR 11.50(b))."""
        with self._file.reading() as connection:
            return with_manifests(rows, lambda positions: read_manifests(connection, positions))

    def _signed(self, view: str, key: str, position: int, row: dict[str, Any]) -> dict[str, Any]:
        """Return the row with the position of the event that made it read so."""
        projection = self._named[view]
        if is_computed(projection):
            return row
        return {**row, SIGNATURE: int(key) if is_by_position(projection) else position}

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    # -- writing ------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Open the one transaction in which rows and tracking move; it fails or succeeds as a whole."""
        with self._file.writing() as connection:
            writing = Writing(connection, self.projections)
            yield writing
            writing.flush()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute(_TRACKING)
        found = connection.execute("SELECT catalogue FROM tracking").fetchone()
        if found is None or found[0] != self._catalogue:
            connection.execute("REPLACE INTO tracking VALUES (1, ?, 0, '')", (self._catalogue,))
            _make_tables(connection, self.projections)

    def _require_known(self, view: str) -> None:
        if view not in self._named:
            raise Malformed("UNKNOWN_VIEW", f"the views are {', '.join(sorted(self._named))}")


class Writing:
    """One transaction over all views; `position` and `head` are where the views stood when it began."""

    def __init__(self, connection: sqlite3.Connection, projections: Sequence[Projection]) -> None:
        self._connection = connection
        self._projections = projections
        self._by_position = frozenset(p.name for p in projections if is_by_position(p))
        self.position, self.head = _tracked(connection)
        self._writers: dict[str, TableWriter] = {}
        self._manifests: dict[int, dict[str, Any]] = {}

    def sign(self, event: Recorded) -> None:
        """Keep how the event was signed, for the rows that it makes."""
        self._manifests[event.position] = manifest_of(event)

    def put(self, view: str, position: int, change: RowChange | RowPatch) -> None:
        """Note a row's change at a position; positions never go back."""
        writer = self._writers.get(view)
        if writer is None:
            writer = self._writers[view] = TableWriter(
                self._connection, view, by_position=view in self._by_position
            )
        if isinstance(change, RowPatch):
            writer.patch(position, change)
        else:
            writer.put(position, change)

    def track(self, position: int, head: str) -> None:
        """Say up to where the rows tell the log, and the digest of the last event they tell."""
        self.position, self.head = position, head

    def reset(self) -> None:
        """Throw every row away and start from nothing."""
        self._writers.clear()
        self._manifests.clear()
        _make_tables(self._connection, self._projections)
        self.track(0, "")

    def flush(self) -> None:
        """Write rows and tracking; the transaction commits them together."""
        for writer in self._writers.values():
            writer.flush()
        write_manifests(self._connection, self._manifests)
        self._connection.execute("UPDATE tracking SET position = ?, head = ?", (self.position, self.head))


def _moment(at: int | None) -> int:
    return LIVE if at is None else at


def _tracked(connection: sqlite3.Connection) -> tuple[int, str]:
    position, head = connection.execute("SELECT position, head FROM tracking").fetchone()
    return position, head


def _digest_of(projections: Sequence[Projection]) -> str:
    words = [str(SCHEMA), *(projection.name for projection in projections)]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def _make_tables(connection: sqlite3.Connection, projections: Sequence[Projection]) -> None:
    """Make every table anew, whatever was there: tables of dropped projections go too."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        if table.startswith(PREFIX):
            connection.execute(f"DROP TABLE {table}")
    connection.execute(MANIFESTS_TABLE)
    for projection in projections:
        for statement in table_statements(projection.name):
            connection.execute(statement)
