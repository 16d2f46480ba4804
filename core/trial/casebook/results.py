"""What a laboratory result must fulfil before it is believed: units, size, order of times, its specimen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.rules.lab_units import in_standard_unit
from core.rules.quantities import Quantity
from core.trial.context import require_past
from core.trial.study.state import require_config

if TYPE_CHECKING:
    from datetime import datetime

    from core.rules.quantities import HasQuantity
    from core.trial.casebook.events import LabResult
    from core.trial.casebook.state import Casebook
    from core.trial.context import Context
    from core.trial.facts import Facts
    from core.trial.study.config import ProtocolConfig


def require_result(facts: Facts, casebook: Casebook, result: LabResult, context: Context) -> None:
    """Refuse a result that no laboratory can have released by now.

    Raises: `RESULT_BEFORE_DRAW`, `FUTURE_TIME`, `SPECIMEN_MISMATCH`, `RESULT_BEFORE_RECEIPT`,
    and as `require_plausible_by`.
    """
    require_times(result.drawn_at, result.resulted_at, context)
    require_specimen(casebook, result.specimen_set, result.drawn_at, result.resulted_at)
    require_plausible_by(require_config(facts.study()), result.analyte, result)


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
    value = in_standard_unit(analyte, quantity).value
    limits = next((one for one in config.plausible_ranges if one.analyte == analyte), None)
    if value < 0 or (value == 0 and (limits is None or limits.low > 0)):
        raise Refused("NON_POSITIVE", f"{analyte} is zero or less", analyte=analyte)
    if limits is None:
        return
    lowest, highest = (
        in_standard_unit(analyte, Quantity(end, limits.unit)).value for end in (limits.low, limits.high)
    )
    if not lowest <= value <= highest:
        raise Refused("IMPLAUSIBLE", f"{analyte} is outside its plausible range", analyte=analyte)
