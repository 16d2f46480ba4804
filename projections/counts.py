"""How the counts of a dose level are spelled in rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.rules.escalation import LevelCounts


def counts_row(counts: LevelCounts) -> dict[str, int]:
    """Return the counts under the names that the contract fixes; `evaluable` includes `dlt`."""
    return {
        "dosed": counts.dosed,
        "evaluable": counts.evaluable,
        "dlt": counts.dlt,
        "pending": counts.pending,
        "withdrawn": counts.withdrawn,
    }
