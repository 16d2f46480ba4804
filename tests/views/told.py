"""What views read after made-up events, without a store: events are folded as they would stand in a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projections.as_of import Rebuilding
from projections.catalogue import PROJECTIONS
from projections.presenting import presented
from tests.support.given import LONG_AFTER, NCT05727722, given, recorded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.trial.study.config import ProtocolConfig
    from tests.support.given import Past

_BY_NAME = {projection.name: projection for projection in PROJECTIONS}


def read_after(
    events: Sequence[Past],
    view: str,
    moment: datetime = LONG_AFTER,
    study: ProtocolConfig = NCT05727722,
) -> list[dict[str, Any]]:
    """Return the rows of a view as people read them at a moment."""
    projection = _BY_NAME[view]
    rebuilding = Rebuilding((projection,))
    versions: dict[str, int] = {}
    for position, past in enumerate([*given(study=study).base, *events], 1):
        versions[past.stream] = versions.get(past.stream, 0) + 1
        rebuilding.feed(recorded(past, position, versions[past.stream]))
    return presented(projection, rebuilding.rows()[view], moment)
