"""The committee at work in stories: seated, meeting, voting, signing; each step decided like any command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel import streams
from core.kernel.recorded import Reason
from core.trial.escalation.commands import OpenSrcMeeting, SignDecision
from core.trial.escalation.events import SrcVoteCast
from core.trial.people.person import Person
from core.trial.people.rights import Held
from tests.support.given import LONG_AFTER, MM, NCT05727722, SRC, SRC2, Member, Past, Story, given

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.trial.study.config import ProtocolConfig

ROSTER = (SRC.id, SRC2.id)
# Beyond every position of a story: the head that the committee looked at is newer than all of it.
SNAPSHOT = 10_000
WHY = Reason("clinical_judgement", "two of three showed no effect at all")
AGAINST = "the committee wants more subjects at this level"


def seated(events: Sequence[Past] = (), study: ProtocolConfig | None = NCT05727722) -> Story:
    """Begin a story in which both members hold their role."""
    story = given(events, study=study)
    for member in (SRC, SRC2):
        story.trial.people[member.id] = Person(member.id, member.name, roles=(Held(member.role, 1),))
    return story


def opening(
    meeting: str = "M1", roster: tuple[str, ...] = ROSTER, position: int = SNAPSHOT
) -> OpenSrcMeeting:
    """Return the command that opens a meeting."""
    return OpenSrcMeeting(meeting, position, "root", roster, ())


def met(
    events: Sequence[Past],
    study: ProtocolConfig = NCT05727722,
    meeting: str = "M1",
    at: datetime = LONG_AFTER,
) -> list[Past]:
    """Return the events with an open meeting behind them."""
    [opened] = seated(events, study).when(opening(meeting), MM, at=at).decided
    return [*events, Past(streams.ESCALATION, opened.event, by=MM, at=at)]


def voted(
    events: Sequence[Past],
    *votes: tuple[Member, str, int | None],
    meeting: str = "M1",
    at: datetime = LONG_AFTER,
) -> list[Past]:
    """Return the events with these votes behind them."""
    cast = (
        Past(streams.ESCALATION, SrcVoteCast(meeting, decision, level, "on the facts"), by=member, at=at)
        for member, decision, level in votes
    )
    return [*events, *cast]


def agreed(
    events: Sequence[Past],
    decision: str,
    level: int | None,
    study: ProtocolConfig = NCT05727722,
    meeting: str = "M1",
    at: datetime = LONG_AFTER,
) -> list[Past]:
    """Return the events with a meeting behind them at which both members voted alike."""
    both = ((SRC, decision, level), (SRC2, decision, level))
    return voted(met(events, study, meeting, at), *both, meeting=meeting, at=at)


def signed(
    events: Sequence[Past],
    decision: str,
    level: int | None,
    override: str | None = None,
    study: ProtocolConfig = NCT05727722,
    meeting: str = "M1",
    at: datetime = LONG_AFTER,
) -> list[Past]:
    """Return the events with a signed decision behind them, and what it says of earlier ones."""
    before = agreed(events, decision, level, study, meeting, at)
    command = SignDecision(meeting, decision, level, override)
    story = seated(before, study).when(command, SRC, at=at, reason=WHY if override else None)
    assert story.decided, "the committee was refused"
    return [*before, *(Past(streams.ESCALATION, one.event, by=SRC, at=at) for one in story.decided)]
