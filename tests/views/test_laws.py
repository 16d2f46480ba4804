"""The three laws of the read side, over every projection of the catalogue (architecture 5)."""

from __future__ import annotations

import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from core.store.trial_log import open_row
from projections.as_of import Rebuilding, rows_as_rebuilt
from projections.catalogue import PROJECTIONS
from projections.runner import Runner
from projections.views import Views
from tests.views.stage import Stage
from tests.views.wander import STEPS, wander

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.store.trial_log import TrialLog

wanderings = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 500)), min_size=15, max_size=40
)
# A log takes half a second to make: few of them, and a failure is shown as it was found.
few = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def generated(steps: list[tuple[str, int]]) -> Iterator[tuple[TrialLog, Path]]:
    with tempfile.TemporaryDirectory() as name:
        stage = Stage(Path(name))
        wander(stage, steps)
        with closing(stage.log):
            yield stage.log, Path(name)


def live(views: Views) -> dict[str, list[dict[str, object]]]:
    return {projection.name: views.rows(projection.name) for projection in PROJECTIONS}


def require_stops_equal_as_of(log: TrialLog, views: Views) -> None:
    rebuilding = Rebuilding()
    for row in log.rows():
        rebuilding.feed(open_row(row).recorded())
        for view, rows in rebuilding.rows().items():
            assert views.rows(view, row.id) == rows, (view, row.id)


@few
@given(wanderings)
def test_rebuilding_from_nothing_equals_the_live_views(steps: list[tuple[str, int]]) -> None:
    with generated(steps) as (log, folder), closing(Views(folder / "v")) as views:
        runner = Runner(log, views)
        for position in range(1, log.size() + 1):
            assert runner.catch_up(position) == position
        grown = live(views)
        assert Runner(log, views).rebuild() == log.size()
        assert live(views) == grown == rows_as_rebuilt(log, log.size())


@few
@given(wanderings)
def test_as_of_a_position_equals_a_rebuild_stopped_there(steps: list[tuple[str, int]]) -> None:
    with generated(steps) as (log, folder), closing(Views(folder / "v")) as views:
        Runner(log, views).catch_up()
        require_stops_equal_as_of(log, views)


@pytest.mark.slow
@few
@example([("panel", 0)] * 15, 1)
@given(wanderings, st.integers(1, 60))
def test_any_page_size_gives_the_same_rows(steps: list[tuple[str, int]], page: int) -> None:
    with (
        generated(steps) as (log, folder),
        closing(Views(folder / "v")) as paged,
        closing(Views(folder / "w")) as whole,
    ):
        Runner(log, paged, page).catch_up()
        Runner(log, whole).catch_up()
        for projection in PROJECTIONS:
            for at in (None, log.size() // 2):
                assert paged.rows(projection.name, at) == whole.rows(projection.name, at)


@pytest.mark.slow
def test_the_laws_hold_over_the_golden_trial(golden_log: TrialLog, golden_views: Views) -> None:
    require_stops_equal_as_of(golden_log, golden_views)


def test_projecting_changes_neither_event_nor_trial(golden_log: TrialLog) -> None:
    once, twice = Rebuilding(), Rebuilding((*PROJECTIONS, *PROJECTIONS))
    for row in golden_log.rows():
        event = open_row(row).recorded()
        once.feed(event)
        twice.feed(event)
        assert event == open_row(row).recorded()
    assert once.rows() == twice.rows()
