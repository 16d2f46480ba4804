"""Dose escalation as its stream tells it: meetings, signed decisions, holds placed and lifted.

What follows automatically from toxicities is no event of this stream; the trial itself remembers it
(`core/trial/escalation/holds.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

from core.rules.escalation import DecisionKind
from core.trial.escalation.events import (
    DecisionSigned,
    DecisionSimulated,
    DecisionSuperseded,
    EscalationEvent,
    SafetyHoldLifted,
    SafetyHoldPlaced,
    SrcMeetingClosed,
    SrcMeetingOpened,
    SrcVoteCast,
    SrcVotingEnded,
)

if TYPE_CHECKING:
    from core.kernel.recorded import Recorded
    from core.trial.study.state import Study

FIRST_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting: where it was opened, on which roster and facts, and the votes so far by person.

    `ballots` are those votes as they were recorded, in that order; `ended` tells that the voting was ended
    without the rest.
    """

    opened: SrcMeetingOpened
    position: int
    votes: dict[str, SrcVoteCast] = field(default_factory=dict)
    ballots: tuple[Recorded, ...] = ()
    ended: bool = False

    @property
    def absent(self) -> tuple[str, ...]:
        """Return who on the roster has not voted."""
        return tuple(member for member in self.opened.roster if member not in self.votes)

    @property
    def takes_votes(self) -> bool:
        """Tell whether somebody can still vote; until nobody can, no answer depends on a vote."""
        return not self.ended and bool(self.absent)


@dataclass(frozen=True, slots=True)
class Placed:
    """A hold that somebody placed, and where."""

    event: SafetyHoldPlaced
    position: int


@dataclass(frozen=True, slots=True)
class Lifted:
    """Who lifted a hold, and where."""

    by: str
    position: int
    rationale: str


@dataclass(frozen=True, slots=True)
class Escalation:
    """The signed decisions, oldest first; the meetings; holds by id.

    `meeting` is the open one; `acknowledged` pairs digests: a decision, and the statement that changed it.
    """

    decisions: tuple[DecisionSigned, ...] = ()
    meeting: Meeting | None = None
    meetings: frozenset[str] = frozenset()
    placed: dict[str, Placed] = field(default_factory=dict)
    lifted: dict[str, Lifted] = field(default_factory=dict)
    acknowledged: frozenset[tuple[str, str]] = frozenset()


def open_level(escalation: Escalation, study: Study) -> int | None:
    """Return the level at which subjects may be enrolled and dosed: the first one before any decision.

    None once the escalation has ended, until the committee signs another decision (domain 1.3).
    """
    if not escalation.decisions:
        return FIRST_LEVEL
    last = escalation.decisions[-1]
    if DecisionKind(last.decision).is_terminal or last.level is None:
        return None
    return study.level_now(last.config_number, last.level)


def evolve(state: Escalation, recorded: Recorded) -> Escalation:  # noqa: PLR0911 - one case an event
    """Return the escalation after one more event of its stream."""
    event: EscalationEvent = recorded.payload
    match event:
        case SrcMeetingOpened():
            meeting = Meeting(event, recorded.position)
            return replace(state, meeting=meeting, meetings=state.meetings | {event.meeting})
        case SrcVoteCast():
            return replace(state, meeting=_voted(_open(state), event, recorded))
        case SrcVotingEnded():
            return replace(state, meeting=replace(_open(state), ended=True))
        case SrcMeetingClosed():
            return replace(state, meeting=None)
        case DecisionSigned():
            return replace(state, meeting=None, decisions=(*state.decisions, event))
        case DecisionSuperseded():
            pair = (event.superseded, event.by)
            return replace(state, acknowledged=state.acknowledged | {pair})
        case SafetyHoldPlaced():
            placed = Placed(event, recorded.position)
            return replace(state, placed={**state.placed, event.hold: placed})
        case SafetyHoldLifted():
            lifted = Lifted(recorded.signer.id, recorded.position, event.rationale)
            return replace(state, lifted={**state.lifted, **dict.fromkeys(event.triggers, lifted)})
        case DecisionSimulated():
            return state
        case _:
            assert_never(event)


def _open(state: Escalation) -> Meeting:
    if state.meeting is None:
        raise TypeError
    return state.meeting


def _voted(meeting: Meeting, vote: SrcVoteCast, recorded: Recorded) -> Meeting:
    votes = {**meeting.votes, recorded.signer.id: vote}
    return replace(meeting, votes=votes, ballots=(*meeting.ballots, recorded))
