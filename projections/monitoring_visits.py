"""Visits of the monitor: when, whom they looked at, what they found, and up to which head of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel import streams
from core.kernel.time import write_instant
from core.trial.quality.events import MonitoringVisitRecorded
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial


class MonitoringVisits:
    """One row a visit; `subjects` is empty where the visit was about the site as a whole."""

    name = "monitoring-visits"
    readers = readers_of(name, "review")
    concerns = frozenset({MonitoringVisitRecorded})

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the row of a visit."""
        del before, trial
        visit = event.payload
        if not isinstance(visit, MonitoringVisitRecorded):
            return
        identifier = streams.key_of(event.stream)
        row = {
            "review": identifier,
            "kind": visit.kind,
            "first_day": visit.first_day,
            "last_day": visit.last_day,
            "subjects": list(visit.subjects),
            "findings": list(visit.findings),
            "size": visit.size,
            "root": visit.root,
            "by": event.signer.id,
            "position": event.position,
            "digest": event.digest,
            "recorded_at": write_instant(event.recorded_at),
        }
        yield RowChange(identifier, row)
