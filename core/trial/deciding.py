"""What a decider is, and the row in which an area lists one: from facts and command to events, purely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.kernel.recorded import Event
    from core.trial.context import Context, Decided
    from core.trial.facts import Facts

Decide: TypeAlias = "Callable[[Facts, Any, Context], tuple[Decided, ...]]"

# A command, the decider that answers it, and the events with one of which the answer begins.
CommandRow: TypeAlias = "tuple[type, Decide, tuple[type[Event], ...]]"
