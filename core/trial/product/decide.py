"""Decisions about lots: nothing reaches a subject that two pharmacists have not answered for.

* Who receives a lot does not release it, who releases it does not prepare from it, who prepares does not
  check.
* A lot is usable before its expiry, not at it; a preparation is planned for a moment before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused
from core.trial.context import Context, Decided
from core.trial.product import commands, events
from core.trial.product.events import (
    DosePreparationChecked,
    DosePreparationDiscarded,
    DosePrepared,
    LotReceived,
    LotRejected,
    LotReleased,
)
from core.trial.product.specification import (
    VOLUME_UNIT,
    require_amount,
    require_coherent,
    require_text,
    require_within_specification,
)
from core.trial.study.state import require_config
from core.trial.subject.enrolment import enrolled_level
from core.trial.subject.sequence import has_left

if TYPE_CHECKING:
    from datetime import datetime

    from core.trial.deciding import CommandRow
    from core.trial.facts import Facts
    from core.trial.product.commands import (
        CheckDosePreparation,
        DiscardDosePreparation,
        PrepareDose,
        ReceiveLot,
        RejectLot,
        ReleaseLot,
    )
    from core.trial.product.state import Lot, Preparation, Signed
    from core.trial.study.config import ProtocolConfig


def receive_lot(facts: Facts, command: ReceiveLot, context: Context) -> tuple[Decided, ...]:
    """Record a lot with what its certificates say; out of specification it is received as well.

    Raises: `DUPLICATE_LOT`, `NO_PROTOCOL_CONFIG`, and what `require_coherent` refuses.
    """
    if facts.lot(command.lot).contents is not None:
        raise Refused("DUPLICATE_LOT", "a lot was received under this id, which is never used again")
    require_coherent(command.contents, require_config(facts.study()), context.now)
    return (Decided(command.target, LotReceived(command.contents)),)


def release_lot(facts: Facts, command: ReleaseLot, context: Context) -> tuple[Decided, ...]:
    """Release a lot within specification, by another person than the one who received it.

    Raises: `UNKNOWN_LOT`, `ILLEGAL_SEQUENCE`, `SOD_VIOLATION`, `LOT_FAILS_SPECIFICATION`, `LOT_EXPIRED`.
    """
    lot = facts.known_lot(command.lot)
    if lot.released or lot.rejected:
        raise Refused("ILLEGAL_SEQUENCE", "a lot is released once, and not after it was rejected")
    _require_another(lot.received, context, "who received the lot does not release it")
    _require_after(lot.received, context)
    if lot.contents is not None:
        require_within_specification(lot.contents, require_config(facts.study()))
    _require_unexpired(lot, context.occurred_at)
    return (Decided(command.target, LotReleased()),)


def reject_lot(facts: Facts, command: RejectLot, context: Context) -> tuple[Decided, ...]:
    """Reject a lot before its release, or recall it afterwards; what was given stays given.

    Raises: `UNKNOWN_LOT`, `ILLEGAL_SEQUENCE`, `BAD_TEXT`.
    """
    lot = facts.known_lot(command.lot)
    require_text(command.cause, "cause")
    if lot.rejected:
        raise Refused("ILLEGAL_SEQUENCE", "the lot is already rejected")
    _require_after(lot.released or lot.received, context)
    return (Decided(command.target, LotRejected(command.cause)),)


def prepare_dose(facts: Facts, command: PrepareDose, context: Context) -> tuple[Decided, ...]:
    """Prepare the dose of a subject's level out of a released lot.

    Raises: `UNKNOWN_LOT`, `LOT_NOT_RELEASED`, `LOT_EXPIRED`, `SOD_VIOLATION`, `ILLEGAL_SEQUENCE`,
    `UNKNOWN_SUBJECT`, `ALREADY_DOSED`, `LEVEL_MISMATCH`, `WRONG_UNIT`, `NON_POSITIVE`, `BAD_INTERVAL`,
    `DOSE_OUT_OF_TOLERANCE`, `ALREADY_PREPARED`, `LOT_EXHAUSTED`.
    """
    lot = facts.known_lot(command.lot)
    if not lot.is_released():
        raise Refused("LOT_NOT_RELEASED", "doses are prepared from released lots only")
    _require_another(lot.released, context, "who released the lot does not prepare from it")
    _require_after(lot.released, context)
    _require_due(facts, command)
    config = require_config(facts.study())
    _require_dose(command, config, context)
    _require_unexpired(lot, command.planned_at)
    _require_none_standing(facts, command.subject_key, context.occurred_at)
    if command.cells.value > lot.cells_left:
        raise Refused("LOT_EXHAUSTED", "the lot does not hold as many viable cells any more")
    event = DosePrepared(
        subject_key=command.subject_key,
        config_number=facts.study().number,
        level=command.level,
        cells=command.cells,
        volume=command.volume,
        planned_at=command.planned_at,
    )
    return (Decided(command.target, event),)


def _require_due(facts: Facts, command: PrepareDose) -> None:
    subject = facts.known_subject(command.subject_key)
    if subject.dose is not None:
        raise Refused("ALREADY_DOSED", "the product is given once")
    if subject.enrolled is None or has_left(subject):
        raise Refused("ILLEGAL_SEQUENCE", "a dose is prepared for an enrolled subject")
    if enrolled_level(subject, facts.study()) != command.level:
        raise Refused("LEVEL_MISMATCH", "the subject is enrolled at another level")


def _require_dose(command: PrepareDose, config: ProtocolConfig, context: Context) -> None:
    nominal = config.levels[command.level - 1].cells
    require_amount(command.cells, nominal.unit, "cells")
    require_amount(command.volume, VOLUME_UNIT, "volume")
    if command.planned_at < context.occurred_at:
        raise Malformed("BAD_INTERVAL", "a dose is prepared before it is to be given", field="planned_at")
    tolerance = nominal.value * config.dosing.tolerance_percent / 100
    if abs(command.cells.value - nominal.value) > tolerance:
        raise Refused("DOSE_OUT_OF_TOLERANCE", "the preparation is not the level's dose within its tolerance")


def _require_none_standing(facts: Facts, subject_key: str, moment: datetime) -> None:
    """Refuse a second preparation; one out of a rejected or expired lot cannot be given and is none."""
    usable = (lot for lot in facts.lots().values() if lot.is_released() and not lot.has_expired(moment))
    if any(lot.preparation_for(subject_key) for lot in usable):
        raise Refused("ALREADY_PREPARED", "a dose for this subject is prepared; discard it first")


def check_dose_preparation(
    facts: Facts, command: CheckDosePreparation, context: Context
) -> tuple[Decided, ...]:
    """Check a preparation once, as another person than the one who made it.

    Raises: `UNKNOWN_LOT`, `UNKNOWN_PREPARATION`, `ILLEGAL_SEQUENCE`, `SOD_VIOLATION`.
    """
    preparation = _standing(facts, command.lot, command.subject_key)
    if preparation.checked:
        raise Refused("ILLEGAL_SEQUENCE", "the preparation is already checked")
    _require_another(preparation.prepared, context, "who prepared the dose does not check it")
    _require_after(preparation.prepared, context)
    return (Decided(command.target, DosePreparationChecked(command.subject_key)),)


def discard_dose_preparation(
    facts: Facts, command: DiscardDosePreparation, context: Context
) -> tuple[Decided, ...]:
    """Discard a preparation that was not given.

    Raises: `UNKNOWN_LOT`, `UNKNOWN_PREPARATION`, `BAD_TEXT`, `ALREADY_DOSED`, `ILLEGAL_SEQUENCE`.
    """
    preparation = _standing(facts, command.lot, command.subject_key)
    require_text(command.cause, "cause")
    dose = facts.known_subject(command.subject_key).dose
    if dose is not None and dose.event.lot == command.lot:
        raise Refused("ALREADY_DOSED", "this preparation was given")
    _require_after(preparation.checked or preparation.prepared, context)
    return (Decided(command.target, DosePreparationDiscarded(command.subject_key, command.cause)),)


def _standing(facts: Facts, lot: str, subject_key: str) -> Preparation:
    preparation = facts.known_lot(lot).preparation_for(subject_key)
    if preparation is None:
        raise Refused("UNKNOWN_PREPARATION", "no dose of this lot is prepared for the subject")
    return preparation


def _require_another(earlier: Signed | None, context: Context, sentence: str) -> None:
    if earlier is not None and earlier.person == context.person:
        raise Refused("SOD_VIOLATION", sentence)


def _require_after(earlier: Signed | None, context: Context) -> None:
    if earlier is not None and context.occurred_at < earlier.at:
        raise Refused("ILLEGAL_SEQUENCE", "this cannot have occurred before the step that it rests on")


def _require_unexpired(lot: Lot, moment: datetime) -> None:
    if lot.has_expired(moment):
        raise Refused("LOT_EXPIRED", "the lot has expired by then")


COMMANDS: Final[tuple[CommandRow, ...]] = (
    (commands.ReceiveLot, receive_lot, (events.LotReceived,)),
    (commands.ReleaseLot, release_lot, (events.LotReleased,)),
    (commands.RejectLot, reject_lot, (events.LotRejected,)),
    (commands.PrepareDose, prepare_dose, (events.DosePrepared,)),
    (
        commands.CheckDosePreparation,
        check_dose_preparation,
        (events.DosePreparationChecked,),
    ),
    (
        commands.DiscardDosePreparation,
        discard_dose_preparation,
        (events.DosePreparationDiscarded,),
    ),
)
