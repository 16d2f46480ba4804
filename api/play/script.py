"""A trial script, read strictly before anything is written.

- The format is that of `golden_trial.json`: an object with `events`, each with `seq`, `at`, `type`,
  `subject`, `actor` and `payload`; what else stands beside `events` is left alone.
- Numbers stay decimals; times carry their offset.
- Here only the shape is read; what a payload means is `mapping`, whether it is allowed is the core.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.audit.strict_json import read_request
from core.kernel.actors import Role
from core.kernel.errors import Malformed, Refused
from core.kernel.time import parse_offset_time
from core.rules.case_reading import field, instant, mapping, objects, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from core.kernel.errors import TrialError

SCRIPT_LIMIT: Final = 20_000_000
_FIELDS: Final = frozenset({"seq", "at", "type", "subject", "actor", "payload"})
_MOST_EVENTS: Final = 10**9

# Who acts for the words of a script (record 5).
ROLE_OF_ACTOR: Final[Mapping[str, Role]] = {
    "sponsor_admin": Role.MM,
    "site_data_entry": Role.SC,
    "investigator": Role.PI,
    "src": Role.SRC,
}


class UnreadableScript(Malformed):
    """The script cannot be read as a trial; `seq` names the event, if it is one event's fault."""


class ScriptStopped(Refused):
    """The trial refused what the script wanted at `seq`; what came before it stands in the log."""


@dataclass(frozen=True, slots=True)
class ScriptEvent:
    """One line of a script; `at` is in UTC."""

    seq: int
    at: datetime
    type: str
    subject: str | None
    role: Role
    payload: Mapping[str, object]

    def instants(self) -> tuple[datetime, ...]:
        """Return `at` and every instant that the payload names at any depth."""
        return (self.at, *_instants_in(self.payload))


def read_script(data: bytes) -> tuple[ScriptEvent, ...]:
    """Return the events of a script.

    Raises: `UnreadableScript` with the code of the first defect, `EMPTY_SCRIPT`, `UNKNOWN_ACTOR`.
    """
    try:
        script = mapping(read_request(data, limit=SCRIPT_LIMIT), "script")
        events = objects(field(script, "events"), "events")
    except Malformed as error:
        raise unreadable(None, error) from None
    if not events:
        raise UnreadableScript("EMPTY_SCRIPT", "the script has no events")
    return tuple(_event(number, event) for number, event in enumerate(events, 1))


def unreadable(seq: object, error: TrialError) -> UnreadableScript:
    """Return the error with the place in the script where it arose."""
    where = "the script" if seq is None else f"event {seq} of the script"
    return UnreadableScript(error.code, f"{where}: {error.detail}", seq=seq)


def stopped(event: ScriptEvent, error: TrialError) -> ScriptStopped:
    """Return the refusal with the event of the script that met it."""
    return ScriptStopped(error.code, f"event {event.seq} ({event.type}): {error.detail}", seq=event.seq)


def _event(number: int, given: Mapping[str, object]) -> ScriptEvent:
    try:
        return _read_event(given)
    except Malformed as error:
        seq = given.get("seq")
        raise unreadable(seq if isinstance(seq, int) else f"no. {number}", error) from None


def _read_event(given: Mapping[str, object]) -> ScriptEvent:
    if unknown := sorted(given.keys() - _FIELDS):
        raise Malformed("FIELD_UNKNOWN", f"an event has no {', '.join(unknown)}")
    subject = field(given, "subject")
    actor = text(field(given, "actor"), "actor")
    if actor not in ROLE_OF_ACTOR:
        raise Malformed("UNKNOWN_ACTOR", f"an actor is one of {', '.join(ROLE_OF_ACTOR)}")
    return ScriptEvent(
        seq=whole(field(given, "seq"), "seq", 0, _MOST_EVENTS),
        at=instant(field(given, "at"), "at"),
        type=text(field(given, "type"), "type"),
        subject=None if subject is None else text(subject, "subject"),
        role=ROLE_OF_ACTOR[actor],
        payload=mapping(field(given, "payload"), "payload"),
    )


def _instants_in(value: object) -> Iterator[datetime]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _instants_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _instants_in(inner)
    elif isinstance(value, str):
        yield from _instant_or_none(value)


def _instant_or_none(text_value: str) -> Iterator[datetime]:
    try:
        yield parse_offset_time(text_value)
    except Malformed:
        return
