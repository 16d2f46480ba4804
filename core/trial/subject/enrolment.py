"""Enrolment: a slot at the level that the committee has opened, while the decision table gives one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Refused
from core.rules.escalation import DecisionKind, OutcomeStatus
from core.trial.cohorts import computed_decision
from core.trial.context import Context, Decided
from core.trial.escalation.overrides import override_slots
from core.trial.escalation.state import open_level
from core.trial.study.state import require_config
from core.trial.subject.consent import require_consent_up_to_date
from core.trial.subject.events import SubjectEnrolled
from core.trial.subject.outcome import outcome_of
from core.trial.subject.sequence import has_left, require_in_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.trial.facts import Facts
    from core.trial.study.state import Study
    from core.trial.subject.commands import EnrolSubject
    from core.trial.subject.state import Subject

DOSING = frozenset({DecisionKind.ENROL, DecisionKind.EXPAND, DecisionKind.ESCALATE, DecisionKind.DEESCALATE})


def enrol_subject(facts: Facts, command: EnrolSubject, context: Context) -> tuple[Decided, ...]:
    """Enrol at the open level while the computed decision has a slot that nobody holds.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `CONSENT_MISSING`, `CONSENT_WITHDRAWN`, `RECONSENT_DUE`,
    `LEVEL_NOT_OPEN`, `NO_FREE_SLOT`, `BAD_REPLACEMENT`.
    """
    subject = facts.known_subject(command.subject_key)
    if subject.confirmed is None or subject.screen_failed or subject.enrolled or has_left(subject):
        raise Refused("ILLEGAL_SEQUENCE", "only a candidate whose eligibility is confirmed can be enrolled")
    require_in_order(subject, context)
    study = facts.study()
    require_consent_up_to_date(subject, context.occurred_at, require_config(study))
    subjects = facts.subjects()
    slots = slots_at(facts, command.level)
    if slots <= waiting_for_dose(subjects, study, command.level):
        raise Refused("NO_FREE_SLOT", "every slot of this cohort is taken", level=command.level)
    _require_replaceable(command, subjects, study)
    event = SubjectEnrolled(study.number, command.level, command.replaces)
    return (Decided(command.target, event),)


def slots_at(facts: Facts, level: int) -> int:
    """Return the slots that the table gives at the level, or an override that the committee signed.

    Raises: `LEVEL_NOT_OPEN` where the committee has not opened it or the table does not ask for it.
    """
    study, escalation = facts.study(), facts.escalation()
    _require_open(open_level(escalation, study), level, len(require_config(study).levels))
    if escalation.decisions and escalation.decisions[-1].overridden:
        return override_slots(escalation.decisions[-1], level, facts.subjects(), study)
    decision = computed_decision(facts.subjects(), study)
    if decision.decision not in DOSING or decision.level != level:
        raise Refused(
            "LEVEL_NOT_OPEN",
            f"the protocol's decision is now {decision.decision} ({decision.reason})",
            decision=str(decision.decision),
            reason=decision.reason,
        )
    return decision.slots


def _require_open(opened: int | None, level: int, highest: int) -> None:
    if opened == level:
        return
    if not 1 <= level <= highest:
        sentence = f"the protocol has dose levels 1 to {highest}"
    elif opened is None:
        sentence = "the committee has signed the end of the escalation; no level is open"
    else:
        sentence = f"level {opened} is open; the committee has not signed for level {level}"
    raise Refused("LEVEL_NOT_OPEN", sentence, level=level)


def enrolled_level(subject: Subject, study: Study) -> int | None:
    """Return the ordinal that the level of the subject's slot has now, None before enrolment."""
    enrolled = subject.enrolled
    return study.level_now(enrolled.config_number, enrolled.level) if enrolled else None


def waiting_for_dose(subjects: Mapping[str, Subject], study: Study, level: int) -> int:
    """Return how many enrolled subjects of the level still wait for their dose."""
    waiting = (s for s in subjects.values() if s.enrolled and s.dose is None and not has_left(s))
    return sum(1 for s in waiting if enrolled_level(s, study) == level)


def _require_replaceable(command: EnrolSubject, subjects: Mapping[str, Subject], study: Study) -> None:
    if command.replaces is None:
        return
    replaced = subjects.get(command.replaces)
    outcome = outcome_of(command.replaces, replaced, study) if replaced else None
    taken = any(s.enrolled and s.enrolled.replaces == command.replaces for s in subjects.values())
    if outcome is None or outcome.status is not OutcomeStatus.WITHDRAWN or taken:
        raise Refused("BAD_REPLACEMENT", "only a subject who left before evaluation can be replaced, once")
    if outcome.level != command.level:
        raise Refused("BAD_REPLACEMENT", "a replacement takes the same dose level")
