"""What stops or stopped dosing: triggers of toxicities, holds that people placed, who lifted them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel import streams
from core.trial.escalation.events import SafetyHoldLifted, SafetyHoldPlaced
from core.trial.escalation.holds import HoldKind, Trigger
from core.trial.registry import events_of
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial


class Holds:
    """One row a hold, keyed by its id; `since_position` is the event that raised or placed it."""

    name = "holds"
    readers = readers_of(name, "subject", "escalation")
    concerns = events_of("subject", "escalation", "study")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the rows of the holds that the event raises, places or lifts."""
        del before
        for hold in _concerned(event, trial):
            lifted = trial.escalation.lifted.get(hold.id)
            row = {
                "hold": hold.id,
                "kind": str(hold.kind),
                "cause": hold.cause,
                "since_position": hold.position,
                "in_force": lifted is None,
                "lifted_by": lifted and lifted.by,
                "lifted_position": lifted and lifted.position,
                "rationale": lifted and lifted.rationale,
            }
            yield RowChange(hold.id, row)


def _concerned(event: Recorded, trial: Trial) -> Iterator[Trigger]:
    match event.payload:
        case SafetyHoldPlaced(hold=identifier):
            yield _named(identifier, trial)
        case SafetyHoldLifted(triggers=triggers):
            yield from (_named(identifier, trial) for identifier in triggers)
        case _ if event.stream.startswith(streams.SUBJECT_PREFIX):
            yield from (one for one in trial.raised.values() if one.position == event.position)
        case _:
            return


def _named(identifier: str, trial: Trial) -> Trigger:
    if identifier in trial.raised:
        return trial.raised[identifier]
    placed = trial.escalation.placed[identifier]
    return Trigger(identifier, HoldKind.MANUAL, placed.event.cause, placed.position)
