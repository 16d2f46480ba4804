"""What can be asked for about the study's configuration."""

from __future__ import annotations

from dataclasses import dataclass

from core.kernel import streams
from core.trial.study.events import ProtocolConfig


@dataclass(frozen=True, slots=True)
class ProposeProtocolConfig:
    """Propose a version of the protocol configuration."""

    config: ProtocolConfig

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.STUDY


@dataclass(frozen=True, slots=True)
class ApproveProtocolConfig:
    """Approve the proposed configuration with this number."""

    number: int

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.STUDY
