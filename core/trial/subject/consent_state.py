"""Consent as a subject's stream tells it: when it was given, under which form, what was taken back since.

* Consent counts from the moment at which the form was signed, and no longer from that of its withdrawal.
* A withdrawal in whole includes one of treatment only; nothing gives back what was withdrawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.trial.subject.events import ConsentScope

if TYPE_CHECKING:
    from datetime import date, datetime

    from core.trial.study.config import ConsentForm, ProtocolConfig
    from core.trial.subject.events import ConsentGiven, ConsentReconfirmed, ConsentWithdrawn


@dataclass(frozen=True, slots=True)
class Consent:
    """The first consent, the form agreed to last, and the moments of the withdrawals."""

    given: ConsentGiven
    given_at: datetime
    agreed: ConsentGiven | ConsentReconfirmed
    agreed_at: datetime
    treatment_ended_at: datetime | None = None
    procedures_ended_at: datetime | None = None

    def reconfirmed(self, event: ConsentReconfirmed, at: datetime) -> Consent:
        """Return the consent after it was given again."""
        return replace(self, agreed=event, agreed_at=at)

    def withdrawn(self, event: ConsentWithdrawn, at: datetime) -> Consent:
        """Return the consent after a withdrawal."""
        treatment = self.treatment_ended_at or at
        whole = event.scope is ConsentScope.ALL_PROCEDURES
        return replace(
            self, treatment_ended_at=treatment, procedures_ended_at=at if whole else self.procedures_ended_at
        )

    def permits_procedures(self, moment: datetime) -> bool:
        """Tell whether a procedure of the trial may take place, given that consent began before."""
        return self.procedures_ended_at is None or moment < self.procedures_ended_at

    def permits_treatment(self, moment: datetime) -> bool:
        """Tell whether treatment of the trial may take place, given that consent began before."""
        return self.treatment_ended_at is None or moment < self.treatment_ended_at


def form_in_use(config: ProtocolConfig, version: str, language: str) -> ConsentForm | None:
    """Return the approved form of a version in a language, whenever it is effective."""
    forms = (f for f in config.consent_forms if (f.version, f.language) == (version, language))
    return next(forms, None)


def is_current(config: ProtocolConfig, form: ConsentForm, day: date) -> bool:
    """Tell whether the form is the one to sign on this day at the site.

    A translation of the same version does not supersede it, nor does a newer version in another language.
    """
    newer = _newer_forms(config, form.version)
    superseded = any(f.language == form.language and f.effective_from <= day for f in newer)
    return form.effective_from <= day and not superseded


def reconsent_due_from(config: ProtocolConfig, version: str) -> date | None:
    """Return the first day on which a form newer than the one signed asks for consent again."""
    asking = (f.effective_from for f in _newer_forms(config, version) if f.reconsent)
    return min(asking, default=None)


def _newer_forms(config: ProtocolConfig, version: str) -> tuple[ConsentForm, ...]:
    """Return the forms of versions that came into use later than this one, in any language."""
    first_day: dict[str, date] = {}
    for form in config.consent_forms:
        first_day[form.version] = min(form.effective_from, first_day.get(form.version, form.effective_from))
    since = first_day.get(version)
    return tuple(f for f in config.consent_forms if since is None or first_day[f.version] > since)
