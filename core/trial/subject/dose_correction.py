"""Correction of a dose: what was recorded wrongly of it, from the old value to the new, by a named source.

* Level, configuration and identity check are no fields to correct: a subject is counted where the slot was.
  Cells of another level, truly given, show as what they are: a dose deviation.
* Never above the level and its tolerance, and never more than was prepared: an overdose is a fact for a
  deviation and an adverse event, not something that a correction writes into the dose.
* Stagger and expiry are not judged again: the dose was given, and another time of it cannot undo it.
* Where day 0 moves after the DLT window was closed, the window is open again and closed anew by signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.errors import Refused
from core.kernel.time import local_date
from core.trial.context import Context, Decided
from core.trial.product.chain_of_identity import require_preparation
from core.trial.product.specification import require_text
from core.trial.subject.corrections import corrected, require_correction
from core.trial.subject.dosing import require_as_prepared, require_recordable
from core.trial.subject.events import DoseCorrected
from core.trial.subject.outcome import dosed_under

if TYPE_CHECKING:
    from datetime import date

    from core.trial.facts import Facts
    from core.trial.subject.commands import CorrectDose
    from core.trial.subject.events import DoseAdministered
    from core.trial.subject.state import Subject

FIXED: Final = frozenset({"config_number", "level", "identity_checked"})


def correct_dose(facts: Facts, command: CorrectDose, context: Context) -> tuple[Decided, ...]:
    """Correct what was recorded of the dose.

    Raises: `UNKNOWN_SUBJECT`, `NOT_DOSED`, `BAD_TEXT`, `REASON_REQUIRED`, `NO_CHANGE`, `DUPLICATE_FIELD`,
    `UNKNOWN_FIELD`, `STALE_VALUE`, `BAD_PAYLOAD`, `ILLEGAL_SEQUENCE`, `CHAIN_OF_IDENTITY`,
    `PREPARATION_NOT_CHECKED`, `MORE_THAN_PREPARED`, and what `require_recordable` refuses.
    """
    subject = facts.known_subject(command.subject_key)
    if subject.dose is None:
        raise Refused("NOT_DOSED", "the subject has no dose that could be corrected")
    require_text(command.source, "source")
    require_correction(subject.dose.event, command.changes, context, fixed=FIXED)
    dose = corrected(subject.dose.event, command.changes)
    config = dosed_under(subject.dose, facts.study())
    require_recordable(dose, config, context.now)
    require_as_prepared(dose, require_preparation(facts, dose.lot, command.subject_key))
    _require_on_study(subject, dose, local_date(dose.started_at, config.zone))
    moved = local_date(dose.started_at, config.zone) != local_date(subject.dose.at, config.zone)
    event = DoseCorrected(command.changes, command.source, reopens_window=moved and subject.window_completed)
    return (Decided(command.target, event, corrects=subject.dose.digest),)


def _require_on_study(subject: Subject, dose: DoseAdministered, day_zero: date) -> None:
    """Refuse a time at which the subject was not on study: before enrolment, or after they left."""
    if subject.milestone_at is not None and dose.started_at < subject.milestone_at:
        raise Refused("ILLEGAL_SEQUENCE", "the subject was not enrolled yet")
    if subject.left_on is not None and day_zero > subject.left_on:
        raise Refused("ILLEGAL_SEQUENCE", "the subject had already left the study")
