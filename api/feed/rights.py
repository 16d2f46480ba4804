"""Who may take the record itself: signed statements, by kind of stream (part 11 section 5).

* A stream may be read by the roles that the table of `projections/read_rights.py` gives it to.
* What somebody signed they may read, wherever it stands ("own entries").
* How a member voted is nobody's but theirs until the meeting has ended: until then the event goes out as its
  place and its leaf hash, so that positions stay dense and the bytes can be checked afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Refused
from core.trial.escalation.events import SrcVoteCast
from projections.read_rights import may_read_stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.kernel.actors import Role
    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial


def readable_streams(role: Role) -> Callable[[str], bool]:
    """Return which streams the role gets from the feed."""
    return lambda stream: may_read_stream(role, stream)


def require_leaf_reader(person: str, role: Role, event: Recorded) -> None:
    """Refuse the bytes of an event to who neither signed it nor reads its stream.

    Raises: `NOT_AUTHORISED`.
    """
    if event.signer.id != person and not may_read_stream(role, event.stream):
        raise Refused("NOT_AUTHORISED", "this role does not read this record")


def require_not_secret(person: str, event: Recorded, trial: Trial) -> None:
    """Refuse another member's vote while its meeting is open.

    Raises: `VOTE_SECRET`.
    """
    if event.signer.id != person and is_secret(event, trial):
        raise Refused("VOTE_SECRET", "how a member voted is told once the meeting has ended")


def is_secret(event: Recorded, trial: Trial) -> bool:
    """Tell whether the event is a vote in a meeting that has not ended."""
    if not isinstance(event.payload, SrcVoteCast):
        return False
    meeting = trial.escalation.meeting
    return meeting is not None and meeting.opened.meeting == event.payload.meeting
