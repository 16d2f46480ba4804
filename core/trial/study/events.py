"""Facts about the study: its configuration and amendments, proposed by one person, approved by another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from core.kernel.actors import Meaning, Role, Signers
from core.trial.study.config import ConsentForm, DoseLevel, ProtocolConfig, VisitWindow


@dataclass(frozen=True, slots=True)
class ProtocolConfigProposed:
    """One person proposes a version of the configuration; it has no effect yet."""

    TOPIC: ClassVar[str] = "study.ProtocolConfigProposed/1"
    number: int
    config: ProtocolConfig


@dataclass(frozen=True, slots=True)
class ProtocolConfigApproved:
    """Another person approves it; it counts from here on, never backwards.

    `covers` is the digest of the proposal; `self_test` that of what the calculators answered to the
    built-in cases under this configuration, so that anybody can tell whether theirs answer the same.
    """

    TOPIC: ClassVar[str] = "study.ProtocolConfigApproved/1"
    number: int
    covers: str
    self_test: str


@dataclass(frozen=True, slots=True)
class AmendmentProposed:
    """One person proposes one change of the configuration that counts; the other fields are null."""

    TOPIC: ClassVar[str] = "study.AmendmentProposed/1"
    number: int
    ethics_approval: str
    max_subjects: int | None
    dose_level: DoseLevel | None
    visits: tuple[VisitWindow, ...] | None
    consent_form: ConsentForm | None


@dataclass(frozen=True, slots=True)
class SampleSizeAmended:
    """The limit of dosed subjects is another from here on."""

    TOPIC: ClassVar[str] = "study.SampleSizeAmended/1"
    number: int
    covers: str
    max_subjects: int


@dataclass(frozen=True, slots=True)
class DoseLevelAdded:
    """A dose level was put between or above the others from here on; levels above it count one higher."""

    TOPIC: ClassVar[str] = "study.DoseLevelAdded/1"
    number: int
    covers: str
    dose_level: DoseLevel


@dataclass(frozen=True, slots=True)
class VisitWindowsAmended:
    """Visits recorded from here on have these windows."""

    TOPIC: ClassVar[str] = "study.VisitWindowsAmended/1"
    number: int
    covers: str
    visits: tuple[VisitWindow, ...]


@dataclass(frozen=True, slots=True)
class ConsentFormApproved:
    """A consent form may be used from its first day on."""

    TOPIC: ClassVar[str] = "study.ConsentFormApproved/1"
    number: int
    covers: str
    consent_form: ConsentForm


StudyEvent = (
    ProtocolConfigProposed
    | ProtocolConfigApproved
    | AmendmentProposed
    | SampleSizeAmended
    | DoseLevelAdded
    | VisitWindowsAmended
    | ConsentFormApproved
)

# Who signs each type, meaning what: the rows with which the policy of position 1 is born.
SIGNERS: Final[Signers] = {
    ProtocolConfigProposed: ((Role.MM, Meaning.APPROVED),),
    ProtocolConfigApproved: ((Role.PI, Meaning.APPROVED),),
    AmendmentProposed: ((Role.MM, Meaning.APPROVED),),
    SampleSizeAmended: ((Role.PI, Meaning.APPROVED),),
    DoseLevelAdded: ((Role.PI, Meaning.APPROVED),),
    VisitWindowsAmended: ((Role.PI, Meaning.APPROVED),),
    ConsentFormApproved: ((Role.PI, Meaning.APPROVED),),
}
