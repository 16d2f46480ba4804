"""What the protocol would say if: the same rules on assumed outcomes. Nothing follows from it but a record.

Assumptions, applied in order to the outcomes as they stand:
* `S006=N`: a dosed subject has this outcome, and nothing about them waits for adjudication any more;
* `+2NNT`: after everybody, these are dosed at level 2.

N no DLT, T DLT, P pending, W withdrawn, G and m as N with a related grade 2 and 1, g pending and v withdrawn
with a related grade 2 (domain 1.7).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused
from core.rules.escalation import Outcome, OutcomeStatus, decide
from core.trial.cohorts import escalation_rules, outcomes
from core.trial.context import Context, Decided
from core.trial.escalation.events import DecisionSimulated
from core.trial.study.state import require_config
from core.trial.subject.outcome import due_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.rules.escalation import AdjudicationDue, Decision
    from core.trial.escalation.commands import SimulateDecision
    from core.trial.facts import Facts
    from core.trial.study.state import Study
    from core.trial.subject.state import Subject

_EVALUABLE, _PENDING, _WITHDRAWN = OutcomeStatus.EVALUABLE, OutcomeStatus.PENDING, OutcomeStatus.WITHDRAWN
# Letter: DLT, worst related grade, status.
LETTERS: Final[Mapping[str, tuple[bool, int, OutcomeStatus]]] = {
    "N": (False, 0, _EVALUABLE),
    "T": (True, 3, _EVALUABLE),
    "P": (False, 0, _PENDING),
    "W": (False, 0, _WITHDRAWN),
    "G": (False, 2, _EVALUABLE),
    "m": (False, 1, _EVALUABLE),
    "g": (False, 2, _PENDING),
    "v": (False, 2, _WITHDRAWN),
}
MOST_ASSUMPTIONS: Final = 40

_OF_SUBJECT = re.compile(r"([A-Za-z][A-Za-z0-9.\-]{0,39})=([NTPWGmgv])")
_FURTHER = re.compile(r"\+([1-9])([NTPWGmgv]{1,12})")


def simulate_decision(facts: Facts, command: SimulateDecision, _context: Context) -> tuple[Decided, ...]:
    """Record what the protocol would say under the assumptions.

    Raises: `NO_PROTOCOL_CONFIG`, `BAD_ASSUMPTION`, `UNKNOWN_SUBJECT`, `LEVEL_UNKNOWN`.
    """
    study = facts.study()
    require_config(study)
    decision = assumed_decision(facts.subjects(), study, command.assumptions)
    event = DecisionSimulated(
        assumptions=command.assumptions,
        decision=str(decision.decision),
        level=decision.level,
        mtd=decision.mtd,
        reason=str(decision.reason),
        slots=decision.slots,
        flags=decision.flags,
        row=decision.row,
    )
    return (Decided(command.target, event),)


def assumed_decision(subjects: Mapping[str, Subject], study: Study, assumptions: tuple[str, ...]) -> Decision:
    """Return the decision under the assumptions.

    Raises: `BAD_ASSUMPTION`, `UNKNOWN_SUBJECT` for one who was not dosed, `LEVEL_UNKNOWN`.
    """
    if not 1 <= len(assumptions) <= MOST_ASSUMPTIONS:
        raise Malformed("BAD_ASSUMPTION", f"a question has 1 to {MOST_ASSUMPTIONS} assumptions")
    assumed = {one.subject: one for one in outcomes(subjects, study)}
    for assumption in assumptions:
        assumed |= _assumed(assumption, assumed)
    config = require_config(study)
    named = {assumption.partition("=")[0] for assumption in assumptions}
    due = _still_due(subjects, study, named)
    return decide(escalation_rules(config), len(config.levels), tuple(assumed.values()), due)


def _assumed(assumption: str, outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """Return the outcomes that an assumption replaces or adds."""
    if match := _OF_SUBJECT.fullmatch(assumption):
        key, letter = match.groups()
        if key not in outcomes:
            raise Refused("UNKNOWN_SUBJECT", f"{key} was not dosed, so nothing can be assumed")
        return {key: _outcome(key, outcomes[key].level, letter)}
    if match := _FURTHER.fullmatch(assumption):
        level, letters = match.groups()
        # No subject key begins with a plus sign.
        names = [f"+{len(outcomes) + place}" for place in range(len(letters))]
        return {name: _outcome(name, int(level), letter) for name, letter in zip(names, letters, strict=True)}
    raise Malformed("BAD_ASSUMPTION", "an assumption reads S006=N or +2NNT", field="assumptions")


def _outcome(name: str, level: int, letter: str) -> Outcome:
    dlt, grade, status = LETTERS[letter]
    return Outcome(name, level, dlt, grade, status)


def _still_due(subjects: Mapping[str, Subject], study: Study, named: set[str]) -> tuple[AdjudicationDue, ...]:
    return tuple(
        due for key, subject in subjects.items() if key not in named for due in due_of(subject, study)
    )
