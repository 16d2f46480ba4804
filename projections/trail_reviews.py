"""Reviews of the audit trail, and what nobody has reviewed yet.

Stored is one row a review. What is missing is computed when it is read: the gaps of each scope, the last of
them open towards the head of the log. A review of everything covers every scope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.kernel.time import write_instant
from core.trial.quality.events import AuditTrailReviewed, ReviewScope
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial

Row = dict[str, Any]
EVERYTHING: Final = (str(ReviewScope.ALL), None)


class TrailReviews:
    """One row a review, and behind them one a scope with what is not reviewed."""

    name = "trail-reviews"
    readers = readers_of(name, "review")
    concerns = frozenset({AuditTrailReviewed})

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the row of a review."""
        del before, trial
        review = event.payload
        if not isinstance(review, AuditTrailReviewed):
            return
        identifier = streams.key_of(event.stream)
        row = {
            "review": identifier,
            "scope": review.scope,
            "subject_key": review.subject_key,
            "first": review.first,
            "last": review.last,
            "findings": list(review.findings),
            "size": review.size,
            "root": review.root,
            "by": event.signer.id,
            "role": event.signer.role,
            "position": event.position,
            "reviewed_at": write_instant(event.recorded_at),
        }
        yield RowChange(identifier, row)

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the reviews and what is missing in each scope that anybody reviewed, and in everything."""
        del moment
        scopes = dict.fromkeys([EVERYTHING, *((row["scope"], row["subject_key"]) for row in rows)])
        return [*rows, *(_missing(scope, key, rows) for scope, key in scopes)]


def _missing(scope: str, key: str | None, rows: Sequence[Row]) -> Row:
    covering = {(scope, key), EVERYTHING}
    reviewed = [(row["first"], row["last"]) for row in rows if (row["scope"], row["subject_key"]) in covering]
    return {
        "review": None,
        "scope": scope,
        "subject_key": key,
        "gaps": _gaps(reviewed),
        "signature": None,
    }


def _gaps(reviewed: Sequence[tuple[int, int]]) -> list[list[int | None]]:
    """Return the intervals from position 1 on that no review covers; the last one has no end."""
    gaps: list[list[int | None]] = []
    reached = 0
    for first, last in sorted(reviewed):
        if first > reached + 1:
            gaps.append([reached + 1, first - 1])
        reached = max(reached, last)
    return [*gaps, [reached + 1, None]]
