"""What can be asked for about the study's configuration."""

from __future__ import annotations

from dataclasses import dataclass

from core.kernel import streams
from core.trial.study.config import ConsentForm, DoseLevel, ProtocolConfig, VisitWindow


@dataclass(frozen=True, slots=True)
class StudyCommand:
    """A command about the study as a whole."""

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.STUDY


@dataclass(frozen=True, slots=True)
class ProposeProtocolConfig(StudyCommand):
    """Propose a version of the protocol configuration, the first one or a later one."""

    config: ProtocolConfig


@dataclass(frozen=True, slots=True)
class ApproveProtocolConfig(StudyCommand):
    """Approve the proposed configuration with this number."""

    number: int


@dataclass(frozen=True, slots=True)
class ProposeAmendment(StudyCommand):
    """Propose one change of the configuration that counts: exactly one of the last four is given."""

    ethics_approval: str
    max_subjects: int | None
    dose_level: DoseLevel | None
    visits: tuple[VisitWindow, ...] | None
    consent_form: ConsentForm | None


@dataclass(frozen=True, slots=True)
class ApproveAmendment(StudyCommand):
    """Approve the proposed amendment with this number."""

    number: int
