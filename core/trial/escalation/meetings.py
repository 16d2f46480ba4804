"""Meetings of the safety review committee: opened on a pinned state of the log, one at a time.

What the committee decides on must be what was shown to it: the snapshot is a signed head of this very log,
nothing that the decision is computed from has happened between it and the opening, and each vote and the
signature are refused once those facts have moved (domain 1.2; part 11 section 6).

Votes are secret: while anybody can still vote, nothing is decided by counting them, so that neither an
answer nor a refusal tells how the others voted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel import texts
from core.kernel.actors import Role
from core.kernel.errors import Malformed, Refused
from core.kernel.streams import require_key
from core.rules.escalation import DecisionKind
from core.trial.cohorts import computed_decision, facts_digest
from core.trial.context import Context, Decided
from core.trial.escalation.events import (
    SrcMeetingClosed,
    SrcMeetingOpened,
    SrcVoteCast,
    SrcVotingEnded,
)
from core.trial.study.state import require_config

if TYPE_CHECKING:
    from core.trial.escalation.commands import (
        CastSrcVote,
        CloseSrcMeeting,
        EndSrcVoting,
        OpenSrcMeeting,
    )
    from core.trial.escalation.state import Meeting
    from core.trial.facts import Facts

NOT_SIGNED: Final = frozenset({DecisionKind.WAIT, DecisionKind.HOLD})
TEXT_LIMIT: Final = 2000


def open_src_meeting(facts: Facts, command: OpenSrcMeeting, context: Context) -> tuple[Decided, ...]:
    """Open a meeting of named members on a snapshot, together with what the protocol computes there.

    Raises: `NO_PROTOCOL_CONFIG`, `BAD_IDENTIFIER`, `BAD_DIGEST`, `MEETING_OPEN`, `DUPLICATE_MEETING`,
    `NO_QUORUM`, `NOT_ON_COMMITTEE`, `BAD_SNAPSHOT`, `SNAPSHOT_STALE`.
    """
    study, escalation = facts.study(), facts.escalation()
    config = require_config(study)
    require_key(command.meeting, "a meeting's id")
    for document in command.documents:
        if not texts.is_digest(document):
            raise Malformed("BAD_DIGEST", "a document is named by its sha256 digest", field="documents")
    if escalation.meeting is not None:
        raise Refused("MEETING_OPEN", "one meeting is open; it ends with a decision or without one")
    if command.meeting in escalation.meetings:
        raise Refused("DUPLICATE_MEETING", "there was a meeting under this id")
    _require_roster(facts, command.roster, config.committee.quorum, context)
    context.checks.require_root(command.snapshot_position, command.snapshot_root)
    if command.snapshot_position < (decisive_at := facts.decisive_at()):
        raise Refused(
            "SNAPSHOT_STALE", f"position {decisive_at} changed what is to be decided", position=decisive_at
        )
    subjects = facts.subjects()
    decision = computed_decision(subjects, study)
    event = SrcMeetingOpened(
        meeting=command.meeting,
        snapshot_position=command.snapshot_position,
        snapshot_root=command.snapshot_root,
        roster=command.roster,
        documents=command.documents,
        facts=facts_digest(subjects, study),
        decision=str(decision.decision),
        level=decision.level,
        reason=str(decision.reason),
    )
    return (Decided(command.target, event),)


def _require_roster(facts: Facts, roster: tuple[str, ...], quorum: int, context: Context) -> None:
    if len(set(roster)) != len(roster) or len(roster) < quorum:
        raise Refused("NO_QUORUM", f"a meeting has at least {quorum} members, each named once")
    for member in roster:
        if not facts.person(member).holds_role(Role.SRC, context.now):
            raise Refused("NOT_ON_COMMITTEE", f"{member} does not hold the role {Role.SRC}")


def cast_src_vote(facts: Facts, command: CastSrcVote, context: Context) -> tuple[Decided, ...]:
    """Vote once, as a member of the open meeting, on the facts on which it was opened.

    Raises: `NO_OPEN_MEETING`, `NOT_ON_ROSTER`, `ALREADY_VOTED`, `VOTING_ENDED`, `SNAPSHOT_STALE`,
    `BAD_DECISION`, `NOTHING_TO_SIGN`, `LEVEL_UNKNOWN`, `BAD_TEXT`.
    """
    meeting = require_meeting(facts, command.meeting)
    require_on_roster(meeting, context.person)
    if context.person in meeting.votes:
        raise Refused("ALREADY_VOTED", "a member votes once at a meeting")
    _require_voting(meeting)
    require_same_facts(facts, meeting)
    levels = len(require_config(facts.study()).levels)
    require_words(command.decision, command.level, levels)
    require_text(command.rationale, "rationale")
    event = SrcVoteCast(command.meeting, command.decision, command.level, command.rationale)
    return (Decided(command.target, event),)


def end_src_voting(facts: Facts, command: EndSrcVoting, _context: Context) -> tuple[Decided, ...]:
    """End the voting once a quorum has voted; when every member has, it has ended by itself.

    Raises: `NO_OPEN_MEETING`, `VOTING_ENDED`, `NO_QUORUM`.
    """
    meeting = require_meeting(facts, command.meeting)
    _require_voting(meeting)
    quorum = require_config(facts.study()).committee.quorum
    if len(meeting.votes) < quorum:
        raise Refused("NO_QUORUM", f"at least {quorum} members vote before the voting is ended")
    return (Decided(command.target, SrcVotingEnded(command.meeting, meeting.absent)),)


def close_src_meeting(facts: Facts, command: CloseSrcMeeting, _context: Context) -> tuple[Decided, ...]:
    """End the open meeting without a decision.

    Raises: `NO_OPEN_MEETING`, `BAD_TEXT`.
    """
    require_meeting(facts, command.meeting)
    require_text(command.cause, "cause")
    return (Decided(command.target, SrcMeetingClosed(command.meeting, command.cause)),)


def require_meeting(facts: Facts, identifier: str) -> Meeting:
    """Return the open meeting.

    Raises: `NO_OPEN_MEETING` where none is open under this id.
    """
    meeting = facts.escalation().meeting
    if meeting is None or meeting.opened.meeting != identifier:
        raise Refused("NO_OPEN_MEETING", "no meeting is open under this id")
    return meeting


def _require_voting(meeting: Meeting) -> None:
    if not meeting.takes_votes:
        raise Refused("VOTING_ENDED", "the voting at this meeting has ended")


def require_on_roster(meeting: Meeting, person: str) -> None:
    """Refuse who is no member of the meeting.

    Raises: `NOT_ON_ROSTER`.
    """
    if person not in meeting.opened.roster:
        raise Refused("NOT_ON_ROSTER", "only members named when the meeting was opened take part")


def require_same_facts(facts: Facts, meeting: Meeting) -> None:
    """Refuse to go on once the facts of the decision are no longer those that the meeting was opened on.

    Raises: `SNAPSHOT_STALE`.
    """
    if facts_digest(facts.subjects(), facts.study()) != meeting.opened.facts:
        raise Refused(
            "SNAPSHOT_STALE", "what is to be decided has changed since the meeting was opened; open another"
        )


def require_words(decision: str, level: int | None, levels: int) -> DecisionKind:
    """Return the kind of a decision that can be signed, with a level where it names one.

    Raises: `BAD_DECISION` for a word that is none, `NOTHING_TO_SIGN` for waiting, `LEVEL_UNKNOWN`.
    """
    if decision not in set(DecisionKind):
        raise Malformed("BAD_DECISION", "the protocol knows no such decision", field="decision")
    kind = DecisionKind(decision)
    if kind in NOT_SIGNED:
        raise Refused("NOTHING_TO_SIGN", f"{kind} opens nothing and is not signed")
    stops = kind is DecisionKind.STOP_NO_MTD
    if stops != (level is None) or not (level is None or 1 <= level <= levels):
        raise Malformed("LEVEL_UNKNOWN", f"a decision names a level of 1 to {levels}, a stop none")
    return kind


def require_text(text: str, name: str) -> None:
    """Refuse a text without words, or a longer one than a record needs.

    Raises: `BAD_TEXT`.
    """
    texts.require_text(text, f"a {name}", name, TEXT_LIMIT)
