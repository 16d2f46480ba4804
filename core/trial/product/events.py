"""Facts about a lot of the cell product: received, released or rejected, and prepared for a subject."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final

from core.kernel.actors import Meaning, Role, Signers
from core.kernel.quantities import Quantity


@dataclass(frozen=True, slots=True)
class ReleaseTest:
    """One test of a lot, whether it passed, and its certificate: `sha256:` and 64 hex digits."""

    name: str
    passed: bool
    certificate: str


@dataclass(frozen=True, slots=True)
class LotContents:
    """What a lot is: whose cells, how many, how long they last, and what was tested.

    Usable before `expires_at`, not at it. Viability in percent; `hla_typing` are the donor's alleles in WHO
    nomenclature; `temperature_log_ok` tells whether the shipment stayed within its limits.
    """

    donor: str
    cell_source: str
    made_at: datetime
    expires_at: datetime
    viability_percent: Decimal
    total_cells: Quantity
    viable_cells: Quantity
    volume: Quantity
    hla_typing: tuple[str, ...]
    tests: tuple[ReleaseTest, ...]
    temperature_log_ok: bool


@dataclass(frozen=True, slots=True)
class LotReceived:
    """A lot arrived at the site; nobody is dosed from it before it is released."""

    TOPIC: ClassVar[str] = "product.LotReceived/1"
    contents: LotContents


@dataclass(frozen=True, slots=True)
class LotReleased:
    """A second pharmacist found the lot within specification and released it."""

    TOPIC: ClassVar[str] = "product.LotReleased/1"


@dataclass(frozen=True, slots=True)
class LotRejected:
    """The lot is not used, or no longer: a recall rejects a released one."""

    TOPIC: ClassVar[str] = "product.LotRejected/1"
    cause: str


@dataclass(frozen=True, slots=True)
class DosePrepared:
    """A dose was taken out of the lot for one subject, to be given at `planned_at`."""

    TOPIC: ClassVar[str] = "product.DosePrepared/1"
    subject_key: str
    config_number: int
    level: int
    cells: Quantity
    volume: Quantity
    planned_at: datetime


@dataclass(frozen=True, slots=True)
class DosePreparationChecked:
    """A second pharmacist compared the preparation with the subject, the level and the lot."""

    TOPIC: ClassVar[str] = "product.DosePreparationChecked/1"
    subject_key: str


@dataclass(frozen=True, slots=True)
class DosePreparationDiscarded:
    """A preparation is not given; its cells are gone, another one may be made for the subject."""

    TOPIC: ClassVar[str] = "product.DosePreparationDiscarded/1"
    subject_key: str
    cause: str


ProductEvent = (
    LotReceived | LotReleased | LotRejected | DosePrepared | DosePreparationChecked | DosePreparationDiscarded
)

_PHARMACY: Final = ((Role.PH, Meaning.AUTHORED),)

# Who signs each type, meaning what: the rows with which the policy of position 1 is born.
SIGNERS: Final[Signers] = {
    LotReceived: _PHARMACY,
    LotReleased: ((Role.PH, Meaning.RELEASED),),
    LotRejected: _PHARMACY,
    DosePrepared: _PHARMACY,
    DosePreparationChecked: ((Role.PH, Meaning.VERIFIED),),
    DosePreparationDiscarded: _PHARMACY,
}
