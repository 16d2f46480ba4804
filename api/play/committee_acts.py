"""What the committee does around a script's decision: it meets on the log as it stands, and votes.

Also the lift of every hold that would refuse the next dose; a script knows of none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from api.play.acts import Act, supplied
from core.kernel.actors import Role
from core.kernel.encoding import to_base64
from core.trial.escalation.commands import CastSrcVote, LiftSafetyHold, OpenSrcMeeting, SignDecision
from core.trial.escalation.holds import holds_in_force
from core.trial.study.state import require_config

if TYPE_CHECKING:
    from api.play.payload import Payload
    from core.store.trial_log import TrialLog

_RATIONALE: Final = "Supplied by the player: the vote follows the script."
_LIFTED: Final = "Supplied by the player: the script goes on dosing."


def src_decision_signed(given: Payload) -> tuple[Act, ...]:
    """The committee meets, votes as the script decides, and signs."""
    decision, level = given.text("decision"), given.optional_whole("level")

    def vote(log: TrialLog) -> CastSrcVote:
        return CastSrcVote(_open_meeting(log), decision, level, _RATIONALE)

    def sign(log: TrialLog) -> SignDecision:
        return SignDecision(_open_meeting(log), decision, level, None)

    return (
        supplied(_meeting, Role.MM),
        supplied(vote, Role.SRC),
        supplied(vote, Role.SRC, 1),
        Act(sign),
    )


def hold_lifted() -> Act:
    """Return the lift of whatever stops dosing when it is due; nothing where nothing does."""
    return supplied(_lift, Role.SRC)


def _meeting(log: TrialLog) -> OpenSrcMeeting:
    """Return a meeting of the first members that make a quorum, on the log as it stands."""
    trial = log.trial
    quorum = require_config(trial.study).committee.quorum
    members = [person.id for person in trial.people.values() if Role.SRC in person.open_roles]
    return OpenSrcMeeting(
        meeting=f"SRC-{len(trial.escalation.meetings) + 1}",
        snapshot_position=log.head.size,
        snapshot_root=to_base64(log.head.root()),
        roster=tuple(members[: max(quorum, _VOTERS)]),
        documents=(),
    )


def _open_meeting(log: TrialLog) -> str:
    meeting = log.trial.escalation.meeting
    # Without one the trial refuses the vote, and the script stops there.
    return meeting.opened.meeting if meeting else "none"


def _lift(log: TrialLog) -> LiftSafetyHold | None:
    standing = holds_in_force(log.trial.raised, log.trial.escalation)
    return LiftSafetyHold(tuple(one.id for one in standing), _LIFTED) if standing else None


# The two members of a training instance.
_VOTERS: Final = 2
