"""What the service signs, judged by its shape and by what the log itself says; nobody decides it again.

The verifier asks this of every such statement, the writer before it signs one: so an honest server never
writes what a verifier would report.

A stolen service key signs anything. So each of its statements has to be one that an honest service could
have made at its place: known people and streams, codes of a refusal's form, offsets on the side of the
tolerance that the type claims, minutes between the birth of the log and the receipt, a lock-out only of
somebody locked.
Lock-outs themselves are judged in `misuse_at`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from core.kernel.streams import PERSON_PREFIX, is_stream
from core.trial.instance.events import (
    ClockDiscrepancyDetected,
    CommandRefused,
    RefusalsRepeated,
    SessionMisused,
    TimeSourceChecked,
    UnknownSignInsRefused,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from core.audit.authority_at import Blame
    from core.audit.entry import Entry
    from core.kernel.recorded import Event
    from core.trial.people.person import Person
    from core.trial.trial import Trial

SERVICE_STATEMENT: Final = "SERVICE_STATEMENT"

# A refusal that was due when it was made may reach the log just behind the end of what it was due to.
LAG: Final = timedelta(minutes=1)

# What a command in the name of nobody is refused with; a sign-in of nobody is only counted.
NOBODY_CODES: Final = frozenset({"UNKNOWN_PERSON", "NO_SEALED_KEY"})

_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,59}")
_COMMAND: Final = re.compile(r"[A-Z][A-Za-z0-9]{1,59}")
_SOURCE_LIMIT: Final = 200


def check_service_statement(entry: Entry, trial: Trial, born_at: datetime, blame: Blame) -> None:
    """Blame what no honest service says here; `trial` is folded up to the event before.

    `born_at` is when the log received its first event.
    """
    for detail in what_is_wrong(entry.payload, trial, born_at, entry.leaf.seal.received_at):
        blame(SERVICE_STATEMENT, detail)


def what_is_wrong(payload: Event, trial: Trial, born_at: datetime, received_at: datetime) -> Iterator[str]:
    """Yield what no honest service says in an event that the log receives at a moment behind the trial.

    `born_at` is when the log received its first event. Nothing is said of what the service does not sign,
    or what is judged elsewhere.
    """
    match payload:
        case CommandRefused():
            yield from _about_refusal(payload, trial, received_at)
        case TimeSourceChecked() | ClockDiscrepancyDetected():
            yield from _about_clock(payload)
        case RefusalsRepeated():
            yield from _about_sum(payload, born_at, received_at)
            yield from _about_refused(payload, trial)
        case SessionMisused():
            yield from _about_sum(payload, born_at, received_at)
            if payload.person is not None and payload.person not in trial.people:
                yield "the misused session is that of nobody who is known"
        case UnknownSignInsRefused():
            yield from _about_sum(payload, born_at, received_at)
        case _:
            pass


def may_be_refused(code: str, person: str, trial: Trial) -> bool:
    """Tell whether a refusal by the code may name the person: somebody known, or nobody and for that."""
    nameable = code in NOBODY_CODES and is_stream(f"{PERSON_PREFIX}{person}")
    return nameable or person in trial.people


def _about_refused(refused: CommandRefused | RefusalsRepeated, trial: Trial) -> Iterator[str]:
    if not _CODE.fullmatch(refused.code):
        yield "the code of the refusal is no code"
    if not may_be_refused(refused.code, refused.person, trial):
        yield "the refusal is in the name of nobody who is known"


def _about_refusal(refused: CommandRefused, trial: Trial, received_at: datetime) -> Iterator[str]:
    yield from _about_refused(refused, trial)
    if not _COMMAND.fullmatch(refused.command):
        yield "what was refused has no name of a command"
    if refused.target is not None and not is_stream(refused.target):
        yield "the refused command was about no stream"
    person = trial.people.get(refused.person)
    if person is not None and refused.code == "LOCKED_OUT" and not _is_locked(person, received_at):
        yield "somebody was refused as locked out who was not"


def _is_locked(person: Person, received_at: datetime) -> bool:
    if person.locked_at is not None:
        return True
    ended = person.lockouts[-1].ended if person.lockouts else None
    return ended is not None and received_at - ended.at <= LAG


def _about_clock(checked: TimeSourceChecked | ClockDiscrepancyDetected) -> Iterator[str]:
    offset, tolerance = checked.offset_ms, checked.tolerance_ms
    if not 0 < len(checked.source) <= _SOURCE_LIMIT:
        yield "the source of time has no name"
    if tolerance <= 0:
        yield "the tolerance of the clock is no duration"
    # Rounded to milliseconds, an offset just beyond the tolerance reads as the tolerance.
    agrees = isinstance(checked, TimeSourceChecked)
    if agrees and (offset is None or abs(offset) > tolerance):
        yield "the clock is said to agree, and is beyond the tolerance"
    if not agrees and offset is not None and abs(offset) < tolerance:
        yield "the clock is said to differ, and is within the tolerance"


def _about_sum(
    said: RefusalsRepeated | SessionMisused | UnknownSignInsRefused, born_at: datetime, received_at: datetime
) -> Iterator[str]:
    minute = said.minute
    if said.count <= 0:
        yield "what never happened is counted"
    if minute.second or minute.microsecond:
        yield "the minute of the count is no whole minute"
    if not born_at - LAG < minute <= received_at:
        yield "the minute of the count is not between the birth of the log and the receipt"
