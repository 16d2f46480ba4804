"""A trial in memory that machines drive by real commands: decided, authorised, folded; no store, no keys.

`Driven` is not the model: it says what the product did. What should have come of it, each machine knows by
itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.kernel.errors import TrialError
from core.trial.authority import resolve_meaning
from core.trial.catalogue import decide
from core.trial.cohorts import computed_decision
from core.trial.context import Context
from core.trial.escalation.holds import holds_in_force
from core.trial.facts import Facts
from core.trial.people.person import Person
from core.trial.people.rights import Held
from core.trial.study.events import ProtocolConfigApproved, ProtocolConfigProposed
from core.trial.study.self_test import self_test_digest
from tests.support.given import (
    MM,
    NCT05727722,
    PI,
    SRC,
    SRC2,
    START,
    ZONE,
    AnyKey,
    Member,
    Past,
    digest,
    given,
    recorded,
    why,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from core.rules.escalation import Decision
    from core.trial.catalogue import Command
    from core.trial.study.config import ProtocolConfig

# Building and testing a configuration is slow beside everything that a machine does with it.
_SELF_TEST = self_test_digest(NCT05727722)


class Driven:
    """The trial as it stands, the clock, and every event that was accepted."""

    def __init__(self, config: ProtocolConfig = NCT05727722) -> None:
        self.trial = given(study=None).trial
        self.past: list[Past] = []
        self.at: datetime = START
        self.put(Past(streams.STUDY, ProtocolConfigProposed(1, config), by=MM))
        self.put(Past(streams.STUDY, ProtocolConfigApproved(1, digest(2), _SELF_TEST), by=PI))
        for member in (SRC, SRC2):
            self.trial.people[member.id] = Person(member.id, member.name, roles=(Held(member.role, 1),))

    @property
    def decision(self) -> Decision:
        """What the protocol says now."""
        return computed_decision(self.trial.subjects, self.trial.study)

    @property
    def holds(self) -> tuple[str, ...]:
        """The ids of the holds in force."""
        return tuple(one.id for one in holds_in_force(self.trial.raised, self.trial.escalation))

    def put(self, past: Past) -> None:
        """Fold an event as it would stand in the log."""
        version = self.trial.versions.get(past.stream, 0) + 1
        self.trial.apply(recorded(past, self.trial.position + 1, version))
        self.past.append(past)

    def put_all(self, events: Iterable[Past]) -> None:
        """Fold events that lead up to where a machine begins, as if they happened now."""
        for past in events:
            self.put(replace(past, at=self.at))

    def attempt(self, command: Command, by: Member, *, reason: bool = True) -> str | None:
        """Decide, authorise and fold; return the code of a refusal."""
        context = Context(by.id, by.role, self.at, self.at, ZONE, why() if reason else None, AnyKey())
        try:
            decided = decide(Facts(self.trial), command, context)
            for one in decided:
                resolve_meaning(self.trial.instance, one.event.TOPIC, by.role, None)
        except TrialError as error:
            return error.code
        for one in decided:
            self.put(Past(one.stream, one.event, by=by, at=self.at))
        return None

    def do(self, command: Any, by: Member) -> None:
        """Attempt what must be accepted."""
        code = self.attempt(command, by)
        assert code is None, f"{code}: {command}"

    def pass_time(self, **span: int) -> None:
        """Let time pass."""
        self.at += timedelta(**span)
