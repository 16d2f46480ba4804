"""Consent of every subject: under which form, by whom, what is due again, what was withdrawn.

Whether consent is due again depends on the day: the row keeps from which day on, and the reader's moment
decides.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.kernel.time import local_date, local_text
from core.trial.study.events import ConsentFormApproved, ProtocolConfigApproved
from core.trial.study.state import require_config
from core.trial.subject.consent_state import reconsent_due_from
from core.trial.subject.events import ConsentGiven, ConsentReconfirmed, ConsentWithdrawn
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.kernel.recorded import Recorded
    from core.trial.study.config import ProtocolConfig
    from core.trial.subject.consent_state import Consent
    from core.trial.trial import Trial

_CONSENT: tuple[type, ...] = (ConsentGiven, ConsentReconfirmed, ConsentWithdrawn)
_FORMS: tuple[type, ...] = (ConsentFormApproved, ProtocolConfigApproved)


class Consents:
    """One row a subject."""

    name = "consents"
    readers = readers_of(name, "subject")
    concerns = frozenset({*_CONSENT, *_FORMS})

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the subject's row after news of consent, everybody's after news of the forms."""
        del before
        if isinstance(event.payload, _CONSENT):
            keys: Iterable[str] = (streams.key_of(event.stream),)
        elif isinstance(event.payload, _FORMS):
            keys = trial.subjects
        else:
            return
        config = require_config(trial.study)
        for key in keys:
            consent = trial.subjects[key].consent
            if consent is not None:
                yield RowChange(key, {"subject_key": key, **_row(consent, config)})

    def present(self, rows: Sequence[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
        """Return the rows with what is due on the day of the moment at the site."""
        return [{**row, "reconsent_due": _is_due(row, moment)} for row in rows]


def _is_due(row: dict[str, Any], moment: datetime) -> bool:
    first, zone = row["reconsent_due_from"], row["zone"]
    withdrawn = row["treatment_withdrawn_at"] is not None
    return first is not None and not withdrawn and date.fromisoformat(first) <= local_date(moment, zone)


def _row(consent: Consent, config: ProtocolConfig) -> dict[str, Any]:
    agreed, due = consent.agreed, reconsent_due_from(config, consent.agreed.version)
    return {
        "given_at": local_text(consent.given_at, config.zone),
        "version": agreed.version,
        "language": agreed.language,
        "form_digest": agreed.form_digest,
        "agreed_at": local_text(consent.agreed_at, config.zone),
        "given_by": agreed.given_by,
        "witness": agreed.witness,
        "reconsent_due_from": due.isoformat() if due else None,
        "treatment_withdrawn_at": _instant(consent.treatment_ended_at, config.zone),
        "procedures_withdrawn_at": _instant(consent.procedures_ended_at, config.zone),
        "zone": config.zone,
    }


def _instant(moment: datetime | None, zone: str) -> str | None:
    return None if moment is None else local_text(moment, zone)
