"""What a projection is: a pure function from one event to new versions of the rows that it touches.

* A projection keeps nothing between events and never changes the trial that it is shown.
* It may yield a row that reads as before: the store makes no version of what has not changed.
* One event changes a row at most once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from core.kernel import streams
from core.kernel.actors import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial

# Part 11 section 5: administrator and registrar see no clinical payload.
CLINICAL_READERS: Final = frozenset(Role) - {Role.ADM, Role.SEC}


@dataclass(frozen=True, slots=True)
class RowChange:
    """A new version of the row under a key; `row` is an object for `orjson`, None closes the row."""

    key: str
    row: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class RowPatch:
    """New values of some fields of a row that is open under a key; the others stay as they were stored."""

    key: str
    fields: dict[str, Any]


class Projection(Protocol):
    """One view: its name in commands and routes, who may read it, and how an event changes it."""

    name: str
    readers: frozenset[Role]

    def project(self, event: Recorded, before: Any, trial: Trial) -> Iterable[RowChange | RowPatch]:  # noqa: ANN401 - a state
        """Return the rows that the event changes.

        `before` is the state of the event's stream before it, None where the stream is new; `trial` is
        the whole trial after it.
        """


# Kinds of streams of which there are many, and where their states stand in the trial.
_KEYED: Final = {
    "subject": "subjects",
    "casebook": "casebooks",
    "lot": "lots",
    "person": "people",
    "query": "queries",
}


def state_of(trial: Trial, stream: str) -> Any:  # noqa: ANN401 - the state of whichever stream it is
    """Return the state of a stream, None where it is one of many and not seen yet, or a review."""
    kind, _, key = stream.partition("/")
    if (states := _KEYED.get(kind)) is not None:
        return getattr(trial, states).get(key)
    match kind:
        case streams.STUDY:
            return trial.study
        case streams.ESCALATION:
            return trial.escalation
        case streams.DEVICES:
            return trial.devices
        case "review":
            return None
        case _:
            return trial.instance


def concerns(projection: Projection, kind: type) -> bool:
    """Tell whether payloads of a kind can change rows of the projection.

    A projection may say so by an attribute `concerns`, a set of payload classes; one without it is asked
    about every event. What is missing in the set would be missing in the view: a law test asks the
    projection about every event and finds it.
    """
    declared: frozenset[type] | None = getattr(projection, "concerns", None)
    return declared is None or kind in declared


def is_by_position(projection: Projection) -> bool:
    """Tell whether rows with a number for a key have that of the position of the event that made them.

    A projection may say so by an attribute `by_position`; the store then holds it to that, and does not look
    for earlier versions of the event's own row. Rows of earlier positions may still change.
    """
    return bool(getattr(projection, "by_position", False))
