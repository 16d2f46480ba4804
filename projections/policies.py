"""Every policy that was ever proposed: what became other by it, item by item, who signed it, since when.

The first row is the policy of position 1. A row of a later one holds both signatures, of who proposed and of
who approved or withdrew it; `loosens` in a change marks somebody more who signs, a requirement less or
changed, or a limit that is wider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from core.kernel import streams
from core.kernel.codec import to_data
from core.trial.instance.events import (
    InstanceCreated,
    PolicyChanged,
    PolicyChangeProposed,
    PolicyChangeWithdrawn,
)
from core.trial.instance.policy_differences import differences
from projections.manifestation import manifest_of
from projections.projection import RowChange, RowPatch
from projections.read_rights import readers_of
from projections.stamps import reason_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.kernel.recorded import Recorded
    from core.trial.instance.events import Policy
    from core.trial.instance.policy_differences import Difference
    from core.trial.instance.state import Instance
    from core.trial.trial import Trial

Row: TypeAlias = "dict[str, Any]"

IN_FORCE: Final = "in force"
PROPOSED: Final = "waits for approval"
SUPERSEDED: Final = "was in force until the next"
WITHDRAWN: Final = "withdrawn"


class Policies:
    """One row a policy, keyed by its number among those proposed; everybody reads what they are judged by."""

    name = "policies"
    readers = readers_of(name, streams.INSTANCE)
    concerns = frozenset({InstanceCreated, PolicyChangeProposed, PolicyChanged, PolicyChangeWithdrawn})

    def project(
        self, event: Recorded, before: Instance | None, trial: Trial
    ) -> Iterable[RowChange | RowPatch]:
        """Return the row of the policy that is proposed or settled, and of the one that it replaces."""
        instance = trial.instance
        match event.payload:
            case InstanceCreated(policy=policy):
                yield RowChange("1", {**_row(1, policy, event, ()), **_settled(IN_FORCE, event)})
            case PolicyChangeProposed(policy=policy) if before is not None and before.policy is not None:
                changes = differences(before.policy, policy)
                yield RowChange(str(instance.policies), _row(instance.policies, policy, event, changes))
            case PolicyChanged() if before is not None:
                yield RowPatch(str(before.enacted[-1].number), {"status": SUPERSEDED})
                yield RowPatch(str(instance.policies), _settled(IN_FORCE, event))
            case PolicyChangeWithdrawn():
                yield RowPatch(str(instance.policies), _settled(WITHDRAWN, event))
            case _:
                pass


def _row(number: int, policy: Policy, event: Recorded, changes: Sequence[Difference]) -> Row:
    """Return the row of a policy that is proposed."""
    return {
        "number": number,
        "status": PROPOSED,
        "changed": ", ".join(one.item for one in changes),
        "counts_from_position": None,
        "proposed_by": event.signer.id,
        "proposed": manifest_of(event),
        "settled": None,
        "reason": reason_row(event.reason),
        "accountability": policy.accountability.id,
        "digest": event.digest,
        "changes": [_told(one) for one in changes],
        "policy": to_data(policy),
        "signature": event.position,
    }


def _settled(status: str, event: Recorded) -> Row:
    """Return what the second signature makes of a policy; that of position 1 needs none."""
    counts = event.position if status == IN_FORCE else None
    settled = None if isinstance(event.payload, InstanceCreated) else manifest_of(event)
    return {
        "status": status,
        "settled": settled,
        "counts_from_position": counts,
        "signature": event.position,
    }


def _told(one: Difference) -> Row:
    return {"item": one.item, "old": one.old, "new": one.new, "loosens": one.loosens}
