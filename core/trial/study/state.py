"""The study as its stream tells it: every configuration that ever counted, and what waits for approval.

A number names one configuration for ever. What was done under a number keeps the meaning it had then:
`version` and `level_now` translate, so that an amendment never reaches backwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

from core.kernel.errors import Refused
from core.trial.study.amendments import amended
from core.trial.study.events import (
    AmendmentProposed,
    ConsentFormApproved,
    DoseLevelAdded,
    ProtocolConfigApproved,
    ProtocolConfigProposed,
    SampleSizeAmended,
    StudyEvent,
    VisitWindowsAmended,
)

if TYPE_CHECKING:
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.study.config import ProtocolConfig


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal: its number, statement digest, proposer, and what is proposed."""

    number: int
    digest: str
    proposer: str
    proposed: ProtocolConfigProposed | AmendmentProposed


@dataclass(frozen=True, slots=True)
class Study:
    """`number` is that of the configuration that counts, 0 while there is none.

    `since` tells when each version began to count, by the server's clock.
    """

    number: int = 0
    config: ProtocolConfig | None = None
    waiting: Waiting | None = None
    versions: dict[int, ProtocolConfig] = field(default_factory=dict)
    since: dict[int, datetime] = field(default_factory=dict)

    def version(self, number: int) -> ProtocolConfig:
        """Return the configuration with this number."""
        return self.versions[number]

    def level_now(self, number: int, level: int) -> int:
        """Return the ordinal that a level of an earlier configuration has now: doses keep, ordinals move.

        Raises: `KeyError` for a level or a number that there never was: no decision made such an event.
        """
        if number == self.number and level in range(1, len(self.versions[number].levels) + 1):
            return level
        cells = {one.level: one.cells for one in self.versions[number].levels}[level]
        return {one.cells: one.level for one in require_config(self).levels}[cells]


def require_config(study: Study) -> ProtocolConfig:
    """Return the configuration that counts.

    Raises: `NO_PROTOCOL_CONFIG`.
    """
    if study.config is None:
        raise Refused("NO_PROTOCOL_CONFIG", "no protocol configuration has been approved yet")
    return study.config


def evolve(state: Study, recorded: Recorded) -> Study:
    """Return the study after one more event of its stream."""
    event: StudyEvent = recorded.payload
    match event:
        case ProtocolConfigProposed() | AmendmentProposed():
            return replace(state, waiting=Waiting(event.number, recorded.digest, recorded.signer.id, event))
        case ProtocolConfigApproved():
            waiting = state.waiting.proposed if state.waiting else None
            if not isinstance(waiting, ProtocolConfigProposed):
                raise TypeError
            return _counting(state, recorded, waiting.config)
        case SampleSizeAmended() | DoseLevelAdded() | VisitWindowsAmended() | ConsentFormApproved():
            return _counting(state, recorded, amended(require_config(state), event))
        case _:
            assert_never(event)


def _counting(state: Study, recorded: Recorded, config: ProtocolConfig) -> Study:
    number = recorded.payload.number
    return Study(
        number=number,
        config=config,
        versions={**state.versions, number: config},
        since={**state.since, number: recorded.recorded_at},
    )
