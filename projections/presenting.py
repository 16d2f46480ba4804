"""What is computed when a view is read: rows that depend on the moment, or on all rows together.

A projection that has a `present` stores plain facts, one row a thing, and answers with what follows from
them at the moment of reading: overdue visits, a life table. So no row has to change because time passes,
and reading as of a moment is the same computation on the rows as they stood (record 7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from projections.projection import Projection


@runtime_checkable
class Presenting(Protocol):
    """A projection whose stored rows are not yet what people read."""

    def present(self, rows: Sequence[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
        """Return what people read at the moment, an instant in UTC."""


def presented(
    projection: Projection, rows: Sequence[dict[str, Any]], moment: datetime
) -> list[dict[str, Any]]:
    """Return the rows of a view as people read them at the moment."""
    return projection.present(rows, moment) if isinstance(projection, Presenting) else list(rows)
