"""What a laboratory result must fulfil before it is believed: units, size, order of times, its specimen."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.rules.lab_units import standard_value
from core.rules.quantities import Quantity
from core.trial.context import require_past
from core.trial.devices.events import DeviceKind
from core.trial.study.state import require_config

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from core.rules.quantities import HasQuantity
    from core.trial.casebook.events import LabResult
    from core.trial.casebook.state import Casebook
    from core.trial.context import Context
    from core.trial.facts import Facts
    from core.trial.study.config import PlausibleRange, ProtocolConfig


def require_result(facts: Facts, casebook: Casebook, result: LabResult, context: Context) -> None:
    """Refuse a result that no laboratory can have released by now.

    Raises: `RESULT_BEFORE_DRAW`, `FUTURE_TIME`, `SPECIMEN_MISMATCH`, `RESULT_BEFORE_RECEIPT`,
    and as `require_source` and `require_plausible_by`.
    """
    require_source(facts, result)
    require_times(result.drawn_at, result.resulted_at, context)
    require_specimen(casebook, result.specimen_set, result.drawn_at, result.resulted_at)
    require_plausible_by(require_config(facts.study()), result.analyte, result)


def require_source(facts: Facts, result: LabResult) -> None:
    """Refuse a result from no analyser that counts, or from none where the configuration asks for one.

    What the analyser's clock said is recorded and not judged; no device is asked about where none is named.

    Raises: `ANALYSER_MISSING`, `DEVICE_NOT_REGISTERED` (21 CFR 11.10(h)).
    """
    if result.measured is None:
        laboratory = require_config(facts.study()).laboratory
        if laboratory is not None and result.analyte in laboratory.analyser_named:
            raise Refused("ANALYSER_MISSING", f"a result of {result.analyte} names its analyser")
    elif not facts.devices().counting(result.measured.analyser, DeviceKind.ANALYSER):
        raise Refused("DEVICE_NOT_REGISTERED", "no analyser that counts is registered under this id")


def require_times(drawn_at: datetime, resulted_at: datetime, context: Context) -> None:
    """Refuse results before their draw or after now.

    Raises: `RESULT_BEFORE_DRAW`, `FUTURE_TIME` (part 11 section 6: drawn, received, resulted, now).
    """
    if resulted_at < drawn_at:
        raise Malformed("RESULT_BEFORE_DRAW", "a result comes after its draw", field="resulted_at")
    require_past(resulted_at, context.now, "resulted_at")


def require_specimen(
    casebook: Casebook, specimen_set: str, drawn_at: datetime, resulted_at: datetime
) -> None:
    """Refuse results that contradict the specimen's own record, if there is one.

    Raises: `SPECIMEN_MISMATCH`, `RESULT_BEFORE_RECEIPT`.
    """
    specimen = casebook.specimens.get(specimen_set)
    if specimen is None:
        return
    if specimen.drawn_at != drawn_at:
        raise Refused("SPECIMEN_MISMATCH", "the specimen is recorded as drawn at another time")
    if specimen.received_at is not None and resulted_at < specimen.received_at:
        raise Refused("RESULT_BEFORE_RECEIPT", "the laboratory had not received the specimen by then")


def require_plausible_by(config: ProtocolConfig, analyte: str, quantity: HasQuantity) -> None:
    """Refuse a value that the signed configuration holds to be impossible; ends of a range are possible.

    Raises: `UNKNOWN_ANALYTE`, `UNKNOWN_UNIT`, `NON_POSITIVE`, `IMPLAUSIBLE`. Source: domain 3, plausibility.
    """
    value, limits = standard_value(analyte, quantity), _limits(config, analyte)
    if value < 0 or (value == 0 and (limits is None or limits.low > 0)):
        raise Refused("NON_POSITIVE", f"{analyte} is zero or less", analyte=analyte)
    if limits is None:
        return
    lowest, highest = _ends(limits)
    if not lowest <= value <= highest:
        raise Refused("IMPLAUSIBLE", f"{analyte} is outside its plausible range", analyte=analyte)


def _limits(config: ProtocolConfig, analyte: str) -> PlausibleRange | None:
    for one in config.plausible_ranges:
        if one.analyte == analyte:
            return one
    return None


@lru_cache(maxsize=256)  # a configuration has some tens
def _ends(limits: PlausibleRange) -> tuple[Decimal, Decimal]:
    """Return lowest and highest plausible value in the standard unit of the analyte."""
    low, high = (Quantity(end, limits.unit) for end in (limits.low, limits.high))
    return standard_value(limits.analyte, low), standard_value(limits.analyte, high)
