"""Fixtures of this folder."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.given import PI
from tests.support.world import World, founded, world

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["founded", "module_world", "world"]


@pytest.fixture(scope="module")
def module_world(founded: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give one world to all tests of a module that leave it as it is; it holds over 256 events."""
    folder = tmp_path_factory.mktemp("module") / "instance"
    shutil.copytree(founded.folder, folder)
    opened = World.open(folder, dict(founded.keys), founded.clock())
    for number in range(256 - opened.log.size()):
        opened.handler.record_refusal("X", "Nothing", PI.id, f"subject/S{number}")
    yield opened
    opened.close()
