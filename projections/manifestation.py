"""Printed name, time and meaning beside whatever shows a signed record: 21 CFR 11.50(b).

* A row carries as `signature` the position of the event that made it read so; before anybody sees it, the
  manifest of that event takes the position's place. Frozen at signing: who is renamed later stays as signed.
* A view that computes over many records says `computed`; no one signature stands for its rows.
* A view that presents what it stores passes `signature` on, or names the position that fits better; None
  where the row is found by computation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.kernel.time import local_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from core.kernel.recorded import Recorded
    from projections.projection import Projection

SIGNATURE: Final = "signature"

Row = dict[str, Any]


def manifest_of(event: Recorded) -> Row:
    """Return the signature of an event as people read it: 21 CFR 11.50(a)."""
    return {
        "position": event.position,
        "printed_name": event.signer.name,
        "role": event.signer.role,
        "meaning": event.meaning,
        "signed_at": local_text(event.signed_at, event.zone),
        "zone": event.zone,
    }


def is_computed(projection: Projection) -> bool:
    """Tell whether the view's rows are figures over many records; such a projection says `computed`."""
    return bool(getattr(projection, "computed", False))


def with_manifests(
    rows: Sequence[Row], manifests: Callable[[Collection[int]], Mapping[int, Row]]
) -> list[Row]:
    """Return the rows with the manifest in place of the position that each names as its signature."""
    positions = {row[SIGNATURE] for row in rows if isinstance(row.get(SIGNATURE), int)}
    if not positions:
        return list(rows)
    found = manifests(positions)
    return [
        {**row, SIGNATURE: found[row[SIGNATURE]]} if isinstance(row.get(SIGNATURE), int) else row
        for row in rows
    ]
