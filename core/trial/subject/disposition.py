"""Decisions about how a subject leaves: withdrawal, death, liver transplant; nothing against the record."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.kernel.errors import Refused
from core.kernel.time import local_date
from core.trial.context import Context, Decided, require_past_day, require_reason
from core.trial.study.state import require_config
from core.trial.subject.events import DeathRecorded, LiverTransplantRecorded, SubjectWithdrawn
from core.trial.subject.outcome import dose_date
from core.trial.subject.safety import FATAL_GRADE, known_ae

if TYPE_CHECKING:
    from datetime import date

    from core.trial.facts import Facts
    from core.trial.subject.commands import RecordDeath, RecordLiverTransplant, WithdrawSubject
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
    causality = None
    if command.cause_ae is not None:
        cause = known_ae(subject, command.cause_ae).entry
        if cause.grade != FATAL_GRADE:
            raise Refused("CAUSE_NOT_FATAL", "the cause of a death is a grade 5 adverse event")
        causality = cause.causality
    if command.related != (causality in config.related_causalities):
        raise Refused("CAUSE_NOT_RELATED", "a death is related as the adverse event is that caused it")
    _require_not_seen_alive_later(facts, command, subject)
    event = DeathRecorded(command.date, command.cause_ae, command.related)
    return (Decided(command.target, event),)


def _require_not_seen_alive_later(facts: Facts, command: RecordDeath, subject: Subject) -> None:
    if subject.dose is None:
        return
    day_zero = dose_date(subject.dose, require_config(facts.study()))
    seen = facts.casebook(command.subject_key).vital_status
    if any(v.alive and day_zero + timedelta(days=v.study_day) > command.date for v in seen):
        raise Refused("CONTRADICTS_VITAL_STATUS", "the subject is recorded as alive on a later day")


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


def _on_study(facts: Facts, subject_key: str, day: date, context: Context) -> Subject:
    """Return the subject if enrolled and alive, and the day lies between enrolment or dose and today."""
    subject = facts.known_subject(subject_key)
    if subject.enrolled is None or subject.died:
        raise Refused("ILLEGAL_SEQUENCE", "the subject is not on study")
    zone = require_config(facts.study()).zone
    require_past_day(day, local_date(context.now, zone), "date")
    began = subject.dose.at if subject.dose else subject.milestone_at
    if began is not None and day < local_date(began, zone):
        raise Refused("BEFORE_ENROLMENT", "nobody leaves before enrolment, nor after a dose before it")
    return subject
