"""The access journal: only appended to, private, counting what strangers do, not what they type."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from core.clock import ScriptedClock
from core.kernel.errors import TrialError, Unavailable
from core.keys.session_changes import What
from core.store.access_journal import Access, AccessJournal, Sum
from core.stranger_watch import MISUSE_THRESHOLD, StrangerWatch
from core.trial.instance.events import SessionMisused, UnknownSignInsRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from core.trial.context import Decided

NOW = datetime(2024, 3, 4, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "access.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[AccessJournal]:
    opened = AccessJournal.open(path)
    yield opened
    opened.close()


def test_what_was_noted_is_still_there_after_a_restart(path: Path) -> None:
    first = AccessJournal.open(path)
    first.note(Access(What.STARTED, "ab12", "pi.chen", "PI"), NOW)
    first.note(Access(What.ENDED, "ab12", "pi.chen", "PI", "mei.lin"), NOW + MINUTE)
    first.close()
    again = AccessJournal.open(path)
    assert [(row["number"], row["what"], row["by"]) for row in again.page(0, 10)] == [
        (1, "started", None),
        (2, "ended", "mei.lin"),
    ]
    assert [row["number"] for row in again.page(1, 10)] == [2]
    again.close()


def test_the_file_is_its_owners(journal: AccessJournal, path: Path) -> None:
    journal.note(Access(What.STARTED, "ab12", "pi.chen", "PI"), NOW)
    for file in path.parent.glob("access.sqlite*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_exposed_file_is_not_opened(journal: AccessJournal, path: Path) -> None:
    journal.close()
    path.chmod(0o644)
    with pytest.raises(TrialError, match="SECRETS_EXPOSED"):
        AccessJournal.open(path)


@pytest.mark.parametrize("change", ["UPDATE access SET person = 'x'", "DELETE FROM access"])
def test_entries_are_neither_changed_nor_removed(journal: AccessJournal, path: Path, change: str) -> None:
    journal.note(Access(What.STARTED, "ab12", "pi.chen", "PI"), NOW)
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError, match="appended"):
        connection.execute(change)
    connection.close()


def test_sums_are_kept_where_stating_them_fails(journal: AccessJournal) -> None:
    journal.count("kind", "", NOW)
    with pytest.raises(Unavailable), journal.sums_before(NOW + MINUTE):
        raise Unavailable("STORE_BUSY", "the store did not take the record")
    with journal.sums_before(NOW + MINUTE) as sums:
        assert sums == [Sum(NOW, "kind", "", 1)]
    with journal.sums_before(NOW + MINUTE) as sums:
        assert sums == []


def test_two_servers_count_together(journal: AccessJournal, path: Path) -> None:
    other = AccessJournal.open(path)

    def count(at: AccessJournal) -> None:
        for _ in range(50):
            at.count("kind", "", NOW)

    threads = [Thread(target=count, args=(at,)) for at in (journal, other, journal, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.count("kind", "", NOW) == 201
    other.close()


# -- the watch over it ----------------------------------------------------------------------------------


def watching(journal: AccessJournal, clock: ScriptedClock) -> tuple[StrangerWatch, list[object]]:
    said = list[object]()

    def record(decided: Sequence[Decided]) -> None:
        said.extend(one.event for one in decided)

    return StrangerWatch(journal, record, clock), said


def test_however_fast_they_come_nobodies_are_one_event_a_minute(journal: AccessJournal) -> None:
    clock = ScriptedClock(NOW)
    watch, said = watching(journal, clock)
    for second in range(180):
        clock.advance_to(NOW + timedelta(seconds=second))
        for _ in range(5):
            watch.unknown_sign_in()
    clock.advance_to(NOW + 3 * MINUTE)
    watch.state_sums()
    watch.close()
    assert said == [UnknownSignInsRefused(NOW + n * MINUTE, 300) for n in range(3)]


def test_however_fast_they_come_ended_tokens_are_one_event_a_minute_and_person(
    journal: AccessJournal,
) -> None:
    clock = ScriptedClock(NOW)
    watch, said = watching(journal, clock)
    for _ in range(50):
        for person in ("pi.chen", None):
            watch.session_misused(person)
    assert said == [SessionMisused(person, NOW, MISUSE_THRESHOLD) for person in ("pi.chen", None)]
    clock.advance_to(NOW + MINUTE)
    for _ in range(MISUSE_THRESHOLD - 1):
        watch.session_misused("pi.chen")
    assert len(said) == 2


def test_the_next_start_states_what_a_crash_left(journal: AccessJournal) -> None:
    clock = ScriptedClock(NOW)
    crashed, said = watching(journal, clock)
    crashed.unknown_sign_in()
    crashed.close()
    assert said == []
    clock.advance_to(NOW + MINUTE)
    after, said = watching(journal, clock)
    after.state_sums()
    assert said == [UnknownSignInsRefused(NOW, 1)]
