"""The quality of one subject's casebook: items, what was verified, frozen or locked, signed off.

* It is folded from the subject's two streams and from the reviews that name the subject.
* Whether a verification or a signature is still of what stands there follows from it: no flag says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, assert_never

from core.kernel.persistent import PersistentMap
from core.trial.quality import items as items_of
from core.trial.quality.events import (
    CasebookFrozen,
    CasebookLocked,
    CasebookQualityEvent,
    CasebookSigned,
    CasebookUnfrozen,
    CasebookUnlocked,
    SourceMismatchFound,
    SourceVerified,
    UnlockProposed,
)
from core.trial.quality.items import Items

if TYPE_CHECKING:
    from core.kernel.recorded import Recorded
    from core.trial.quality.events import ItemVersion


class Access(StrEnum):
    """Whether a casebook takes entries."""

    OPEN = "open"
    FROZEN = "frozen"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Check:
    """The last comparison of an item with its source; `found` is what the source says where they differ."""

    version: str
    by: str
    position: int
    found: str | None = None


@dataclass(frozen=True, slots=True)
class SignOff:
    """A signature over the casebook and the positions of what was entered since, up to the next one."""

    position: int
    by: str
    event: CasebookSigned
    changed_by: tuple[int, ...] = ()

    @property
    def is_current(self) -> bool:
        """Tell whether what was signed is what stands there."""
        return not self.changed_by


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal to unlock: its digest, who made it, and why, in their words."""

    digest: str
    by: str
    grounds: str


@dataclass(frozen=True, slots=True)
class CasebookQuality:
    """What is known about the quality of one casebook; `access_since` is the position that made it so."""

    items: Items = field(default_factory=Items)
    checks: PersistentMap[tuple[str, str], Check] = field(default_factory=PersistentMap)
    access: Access = Access.OPEN
    access_since: int = 0
    access_by: str | None = None
    plan: tuple[str, ...] = ()
    proposal: Proposal | None = None
    sign_off: SignOff | None = None

    def is_verified(self, record: str, name: str, version: str) -> bool:
        """Tell whether this version of an item was found to agree with its source."""
        check = self.checks.get((record, name))
        return check is not None and check.version == version and check.found is None


NEW: Final = CasebookQuality()


def entered(state: CasebookQuality, recorded: Recorded) -> CasebookQuality:
    """Return the state after a clinical event of the subject's or the casebook's stream."""
    items = items_of.evolve(state.items, recorded)
    sign_off = state.sign_off
    if sign_off is None:
        return replace(state, items=items)
    changed_by = (*sign_off.changed_by, recorded.position)
    return replace(state, items=items, sign_off=replace(sign_off, changed_by=changed_by))


def evolve(state: CasebookQuality, recorded: Recorded) -> CasebookQuality:
    """Return the state after an event about the casebook as a whole."""
    event: CasebookQualityEvent = recorded.payload
    match event:
        case CasebookFrozen():
            return _with_access(state, Access.FROZEN, recorded)
        case CasebookUnfrozen() | CasebookUnlocked():
            return _with_access(state, Access.OPEN, recorded)
        case CasebookLocked(plan=plan):
            return replace(_with_access(state, Access.LOCKED, recorded), plan=plan)
        case UnlockProposed():
            grounds = "" if recorded.reason is None else recorded.reason.text
            return replace(state, proposal=Proposal(recorded.digest, recorded.signer.id, grounds))
        case CasebookSigned():
            return replace(state, sign_off=SignOff(recorded.position, recorded.signer.id, event))
        case _:
            assert_never(event)


def checked(state: CasebookQuality, recorded: Recorded) -> CasebookQuality:
    """Return the state after a comparison of items with their source."""
    event: SourceVerified | SourceMismatchFound = recorded.payload
    if isinstance(event, SourceVerified):
        found: list[tuple[ItemVersion, str | None]] = [(item, None) for item in event.items]
    else:
        found = [(one.item, one.found) for one in event.mismatches]
    checks = state.checks
    for item, said in found:
        check = Check(item.version, recorded.signer.id, recorded.position, said)
        checks = checks.with_item((item.record, item.field), check)
    return replace(state, checks=checks)


def _with_access(state: CasebookQuality, access: Access, recorded: Recorded) -> CasebookQuality:
    return replace(
        state,
        access=access,
        access_since=recorded.position,
        access_by=recorded.signer.id,
        plan=(),
        proposal=None,
    )
