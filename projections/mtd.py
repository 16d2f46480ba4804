"""Where the trial stands on its question: the maximum tolerated dose, by which signed decision.

`not_yet`; `declared`, by the table; `declared_by_override`, against it; `not_reached`: the highest dose was
tolerated; `none_tolerated`. A terminal decision is not absorbing: `stands` tells whether the protocol would
still give it on the facts as known now (domain 1.3), and a declaration that does not is
`declared_superseded`, whoever made it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.rules.escalation import DecisionKind
from core.trial.escalation.events import DecisionSigned
from core.trial.registry import events_of
from core.trial.study.state import require_config
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.hindsight import Remembered
    from core.trial.trial import Trial

_KEY: Final = "mtd"


class Mtd:
    """One row; `level` and dose are as they were signed, `level_now` is the ordinal today."""

    name = "mtd"
    readers = readers_of(name, "subject", "escalation")
    computed = True
    concerns = events_of("subject", "study", "escalation")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the row where a signature or a change of what is known may have moved it."""
        del before
        signed = isinstance(event.payload, DecisionSigned)
        of_subject = event.stream.startswith(streams.SUBJECT_PREFIX) and bool(trial.remembered)
        if signed or of_subject or event.stream == streams.STUDY:
            yield RowChange(_KEY, _row(trial))


def _row(trial: Trial) -> dict[str, Any]:
    last = trial.remembered[-1] if trial.remembered else None
    changed_by = last.changed_by if last else None
    return {
        "status": status_of(last),
        **_dose(last),
        "level_now": _level_now(last, trial),
        "decision_position": last.position if last else None,
        "overridden": last.signed.overridden if last else False,
        "stands": last.stands if last else True,
        "superseded_by": changed_by.position if changed_by else None,
    }


def status_of(last: Remembered | None) -> str:
    """Return the one word for the answer, by the last signed decision."""
    if last is None:
        return "not_yet"
    match DecisionKind(last.signed.decision):
        case DecisionKind.STOP_NO_MTD:
            return "none_tolerated"
        case DecisionKind.DECLARE_MTD:
            return _declared(last)
        case _:
            return "not_yet"


def _declared(last: Remembered) -> str:
    if not last.stands:
        return "declared_superseded"
    if last.signed.overridden:
        return "declared_by_override"
    return "not_reached" if _not_exceeded(last, len(require_config(last.study).levels)) else "declared"


def _level_now(last: Remembered | None, trial: Trial) -> int | None:
    if last is None or last.signed.mtd is None:
        return None
    return trial.study.level_now(last.signed.config_number, last.signed.mtd)


def _not_exceeded(last: Remembered, levels: int) -> bool:
    """Tell whether it is the highest level, which no level above has shown to be the maximum."""
    return last.signed.mtd == levels


def _dose(last: Remembered | None) -> dict[str, Any]:
    if last is None or last.signed.mtd is None:
        return {"level": None, "cells": None, "unit": None}
    config = last.study.version(last.signed.config_number)
    cells = config.levels[last.signed.mtd - 1].cells
    return {"level": last.signed.mtd, "cells": str(cells.value), "unit": cells.unit}
