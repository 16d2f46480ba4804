"""Corrections of a screening: from the source, with a reason, and with every rule answered again."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.kernel.texts import require_text
from core.trial.context import Context, Decided, require_reason
from core.trial.subject.consent import require_consent
from core.trial.subject.events import ScreeningCorrected
from core.trial.subject.evidence import NOTE_LIMIT, judged_screening, require_sound_evidence
from core.trial.subject.personal_data import require_no_personal_data
from core.trial.subject.screening_entries import corrected_screening, entry_at

if TYPE_CHECKING:
    from core.trial.facts import Facts
    from core.trial.subject.commands import CorrectScreening
    from core.trial.subject.events import SubjectScreened
    from core.trial.subject.field_change import FieldChange


def correct_screening(facts: Facts, command: CorrectScreening, context: Context) -> tuple[Decided, ...]:
    """Correct entries, each from the value that really stands there, and answer every rule again.

    It is judged by the limits under which the screening was made. Until enrolment the investigator has to
    confirm the corrected values anew; afterwards the subject stays, and one found ineligible is a deviation.

    Raises: `UNKNOWN_SUBJECT`, `REASON_REQUIRED`, `BAD_TEXT`, `PII_SUSPECTED`, `NO_CHANGE`, `DUPLICATE_FIELD`,
    `UNKNOWN_FIELD`, `STALE_VALUE`, `BAD_PAYLOAD`, and what `screen_subject` refuses in a value.
    """
    subject = facts.known_subject(command.subject_key)
    consent = require_consent(subject, subject.screened_at or context.occurred_at)
    require_reason(context)
    _require_source(command.source)
    screened, screened_at = subject.screened, subject.screened_at
    if screened is None or screened_at is None:
        raise Refused("UNKNOWN_SUBJECT", "no subject was screened under this key")
    _require_true_changes(screened, command.changes)
    config = facts.study().version(screened.config_number)
    judged = judged_screening(corrected_screening(screened, command.changes), config)
    require_sound_evidence(judged, consent.given_at, screened_at, config)
    event = ScreeningCorrected(command.changes, command.source, judged.eligible, judged.rules)
    return (Decided(command.target, event, corrects=subject.screening_digest),)


def _require_source(source: str) -> None:
    require_text(source, "a source", "source", NOTE_LIMIT)
    require_no_personal_data(source, "source")


def _require_true_changes(screened: SubjectScreened, changes: tuple[FieldChange, ...]) -> None:
    if not changes or any(c.old == c.new for c in changes):
        raise Malformed("NO_CHANGE", "a correction changes something", field="changes")
    names = sorted(change.field for change in changes)
    if any(later == name or later.startswith(f"{name}.") for name, later in pairwise(names)):
        raise Malformed("DUPLICATE_FIELD", "a correction names each field once", field="changes")
    for change in changes:
        exists, value = entry_at(screened, change.field)
        if not exists:
            raise Malformed("UNKNOWN_FIELD", "a screening has no such entry to correct", field="changes")
        if type(value) is not type(change.old) or value != change.old:
            raise Refused("STALE_VALUE", f"{change.field} no longer reads as the correction says")
