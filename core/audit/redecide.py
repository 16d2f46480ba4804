"""Every command decided again: an event must be what its command decides on the facts at its position.

A command is contained in its events (`core/trial/replay.py`), so the log itself says what was asked. Who can
sign, but goes around the deciders, is found here: a dose without enrolment, a self-approval, a correction
without a reason, a decision on other counts than the record's.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from core.kernel.codec import from_data, to_data
from core.kernel.errors import Malformed, TrialError
from core.kernel.streams import key_of
from core.kernel.time import require_zone
from core.trial.authority import require_standing
from core.trial.catalogue import OPENS_WITH, decide
from core.trial.context import Context, require_timely
from core.trial.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.audit.authority_at import Blame
    from core.audit.entry import Entry
    from core.trial.context import Decided, LogChecks
    from core.trial.trial import Trial

_COMMAND_OF = {event.TOPIC: command for command, events in OPENS_WITH.items() for event in events}


def check_decision(entries: Sequence[Entry], before: Trial, checks: LogChecks, blame: Blame) -> None:
    """Blame the events of one command unless deciding it on the trial before gives exactly them."""
    first = entries[0].statement
    if any((e.statement.signer, e.statement.signed_at) != (first.signer, first.signed_at) for e in entries):
        blame("COMMAND_BROKEN", "the events of one command were not signed in one act")
        return
    facts = Facts(before)
    signer = first.signer
    try:
        require_zone(first.zone)
        topics = {e.statement.type for e in entries}
        person = facts.person(signer.id)
        delegation = require_standing(facts.instance(), person, signer.role, topics, first.signed_at)
        context = _context(entries[0], checks)
        require_timely(context, facts.study())
        decided = decide(facts, _command(entries), context)
    except TrialError as error:
        blame("NOT_AS_DECIDED", f"the command is refused on the facts at this position: {error.code}")
        return
    if delegation != signer.delegation:
        blame("DELEGATION_DIFFERS", "the signer acts under another delegation than the one that is named")
    if [_said(one) for one in decided] != [_recorded(e) for e in entries]:
        blame("NOT_AS_DECIDED", "the command decides something else on the facts at this position")
    if facts.reads.keys() - {first.stream} != first.reads.keys():
        blame("READS_MISMATCH", "the streams that the decision looks at are not those that it names")


def _command(entries: Sequence[Entry]) -> Any:  # noqa: ANN401 - one of the commands
    """Return the command that the events came from.

    Raises: `BAD_PAYLOAD` where they came from none.
    """
    stream = entries[0].statement.stream
    command = _COMMAND_OF.get(entries[0].statement.type)
    said: dict[str, Any] = dict.fromkeys(("subject_key", "person", "lot", "query", "review"), key_of(stream))
    for entry in entries:
        said.update(entry.statement.data)
    if command is None:
        raise Malformed("NO_COMMAND", "no command opens with this event")
    return from_data(command, {f.name: said[f.name] for f in fields(command) if f.name in said})


def _context(entry: Entry, checks: LogChecks) -> Context:
    statement = entry.statement
    return Context(
        person=statement.signer.id,
        role=statement.signer.role,
        now=statement.signed_at,
        occurred_at=statement.occurred_at,
        zone=statement.zone,
        reason=statement.reason,
        checks=checks,
    )


def _said(one: Decided) -> tuple[object, ...]:
    return one.stream, one.event.TOPIC, to_data(one.event), one.corrects


def _recorded(entry: Entry) -> tuple[object, ...]:
    statement = entry.statement
    return statement.stream, statement.type, dict(statement.data), statement.corrects
