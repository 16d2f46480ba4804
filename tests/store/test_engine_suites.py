"""The engine's own test cases, run against our recorder with an identity sealer."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from eventsourcing.tests import persistence as suites

from core.store.datastore import LogDatastore
from core.store.recorder import LogRecorder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventsourcing.persistence import StoredEvent


class IdentitySealer:
    """Stores what it is given; what the suites compare is then exactly what they inserted."""

    def now(self) -> str:
        return "2024-01-01T00:00:00.000Z"

    def seal(self, event: StoredEvent, index: int, received_at: str) -> bytes:  # noqa: ARG002
        return event.state

    def checkpoint(self, size: int, root: bytes) -> bytes:
        return b"%d %s" % (size, root.hex().encode())


def make_recorder(folder: str, cls: type[LogRecorder] = LogRecorder) -> LogRecorder:
    datastore = LogDatastore(str(Path(folder) / "log.sqlite"), originator_id_type="uuid")
    recorder = cls(datastore, IdentitySealer())
    recorder.create_table()
    return recorder


class _InFolder:
    recorder_class: type[LogRecorder] = LogRecorder

    def setUp(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._recorders: list[LogRecorder] = []

    def tearDown(self) -> None:
        for recorder in self._recorders:
            recorder.datastore.close()
        self._folder.cleanup()

    def create_recorder(self) -> Any:
        recorder = make_recorder(self._folder.name, self.recorder_class)
        self._recorders.append(recorder)
        return recorder


class WithoutPositions(LogRecorder):
    """An aggregate recorder in the engine's sense answers no positions."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        super().insert_events(stored_events, **kwargs)


class TestAsAggregateRecorder(_InFolder, suites.AggregateRecorderTestCase):
    recorder_class = WithoutPositions


class TestAsApplicationRecorder(_InFolder, suites.ApplicationRecorderTestCase[LogRecorder]):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNotificationIds(_InFolder, suites.NonInterleavingNotificationIDsBaseCase):
    insert_num = 200


del suites
pytestmark = pytest.mark.timeout(120)
