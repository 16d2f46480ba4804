"""Signed decisions that would have read otherwise, had the committee known what is known now (domain 1.3).

One row a signed decision and the event that changed it, keyed `decision position/event position`. `stands`
tells whether the protocol gives again what it gave then; nothing that was signed is ever edited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.kernel.time import local_text
from core.trial.escalation.events import DecisionSuperseded
from core.trial.hindsight import words
from core.trial.registry import event_name, events_of
from core.trial.study.state import require_config
from projections.counts import counts_row
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.rules.escalation import Decision
    from core.trial.hindsight import Remembered, Touch
    from core.trial.study.state import Study
    from core.trial.trial import Trial


class DecisionChanges:
    """One row a decision and the event that would have changed it."""

    name = "decision-changes"
    readers = readers_of(name, "subject", "escalation")
    computed = True
    concerns = events_of("subject", "escalation")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the rows of the decisions that the event changes, or of one that is acknowledged."""
        del before
        payload = event.payload
        if isinstance(payload, DecisionSuperseded):
            for one in trial.remembered:
                for touch in one.touches:
                    if (one.digest, touch.digest) == (payload.superseded, payload.by):
                        yield _row(one, touch, event.position)
        elif event.stream.startswith(streams.SUBJECT_PREFIX):
            for one in trial.remembered:
                if one.touches and one.touches[-1].position == event.position:
                    yield _row(one, one.touches[-1], None)


def _row(one: Remembered, touch: Touch, acknowledged: int | None) -> RowChange:
    zone = require_config(one.study).zone
    row = {
        "decision_position": one.position,
        "decided_at": local_text(one.at, zone),
        "signed": {"decision": one.signed.decision, **_at(one.signed.level, one.study)},
        "overridden": one.signed.overridden,
        "position": touch.position,
        "event": event_name(touch.topic),
        "subject_key": touch.subject_key,
        "was": _said(touch.was, one.study),
        "would_be": _said(touch.would_be, one.study),
        "stands": words(touch.would_be) == (one.signed.computed_decision, one.signed.computed_level),
        "acknowledged_position": acknowledged,
    }
    return RowChange(f"{one.position}/{touch.position}", row)


def _at(level: int | None, study: Study) -> dict[str, Any]:
    """Return a level of the configuration of that day beside its dose, which no amendment renames."""
    if level is None:
        return {"level": None, "cells": None, "unit": None}
    cells = require_config(study).levels[level - 1].cells
    return {"level": level, "cells": str(cells.value), "unit": cells.unit}


def _said(decision: Decision, study: Study) -> dict[str, Any]:
    return {
        "decision": str(decision.decision),
        **_at(decision.level, study),
        "reason": str(decision.reason),
        "row": decision.row,
        "slots": decision.slots,
        "flags": list(decision.flags),
        "levels": {str(level): counts_row(counts) for level, counts in decision.levels},
    }
