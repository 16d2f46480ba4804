"""Holds that stop dosing: those that toxicities raise by themselves, and those that people place.

* A hold is raised by the fold of the log, never by a person: it cannot be forgotten. Its id holds what
  made it, so that the next event makes another one.
* It is raised where a trigger that was not there before an event is there after it. What was lifted and
  comes back is therefore another hold, with an id of its own.
* Once raised it stays until the committee lifts it by its id: a correction that takes its cause away
  is for the committee to judge, not for whoever enters it.
* A hold refuses doses at all levels; decisions are still computed and shown.

Source: domain 1.2 (safety hold), 1.5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from core.rules.dlt import FATAL_GRADE
from core.rules.escalation_terms import HOLD_ABOVE
from core.trial.cohorts import decided, in_order_of_dosing
from core.trial.study.state import require_config
from core.trial.subject.adverse_events import Seriousness
from core.trial.subject.outcome import is_related_event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from core.kernel.recorded import Recorded
    from core.trial.cohorts import Contribution
    from core.trial.escalation.state import Escalation
    from core.trial.study.state import Study
    from core.trial.subject.state import Subject


class HoldKind(StrEnum):
    """What stops dosing; all but the last are automatic, each where the configuration names it."""

    RELATED_DEATH = "related_death"
    RELATED_LIFE_THREATENING = "related_life_threatening"
    LATE_DLT = "late_dlt"
    TWO_DLTS = "two_dlts"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Trigger:
    """What raised a hold: its id, kind, the words for it, and the position of the event that did."""

    id: str
    kind: HoldKind
    cause: str
    position: int


def of_subject(key: str, subject: Subject, study: Study, recorded: Recorded) -> dict[str, Trigger]:
    """Return the triggers in a dosed subject's adverse events, by id; `recorded` is the last event."""
    found = {}
    for kind, ae_id, cause in _in_adverse_events(subject, study):
        if kind in require_config(study).safety.holds:
            identifier = f"{kind}:{key}/{ae_id}"
            found[identifier] = Trigger(identifier, kind, f"{cause}: {ae_id} of {key}", recorded.position)
    return found


def with_raised(
    raised: Mapping[str, Trigger], found: Mapping[str, Trigger], present: frozenset[str]
) -> Mapping[str, Trigger]:
    """Return the holds raised so far and one for each trigger found that was not `present` before.

    A hold has its trigger's id; where that id had a hold before, `@` and the position of the event follow.
    """
    risen = {}
    for identifier, trigger in found.items():
        if identifier not in present:
            own = f"{identifier}@{trigger.position}" if identifier in raised else identifier
            risen[own] = replace(trigger, id=own)
    return {**raised, **risen} if risen else raised


def _in_adverse_events(subject: Subject, study: Study) -> Iterator[tuple[HoldKind, str, str]]:
    for ae_id, tracked in subject.adverse_events.items():
        if subject.dose is None or not is_related_event(tracked, subject.dose, study):
            continue
        if tracked.worst_grade == FATAL_GRADE:
            yield HoldKind.RELATED_DEATH, ae_id, "a related death"
        if Seriousness.LIFE_THREATENING in tracked.criteria:
            yield HoldKind.RELATED_LIFE_THREATENING, ae_id, "a related life-threatening event"


def of_levels(
    contributions: Mapping[str, Contribution],
    subjects: Mapping[str, Subject],
    study: Study,
    recorded: Recorded,
) -> dict[str, Trigger]:
    """Return the triggers in the DLTs of whole dose levels, by id; `recorded` is the last event."""
    found = {}
    for kind, level, cause in _in_levels(contributions, study):
        made_by = "+".join(_dlts_at(level, contributions, subjects))
        if made_by and kind in require_config(study).safety.holds:
            identifier = f"{kind}:{made_by}"
            words = f"{cause} {level} ({_dose(level, study)}): {made_by}"
            found[identifier] = Trigger(identifier, kind, words, recorded.position)
    return found


def _dose(level: int, study: Study) -> str:
    cells = require_config(study).levels[level - 1].cells
    return f"{cells.value} {cells.unit} cells"


def _in_levels(
    contributions: Mapping[str, Contribution], study: Study
) -> Iterator[tuple[HoldKind, int, str]]:
    decision = decided(contributions.values(), study)
    for flag in decision.flags:
        if flag.startswith(HOLD_ABOVE):
            level = int(flag.removeprefix(HOLD_ABOVE))
            yield HoldKind.LATE_DLT, level, "a late dose-limiting toxicity at level"
    permitted = require_config(study).escalation.mtd_max_dlt
    for level, counts in decision.levels:
        if counts.dlt > permitted:
            yield HoldKind.TWO_DLTS, level, "more dose-limiting toxicities than permitted at level"


def _dlts_at(
    level: int, contributions: Mapping[str, Contribution], subjects: Mapping[str, Subject]
) -> Iterator[str]:
    for one in in_order_of_dosing(contributions.values()):
        if one.outcome.level == level and one.outcome.dlt:
            key = one.outcome.subject
            events = subjects[key].adverse_events
            yield from (f"{key}/{ae_id}" for ae_id, tracked in events.items() if tracked.is_dlt)


def holds_in_force(raised: Mapping[str, Trigger], escalation: Escalation) -> tuple[Trigger, ...]:
    """Return what stops dosing now, in the order in which it came about."""
    placed = {
        identifier: Trigger(identifier, HoldKind.MANUAL, one.event.cause, one.position)
        for identifier, one in escalation.placed.items()
    }
    standing = (one for one in (*raised.values(), *placed.values()) if one.id not in escalation.lifted)
    return tuple(sorted(standing, key=lambda one: (one.position, one.id)))
