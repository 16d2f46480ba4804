from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from api.wiring import TRUST
from core.audit.log_copy import Trust, read_trust
from tests.benchmarks.logs import BenchLog
from tests.verify.tampering import Tampered, tampered_from

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchLog]:
    """A log of 80 events by five people, in a folder of its own."""
    log = BenchLog(tmp_path_factory.mktemp("verify") / "store")
    log.grow(panels=40, subjects=5)
    yield log
    log.instance.close()


@pytest.fixture(scope="session")
def folder(made: BenchLog) -> Path:
    return made.instance.folder


@pytest.fixture(scope="session")
def trust(folder: Path) -> Trust:
    return read_trust(json.loads((folder / TRUST).read_text()))


@pytest.fixture(scope="session")
def untouched(folder: Path) -> Tampered:
    return tampered_from(folder / "log.sqlite")


@pytest.fixture
def log(untouched: Tampered) -> Tampered:
    """A copy of the log to be tampered with."""
    return untouched.copy()
