"""Dose escalation as its stream tells it: the level that the committee has opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.rules.escalation import DecisionKind

if TYPE_CHECKING:
    from core.kernel.recorded import Recorded
    from core.trial.escalation.events import DecisionSigned

FIRST_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Escalation:
    """The signed decisions, oldest first."""

    decisions: tuple[DecisionSigned, ...] = ()

    @property
    def open_level(self) -> int | None:
        """The level at which subjects may be enrolled and dosed: the first one before any decision.

        None once the escalation has ended, until the committee signs another decision (domain 1.3).
        """
        if not self.decisions:
            return FIRST_LEVEL
        last = self.decisions[-1]
        return None if DecisionKind(last.decision).is_terminal else last.level


def evolve(state: Escalation, recorded: Recorded) -> Escalation:
    """Return the escalation after one more event of its stream."""
    return Escalation((*state.decisions, recorded.payload))
