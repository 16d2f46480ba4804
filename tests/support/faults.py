"""Faults for the store: a step that fails, or that fails although it was done; or the end of the process.

A step is a piece of the SQL that the writer executes, or COMMIT.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from eventsourcing.sqlite import SQLiteConnection, SQLiteCursor

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

COMMIT = "COMMIT"
STEPS = (
    "BEGIN IMMEDIATE",
    "SELECT size, frontier",
    "INSERT INTO stored_events",
    "UPDATE log_head SET size = ?",
    "INSERT INTO log_checkpoint",
    COMMIT,
)


class Fault:
    """Fires once at a step: before it, or after it was done."""

    def __init__(self, step: str, *, done: bool, error: BaseException | None = None) -> None:
        self.step = step
        self.done = done
        self.error = error or sqlite3.OperationalError("disk I/O error")
        self.fired = False

    def install(self, monkeypatch: pytest.MonkeyPatch) -> Fault:
        """Put the fault between the engine and SQLite."""
        execute, commit = SQLiteCursor.execute, SQLiteConnection.commit

        def faulty_execute(cursor: SQLiteCursor, *args: Any, **kwargs: Any) -> None:
            self._around(args[0].startswith(self.step), lambda: execute(cursor, *args, **kwargs))

        def faulty_commit(connection: SQLiteConnection) -> None:
            self._around(self.step == COMMIT, lambda: commit(connection))

        monkeypatch.setattr(SQLiteCursor, "execute", faulty_execute)
        monkeypatch.setattr(SQLiteConnection, "commit", faulty_commit)
        return self

    def _around(self, hit: bool, act: Any) -> None:  # noqa: FBT001 - whether this is the step
        if not hit or self.fired:
            act()
            return
        self.fired = True
        if self.done:
            act()
        self.fire()

    def fire(self) -> None:
        """Raise the error."""
        raise self.error


class Death(Fault):
    """Ends the process as a power cut would: nothing is cleaned up."""

    def fire(self) -> None:
        """Kill this process."""
        os.kill(os.getpid(), signal.SIGKILL)


_CHILD = """
import sys
from pathlib import Path
import pytest
from tests.support.faults import Death
from tests.support.world import World

folder, step, done = sys.argv[1:]
world = World.open(Path(folder), {})
Death(step, done=done == "done").install(pytest.MonkeyPatch())
world.handler.record_refusal("DIED_HERE", "Nothing", "sc.liu", None)
"""


def die_at(folder: Path, step: str, *, done: bool) -> None:
    """Append one refusal in a child process that is killed at the step; wait for its end."""
    ended = subprocess.run(
        [sys.executable, "-c", _CHILD, str(folder), step, "done" if done else "before"],
        check=False,
        timeout=60,
    )
    assert ended.returncode == -signal.SIGKILL
