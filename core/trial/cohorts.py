"""What all subjects together say: outcomes in order of dosing, and the decision that follows."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.kernel.codec import to_data
from core.rules.escalation import Decision, EscalationRules, Outcome, decide
from core.trial.study.state import require_config
from core.trial.subject.outcome import due_of, outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from core.rules.escalation import AdjudicationDue
    from core.trial.study.config import ProtocolConfig
    from core.trial.study.state import Study
    from core.trial.subject.state import Subject


@dataclass(frozen=True, slots=True)
class Contribution:
    """All that the decision knows of a dosed subject; `dosed` is when, and where it was entered."""

    dosed: tuple[datetime, int]
    outcome: Outcome
    due: tuple[AdjudicationDue, ...]


def contribution(key: str, subject: Subject, study: Study) -> Contribution | None:
    """Return what a subject contributes to the decision, None before the dose."""
    outcome = outcome_of(key, subject, study)
    if subject.dose is None or outcome is None:
        return None
    return Contribution((subject.dose.at, subject.dose.position), outcome, due_of(subject, study))


def contributions(subjects: Mapping[str, Subject], study: Study) -> dict[str, Contribution]:
    """Return what every dosed subject contributes, by subject key."""
    found = ((key, contribution(key, subject, study)) for key, subject in subjects.items())
    return {key: one for key, one in found if one is not None}


def in_order_of_dosing(found: Iterable[Contribution]) -> list[Contribution]:
    """Return the contributions, first dosed first."""
    return sorted(found, key=lambda one: one.dosed)


def outcomes(subjects: Mapping[str, Subject], study: Study) -> tuple[Outcome, ...]:
    """Return the outcomes of all dosed subjects, first dosed first."""
    return tuple(one.outcome for one in in_order_of_dosing(contributions(subjects, study).values()))


def adjudications_due(subjects: Mapping[str, Subject], study: Study) -> tuple[AdjudicationDue, ...]:
    """Return what the committee still has to judge, by subject in order of dosing."""
    found = in_order_of_dosing(contributions(subjects, study).values())
    return tuple(due for one in found for due in one.due)


def facts_digest(subjects: Mapping[str, Subject], study: Study) -> str:
    """Return the digest over everything that the decision is computed from, `sha256:` and 64 hex digits.

    Rules version, number of the configuration, outcomes in order of dosing, adjudications due: two states
    with the same digest get the same decision.
    """
    facts = {
        "rules": require_config(study).rules_version,
        "config": study.number,
        "outcomes": [to_data(one) for one in outcomes(subjects, study)],
        "due": [to_data(one) for one in adjudications_due(subjects, study)],
    }
    written = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(written.encode()).hexdigest()


def escalation_rules(config: ProtocolConfig) -> EscalationRules:
    """Return the rule's numbers out of the signed configuration."""
    return EscalationRules(**to_data(config.escalation))


def computed_decision(subjects: Mapping[str, Subject], study: Study) -> Decision:
    """Return the decision that the protocol's table gives for the facts as they stand.

    Raises: `NO_PROTOCOL_CONFIG`.
    """
    return decided(contributions(subjects, study).values(), study)


def decided(found: Iterable[Contribution], study: Study) -> Decision:
    """Return the decision that the protocol's table gives for these contributions, in whatever order.

    Raises: `NO_PROTOCOL_CONFIG`.
    """
    config = require_config(study)
    ordered = in_order_of_dosing(found)
    return decide(
        escalation_rules(config),
        len(config.levels),
        [one.outcome for one in ordered],
        [due for one in ordered for due in one.due],
    )
