"""Catching up, and everything that can happen to the views file meanwhile."""

from __future__ import annotations

import gc
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel.actors import Role
from projections import views as views_module
from projections.as_of import rows_as_rebuilt
from projections.catalogue import PROJECTIONS
from projections.projection import CLINICAL_READERS, RowChange
from projections.runner import Runner
from projections.view_file import ViewFile
from projections.views import Views, Writing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from core.store.trial_log import TrialLog
    from tests.views.stage import Stage


def all_rows(views: Views) -> dict[str, list[dict[str, Any]]]:
    return {projection.name: views.rows(projection.name) for projection in PROJECTIONS}


def expected(log: TrialLog) -> dict[str, list[dict[str, Any]]]:
    return rows_as_rebuilt(log, log.size())


def test_catching_up_stops_where_it_is_told_and_tells_how_far_it_is(
    golden_log: TrialLog, views: Views
) -> None:
    told: list[tuple[int, int]] = []
    runner = Runner(golden_log, views, page=20)
    assert runner.catch_up(50, lambda *step: told.append(step)) == 50
    assert told == [(20, 50), (40, 50), (50, 50)]
    assert views.position() == 50
    assert runner.catch_up(30) == 50
    assert runner.catch_up() == golden_log.size()


def test_an_empty_log_has_empty_views(tmp_path: Path, stage: Stage, views: Views) -> None:
    from core.store.trial_log import TrialLog

    with closing(TrialLog(tmp_path / "empty.sqlite", stage.sealer)) as empty:
        assert Runner(empty, views).catch_up() == 0
    assert views.rows("trail") == []


class Crash(BaseException):
    pass


@pytest.mark.parametrize("moment", ["before the rows", "between rows and tracking", "at the last row"])
def test_a_crash_leaves_rows_and_tracking_where_they_were(
    golden_log: TrialLog, views: Views, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    runner = Runner(golden_log, views, page=40)
    runner.catch_up(80)
    before = all_rows(views)

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        if moment == "before the rows":
            patched.setattr(Writing, "track", crash)
        else:
            patched.setattr(Writing, "flush", lambda w: _half_flushed(w, moment))
        with pytest.raises(Crash):
            runner.catch_up()
    assert views.position() == 80
    assert all_rows(views) == before
    assert runner.catch_up() == golden_log.size()
    assert all_rows(views) == expected(golden_log)


def _half_flushed(writing: Writing, moment: str) -> None:
    writers = list(writing._writers.values())
    for writer in writers if moment == "between rows and tracking" else writers[:-1]:
        writer.flush()
    raise Crash


def test_a_new_runner_goes_on_where_the_file_stands(golden_log: TrialLog, views: Views) -> None:
    Runner(golden_log, views).catch_up(77)
    Runner(golden_log, views).catch_up()
    assert all_rows(views) == expected(golden_log)


def test_two_runners_take_turns_on_one_file(golden_log: TrialLog, views: Views, tmp_path: Path) -> None:
    with closing(Views(tmp_path / "views.sqlite")) as same:
        one, other = Runner(golden_log, views, page=7), Runner(golden_log, same, page=11)
        one.catch_up(30)
        other.catch_up(60)
        one.rebuild()
        assert other.catch_up() == golden_log.size()
    assert all_rows(views) == expected(golden_log)


def test_runners_at_the_same_time_apply_every_event_once(
    golden_log: TrialLog, views: Views, tmp_path: Path
) -> None:
    with closing(Views(tmp_path / "views.sqlite")) as same:
        runners = [Runner(golden_log, each, page=5) for each in (views, same)]
        threads = [threading.Thread(target=runner.catch_up) for runner in runners]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all_rows(views) == expected(golden_log)


@pytest.mark.slow
def test_readers_see_whole_pages_while_the_views_catch_up(golden_log: TrialLog, views: Views) -> None:
    done, wrong = threading.Event(), list[object]()

    def read() -> None:
        while not done.is_set():
            position = views.position()
            trail = views.rows("trail", position)
            if len(trail) != position or len(views.rows("signatures", position)) != position:
                wrong.append((position, len(trail)))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    Runner(golden_log, views, page=3).catch_up()
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert views.position() == golden_log.size()


# -- the file may be deleted, replaced or outdated at any time ----------------------------------------


def test_a_deleted_file_is_built_again(golden_log: TrialLog, tmp_path: Path) -> None:
    path = tmp_path / "views.sqlite"
    with closing(Views(path)) as views:
        Runner(golden_log, views).catch_up()
    path.unlink()
    with closing(Views(path)) as views:
        assert views.position() == 0
        Runner(golden_log, views).catch_up()
        assert all_rows(views) == expected(golden_log)


@pytest.mark.parametrize("suffixes", [("",), ("", "-wal", "-shm")])
def test_a_file_deleted_while_it_is_open_is_built_again(
    golden_log: TrialLog, views: Views, tmp_path: Path, suffixes: tuple[str, ...]
) -> None:
    runner = Runner(golden_log, views)
    runner.catch_up(100)
    for suffix in suffixes:
        (tmp_path / f"views.sqlite{suffix}").unlink(missing_ok=True)
    assert views.rows("trail") == []
    assert runner.catch_up() == golden_log.size()
    assert all_rows(views) == expected(golden_log)


def test_a_file_that_is_no_database_is_thrown_away(golden_log: TrialLog, tmp_path: Path) -> None:
    path = tmp_path / "views.sqlite"
    path.write_bytes(b"this is not a database, it only stands where one should be" * 100)
    with closing(Views(path)) as views:
        assert Runner(golden_log, views).catch_up() == golden_log.size()


def test_a_folder_that_does_not_exist_is_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        Views(tmp_path / "nowhere" / "views.sqlite")


def test_another_schema_or_catalogue_starts_over(
    golden_log: TrialLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "views.sqlite"
    with closing(Views(path)) as views:
        Runner(golden_log, views).catch_up()
    with closing(Views(path, PROJECTIONS[:2])) as fewer:
        assert fewer.position() == 0
        Runner(golden_log, fewer).catch_up()
        assert len(fewer.rows("subjects")) == 12
    monkeypatch.setattr(views_module, "SCHEMA", views_module.SCHEMA + 1)
    with closing(Views(path)) as newer:
        assert newer.position() == 0
        Runner(golden_log, newer).catch_up()
        assert all_rows(newer) == expected(golden_log)


def test_views_of_a_longer_log_are_built_again_from_the_shorter_one(
    golden_log: TrialLog, stage: Stage, views: Views
) -> None:
    Runner(golden_log, views).catch_up()
    assert Runner(stage.log, views).catch_up() == stage.log.size() == 5
    assert all_rows(views) == expected(stage.log)


def test_views_of_another_log_are_noticed_by_its_last_event(
    golden_log: TrialLog, stage: Stage, views: Views
) -> None:
    Runner(stage.log, views).catch_up()
    assert views.position() == 5
    Runner(golden_log, views).catch_up()
    assert all_rows(views) == expected(golden_log)


def test_new_events_are_seen_by_the_next_catching_up(stage: Stage, views: Views) -> None:
    runner = Runner(stage.log, views)
    runner.catch_up()
    stage.propose(Role.PI)
    assert runner.catch_up() == stage.log.size() == views.position()


def test_an_event_that_cannot_be_projected_keeps_the_pages_before_it(
    golden_log: TrialLog, tmp_path: Path
) -> None:
    class Fragile:
        name = "fragile"
        readers = CLINICAL_READERS

        def project(self, event: Any, before: object, trial: object) -> Iterable[RowChange]:
            del before, trial
            if event.position == 55:
                raise ZeroDivisionError
            yield RowChange("only", {"position": event.position})

    with closing(Views(tmp_path / "v", (Fragile(),))) as views:
        with pytest.raises(ZeroDivisionError):
            Runner(golden_log, views, page=10).catch_up()
        assert views.rows("fragile") == [{"position": 50, "signature": 50}]


def test_a_borrowed_connection_comes_back_after_the_file_was_closed(tmp_path: Path) -> None:
    file = ViewFile(tmp_path / "v", lambda _: None)
    with file.reading() as connection:
        file.close()
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(sqlite3.ProgrammingError):
        connection.execute("SELECT 1")


def test_a_long_way_leaves_the_trial_out_of_every_later_collection(
    golden_log: TrialLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen: list[bool] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(gc.isenabled()))
    with closing(Views(tmp_path / "v")) as views:
        Runner(golden_log, views, page=10_000).catch_up(200)
        assert frozen == []
        Runner(golden_log, views, page=50).rebuild()
    assert frozen == [False]  # once, and before anything is collected again
    assert gc.isenabled()
