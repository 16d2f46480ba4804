"""A witness to the administration: somebody who was there, and who neither gave nor recorded the dose.

What is witnessed is the dose as one statement tells it, the first or its last correction; a correction made
afterwards is witnessed anew, or shows as not witnessed.

Source: part 11 section 6, AdministerDose (investigator responsible, pharmacist witnessed).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.trial.context import Context, Decided, require_timely
from core.trial.subject.events import DoseWitnessed

if TYPE_CHECKING:
    from core.trial.facts import Facts
    from core.trial.subject.commands import WitnessDose
    from core.trial.subject.state import Dose


def witness_dose(facts: Facts, command: WitnessDose, context: Context) -> tuple[Decided, ...]:
    """Record that somebody saw the dose given as its newest statement says.

    Raises: `UNKNOWN_SUBJECT`, `NOT_DOSED`, `STALE_VERSION`, `OCCURRED_AT_DIFFERS`, `SOD_VIOLATION`,
    `ALREADY_SIGNED`, `REASON_REQUIRED` where it is entered late.
    """
    subject = facts.known_subject(command.subject_key)
    dose = subject.dose
    if dose is None:
        raise Refused("NOT_DOSED", "the subject has no dose that could be witnessed")
    if command.covers != dose.digest:
        raise Refused("STALE_VERSION", "another statement tells the dose now; its digest is in view doses")
    _require_present(dose, context)
    recorder = facts.signed(dose.digest)
    if context.person in subject.treated_by or (recorder is not None and recorder.by == context.person):
        raise Refused(
            "SOD_VIOLATION", "who enrolled the subject, gave or recorded the dose is no witness to it"
        )
    if (context.person, dose.digest) in dose.witnessed:
        raise Refused("ALREADY_SIGNED", "the same person has witnessed the dose as it is told now")
    require_timely(context, facts.study())
    return (Decided(command.target, DoseWitnessed(command.covers)),)


def _require_present(dose: Dose, context: Context) -> None:
    if not dose.event.started_at <= context.occurred_at <= dose.event.ended_at:
        raise Malformed("OCCURRED_AT_DIFFERS", "what is witnessed occurs while the dose is given")
