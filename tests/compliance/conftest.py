"""The running product that the clauses are held against: a small trial, its views, and its interface."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from api.app import create_app, make_service
from api.service import EXTENSION
from api.settings import Settings
from api.verification import verify_positions
from api.wiring import open_instance
from core.clock import ScriptedClock
from projections.runner import Runner
from projections.views import Views
from tests.http.desk import Desk
from tests.http.training import START, found_trial
from tests.support.world import founded, world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from tests.support.world import World

QUICK = Settings(reading_wait_seconds=0.1, refused_sign_in_seconds=0.0)

__all__ = ["founded", "world"]


class Look(Protocol):
    """Reads a view of the world as people are shown it, live or as of a position."""

    def __call__(self, view: str, as_of: int | None = None) -> list[dict[str, Any]]: ...


@pytest.fixture
def look(world: World, tmp_path: Path) -> Iterator[Look]:
    opened = Views(tmp_path / "views.sqlite")

    def rows(view: str, as_of: int | None = None) -> list[dict[str, Any]]:
        Runner(world.log, opened).catch_up()
        return opened.manifested(opened.rows(view, as_of))

    yield rows
    opened.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "trial"
    found_trial(folder)
    return folder


@pytest.fixture(scope="session")
def application(served: Path) -> Flask:
    """The interface, whose documentation takes longest to make; each test gives it a service."""
    instance = open_instance(f"sqlite:///{served}", ScriptedClock(START))
    app = create_app(instance, QUICK)
    app.extensions[EXTENSION].close()
    instance.close()
    return app


@pytest.fixture
def desk(served: Path, application: Flask, tmp_path: Path) -> Iterator[Desk]:
    """The interface over a copy of a trial whose people have passwords."""
    clock = ScriptedClock(START)
    instance = open_instance(f"sqlite:///{shutil.copytree(served, tmp_path / 'trial')}", clock)
    service = make_service(instance, QUICK, verify_positions)
    application.extensions[EXTENSION] = service
    yield Desk(application, instance, clock)
    service.close()
    instance.close()
