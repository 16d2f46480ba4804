"""Countersignatures: who signed statements of other people once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from core.kernel.persistent import PersistentMap

if TYPE_CHECKING:
    from core.kernel.recorded import Recorded

# The digest of a statement, and everybody who countersigned it.
Countersigners: TypeAlias = PersistentMap[str, frozenset[str]]


def countersigned(state: Countersigners, recorded: Recorded) -> Countersigners:
    """Return who countersigned what, after one more countersignature."""
    by = frozenset({recorded.signer.id})
    for digest in recorded.payload.covers:
        state = state.with_item(digest, state.get(digest, frozenset()) | by)
    return state
