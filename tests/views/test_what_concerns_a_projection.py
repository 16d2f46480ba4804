"""What projections say about themselves so that a rebuild need not ask: it must be true."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.trial.registry import EVENTS, STREAM_KIND
from projections.as_of import rows_as_rebuilt
from projections.catalogue import PROJECTIONS
from projections.projection import CLINICAL_READERS, RowChange, concerns, is_by_position, state_of
from projections.runner import Runner
from projections.views import Views
from tests.golden.strategies import example

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from core.kernel.recorded import Recorded
    from core.store.trial_log import TrialLog
    from core.trial.trial import Trial
    from projections.projection import Projection


def whole_trial(log: TrialLog) -> Trial:
    with log.lock:
        log.catch_up()
    return log.trial


def stream_of(topic: str, trial: Trial) -> str:
    """Return a stream of the golden trial in which events of the type stand."""
    kind = STREAM_KIND[topic]
    return next((s for s in trial.versions if s.partition("/")[0] == kind), kind)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda p: p.name)
def test_what_a_projection_says_not_to_concern_it_changes_none_of_its_rows(
    golden_log: TrialLog, projection: Projection
) -> None:
    trial = whole_trial(golden_log)
    model = next(golden_log.recorded())
    for topic, cls in EVENTS.items():
        if not concerns(projection, cls):
            stream = stream_of(topic, trial)
            event = replace(model, topic=topic, stream=stream, payload=example(cls), data=None)
            assert list(projection.project(event, state_of(trial, stream), trial)) == [], topic


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda p: p.name)
def test_a_projection_knows_every_class_that_it_says_to_concern_it(projection: Projection) -> None:
    declared: frozenset[type] = getattr(projection, "concerns", frozenset())
    assert declared <= frozenset(EVENTS.values())


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda p: p.name)
def test_rows_are_keyed_by_position_where_a_projection_says_so(
    golden_log: TrialLog, projection: Projection, tmp_path: Path
) -> None:
    with closing(Views(tmp_path / "v", (projection,))) as views:
        Runner(golden_log, views).catch_up()
        if is_by_position(projection):
            rows = [row for row in views.rows(projection.name) if "position" in row]
            assert all(views.row(projection.name, str(row["position"])) for row in rows)


class Forgetful:
    name = "forgetful"
    readers = CLINICAL_READERS
    concerns: frozenset[type] = frozenset()

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        del before, trial
        return (RowChange("only", {"position": event.position}),)


def test_a_class_that_was_forgotten_is_found_by_the_law_of_rebuilding(
    golden_log: TrialLog, tmp_path: Path
) -> None:
    with closing(Views(tmp_path / "v", (Forgetful(),))) as views:
        Runner(golden_log, views).catch_up()
        assert views.rows("forgetful") == []
        assert rows_as_rebuilt(golden_log, golden_log.size(), (Forgetful(),)) != {"forgetful": []}


class Misplaced:
    name = "misplaced"
    readers = CLINICAL_READERS
    by_position = True

    def __init__(self, change: RowChange) -> None:
        self._change = change

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        del event, before, trial
        return (self._change,)


@pytest.mark.parametrize("change", [RowChange("2", {"a": 1}), RowChange("1", None)])
def test_the_store_holds_a_projection_to_its_word(
    golden_log: TrialLog, tmp_path: Path, change: RowChange
) -> None:
    with closing(Views(tmp_path / "v", (Misplaced(change),))) as views:
        with pytest.raises(ValueError, match="under a number"):
            Runner(golden_log, views).catch_up(1)
        assert views.position() == 0


class Fragile:
    name = "fragile"
    readers = CLINICAL_READERS

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        del event, before, trial
        raise ZeroDivisionError


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_rests_meanwhile_and_is_left_as_it_was(
    golden_log: TrialLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, enabled: bool
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr("core.store.collections_paused.gc.isenabled", lambda: enabled)
    monkeypatch.setattr("core.store.collections_paused.gc.disable", lambda: calls.append("rests"))
    monkeypatch.setattr("core.store.collections_paused.gc.enable", lambda: calls.append("goes on"))
    with closing(Views(tmp_path / "v", (Fragile(),))) as views, pytest.raises(ZeroDivisionError):
        Runner(golden_log, views).catch_up()
    assert calls == (["rests", "goes on"] if enabled else ["rests"])
