"""An instance's custody and secrets on a scratch disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.keys.custody_file import CustodyFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def custody_path(tmp_path: Path) -> Path:
    return tmp_path / "custody.sqlite"


@pytest.fixture
def custody_file(custody_path: Path) -> Iterator[CustodyFile]:
    file = CustodyFile.create(custody_path)
    yield file
    file.close()
