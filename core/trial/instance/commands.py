"""What officers can ask for about the instance itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.kernel import streams
from core.trial.instance.events import Policy, Scope


@dataclass(frozen=True, slots=True)
class InstanceCommand:
    """What is asked about the instance itself."""

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.INSTANCE


@dataclass(frozen=True, slots=True)
class IssueServiceToken(InstanceCommand):
    """Let a tool read in a person's care, within scopes and until a date."""

    token: str
    tool: str
    owner: str
    scopes: tuple[Scope, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RevokeServiceToken(InstanceCommand):
    """End the access of a tool, at once."""

    token: str


@dataclass(frozen=True, slots=True)
class ProposePolicyChange(InstanceCommand):
    """Propose the whole policy that is to take the place of the one in force, with a reason."""

    policy: Policy


@dataclass(frozen=True, slots=True)
class ApprovePolicyChange(InstanceCommand):
    """Put the proposed policy in force, as the other kind of officer; `covers` is its statement's digest."""

    covers: str


@dataclass(frozen=True, slots=True)
class WithdrawPolicyChange(InstanceCommand):
    """Take the proposed policy off the table; `covers` is the digest of its statement."""

    covers: str
