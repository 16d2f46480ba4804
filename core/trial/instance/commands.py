"""What officers can ask for about the instance itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.kernel import streams
from core.trial.instance.events import Scope


@dataclass(frozen=True, slots=True)
class IssueServiceToken:
    """Let a tool read in a person's care, within scopes and until a date."""

    token: str
    tool: str
    owner: str
    scopes: tuple[Scope, ...]
    expires_at: datetime

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.INSTANCE


@dataclass(frozen=True, slots=True)
class RevokeServiceToken:
    """End the access of a tool, at once."""

    token: str

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.INSTANCE
