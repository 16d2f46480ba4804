"""Facts about the study: its protocol configuration, proposed by one person and approved by another."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from core.kernel.quantities import Quantity


@dataclass(frozen=True, slots=True)
class DoseLevel:
    """One dose level: ordinal from 1 and the number of cells."""

    level: int
    cells: Quantity


@dataclass(frozen=True, slots=True)
class EscalationParameters:
    """Numbers of the escalation rule (domain 1.5)."""

    atd_last_level: int | None
    grade2_trigger_count: int
    early_stop_on_two_dlt: bool
    allow_deescalation: bool
    top_dose_requires_six: bool
    mtd_min_evaluable: int
    mtd_max_dlt: int
    cohort_size: int
    max_per_level: int
    max_subjects: int | None


@dataclass(frozen=True, slots=True)
class DltWindow:
    """Days after dosing in which a toxicity can be dose-limiting."""

    days: int
    inclusive: bool


@dataclass(frozen=True, slots=True)
class UpperLimit:
    """The laboratory's upper limit of normal for an analyte."""

    analyte: str
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class VisitWindow:
    """A scheduled visit and the first and last study day on which it counts as on time."""

    day: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """A named number of the eligibility rules."""

    name: str
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class ProtocolConfig:
    """Everything that the protocol leaves to the sponsor, in one signed place."""

    zone: str
    levels: tuple[DoseLevel, ...]
    escalation: EscalationParameters
    dlt_window: DltWindow
    related_causalities: tuple[str, ...]
    upper_limits: tuple[UpperLimit, ...]
    eligibility: tuple[Threshold, ...]
    visits: tuple[VisitWindow, ...]
    ctcae_version: str


@dataclass(frozen=True, slots=True)
class ProtocolConfigProposed:
    """One person proposes a version of the configuration; it has no effect yet."""

    TOPIC: ClassVar[str] = "study.ProtocolConfigProposed/1"
    number: int
    config: ProtocolConfig


@dataclass(frozen=True, slots=True)
class ProtocolConfigApproved:
    """Another person approves it; it counts from here on, never backwards."""

    TOPIC: ClassVar[str] = "study.ProtocolConfigApproved/1"
    number: int
    covers: str


StudyEvent = ProtocolConfigProposed | ProtocolConfigApproved
