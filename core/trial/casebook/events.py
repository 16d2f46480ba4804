"""Facts of the casebook: laboratory panels, HLA antibodies, vital status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from core.kernel.quantities import Quantity


@dataclass(frozen=True, slots=True)
class LabResult:
    """One result; specimen and times are its own, as a re-draw may differ from the panel."""

    analyte: str
    value: Decimal
    unit: str
    specimen_set: str
    drawn_at: datetime
    resulted_at: datetime


@dataclass(frozen=True, slots=True)
class LabPanelReported:
    """The results of one visit's panel; dialysis flags refer to the 7 days before the draw."""

    TOPIC: ClassVar[str] = "casebook.LabPanelReported/1"
    visit: int
    specimen_set: str
    drawn_at: datetime
    resulted_at: datetime
    results: tuple[LabResult, ...]
    dialysis_twice_in_7d: bool
    cvvhd_24h_in_7d: bool


@dataclass(frozen=True, slots=True)
class LabResultCorrected:
    """A wrong value was replaced; draw and release time stay those of the result (domain 3)."""

    TOPIC: ClassVar[str] = "casebook.LabResultCorrected/1"
    visit: int
    specimen_set: str
    analyte: str
    old: Quantity
    new: Quantity


@dataclass(frozen=True, slots=True)
class AntibodyClass:
    """Strongest bead and panel-reactive share of one HLA class."""

    max_mfi: Decimal
    cpra_percent: Decimal


@dataclass(frozen=True, slots=True)
class HlaAntibodyReported:
    """HLA antibodies at a visit, class I and class II; positive at or above the threshold."""

    TOPIC: ClassVar[str] = "casebook.HlaAntibodyReported/1"
    visit: int
    assay: str
    threshold_mfi: Decimal
    class_i: AntibodyClass
    class_ii: AntibodyClass


@dataclass(frozen=True, slots=True)
class VitalStatusRecorded:
    """Whether the subject was alive on a study day."""

    TOPIC: ClassVar[str] = "casebook.VitalStatusRecorded/1"
    study_day: int
    alive: bool


CasebookEvent = LabPanelReported | LabResultCorrected | HlaAntibodyReported | VitalStatusRecorded
