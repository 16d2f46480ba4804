"""What can be entered into a casebook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.kernel import streams
from core.kernel.quantities import Quantity
from core.trial.casebook.events import AntibodyClass, LabResult


@dataclass(frozen=True, slots=True)
class CasebookCommand:
    """A command about one subject's casebook."""

    subject_key: str

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.casebook(self.subject_key)


@dataclass(frozen=True, slots=True)
class ReportLabPanel(CasebookCommand):
    """Enter the results of a visit's panel."""

    visit: int
    specimen_set: str
    drawn_at: datetime
    resulted_at: datetime
    results: tuple[LabResult, ...]
    dialysis_twice_in_7d: bool
    cvvhd_24h_in_7d: bool


@dataclass(frozen=True, slots=True)
class CorrectLabResult(CasebookCommand):
    """Replace a wrong value; `old` is the value that stands there."""

    visit: int
    specimen_set: str
    analyte: str
    old: Quantity
    new: Quantity


@dataclass(frozen=True, slots=True)
class ReportHlaAntibodies(CasebookCommand):
    """Enter HLA antibodies of a visit."""

    visit: int
    assay: str
    threshold_mfi: Decimal
    class_i: AntibodyClass
    class_ii: AntibodyClass


@dataclass(frozen=True, slots=True)
class RecordVitalStatus(CasebookCommand):
    """Record whether the subject was alive on a study day."""

    study_day: int
    alive: bool
