"""Is this the same command again? A command's fields are contained in the events that it made.

That containment is a law over all commands (a test holds them against it); it is what lets the log
itself answer a repeated request, without a table of requests beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from core.kernel import streams
from core.kernel.codec import to_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from core.kernel.actors import Meaning, Role
    from core.kernel.recorded import Reason, Recorded


# Fields of commands that may stand in the name of the stream alone.
KEYS: Final = frozenset({"subject_key", "person", "lot", "query", "review"})

# What equals no value of a field.
_NOT_SAID: Final = object()


class Asked(Protocol):
    """Who asked, as what, when it happened and why."""

    @property
    def person(self) -> str:
        """The person's id."""

    @property
    def role(self) -> Role:
        """The role in which the person asked."""

    @property
    def occurred_at(self) -> datetime:
        """The person's claim."""

    @property
    def reason(self) -> Reason | None:
        """The reason, if one was given."""

    @property
    def meaning(self) -> Meaning | None:
        """The meaning, if it was chosen; None leaves it to the policy."""


def is_replay_of(
    command: Mapping[str, Any],
    target: str,
    opens_with: frozenset[str],
    recorded: Sequence[Recorded],
    asked: Asked,
) -> bool:
    """Tell whether the recorded events came from this command, asked by the same person in the same words.

    `opens_with` are the topics with one of which the command's events begin: `CompleteDltWindow` says
    nothing that `AdministerDose` does not say too.
    """
    first = recorded[0]
    if first.topic not in opens_with or first.stream != target:
        return False
    if (first.signer.id, first.signer.role) != (asked.person, asked.role):
        return False
    if (first.occurred_at, first.reason) != (asked.occurred_at, asked.reason):
        return False
    if asked.meaning not in {None, first.meaning}:
        return False
    payloads = [to_data(event.payload) for event in recorded]
    return all(value == one for name, value in command.items() for one in _said(name, payloads, target))


def _said(name: str, payloads: Sequence[Mapping[str, Any]], target: str) -> list[Any]:
    """Return what the events say of a field, each of them; what none says, the stream's key may say."""
    found = [data[name] for data in payloads if name in data]
    return found or [streams.key_of(target) if name in KEYS else _NOT_SAID]
