"""Logs that the tests of the views share: a fresh stage, and the golden trial played once."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from api.play.player import play_training
from api.wiring import open_instance
from projections.catalogue import PROJECTIONS
from projections.presenting import presented
from projections.runner import Runner
from projections.views import Views
from tests.views.golden_script import play
from tests.views.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from core.store.trial_log import TrialLog


@dataclass(frozen=True, slots=True)
class Overseen:
    """A training store as it is served: its log, its views, and the moment at which they are read."""

    log: TrialLog
    views: Views
    moment: datetime

    def shown(self, view: str, at: int | None = None) -> list[dict[str, Any]]:
        """Return the rows of a view as people read them."""
        projection = next(one for one in PROJECTIONS if one.name == view)
        return self.views.manifested(presented(projection, self.views.rows(view, at), self.moment))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.log.close()


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TrialLog, dict[int, int]]]:
    made = Stage(tmp_path_factory.mktemp("golden"))
    reached = play(made)
    yield made.log, reached
    made.log.close()


@pytest.fixture(scope="session")
def overseen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Overseen]:
    """What `make run` plays, once a session: the golden trial with the oversight behind it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('overseen') / 'store'}"
    play_training(url)
    with closing(open_instance(url)) as instance, closing(Views(instance.views_path)) as views:
        Runner(instance.log, views).catch_up()
        yield Overseen(instance.log, views, instance.present())


@pytest.fixture
def golden_log(golden: tuple[TrialLog, dict[int, int]]) -> TrialLog:
    return golden[0]


@pytest.fixture
def views(tmp_path: Path) -> Iterator[Views]:
    opened = Views(tmp_path / "views.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def golden_views(golden_log: TrialLog, views: Views) -> Views:
    Runner(golden_log, views).catch_up()
    return views
