"""Consent comes before every procedure: who gave it, under which form, and what it still permits.

* A step is judged by the moment at which it claims to have occurred, not by when it was entered.
* Never refused for want of consent, so that nothing about safety is lost: corrections; adverse events
  with onset after consent, with their adjudication; death; liver transplant; withdrawal; vital status,
  day 60 included. Refused after a withdrawal in whole: screening, enrolment, dose, planned specimens and
  assessments, and closing a DLT window that was not over by then.

Source: part 11 section 6 (Subject); domain 4 (adverse events count from consent); ICH E6(R3) 2.8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.kernel.time import local_date
from core.trial.context import Context, Decided, require_past, require_reason
from core.trial.study.state import require_config
from core.trial.subject.consent_state import form_in_use, is_current, reconsent_due_from
from core.trial.subject.events import (
    ConsentGiven,
    ConsentGiver,
    ConsentReconfirmed,
    ConsentScope,
    ConsentWithdrawn,
)
from core.trial.subject.personal_data import require_no_personal_data

if TYPE_CHECKING:
    from datetime import date, datetime

    from core.trial.facts import Facts
    from core.trial.study.config import ConsentForm, ProtocolConfig
    from core.trial.subject.commands import GiveConsent, ReconfirmConsent, WithdrawConsent
    from core.trial.subject.consent_state import Consent
    from core.trial.subject.state import Subject


def give_consent(facts: Facts, command: GiveConsent, context: Context) -> tuple[Decided, ...]:
    """Record the first consent; with it a subject key comes into use, once and for ever.

    Raises: `SUBJECT_EXISTS`, `NO_PROTOCOL_CONFIG`, `CONSENT_FORM_UNKNOWN`, `CONSENT_FORM_NOT_CURRENT`,
    `WITNESS_REQUIRED`, `SOD_VIOLATION`, `PII_SUSPECTED`.
    """
    if facts.subject(command.subject_key).is_known:
        raise Refused("SUBJECT_EXISTS", "this subject key is taken and is never used again")
    require_no_personal_data(command.subject_key, "subject_key")
    form = _signable_form(command, require_config(facts.study()), context)
    event = ConsentGiven(form.version, form.language, form.digest, command.given_by, command.witness)
    return (Decided(command.target, event),)


def reconfirm_consent(facts: Facts, command: ReconfirmConsent, context: Context) -> tuple[Decided, ...]:
    """Record consent given again under a newer form.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `CONSENT_MISSING`, `CONSENT_WITHDRAWN`, `NO_CHANGE`,
    `CONSENT_FORM_UNKNOWN`, `CONSENT_FORM_NOT_CURRENT`, `WITNESS_REQUIRED`, `SOD_VIOLATION`, `PII_SUSPECTED`.
    """
    subject = facts.consented_subject(command.subject_key)
    consent = require_consent(subject, context.occurred_at)
    if subject.died or context.occurred_at < consent.agreed_at:
        raise Refused("ILLEGAL_SEQUENCE", "consent is given again by the living, after the consent before it")
    if (command.version, command.language) == (consent.agreed.version, consent.agreed.language):
        raise Refused("NO_CHANGE", "this form is the one already agreed to")
    form = _signable_form(command, require_config(facts.study()), context)
    event = ConsentReconfirmed(form.version, form.language, form.digest, command.given_by, command.witness)
    return (Decided(command.target, event),)


def withdraw_consent(facts: Facts, command: WithdrawConsent, context: Context) -> tuple[Decided, ...]:
    """Record a withdrawal of consent, in part or in whole; what was done before it stays.

    Raises: `UNKNOWN_SUBJECT`, `CONSENT_MISSING`, `CONSENT_WITHDRAWN`, `ILLEGAL_SEQUENCE`, `REASON_REQUIRED`.
    """
    subject = facts.consented_subject(command.subject_key)
    consent = _consent_by(subject, context.occurred_at)
    whole = command.scope is ConsentScope.ALL_PROCEDURES
    ended = consent.procedures_ended_at if whole else consent.treatment_ended_at
    if ended is not None:
        raise Refused("CONSENT_WITHDRAWN", "this was withdrawn before and is not withdrawn again")
    if subject.died or context.occurred_at < consent.agreed_at:
        raise Refused("ILLEGAL_SEQUENCE", "a withdrawal comes after the consent that it takes back")
    require_reason(context)
    return (Decided(command.target, ConsentWithdrawn(command.scope)),)


def _signable_form(
    command: GiveConsent | ReconfirmConsent, config: ProtocolConfig, context: Context
) -> ConsentForm:
    """Return the approved form that was current when it was signed, by somebody who may."""
    require_past(context.occurred_at, context.now, "occurred_at")
    form = form_in_use(config, command.version, command.language)
    if form is None:
        raise Refused("CONSENT_FORM_UNKNOWN", "no such version of the consent form was approved")
    if not is_current(config, form, local_date(context.occurred_at, config.zone)):
        raise Refused("CONSENT_FORM_NOT_CURRENT", "on that day this form was not the one in use")
    _require_witness(command, context)
    return form


def _require_witness(command: GiveConsent | ReconfirmConsent, context: Context) -> None:
    by_representative = command.given_by is ConsentGiver.LEGAL_REPRESENTATIVE
    if command.witness is None:
        if by_representative:
            raise Refused("WITNESS_REQUIRED", "a witness must have seen a legal representative sign")
        return
    if not command.witness.strip():
        raise Malformed("BAD_TEXT", "a witness is named, or there is none", field="witness")
    require_no_personal_data(command.witness, "witness")
    if command.witness.strip() == context.person:
        raise Refused("SOD_VIOLATION", "who records the consent is not its witness")


def require_consent(subject: Subject, moment: datetime) -> Consent:
    """Return the consent that permitted a procedure at the moment.

    Raises: `CONSENT_MISSING`, `CONSENT_WITHDRAWN`.
    """
    consent = _consent_by(subject, moment)
    if not consent.permits_procedures(moment):
        raise Refused("CONSENT_WITHDRAWN", "consent to every procedure of the trial had been withdrawn")
    return consent


def require_consent_to_treatment(subject: Subject, moment: datetime) -> Consent:
    """Return the consent that permitted a step towards treatment at the moment.

    Raises: `CONSENT_MISSING`, `CONSENT_WITHDRAWN`.
    """
    consent = require_consent(subject, moment)
    if not consent.permits_treatment(moment):
        raise Refused("CONSENT_WITHDRAWN", "consent to treatment had been withdrawn")
    return consent


def require_consent_up_to_date(subject: Subject, moment: datetime, config: ProtocolConfig) -> None:
    """Refuse enrolment or a dose that consent, under the form that counts by then, did not permit.

    Raises: `CONSENT_MISSING`, `CONSENT_WITHDRAWN`, `RECONSENT_DUE` where a newer form asks for consent again.
    """
    consent = require_consent_to_treatment(subject, moment)
    due = reconsent_due_from(config, consent.agreed.version)
    if due is not None and due <= local_date(moment, config.zone):
        raise Refused("RECONSENT_DUE", f"since {due.isoformat()} consent is needed under the newer form")


def require_onset_after_consent(subject: Subject, onset: date, config: ProtocolConfig) -> None:
    """Refuse an adverse event that began before the day of consent (domain 4).

    Raises: `ONSET_BEFORE_CONSENT`.
    """
    if subject.consent is None or onset < local_date(subject.consent.given_at, config.zone):
        raise Refused("ONSET_BEFORE_CONSENT", "what began before consent is medical history")


def require_window_consented(subject: Subject, last_day: date, config: ProtocolConfig) -> None:
    """Refuse to close a DLT window that consent to its procedures did not outlast.

    Raises: `CONSENT_WITHDRAWN`.
    """
    ended = subject.consent.procedures_ended_at if subject.consent else None
    if ended is not None and local_date(ended, config.zone) < last_day:
        raise Refused("CONSENT_WITHDRAWN", "the subject took consent back before the window was over")


def _consent_by(subject: Subject, moment: datetime) -> Consent:
    if subject.consent is None or moment < subject.consent.given_at:
        raise Refused("CONSENT_MISSING", "no procedure takes place before the subject has consented")
    return subject.consent
