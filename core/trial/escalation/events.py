"""Facts about dose escalation: the committee's meetings, what it signed, and what stops dosing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from core.kernel.actors import Meaning, Role, Signers
from core.kernel.quantities import Quantity


@dataclass(frozen=True, slots=True)
class LevelTally:
    """The counts of one dose level as the committee saw them."""

    level: int
    dosed: int
    evaluable: int
    dlt: int
    pending: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class SrcMeetingOpened:
    """A meeting on a pinned state of the log: its position, its root, and what the protocol says there.

    `facts` is the digest over all that the decision is computed from; `decision`, `level` and `reason`
    are computed, for the committee to follow or, all of one mind, to override.
    """

    TOPIC: ClassVar[str] = "escalation.SrcMeetingOpened/1"
    meeting: str
    snapshot_position: int
    snapshot_root: str
    roster: tuple[str, ...]
    documents: tuple[str, ...]
    facts: str
    decision: str
    level: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class SrcVoteCast:
    """A member votes for a decision at a level, with the reason for it."""

    TOPIC: ClassVar[str] = "escalation.SrcVoteCast/1"
    meeting: str
    decision: str
    level: int | None
    rationale: str


@dataclass(frozen=True, slots=True)
class SrcVotingEnded:
    """Nobody votes at the meeting any more, although some on its roster have not: `absent` are their ids."""

    TOPIC: ClassVar[str] = "escalation.SrcVotingEnded/1"
    meeting: str
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SrcMeetingClosed:
    """The meeting ended without a decision."""

    TOPIC: ClassVar[str] = "escalation.SrcMeetingClosed/1"
    meeting: str
    cause: str


@dataclass(frozen=True, slots=True)
class DecisionSigned:
    """The committee signed a decision, beside the one that the protocol computes on the same facts.

    `decision` and `level` are what counts; `computed_*`, `reason`, `row` of the table, `flags`, `slots`,
    `ceiling` and `levels` are computed. `overridden` tells that the two differ; `override` then says why.
    `mtd`, `level` and `ceiling` are dose-level ordinals of the configuration `config_number`.
    """

    TOPIC: ClassVar[str] = "escalation.DecisionSigned/1"
    meeting: str
    decision: str
    level: int | None
    override: str | None
    overridden: bool
    mtd: int | None
    computed_decision: str
    computed_level: int | None
    reason: str
    row: int
    flags: tuple[str, ...]
    slots: int
    ceiling: int
    config_number: int
    facts: str
    levels: tuple[LevelTally, ...]


@dataclass(frozen=True, slots=True)
class DecisionSuperseded:
    """What is known now would have changed an earlier signed decision, which stays as it was signed.

    `superseded` is the digest of that decision, `by` that of the statement that changed it; `would_be` is
    what the protocol gives for the facts of that day as they are known now (domain 1.3). The level is the
    ordinal of the configuration of that decision, and `would_be_cells` its dose there.
    """

    TOPIC: ClassVar[str] = "escalation.DecisionSuperseded/1"
    superseded: str
    by: str
    would_be: str
    would_be_level: int | None
    would_be_cells: Quantity | None


@dataclass(frozen=True, slots=True)
class SafetyHoldPlaced:
    """Somebody stopped dosing at all levels; `hold` names it for the lifting."""

    TOPIC: ClassVar[str] = "escalation.SafetyHoldPlaced/1"
    hold: str
    cause: str


@dataclass(frozen=True, slots=True)
class SafetyHoldLifted:
    """The committee lets dosing go on, in spite of what each of these triggers stands for."""

    TOPIC: ClassVar[str] = "escalation.SafetyHoldLifted/1"
    triggers: tuple[str, ...]
    rationale: str


@dataclass(frozen=True, slots=True)
class DecisionSimulated:
    """Somebody asked what the protocol would say if; nothing follows from it but this record."""

    TOPIC: ClassVar[str] = "escalation.DecisionSimulated/1"
    assumptions: tuple[str, ...]
    decision: str
    level: int | None
    mtd: int | None
    reason: str
    slots: int
    flags: tuple[str, ...]
    row: int


EscalationEvent = (
    SrcMeetingOpened
    | SrcVoteCast
    | SrcVotingEnded
    | SrcMeetingClosed
    | DecisionSigned
    | DecisionSuperseded
    | SafetyHoldPlaced
    | SafetyHoldLifted
    | DecisionSimulated
)

# Who signs each type, meaning what: the rows with which the policy of position 1 is born.
SIGNERS: Final[Signers] = {
    SrcMeetingOpened: ((Role.MM, Meaning.APPROVED),),
    SrcVoteCast: ((Role.SRC, Meaning.VOTED),),
    SrcVotingEnded: ((Role.MM, Meaning.APPROVED),),
    SrcMeetingClosed: ((Role.MM, Meaning.APPROVED), (Role.SRC, Meaning.APPROVED)),
    DecisionSigned: ((Role.SRC, Meaning.APPROVED),),
    DecisionSuperseded: ((Role.SRC, Meaning.APPROVED),),
    SafetyHoldPlaced: ((Role.PI, Meaning.RESPONSIBILITY), (Role.SRC, Meaning.APPROVED)),
    SafetyHoldLifted: ((Role.SRC, Meaning.APPROVED),),
    DecisionSimulated: ((Role.MM, Meaning.REVIEWED), (Role.SRC, Meaning.REVIEWED)),
}
