"""The interface over a fresh copy of a small training trial."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from api.app import create_app, make_service
from api.service import EXTENSION
from api.settings import Settings
from api.verification import verify_positions
from api.wiring import open_instance
from core.clock import ScriptedClock
from tests.http.desk import Desk
from tests.http.training import START, found_trial
from tests.support.extras import require_extra

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from tests.http.lying_provider import Place

QUICK = Settings(
    heartbeat_seconds=0.05,
    stream_slots=2,
    reading_wait_seconds=0.1,
    refused_sign_in_seconds=0.0,
    sign_ins_per_minute=0,
    orders_per_minute=0,
)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("founded") / "trial"
    found_trial(folder)
    return folder


@pytest.fixture
def store(founded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(founded, tmp_path / "trial")


@pytest.fixture(scope="session")
def described(founded: Path) -> Flask:
    """The application with its documentation, which takes longest to make; each test gives it a service."""
    instance = open_instance(f"sqlite:///{founded}", ScriptedClock(START))
    app = create_app(instance, QUICK)
    instance.close()
    return app


@pytest.fixture
def desk(store: Path, described: Flask) -> Iterator[Desk]:
    clock = ScriptedClock(START)
    instance = open_instance(f"sqlite:///{store}", clock)
    service = make_service(instance, QUICK, verify_positions)
    described.extensions[EXTENSION] = service
    yield Desk(described, instance, clock)
    service.close()
    instance.close()


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    """Where a provider of identities answers; each test puts its own there."""
    require_extra("oidc", "authlib", "requests")
    from tests.http.lying_provider import Place

    place = Place()
    yield place
    place.close()
