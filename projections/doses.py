"""The doses given: what came out of which lot into whom, how it was given, and who answered for it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.kernel.codec import to_data
from core.kernel.quantities import write_decimal
from core.kernel.time import local_text
from core.trial.registry import events_of
from core.trial.study.state import require_config
from core.trial.subject.dosing import deviation_percent, dose_deviation, nominal_cells
from core.trial.subject.events import DoseAdministered, DoseCorrected, DoseWitnessed
from core.trial.subject.outcome import dose_level
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.product.state import Lot
    from core.trial.subject.events import Interruption
    from core.trial.trial import Trial

_HUNDREDTH: Final = Decimal("0.01")


class Doses:
    """One row a dosed subject."""

    name = "doses"
    readers = readers_of(name, "subject")
    concerns = events_of("subject", "study")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the subject's row after dose, correction or witness; all rows where levels may move."""
        del before
        if isinstance(event.payload, DoseAdministered | DoseCorrected | DoseWitnessed):
            keys = [streams.key_of(event.stream)]
        elif event.stream == streams.STUDY:
            keys = [key for key, subject in trial.subjects.items() if subject.dose is not None]
        else:
            return
        for key in keys:
            yield RowChange(key, _row(key, trial))


def _row(key: str, trial: Trial) -> dict[str, Any]:
    subject, study = trial.subjects[key], trial.study
    dose = subject.dose
    if dose is None:
        raise KeyError(key)
    zone, given = require_config(study).zone, dose.event
    nominal = nominal_cells(dose, study)
    return {
        "subject_key": key,
        "level": dose_level(dose, study),
        "cells": to_data(given.cells),
        "nominal_cells": {"value": write_decimal(nominal), "unit": given.cells.unit},
        "deviation_percent": write_decimal(_rounded(deviation_percent(dose, study))),
        "deviates": dose_deviation(dose, study),
        "volume": to_data(given.volume),
        "route": given.route,
        "started_at": local_text(given.started_at, zone),
        "ended_at": local_text(given.ended_at, zone),
        "interruption": _interruption(given.interruption, zone),
        "identity_checked": given.identity_checked,
        "digest": dose.digest,
        "witnessed_by": sorted(person for person, digest in dose.witnessed if digest == dose.digest),
        **_product(given.lot, trial.lots.get(given.lot), key),
    }


def _rounded(percent: Decimal) -> Decimal:
    """Return two decimal places, half to even; nought without a sign."""
    return percent.quantize(_HUNDREDTH) + 0


def _interruption(one: Interruption | None, zone: str) -> dict[str, Any] | None:
    if one is None:
        return None
    resumed = None if one.resumed_at is None else local_text(one.resumed_at, zone)
    return {"at": local_text(one.at, zone), "resumed_at": resumed, "cause": one.cause}


def _product(identifier: str, lot: Lot | None, key: str) -> dict[str, Any]:
    preparation = lot.preparation_for(key) if lot else None
    checked = preparation.checked if preparation else None
    return {
        "lot": identifier,
        "donor": lot.contents.donor if lot and lot.contents else None,
        "donor_hla_typing": lot.contents.hla_typing if lot and lot.contents else (),
        "prepared_by": preparation.prepared.person if preparation else None,
        "checked_by": checked.person if checked else None,
    }
