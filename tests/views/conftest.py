"""Logs that the tests of the views share: a fresh stage, and the golden trial played once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projections.runner import Runner
from projections.views import Views
from tests.views.golden_script import play
from tests.views.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.store.trial_log import TrialLog


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
