"""One view as a table of row versions, and the one query that reads it live or as of a position.

* A version counts from `from_position` up to, not including, `to_position`; open rows end at `OPEN`.
* `ordinal` is the order in which keys first appeared: dense from 1, and rising with `from_position`.
* The query goes from ordinal to ordinal and takes the newest version not later than the position, so
  its cost is that of the rows it returns: neither the length of the history nor the position matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from core.kernel.errors import Malformed
from projections.projection import RowChange

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping

    from projections.projection import RowPatch

OPEN: Final = 1 << 62
LIVE: Final = OPEN - 1

PREFIX: Final = "view_"


# The manifest of each event, by its position; dropped and made with the views' own tables.
MANIFESTS: Final = f"{PREFIX}_manifests"
MANIFESTS_TABLE: Final = f"CREATE TABLE {MANIFESTS} (position INTEGER PRIMARY KEY, manifest TEXT NOT NULL)"


def table_of(view: str) -> str:
    """Return the table of a view."""
    return PREFIX + view.replace("-", "_")


def table_statements(view: str) -> tuple[str, ...]:
    """Return what makes the table of a view."""
    table = table_of(view)
    return (
        f"""CREATE TABLE {table} (
            key TEXT NOT NULL,
            ordinal INTEGER NOT NULL,
            from_position INTEGER NOT NULL,
            to_position INTEGER NOT NULL,
            row TEXT NOT NULL)""",
        f"CREATE UNIQUE INDEX {table}_by_ordinal ON {table} (ordinal, from_position)",
        f"CREATE INDEX {table}_by_key ON {table} (key, from_position)",
    )


def _newest(table: str, ordinal: str) -> str:
    return (
        f"SELECT rowid FROM {table} WHERE ordinal = {ordinal} AND from_position <= :at "  # noqa: S608 - catalogue
        "ORDER BY from_position DESC LIMIT 1"
    )


def read_rows(
    connection: sqlite3.Connection, view: str, at: int, after: int = 0, limit: int = -1
) -> list[tuple[str, int, dict[str, Any]]]:
    """Return key, position and row at a position in order of first appearance, behind the ordinal `after`.

    The walk ends at the first ordinal that had not appeared; it keeps one place at a time, which fixes
    the order of its rows, and CROSS JOIN keeps the walk outside.
    """
    table = table_of(view)
    query = f"""
        WITH RECURSIVE walk(place, id) AS (
            SELECT :after + 1, ({_newest(table, ":after + 1")})
            UNION ALL
            SELECT place + 1, ({_newest(table, "walk.place + 1")}) FROM walk WHERE id IS NOT NULL)
        SELECT version.key, version.from_position, version.row
        FROM walk CROSS JOIN {table} AS version ON version.rowid = walk.id
        WHERE version.to_position > :at LIMIT :limit"""  # noqa: S608 - a name of the catalogue
    found = connection.execute(query, {"at": at, "after": after, "limit": limit}).fetchall()
    rows: list[dict[str, Any]] = orjson.loads("[" + ",".join(text for _, _, text in found) + "]")
    return [(key, position, row) for (key, position, _), row in zip(found, rows, strict=True)]


def read_row(
    connection: sqlite3.Connection, view: str, key: str, at: int
) -> tuple[int, dict[str, Any]] | None:
    """Return position and row of a key at a position, None where there is none."""
    query = (
        f"SELECT row, to_position, from_position FROM {table_of(view)} WHERE key = ? AND from_position <= ? "  # noqa: S608 - catalogue
        "ORDER BY from_position DESC LIMIT 1"
    )
    found = connection.execute(query, (key, at)).fetchone()
    return None if found is None or found[1] <= at else (found[2], orjson.loads(found[0]))


def read_manifests(connection: sqlite3.Connection, positions: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return the manifests of the events at positions."""
    query = (
        f"SELECT position, manifest FROM {MANIFESTS} "  # noqa: S608 - constant
        "WHERE position IN (SELECT value FROM json_each(?))"
    )
    found = connection.execute(query, (orjson.dumps(list(positions)).decode(),))
    return {position: orjson.loads(manifest) for position, manifest in found}


def write_manifests(connection: sqlite3.Connection, manifests: Mapping[int, dict[str, Any]]) -> None:
    """Keep the manifests of events by their positions."""
    connection.executemany(
        f"INSERT INTO {MANIFESTS} VALUES (?, ?)",  # noqa: S608 - constant
        ((position, orjson.dumps(manifest).decode()) for position, manifest in manifests.items()),
    )


def ordinal_of(connection: sqlite3.Connection, view: str, key: str) -> int:
    """Return the place of a key.

    Raises: `UNKNOWN_ROW`.
    """
    query = f"SELECT ordinal FROM {table_of(view)} WHERE key = ? LIMIT 1"  # noqa: S608 - catalogue
    found = connection.execute(query, (key,)).fetchone()
    if found is None:
        raise Malformed("UNKNOWN_ROW", "the view has no row under the key to go on from")
    return int(found[0])


@dataclass(slots=True)
class _Version:
    """The newest version of a key, perhaps ended."""

    ordinal: int
    from_position: int
    to_position: int
    row: str


class TableWriter:
    """Collects versions of one view and writes them in two statements.

    `by_position` says that a key that is a number is the position that made the row: it cannot have been
    there before. A later position may change it then.
    """

    def __init__(self, connection: sqlite3.Connection, view: str, *, by_position: bool = False) -> None:
        self._connection = connection
        self._table = table_of(view)
        self._by_position = by_position
        self._newest: dict[str, _Version | None] = {}
        self._added: list[tuple[str, _Version]] = []
        self._ended: list[tuple[int, int, int]] = []
        self._places: int | None = None

    def put(self, position: int, change: RowChange) -> None:
        """Note a change; one that changes nothing is forgotten."""
        if self._by_position and change.key.isdecimal() and not self._is_earlier(position, change.key):
            self._put_new(position, change)
            return
        newest = self._newest_of(change.key)
        is_open = newest is not None and newest.to_position == OPEN
        row = None if change.row is None else orjson.dumps(change.row).decode()
        if row == (newest.row if newest is not None and is_open else None):
            return
        if newest is not None and is_open:
            self._end(newest, position)
        if row is not None:
            ordinal = self._next_place() if newest is None else newest.ordinal
            self._add(change.key, _Version(ordinal, position, OPEN, row))

    def patch(self, position: int, change: RowPatch) -> None:
        """Note new values of some fields of a row that is open."""
        newest = self._newest_of(change.key)
        if newest is None or newest.to_position != OPEN:
            raise ValueError(f"{self._table} has no open row under the key to change")
        self.put(position, RowChange(change.key, {**orjson.loads(newest.row), **change.fields}))

    def _is_earlier(self, position: int, key: str) -> bool:
        return int(key) < position and self._newest_of(key) is not None

    def _put_new(self, position: int, change: RowChange) -> None:
        if change.key != str(position) or change.row is None:
            raise ValueError(f"{self._table} keeps under a number what the event of that position made")
        row = orjson.dumps(change.row).decode()
        self._add(change.key, _Version(self._next_place(), position, OPEN, row))

    def flush(self) -> None:
        """Write what was noted."""
        self._connection.executemany(
            f"UPDATE {self._table} SET to_position = ? WHERE ordinal = ? AND from_position = ?",  # noqa: S608 - catalogue
            self._ended,
        )
        self._connection.executemany(
            f"INSERT INTO {self._table} VALUES (?, ?, ?, ?, ?)",  # noqa: S608 - catalogue
            ((key, v.ordinal, v.from_position, v.to_position, v.row) for key, v in self._added),
        )

    def _end(self, version: _Version, position: int) -> None:
        version.to_position = position
        # A version added since the last flush is ended where it is; the update then finds nothing.
        self._ended.append((position, version.ordinal, version.from_position))

    def _add(self, key: str, version: _Version) -> None:
        self._newest[key] = version
        self._added.append((key, version))

    def _newest_of(self, key: str) -> _Version | None:
        if key not in self._newest:
            self._newest[key] = self._stored(key)
        return self._newest[key]

    def _stored(self, key: str) -> _Version | None:
        found = self._connection.execute(
            f"SELECT ordinal, from_position, to_position, row FROM {self._table} "  # noqa: S608 - catalogue
            "WHERE key = ? ORDER BY from_position DESC LIMIT 1",
            (key,),
        ).fetchone()
        return None if found is None else _Version(*found)

    def _next_place(self) -> int:
        if self._places is None:
            query = f"SELECT COALESCE(MAX(ordinal), 0) FROM {self._table}"  # noqa: S608 - catalogue
            self._places = self._connection.execute(query).fetchone()[0]
        self._places = (self._places or 0) + 1
        return self._places
