"""Lock-outs judged from the log: the service locks nobody out at will, and nobody in who is due to be out.

Part 11 section 11.300(d): the last failed attempt and the lock-out are one command of the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.streams import key_of
from core.trial.people.events import LockedOut

if TYPE_CHECKING:
    from core.audit.authority_at import Blame
    from core.audit.entry import Entry
    from core.trial.trial import Trial


def check_lockout(entry: Entry, trial: Trial, last: Entry | None, blame: Blame) -> None:
    """Blame a lock-out that the refusals before it do not justify, and one that is missing here.

    `trial` is folded up to the event before, `last` is that event.
    """
    due = trial.lockout_due
    if not isinstance(entry.payload, LockedOut):
        if due is not None:
            blame(
                "LOCKOUT_MISSING", "as many attempts failed as the policy allows, and nobody was locked out"
            )
        return
    if due is None or due != key_of(entry.statement.stream):
        blame("LOCKOUT_UNJUSTIFIED", "the refusals before this do not lock the person out")
        return
    if entry.payload.attempts != len(trial.attempts[due].failed):
        blame("LOCKOUT_UNJUSTIFIED", "the lock-out counts other attempts than the refusals before it")
    if last is None or last.statement.txn.id != entry.statement.txn.id:
        blame("LOCKOUT_UNJUSTIFIED", "a lock-out enters the log together with the refusal that made it due")
