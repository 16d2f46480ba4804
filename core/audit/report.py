"""What a verification says: a verdict, and what it found, in stable words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.audit.signature_register import Standing


class Verdict(StrEnum):
    """Words of ETSI EN 319 102-1, shortened: passed, failed, indeterminate."""

    VERIFIED = "verified"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One defect: the position of the log where it shows, a stable code, a sentence."""

    position: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """Result of a verification of `size` events.

    `trust` says whether the roots of trust were given from outside or taken from the store itself;
    `cannot` holds codes of what could not be checked. `signatures` are those among the good ones that are
    not plainly valid: in doubt, re-affirmed, changed since signing. The verdict is on bytes, not on them.
    """

    size: int
    checkpoints: int
    head: str | None
    findings: tuple[Finding, ...]
    cannot: tuple[tuple[str, str], ...]
    trust: str
    signatures: tuple[Standing, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Failed if anything was found, indeterminate if something could not be checked."""
        if self.findings:
            return Verdict.FAILED
        return Verdict.INDETERMINATE if self.cannot else Verdict.VERIFIED

    @property
    def first_bad_position(self) -> int | None:
        """The first position that is not what it should be."""
        return min((finding.position for finding in self.findings), default=None)

    def to_value(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        return {
            "verdict": str(self.verdict),
            "size": self.size,
            "checkpoints": self.checkpoints,
            "head": self.head,
            "trust": self.trust,
            "first_bad_position": self.first_bad_position,
            "findings": [{"position": f.position, "code": f.code, "detail": f.detail} for f in self.findings],
            "cannot": [{"code": code, "detail": detail} for code, detail in self.cannot],
            "signatures": [signature.to_value() for signature in self.signatures],
        }
