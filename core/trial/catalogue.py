"""All commands: which decider answers each, and with which event its answer begins.

The rows stand with their areas. An approval may begin with one of several events; no two commands begin
with the same one, so the first event of a command tells which command it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from core.trial.casebook import decide as casebook
from core.trial.devices import decide as devices
from core.trial.escalation import decide as escalation
from core.trial.instance import decide as instance
from core.trial.people import decide as people
from core.trial.product import decide as product
from core.trial.quality import decide as quality
from core.trial.quality.gate import require_takes_entries
from core.trial.study import decide as study
from core.trial.subject import decide as subject

if TYPE_CHECKING:
    from core.kernel.recorded import Event
    from core.trial.context import Context, Decided
    from core.trial.deciding import Decide
    from core.trial.facts import Facts


class Command(Protocol):
    """A frozen request in the imperative; `target` is the stream that it is about."""

    @property
    def target(self) -> str:
        """The stream that the command is about."""


_ROWS: Final = (
    *instance.COMMANDS,
    *devices.COMMANDS,
    *people.COMMANDS,
    *study.COMMANDS,
    *subject.COMMANDS,
    *product.COMMANDS,
    *casebook.COMMANDS,
    *escalation.COMMANDS,
    *quality.COMMANDS,
)

DECIDERS: Final[dict[type, Decide]] = {command: decider for command, decider, _ in _ROWS}

# With one of these events each command's answer begins: they tell two commands with the same fields apart.
OPENS_WITH: Final[dict[type, tuple[type[Event], ...]]] = {command: events for command, _, events in _ROWS}

# The command that an event is the first of; no event opens two.
OPENED_BY: Final[dict[type[Event], type]] = {
    event: command for command, events in OPENS_WITH.items() for event in events
}


def decide(facts: Facts, command: Command, context: Context) -> tuple[Decided, ...]:
    """Return the events that the command makes, or raise why it makes none.

    Raises: `FROZEN`, `LOCKED`, and what the decider of the command raises.
    """
    require_takes_entries(facts, command)
    return DECIDERS[type(command)](facts, command, context)


def opening_topics(command: type) -> frozenset[str]:
    """Return the topics with one of which the command's events begin."""
    return frozenset(event.TOPIC for event in OPENS_WITH[command])
