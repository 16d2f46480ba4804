"""What all subjects together say: outcomes in order of dosing, and the decision that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.codec import to_data
from core.rules.escalation import Decision, EscalationRules, Outcome, decide
from core.trial.subject.outcome import due_of, outcome_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.rules.escalation import AdjudicationDue
    from core.trial.study.events import ProtocolConfig
    from core.trial.subject.state import Subject


def _in_order_of_dosing(subjects: Mapping[str, Subject]) -> list[tuple[str, Subject]]:
    dosed = [(key, subject) for key, subject in subjects.items() if subject.dose is not None]
    return sorted(dosed, key=lambda item: (item[1].dose.at, item[1].dose.position))  # type: ignore[union-attr]


def outcomes(subjects: Mapping[str, Subject], config: ProtocolConfig) -> tuple[Outcome, ...]:
    """Return the outcomes of all dosed subjects, first dosed first."""
    found = (outcome_of(key, subject, config) for key, subject in _in_order_of_dosing(subjects))
    return tuple(outcome for outcome in found if outcome is not None)


def adjudications_due(subjects: Mapping[str, Subject], config: ProtocolConfig) -> tuple[AdjudicationDue, ...]:
    """Return what the committee still has to judge, by subject in order of dosing."""
    return tuple(due for _, s in _in_order_of_dosing(subjects) for due in due_of(s, config))


def escalation_rules(config: ProtocolConfig) -> EscalationRules:
    """Return the rule's numbers out of the signed configuration."""
    return EscalationRules(**to_data(config.escalation))


def computed_decision(subjects: Mapping[str, Subject], config: ProtocolConfig) -> Decision:
    """Return the decision that the protocol's table gives for the facts as they stand."""
    return decide(
        escalation_rules(config),
        len(config.levels),
        outcomes(subjects, config),
        adjudications_due(subjects, config),
    )
