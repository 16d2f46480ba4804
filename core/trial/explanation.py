"""Why the decision at a position is what it is: everything that it was computed from, and how.

Pure: from the events up to the position to a JSON object that a safety committee can read without this
program, and with which anybody who has the program can decide again (ICH E6(R3) 4.3.4(h); part 11 0.8).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from core.kernel.codec import to_data
from core.kernel.errors import Refused
from core.rules.escalation_overlays import HELD_FLAG
from core.rules.escalation_situation import survey
from core.rules.escalation_terms import HOLD_ABOVE, UNTESTED_ABOVE, Decision
from core.rules.escalation_words import condition_of
from core.trial.cohorts import (
    adjudications_due,
    computed_decision,
    escalation_rules,
    facts_digest,
    outcomes,
)
from core.trial.escalation.events import DecisionSigned
from core.trial.escalation.holds import holds_in_force
from core.trial.study.events import ProtocolConfigApproved
from core.trial.study.self_test import self_test_digest
from core.trial.study.state import require_config
from core.trial.subject.outcome import dose_date, emerged, is_candidate, is_related_event
from core.trial.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from core.kernel.recorded import Recorded
    from core.rules.escalation import Outcome
    from core.rules.escalation_situation import Situation
    from core.trial.escalation.state import Meeting
    from core.trial.study.config import ProtocolConfig
    from core.trial.study.state import Study
    from core.trial.subject.course import TrackedAdverseEvent
    from core.trial.subject.state import Dose, Subject


# Flags that the table itself sets, and the one that stands for a held decision.
_NO_OVERLAYS: Final = (HOLD_ABOVE, UNTESTED_ABOVE, HELD_FLAG)


def explain(events: Iterable[Recorded]) -> dict[str, Any]:
    """Return the explanation of the decision after these events, the first of the log and all that follow.

    Raises: `NO_PROTOCOL_CONFIG`, `UNKNOWN_POSITION` where there are none.
    """
    trial, last, approved, meeting = Trial(), None, None, None
    for last in events:
        meeting = trial.escalation.meeting
        trial.apply(last)
        if isinstance(last.payload, ProtocolConfigApproved):
            approved = last.payload
    if last is None:
        raise Refused("UNKNOWN_POSITION", "the log has no such position")
    signed = last.payload if isinstance(last.payload, DecisionSigned) else None
    return {
        "position": last.position,
        **_configuration(trial, approved),
        **_inputs(trial),
        **_decided(trial),
        "signed": None if signed is None else _signed(signed, meeting),
    }


def _configuration(trial: Trial, approved: ProtocolConfigApproved | None) -> dict[str, Any]:
    study = trial.study
    config = require_config(study)
    return {
        "configuration": {
            "number": study.number,
            "digest": config_digest(config),
            "rules_version": config.rules_version,
            "rules": to_data(config.escalation),
            "levels": len(config.levels),
            "self_test_at_activation": approved.self_test if approved else None,
            "self_test_now": self_test_digest(study.version(approved.number)) if approved else None,
        }
    }


def config_digest(config: ProtocolConfig) -> str:
    """Return the digest over a whole configuration, `sha256:` and 64 hex digits."""
    written = json.dumps(to_data(config), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(written.encode()).hexdigest()


def _inputs(trial: Trial) -> dict[str, Any]:
    subjects, study = trial.subjects, trial.study
    return {
        "facts": facts_digest(subjects, study),
        "outcomes": [_outcome(one, trial) for one in outcomes(subjects, study)],
        "adjudications_due": [to_data(due) for due in adjudications_due(subjects, study)],
        "holds": [{"id": one.id, "cause": one.cause} for one in _holds(trial)],
    }


def _holds(trial: Trial) -> tuple[Any, ...]:
    return holds_in_force(trial.raised, trial.escalation)


def _outcome(outcome: Outcome, trial: Trial) -> dict[str, Any]:
    """Return an outcome with the adverse events behind it: related ones, and whatever was adjudicated."""
    subject = trial.subjects[outcome.subject]
    behind = () if subject.dose is None else _behind(subject, subject.dose, trial.study)
    return {**to_data(outcome), "adverse_events": [*behind]}


def _behind(subject: Subject, dose: Dose, study: Study) -> Iterator[dict[str, Any]]:
    for ae_id, tracked in subject.adverse_events.items():
        related = is_related_event(tracked, dose, study)
        if related or tracked.adjudicated is not None:
            yield {
                "ae_id": ae_id,
                "term": tracked.entry.term,
                "onset": tracked.entry.onset.isoformat(),
                "onset_grade": tracked.entry.grade,
                **_as_counted(tracked, dose, study),
                "related": related,
                "candidate": is_candidate(tracked, dose, study),
                "adjudicated_dlt": tracked.adjudicated,
            }


def _as_counted(tracked: TrackedAdverseEvent, dose: Dose, study: Study) -> dict[str, Any]:
    """Return what the DLT definition looks at; what began before the dose and got no worse never emerged."""
    since = emerged(tracked, dose, study)
    after_dose = since.day >= dose_date(dose, study)
    return {"emerged": since.day.isoformat() if after_dose else None, "grade": since.grade}


def _decided(trial: Trial) -> dict[str, Any]:
    subjects, study = trial.subjects, trial.study
    config = require_config(study)
    decision = computed_decision(subjects, study)
    situation = survey(escalation_rules(config), len(config.levels), outcomes(subjects, study))
    return {
        "row": {"number": decision.row, "condition": condition_of(decision.row)},
        "decision": {
            "decision": str(decision.decision),
            "level": decision.level,
            "mtd": decision.mtd,
            "reason": str(decision.reason),
            "slots": decision.slots,
            "flags": list(decision.flags),
        },
        "overlays": _overlays(decision),
        "ceiling": decision.ceiling,
        "trigger": situation.trigger,
        "levels": _levels(situation, config),
    }


def _overlays(decision: Decision) -> list[str]:
    """Return which overlays of domain 1.2 changed what the row says."""
    applied = [flag for flag in decision.flags if not flag.startswith(_NO_OVERLAYS)]
    held = any(flag.startswith(HELD_FLAG) for flag in decision.flags)
    return [str(decision.reason), *applied] if held else applied


def _levels(situation: Situation, config: ProtocolConfig) -> list[dict[str, Any]]:
    return [
        {
            "level": level.level,
            "cells": to_data(level.cells),
            "mode": "atd" if situation.titrates(level.level) else "3+3",
            "counts": to_data(situation.levels[level.level]) if level.level in situation.levels else None,
        }
        for level in config.levels
    ]


def _signed(signed: DecisionSigned, meeting: Meeting | None) -> dict[str, Any]:
    votes = meeting.votes if meeting else {}
    return {
        "meeting": signed.meeting,
        "decision": signed.decision,
        "level": signed.level,
        "mtd": signed.mtd,
        "overridden": signed.overridden,
        "override": signed.override,
        "facts": signed.facts,
        "snapshot_position": meeting.opened.snapshot_position if meeting else None,
        "votes": [
            {"person": person, "decision": vote.decision, "level": vote.level, "rationale": vote.rationale}
            for person, vote in votes.items()
        ],
    }
