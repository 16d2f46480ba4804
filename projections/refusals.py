"""What the instance refused, to whom: 21 CFR 11.300(d), attempts at unauthorised use.

Rows name the command and the record it was aimed at, never a submitted value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.time import write_instant
from core.trial.instance.events import CommandRefused
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial


class Refusals:
    """One row a refusal, keyed by its position."""

    name = "refusals"
    by_position = True
    concerns = frozenset({CommandRefused})
    readers = readers_of(name, "refusals")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the row of a refusal."""
        del before, trial
        if isinstance(event.payload, CommandRefused):
            refused = event.payload
            row = {
                "position": event.position,
                "recorded_at": write_instant(event.recorded_at),
                "code": refused.code,
                "command": refused.command,
                "person": refused.person,
                "target": refused.target,
            }
            yield RowChange(str(event.position), row)
