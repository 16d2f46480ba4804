"""Dosing: once a subject, at the enrolled and open level, from a checked preparation, never above the level.

* Day 0 is the local date on which the administration began; the dose occurs when it begins.
* A dose of less than was prepared is a fact to be recorded, and a slip of the keyboard to be noticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused
from core.trial.context import Context, Decided, require_past, require_reason
from core.trial.escalation.holds import holds_in_force
from core.trial.product.chain_of_identity import require_preparation, require_usable
from core.trial.product.specification import VOLUME_UNIT, require_amount, require_text
from core.trial.study.state import require_config
from core.trial.subject.consent import require_consent_up_to_date
from core.trial.subject.enrolment import enrolled_level, slots_at
from core.trial.subject.events import DoseAdministered
from core.trial.subject.evidence import require_evidence_fresh
from core.trial.subject.outcome import dosed_under
from core.trial.subject.sequence import has_left, require_in_order
from core.trial.subject.stagger import require_stagger

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from core.trial.facts import Facts
    from core.trial.product.state import Preparation
    from core.trial.study.config import ProtocolConfig
    from core.trial.study.state import Study
    from core.trial.subject.commands import AdministerDose
    from core.trial.subject.events import Interruption
    from core.trial.subject.state import Dose, Subject

# Part 11 section 6: the identity check of two ids at the bedside.
IDENTITY_CHECKS: Final = 2


def administer_dose(facts: Facts, command: AdministerDose, context: Context) -> tuple[Decided, ...]:
    """Record the dose: once per subject, at the enrolled and open level, never above it.

    Raises: `UNKNOWN_SUBJECT`, `ALREADY_DOSED`, `ILLEGAL_SEQUENCE`, `LEVEL_MISMATCH`, `CONSENT_MISSING`,
    `CONSENT_WITHDRAWN`, `RECONSENT_DUE`, `NOT_ELIGIBLE`, `EVIDENCE_STALE`, `OCCURRED_AT_DIFFERS`,
    `IDENTITY_NOT_CHECKED`, `SAFETY_HOLD`, `LEVEL_NOT_OPEN`, `NO_FREE_SLOT`, `STAGGER_VIOLATION`,
    `CHAIN_OF_IDENTITY`, `PREPARATION_NOT_CHECKED`, `LOT_NOT_RELEASED`, `LOT_EXPIRED`, `REASON_REQUIRED`
    for less than was prepared, and what `require_recordable` and `require_as_prepared` refuse.
    """
    subject = facts.known_subject(command.subject_key)
    _require_due(subject, context)
    study = facts.study()
    config = require_config(study)
    if enrolled_level(subject, study) != command.level:
        raise Refused("LEVEL_MISMATCH", "the subject is enrolled at another level")
    require_consent_up_to_date(subject, context.occurred_at, config)
    require_evidence_fresh(subject, context.occurred_at, config)
    _require_bedside(command, context)
    dose = _given(command, study)
    require_recordable(dose, config, context.now)
    _require_no_hold(facts)
    if slots_at(facts, command.level) < 1:
        raise Refused("NO_FREE_SLOT", "the protocol asks for no further dose now", level=command.level)
    require_stagger(facts.subjects().values(), study, config, command.level, command.started_at)
    _require_product(facts, dose, command.subject_key, context)
    return (Decided(command.target, dose),)


def _require_bedside(command: AdministerDose, context: Context) -> None:
    if command.started_at != context.occurred_at:
        raise Malformed("OCCURRED_AT_DIFFERS", "a dose occurs when its administration begins")
    if len(set(command.identity_checked)) < IDENTITY_CHECKS:
        raise Refused("IDENTITY_NOT_CHECKED", "two different identifiers are checked at the bedside")


def _require_product(facts: Facts, dose: DoseAdministered, subject_key: str, context: Context) -> None:
    preparation = require_preparation(facts, dose.lot, subject_key)
    require_usable(facts, dose.lot, dose.started_at)
    require_as_prepared(dose, preparation)
    if dose.cells.value < preparation.dose.cells.value:
        require_reason(context)


def _require_no_hold(facts: Facts) -> None:
    """Refuse while anything stops dosing (domain 1.2, safety hold).

    Raises: `SAFETY_HOLD`.
    """
    if holds := holds_in_force(facts.raised(), facts.escalation()):
        raise Refused(
            "SAFETY_HOLD",
            "dosing is stopped until the committee lifts every hold",
            holds=[one.id for one in holds],
        )


def _require_due(subject: Subject, context: Context) -> None:
    if subject.dose is not None:
        raise Refused("ALREADY_DOSED", "the product is given once")
    if subject.enrolled is None or has_left(subject):
        raise Refused("ILLEGAL_SEQUENCE", "only an enrolled subject can be dosed")
    require_in_order(subject, context)


def _given(command: AdministerDose, study: Study) -> DoseAdministered:
    return DoseAdministered(
        config_number=study.number,
        level=command.level,
        lot=command.lot,
        cells=command.cells,
        volume=command.volume,
        route=command.route,
        started_at=command.started_at,
        ended_at=command.ended_at,
        interruption=command.interruption,
        identity_checked=command.identity_checked,
    )


def require_recordable(dose: DoseAdministered, config: ProtocolConfig, now: datetime) -> None:
    """Refuse what cannot have been given, or must not have been: more than the level and its tolerance.

    `config` is the configuration under which the subject is dosed.

    Raises: `ROUTE_NOT_ALLOWED`, `WRONG_UNIT`, `NON_POSITIVE`, `DOSE_ABOVE_LEVEL`, `BAD_INTERVAL`,
    `FUTURE_TIME`, `BAD_TEXT`.
    """
    if dose.route not in config.dosing.routes:
        raise Refused("ROUTE_NOT_ALLOWED", f"the product is given {', '.join(config.dosing.routes)}")
    nominal = config.levels[dose.level - 1].cells
    require_amount(dose.cells, nominal.unit, "cells")
    require_amount(dose.volume, VOLUME_UNIT, "volume")
    if dose.cells.value > nominal.value * (1 + config.dosing.tolerance_percent / 100):
        raise Refused("DOSE_ABOVE_LEVEL", "more cells than the level and its tolerance allow")
    if dose.ended_at < dose.started_at:
        raise Malformed("BAD_INTERVAL", "an administration ends after it began", field="ended_at")
    require_past(dose.ended_at, now, "ended_at")
    if dose.interruption is not None:
        _require_within(dose.interruption, dose)


def _require_within(interruption: Interruption, dose: DoseAdministered) -> None:
    require_text(interruption.cause, "interruption.cause")
    resumed_at = dose.ended_at if interruption.resumed_at is None else interruption.resumed_at
    if not dose.started_at <= interruption.at <= resumed_at <= dose.ended_at:
        raise Malformed(
            "BAD_INTERVAL", "an interruption lies within the administration", field="interruption"
        )


def require_as_prepared(dose: DoseAdministered, preparation: Preparation) -> None:
    """Refuse a dose that the preparation cannot have been.

    Raises: `ILLEGAL_SEQUENCE` where it began before the check, `MORE_THAN_PREPARED`.
    """
    if preparation.checked is not None and dose.started_at < preparation.checked.at:
        raise Refused("ILLEGAL_SEQUENCE", "the preparation is checked before it is given")
    if dose.cells.value > preparation.dose.cells.value:
        raise Refused("MORE_THAN_PREPARED", "more cells than the preparation held")


def deviation_percent(dose: Dose, study: Study) -> Decimal:
    """Return by how many percent the cells given differ from the level's, as it stood at the dose; exact."""
    nominal = nominal_cells(dose, study)
    return (dose.event.cells.value - nominal) * 100 / nominal


def nominal_cells(dose: Dose, study: Study) -> Decimal:
    """Return the cells of the dose's level, in the configuration that counted when it was given."""
    return dosed_under(dose, study).levels[dose.event.level - 1].cells.value


def dose_deviation(dose: Dose, study: Study) -> bool:
    """Tell whether the cells given lie outside the tolerance of the level (domain 7, `DOSE_DEVIATION`)."""
    nominal = nominal_cells(dose, study)
    tolerance = nominal * dosed_under(dose, study).dosing.tolerance_percent / 100
    return abs(dose.event.cells.value - nominal) > tolerance
