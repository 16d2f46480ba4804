"""What the safety review committee can ask for."""

from __future__ import annotations

from dataclasses import dataclass

from core.kernel import streams


@dataclass(frozen=True, slots=True)
class SignDecision:
    """Sign the decision that the protocol gives now; `level` is the dose level that it opens or names."""

    decision: str
    level: int | None

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.ESCALATION
