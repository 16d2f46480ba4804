"""Countersignatures: which statements of other people somebody signed once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel import streams
from core.kernel.time import write_instant
from core.trial.quality.events import Countersigned
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial


class Countersignatures:
    """One row a countersignature; `covers` names each statement by digest and by its position in the log."""

    name = "countersignatures"
    readers = readers_of(name, "review")
    concerns = frozenset({Countersigned})

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the row of a countersignature."""
        del before
        if not isinstance(event.payload, Countersigned):
            return
        identifier, positions = streams.key_of(event.stream), trial.revisions.positions
        row = {
            "review": identifier,
            "covers": [
                {"digest": digest, "position": positions.get(digest)} for digest in event.payload.covers
            ],
            "by": event.signer.id,
            "role": event.signer.role,
            "position": event.position,
            "digest": event.digest,
            "recorded_at": write_instant(event.recorded_at),
        }
        yield RowChange(identifier, row)
