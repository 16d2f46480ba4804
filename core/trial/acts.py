"""What each person has signed, newest first: who acted where, and which signatures are theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.kernel.texts import spaced
from core.trial.registry import event_name

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Act:
    """One signature of a person, and the one before it: a chain that grows without being copied.

    `subjects` are those whom the statement is about: by its stream, or because a query or review names them;
    `covers` the positions of the statements that it covers one by one.
    """

    position: int
    by: str
    stream: str
    topic: str
    digest: str
    key: str
    subjects: frozenset[str]
    before: Act | None
    covers: tuple[int, ...] = ()


def acts_since(newest: Act | None, position: int) -> Iterator[Act]:
    """Yield a person's acts at the position and behind it, newest first."""
    act = newest
    while act is not None and act.position >= position:
        yield act
        act = act.before


def act_in_words(act: Act) -> str:
    """Return what was signed, at which position and in which stream, as people read it."""
    return f"{spaced(event_name(act.topic))}, position {act.position}, {act.stream}"
