"""Corrections of a screening: from the source, with a reason, and with every rule answered again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.kernel.errors import Refused
from core.kernel.texts import require_text
from core.trial.context import Context, Decided, require_reason
from core.trial.subject.consent import require_consent
from core.trial.subject.corrections import require_true_changes
from core.trial.subject.events import ScreeningCorrected
from core.trial.subject.evidence import NOTE_LIMIT, judged_screening, require_sound_evidence
from core.trial.subject.personal_data import require_no_personal_data
from core.trial.subject.screening_entries import corrected_screening, entry_at

if TYPE_CHECKING:
    from core.trial.facts import Facts
    from core.trial.subject.commands import CorrectScreening


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
    require_true_changes(command.changes, partial(entry_at, screened))
    config = facts.study().version(screened.config_number)
    judged = judged_screening(corrected_screening(screened, command.changes), config)
    require_sound_evidence(judged, consent.given_at, screened_at, config)
    event = ScreeningCorrected(command.changes, command.source, judged.eligible, judged.rules)
    return (Decided(command.target, event, corrects=subject.screening_digest),)


def _require_source(source: str) -> None:
    require_text(source, "a source", "source", NOTE_LIMIT)
    require_no_personal_data(source, "source")
