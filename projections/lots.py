"""Lots of the product: where each stands, what is left of it, and the doses prepared from it.

Whether a lot has expired depends on the day on which one asks: it is told at reading (record 7).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.kernel.codec import to_data
from core.kernel.quantities import write_decimal
from core.kernel.time import local_text
from core.trial.registry import events_of
from core.trial.study.state import require_config
from core.trial.subject.events import DoseAdministered, DoseCorrected
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from core.kernel.recorded import Recorded
    from core.trial.product.events import LotContents
    from core.trial.product.state import Lot, Preparation
    from core.trial.subject.state import Subject
    from core.trial.trial import Trial

_AS_STORED: Final = ("donor", "cell_source", "hla_typing", "tests", "temperature_log_ok")


class Lots:
    """One row a lot."""

    name = "lots"
    readers = readers_of(name, "lot", "subject")
    concerns = events_of("lot", "subject", "study")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the lot's row, also after a dose was given out of it or turned out to be of another."""
        del before
        for lot in _touched(event, trial):
            yield RowChange(lot, _row(lot, trial))

    def present(self, rows: Sequence[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
        """Return the rows with whether each lot has expired by the moment."""
        return [{**row, "expired": moment >= datetime.fromisoformat(row["expires_at"])} for row in rows]


def _touched(event: Recorded, trial: Trial) -> Iterable[str]:
    if event.stream.startswith(streams.LOT_PREFIX):
        return (streams.key_of(event.stream),)
    if event.stream == streams.STUDY:  # an amendment may renumber the levels
        return tuple(trial.lots)
    if isinstance(event.payload, DoseAdministered | DoseCorrected):
        key = streams.key_of(event.stream)
        return [lot for lot, state in trial.lots.items() if state.preparation_for(key)]
    return ()


def _row(identifier: str, trial: Trial) -> dict[str, Any]:
    lot = trial.lots[identifier]
    zone = require_config(trial.study).zone
    contents = _contents(lot.contents, zone) if lot.contents else {}
    return {
        "lot": identifier,
        "status": status_of(lot),
        **contents,
        "cells_left": write_decimal(lot.cells_left),
        "received_by": lot.received.person if lot.received else None,
        "released_by": lot.released.person if lot.released else None,
        "released_at": local_text(lot.released.at, zone) if lot.released else None,
        "rejected_because": lot.rejected.cause if lot.rejected else None,
        "preparations": [_preparation(identifier, one, trial, zone) for one in lot.preparations],
    }


def status_of(lot: Lot) -> str:
    """Return the one word for where the lot stands, its expiry aside."""
    if lot.rejected:
        return "rejected"
    if not lot.released:
        return "received"
    return "released" if lot.cells_left > 0 else "exhausted"


def _contents(contents: LotContents, zone: str) -> dict[str, Any]:
    data = to_data(contents)
    return {
        **{name: data[name] for name in _AS_STORED},
        "made_at": local_text(contents.made_at, zone),
        "expires_at": local_text(contents.expires_at, zone),
        "viability_percent": data["viability_percent"],
        "total_cells": data["total_cells"],
        "viable_cells": data["viable_cells"],
        "volume": data["volume"],
    }


def _preparation(lot: str, one: Preparation, trial: Trial, zone: str) -> dict[str, Any]:
    data = to_data(one.dose)
    return {
        "subject_key": one.dose.subject_key,
        "status": _became(lot, one, trial.subjects),
        "level": trial.study.level_now(one.dose.config_number, one.dose.level),
        "cells": data["cells"],
        "volume": data["volume"],
        "planned_at": local_text(one.dose.planned_at, zone),
        "prepared_by": one.prepared.person,
        "prepared_at": local_text(one.prepared.at, zone),
        "checked_by": one.checked.person if one.checked else None,
        "checked_at": local_text(one.checked.at, zone) if one.checked else None,
        "discarded_because": one.discarded.cause if one.discarded else None,
    }


def _became(lot: str, one: Preparation, subjects: Mapping[str, Subject]) -> str:
    if one.discarded:
        return "discarded"
    subject = subjects.get(one.dose.subject_key)
    if subject and subject.dose and subject.dose.event.lot == lot:
        return "given"
    return "checked" if one.checked else "prepared"
