"""How the server's clock was held against sources of time: FDA 2024, question 14."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.actors import Role
from core.kernel.time import write_instant
from core.trial.instance.events import ClockDiscrepancyDetected, TimeSourceChecked
from projections.projection import RowChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial


class ClockChecks:
    """One row a recorded check, keyed by its position."""

    name = "clock"
    by_position = True
    concerns = frozenset({TimeSourceChecked, ClockDiscrepancyDetected})
    readers = frozenset({Role.AUD, Role.SEC, Role.ADM, Role.CRA, Role.DM, Role.PI})

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the row of a check."""
        del before, trial
        check = event.payload
        if isinstance(check, TimeSourceChecked | ClockDiscrepancyDetected):
            row = {
                "position": event.position,
                "recorded_at": write_instant(event.recorded_at),
                "trusted": isinstance(check, TimeSourceChecked),
                "source": check.source,
                "offset_ms": check.offset_ms,
                "tolerance_ms": check.tolerance_ms,
            }
            yield RowChange(str(event.position), row)
