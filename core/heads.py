"""Which head of the log a signer had before them: it becomes `seen` of what they sign (record 1).

* Whoever signs with a key of their own signs the head that was prepared; whoever signs with a password says
  which head came with the texts that they read. What was entered since then, they have not seen.
* Who does not say it has seen what they last signed for, no more: `seen` never claims too much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.audit.statement import Seen
from core.kernel.encoding import to_base64
from core.kernel.errors import Conflict, Refused

if TYPE_CHECKING:
    from core.store.trial_log import TrialLog


def head_of(log: TrialLog) -> Seen:
    """Return the head of now."""
    return Seen(log.head.size, to_base64(log.head.root()))


def newest_seen(log: TrialLog, person: str) -> Seen:
    """Return the newest head that the person has signed for, that of the empty log at first."""
    size = log.last_seen_by(person)
    return Seen(size, to_base64(log.root_at(size)))


def require_seen(log: TrialLog, person: str, seen: Seen) -> Seen:
    """Return a head that the person says to have seen, if it is one of this log and no older than known.

    Raises: `VERSION_CONFLICT`, `BAD_SEEN`.
    """
    if seen.size < log.last_seen_by(person):
        raise Conflict("VERSION_CONFLICT", "the same person has meanwhile signed with a newer head")
    if seen.size > log.head.size:
        raise Refused("BAD_SEEN", "the log head that was signed is not one of this log's newer heads")
    # Only committed heads have a checkpoint; a size between two of them was nobody's to see.
    known = seen.size == 0 or log.has_checkpoint(seen.size)
    if not known or to_base64(log.root_at(seen.size)) != seen.root:
        raise Refused("BAD_SEEN", "the log head that was signed is not this log's")
    return seen
