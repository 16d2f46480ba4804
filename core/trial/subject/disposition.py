"""Decisions about how a subject leaves: withdrawal, death, transplant, loss; nothing against the record.

* Only death ends everything: who withdrew or was lost can still be found to have died, or to live.
* A wrong day is corrected by a fact of its own, judged as strictly as a first entry.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.kernel.time import local_date
from core.rules.dlt import FATAL_GRADE
from core.trial.context import Context, Decided, require_past_day, require_reason
from core.trial.study.state import require_config
from core.trial.subject.departure import FIELD_OF, day_of
from core.trial.subject.events import (
    DeathRecorded,
    DispositionCorrected,
    DispositionKind,
    LiverTransplantRecorded,
    LostToFollowUpRecorded,
    SubjectWithdrawn,
)
from core.trial.subject.outcome import dose_date, is_related_to_trial, window_last_day
from core.trial.subject.personal_data import require_no_personal_data
from core.trial.subject.safety import known_ae

if TYPE_CHECKING:
    from datetime import date

    from core.trial.facts import Facts
    from core.trial.subject.commands import (
        CorrectDisposition,
        LoseToFollowUp,
        RecordDeath,
        RecordLiverTransplant,
        WithdrawSubject,
    )
    from core.trial.subject.state import Subject


def withdraw_subject(facts: Facts, command: WithdrawSubject, context: Context) -> tuple[Decided, ...]:
    """Record a withdrawal.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `FUTURE_TIME`, `BEFORE_ENROLMENT`, `REASON_REQUIRED`.
    """
    subject = _on_study(facts, command.subject_key, command.date, context)
    if subject.withdrawn:
        raise Refused("ILLEGAL_SEQUENCE", "the subject has already withdrawn")
    require_reason(context)
    event = SubjectWithdrawn(command.date, command.cause, command.dlt_related)
    return (Decided(command.target, event),)


def record_death(facts: Facts, command: RecordDeath, context: Context) -> tuple[Decided, ...]:
    """Record a death; its cause, where named, is a grade 5 adverse event, which alone makes it related.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `FUTURE_TIME`, `BEFORE_ENROLMENT`, `UNKNOWN_AE`,
    `CAUSE_NOT_FATAL`, `CAUSE_NOT_RELATED`, `CONTRADICTS_VITAL_STATUS`.
    """
    subject = _on_study(facts, command.subject_key, command.date, context)
    config = require_config(facts.study())
    related = False
    if command.cause_ae is not None:
        cause = known_ae(subject, command.cause_ae).entry
        if cause.worst_grade != FATAL_GRADE:
            raise Refused("CAUSE_NOT_FATAL", "the cause of a death is a grade 5 adverse event")
        related = is_related_to_trial(cause, config)
    if command.related != related:
        raise Refused("CAUSE_NOT_RELATED", "a death is related as the adverse event is that caused it")
    _require_not_seen_alive_after(facts, command.subject_key, command.date)
    event = DeathRecorded(command.date, command.cause_ae, command.related)
    return (Decided(command.target, event),)


def last_seen_alive(facts: Facts, subject_key: str) -> date | None:
    """Return the last calendar day on which a draw, a visit or the vital status proves the subject alive."""
    subject, casebook = facts.known_subject(subject_key), facts.casebook(subject_key)
    study = facts.study()
    days = [casebook.last_visited] if casebook.last_visited else []
    if casebook.last_drawn is not None:
        days.append(local_date(casebook.last_drawn, require_config(study).zone))
    if casebook.last_alive_day is not None and subject.dose is not None:
        days.append(dose_date(subject.dose, study) + timedelta(days=casebook.last_alive_day))
    return max(days, default=None)


def _require_not_seen_alive_after(facts: Facts, subject_key: str, day: date) -> None:
    seen = last_seen_alive(facts, subject_key)
    if seen is not None and seen > day:
        raise Refused("CONTRADICTS_VITAL_STATUS", "the casebook shows the subject alive on a later day")


def record_liver_transplant(
    facts: Facts, command: RecordLiverTransplant, context: Context
) -> tuple[Decided, ...]:
    """Record a liver transplant.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `FUTURE_TIME`, `BEFORE_ENROLMENT`.
    """
    subject = _on_study(facts, command.subject_key, command.date, context)
    if subject.transplanted:
        raise Refused("ILLEGAL_SEQUENCE", "a liver transplant is already recorded")
    return (Decided(command.target, LiverTransplantRecorded(command.date)),)


def lose_to_follow_up(facts: Facts, command: LoseToFollowUp, context: Context) -> tuple[Decided, ...]:
    """Record that a subject cannot be reached; survival counts up to the last contact.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `FUTURE_TIME`, `BEFORE_ENROLMENT`, `BAD_ATTEMPTS`,
    `CONTRADICTS_VITAL_STATUS`.
    """
    subject = _on_study(facts, command.subject_key, command.last_contact, context)
    if subject.withdrawn or subject.lost:
        raise Refused("ILLEGAL_SEQUENCE", "the subject has already left")
    if command.attempts < 1:
        raise Malformed("BAD_ATTEMPTS", "nobody is lost who was not looked for", field="attempts")
    _require_last_contact(facts, command.subject_key, subject, command.last_contact)
    event = LostToFollowUpRecorded(command.last_contact, command.attempts)
    return (Decided(command.target, event),)


def _require_last_contact(facts: Facts, subject_key: str, subject: Subject, day: date) -> None:
    _require_not_seen_alive_after(facts, subject_key, day)
    if subject.window_completed and subject.dose and day < window_last_day(subject.dose, facts.study()):
        raise Refused("CONTRADICTS_VITAL_STATUS", "the DLT window was closed with the subject in sight")


def correct_disposition(facts: Facts, command: CorrectDisposition, context: Context) -> tuple[Decided, ...]:
    """Correct the day on which a subject left.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `REASON_REQUIRED`, `SOURCE_REQUIRED`, `PII_SUSPECTED`,
    `STALE_VALUE`, `NO_CHANGE`, `FUTURE_TIME`, `BEFORE_ENROLMENT`, `CONTRADICTS_VITAL_STATUS`,
    `CONTRADICTS_DEATH`.
    """
    subject = facts.known_subject(command.subject_key)
    standing = getattr(subject, FIELD_OF[command.kind])
    if standing is None:
        raise Refused("ILLEGAL_SEQUENCE", "nothing of this kind is recorded")
    require_reason(context)
    if not command.source.strip():
        raise Malformed("SOURCE_REQUIRED", "a correction names its source document", field="source")
    require_no_personal_data(command.source, "source")
    if day_of(standing) != command.old:
        raise Refused("STALE_VALUE", "the day no longer reads as the correction says")
    if command.new == command.old:
        raise Malformed("NO_CHANGE", "a correction changes something", field="new")
    _require_between(facts, subject, command.new, context)
    _require_consistent(facts, command, subject)
    event = DispositionCorrected(command.kind, command.old, command.new, command.source)
    return (Decided(command.target, event, corrects=subject.disposition_digests[command.kind]),)


def _require_consistent(facts: Facts, command: CorrectDisposition, subject: Subject) -> None:
    if command.kind is DispositionKind.DEATH:
        _require_not_seen_alive_after(facts, command.subject_key, command.new)
        others = (subject.withdrawn, subject.transplanted, subject.lost)
        if any(other and day_of(other) > command.new for other in others):
            raise Refused("CONTRADICTS_DEATH", "the subject left alive on a later day")
    elif subject.died and command.new > subject.died.date:
        raise Refused("CONTRADICTS_DEATH", "the subject had died before that day")
    if command.kind is DispositionKind.LOST_TO_FOLLOW_UP:
        _require_last_contact(facts, command.subject_key, subject, command.new)


def _on_study(facts: Facts, subject_key: str, day: date, context: Context) -> Subject:
    """Return the subject if enrolled and alive, and the day lies between enrolment or dose and today."""
    subject = facts.known_subject(subject_key)
    if subject.enrolled is None or subject.died:
        raise Refused("ILLEGAL_SEQUENCE", "the subject is not on study")
    _require_between(facts, subject, day, context)
    return subject


def _require_between(facts: Facts, subject: Subject, day: date, context: Context) -> None:
    zone = require_config(facts.study()).zone
    require_past_day(day, local_date(context.now, zone), "date")
    began = subject.dose.at if subject.dose else subject.milestone_at
    if began is not None and day < local_date(began, zone):
        raise Refused("BEFORE_ENROLMENT", "nobody leaves before enrolment, nor after a dose before it")
