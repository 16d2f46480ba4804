"""What the committee can ask for: each command with its decider and the event that it begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.trial.escalation import commands, events, meetings, signing, stopping, what_if

if TYPE_CHECKING:
    from core.trial.deciding import CommandRow

COMMANDS: Final[tuple[CommandRow, ...]] = (
    (commands.OpenSrcMeeting, meetings.open_src_meeting, (events.SrcMeetingOpened,)),
    (commands.CastSrcVote, meetings.cast_src_vote, (events.SrcVoteCast,)),
    (commands.EndSrcVoting, meetings.end_src_voting, (events.SrcVotingEnded,)),
    (commands.CloseSrcMeeting, meetings.close_src_meeting, (events.SrcMeetingClosed,)),
    (commands.SignDecision, signing.sign_decision, (events.DecisionSigned,)),
    (commands.PlaceSafetyHold, stopping.place_safety_hold, (events.SafetyHoldPlaced,)),
    (commands.LiftSafetyHold, stopping.lift_safety_hold, (events.SafetyHoldLifted,)),
    (commands.SimulateDecision, what_if.simulate_decision, (events.DecisionSimulated,)),
)
