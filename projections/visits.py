"""The visit calendar: every scheduled visit of every dosed subject, as it stands when it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projections.read_rights import readers_of
from projections.visit_records import VISIT_EVENTS, visit_changes, visit_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial
    from projections.projection import RowChange


class Visits:
    """Stored: one row a dosed subject. Read: one row a scheduled visit."""

    name = "visits"
    readers = readers_of(name, "subject", "casebook")
    computed = True
    concerns = VISIT_EVENTS

    def project(self, event: Recorded, before: Any, trial: Trial) -> Iterable[RowChange]:  # noqa: ANN401 - a state
        """Return what an event changed about visits."""
        return visit_changes(event, before, trial)

    def present(self, rows: Sequence[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
        """Return the calendar at the moment."""
        return visit_rows(rows, moment)
