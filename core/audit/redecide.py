"""Every command decided again: an event must be what its command decides on the facts at its position.

A command is contained in its events (`core/trial/replay.py`), so the log itself says what was asked. Who can
sign, but goes around the deciders, is found here: a dose without enrolment, a self-approval, a correction
without a reason, a decision on other counts than the record's.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, Final, get_type_hints

from core.kernel.codec import from_data, may_be_absent, to_data
from core.kernel.errors import Malformed, TrialError
from core.kernel.streams import key_of
from core.kernel.time import require_zone
from core.trial.authority import require_standing
from core.trial.catalogue import OPENED_BY, decide
from core.trial.context import Context, require_timely
from core.trial.facts import Facts
from core.trial.replay import KEYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.audit.authority_at import Blame
    from core.audit.entry import Entry
    from core.trial.context import Decided, LogChecks
    from core.trial.trial import Trial

_KEY: Final = (str, False)  # the kind of what the key of a stream says
COMMAND_OF = {event.TOPIC: command for event, command in OPENED_BY.items()}


def check_decision(entries: Sequence[Entry], before: Trial, checks: LogChecks, blame: Blame) -> None:
    """Blame the events of one command unless deciding it on the trial before gives exactly them."""
    first = entries[0].statement
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
    if len(decided) != len(entries) or not all(map(_is_recorded, decided, entries)):
        blame("NOT_AS_DECIDED", "the command decides something else on the facts at this position")
    if any(facts.reads.keys() - {e.statement.stream} != e.statement.reads.keys() for e in entries):
        blame("READS_MISMATCH", "the streams that the decision looks at are not those that it names")


def _command(entries: Sequence[Entry]) -> Any:  # noqa: ANN401 - one of the commands
    """Return the command that the events came from.

    Raises: `BAD_PAYLOAD` where they came from none.
    """
    first = entries[0]
    event: Any = type(first.payload)
    command, key = COMMAND_OF.get(first.statement.type), key_of(first.statement.stream)
    if command is None:
        raise Malformed("NO_COMMAND", "no command opens with this event")
    names = _fields_said(command, event) if len(entries) == 1 else None
    if names is not None:
        return command(*[getattr(first.payload, name) if name else key for name in names])
    said: dict[str, Any] = dict.fromkeys(KEYS, key)
    for entry in entries:
        said.update(entry.statement.data)
    absent = {name for name in may_be_absent(command) if said.get(name) is None}
    return from_data(
        command, {f.name: said[f.name] for f in fields(command) if f.name in said.keys() - absent}
    )


@cache
def _fields_said(command: type, event: type) -> tuple[str | None, ...] | None:
    """Return, field by field of the command, the field of the event with what it takes, None for the key.

    None for the whole where a field is not of the same kind in both: what is stored is then read anew.
    """
    wanted, told = _kinds(command), _kinds(event)
    alike = all(told.get(name, _KEY if name in KEYS else None) == kind for name, kind in wanted.items())
    return tuple(name if name in told else None for name in wanted) if alike else None


@cache
def _kinds(cls: type) -> dict[str, tuple[object, bool]]:
    """Return annotation, and whether it may be absent, of each field in order."""
    hints, absent = get_type_hints(cls), may_be_absent(cls)
    return {f.name: (hints[f.name], f.name in absent) for f in fields(cls)}


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


def _is_recorded(one: Decided, entry: Entry) -> bool:
    """Tell whether what is decided is what is recorded, as it is written."""
    statement = entry.statement
    if (one.stream, one.event.TOPIC, one.corrects) != (statement.stream, statement.type, statement.corrects):
        return False
    return _is_same(one.event, entry.payload) or to_data(one.event) == statement.data


def _is_same(event: Any, payload: Any) -> bool:  # noqa: ANN401 - any registered payload
    """Tell whether all fields hold the very values that were read: nothing else is written for them.

    Else the event is written and compared, since equal values can be written differently (1.0, 1.00).
    """
    cls: Any = type(payload)
    names = _kinds(cls)
    return type(event) is cls and all(getattr(event, n) is getattr(payload, n) for n in names)
