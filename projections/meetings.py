"""Meetings of the safety review committee: on which state of the log, who was there, what came of it.

While a meeting is open its row says who has voted, and not how (part 11 section 6: secret until the close).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.trial.escalation.events import (
    DecisionSigned,
    SrcMeetingClosed,
    SrcMeetingOpened,
    SrcVoteCast,
    SrcVotingEnded,
)
from core.trial.registry import events_of
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.escalation.state import Escalation, Meeting
    from core.trial.trial import Trial


class Meetings:
    """One row a meeting, keyed by its id."""

    name = "meetings"
    readers = readers_of(name, "escalation")
    concerns = events_of("escalation")

    def project(self, event: Recorded, before: Escalation, trial: Trial) -> Iterable[RowChange]:
        """Return the row of the meeting that is opened, voted in or ended."""
        match event.payload:
            case SrcMeetingOpened() | SrcVoteCast() | SrcVotingEnded() if (
                trial.escalation.meeting is not None
            ):
                yield _row(trial.escalation.meeting, "open", None, None)
            case DecisionSigned() if before.meeting is not None:
                yield _row(before.meeting, "decided", event.position, _result(event.payload))
            case SrcMeetingClosed(cause=cause) if before.meeting is not None:
                yield _row(before.meeting, "closed", event.position, {"cause": cause})
            case _:
                return


def _row(meeting: Meeting, status: str, ended: int | None, result: dict[str, Any] | None) -> RowChange:
    opened = meeting.opened
    row = {
        "meeting": opened.meeting,
        "status": status,
        "opened_position": meeting.position,
        "ended_position": ended,
        "snapshot_position": opened.snapshot_position,
        "snapshot_root": opened.snapshot_root,
        "facts": opened.facts,
        "documents": list(opened.documents),
        "roster": list(opened.roster),
        "computed": {"decision": opened.decision, "level": opened.level, "reason": opened.reason},
        "takes_votes": ended is None and meeting.takes_votes,
        "voted": list(meeting.votes),
        "votes": [] if ended is None else _votes(meeting),
        "result": result,
    }
    return RowChange(opened.meeting, row)


def _votes(meeting: Meeting) -> list[dict[str, Any]]:
    return [
        {"person": person, "decision": vote.decision, "level": vote.level, "rationale": vote.rationale}
        for person, vote in meeting.votes.items()
    ]


def _result(signed: DecisionSigned) -> dict[str, Any]:
    return {
        "decision": signed.decision,
        "level": signed.level,
        "overridden": signed.overridden,
        "override": signed.override,
    }
