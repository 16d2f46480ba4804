"""The study as its stream tells it: the configuration that counts, and the one that waits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from core.kernel.errors import Refused
from core.trial.study.events import ProtocolConfig, ProtocolConfigApproved, ProtocolConfigProposed, StudyEvent

if TYPE_CHECKING:
    from core.kernel.recorded import Recorded


@dataclass(frozen=True, slots=True)
class WaitingConfig:
    """A proposed configuration: its number, statement digest, proposer and text."""

    number: int
    digest: str
    proposer: str
    config: ProtocolConfig


@dataclass(frozen=True, slots=True)
class Study:
    """`number` is that of the configuration that counts, 0 while there is none."""

    number: int = 0
    config: ProtocolConfig | None = None
    waiting: WaitingConfig | None = None


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
        case ProtocolConfigProposed():
            waiting = WaitingConfig(event.number, recorded.digest, recorded.signer.id, event.config)
            return replace(state, waiting=waiting)
        case ProtocolConfigApproved():
            config = state.waiting.config if state.waiting else state.config
            return Study(number=event.number, config=config)
        case _:
            assert_never(event)
