"""What the safety review committee, the medical monitor and the investigator can ask for."""

from __future__ import annotations

from dataclasses import dataclass

from core.kernel import streams


@dataclass(frozen=True, slots=True)
class EscalationCommand:
    """A command about the escalation of the one trial."""

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.ESCALATION


@dataclass(frozen=True, slots=True)
class OpenSrcMeeting(EscalationCommand):
    """Open a meeting on the log as it stands at a position, named by the root of its tree in base64.

    `roster` are the ids of the members; `documents` the digests of what they were given to read.
    """

    meeting: str
    snapshot_position: int
    snapshot_root: str
    roster: tuple[str, ...]
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CastSrcVote(EscalationCommand):
    """Vote for a decision at the open meeting; `level` is the dose level that it opens or names."""

    meeting: str
    decision: str
    level: int | None
    rationale: str


@dataclass(frozen=True, slots=True)
class EndSrcVoting(EscalationCommand):
    """End the voting at the open meeting without those who have not voted, so that it can decide."""

    meeting: str


@dataclass(frozen=True, slots=True)
class CloseSrcMeeting(EscalationCommand):
    """End the open meeting without a decision."""

    meeting: str
    cause: str


@dataclass(frozen=True, slots=True)
class SignDecision(EscalationCommand):
    """Sign what the committee voted for; `override` says why it is not what the protocol gives, else null."""

    meeting: str
    decision: str
    level: int | None
    override: str | None


@dataclass(frozen=True, slots=True)
class PlaceSafetyHold(EscalationCommand):
    """Stop dosing at all levels."""

    cause: str


@dataclass(frozen=True, slots=True)
class LiftSafetyHold(EscalationCommand):
    """Let dosing go on in spite of these triggers, each by its id."""

    triggers: tuple[str, ...]
    rationale: str


@dataclass(frozen=True, slots=True)
class SimulateDecision(EscalationCommand):
    """Ask what the protocol would say if: `S006=N` another outcome, `+2NNT` further subjects at a level."""

    assumptions: tuple[str, ...]
