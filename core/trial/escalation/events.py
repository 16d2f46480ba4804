"""Facts about dose escalation: what the safety review committee signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


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
class DecisionSigned:
    """The committee signed a decision; counts, reason and row of the table are those computed then.

    `mtd` and `level` are dose-level ordinals; `config_number` is the configuration that counted.
    """

    TOPIC: ClassVar[str] = "escalation.DecisionSigned/1"
    decision: str
    level: int | None
    mtd: int | None
    reason: str
    row: int
    flags: tuple[str, ...]
    config_number: int
    levels: tuple[LevelTally, ...]
