"""How a subject leaves: withdrawal, death, liver transplant, lost to follow-up, each on one day."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from core.trial.subject.events import (
    DeathRecorded,
    DispositionKind,
    LiverTransplantRecorded,
    LostToFollowUpRecorded,
    SubjectWithdrawn,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

Disposition: TypeAlias = "SubjectWithdrawn | DeathRecorded | LiverTransplantRecorded | LostToFollowUpRecorded"

# Where a subject's state keeps each of them.
FIELD_OF: Final[Mapping[DispositionKind, str]] = {
    DispositionKind.WITHDRAWAL: "withdrawn",
    DispositionKind.DEATH: "died",
    DispositionKind.LIVER_TRANSPLANT: "transplanted",
    DispositionKind.LOST_TO_FOLLOW_UP: "lost",
}


def kind_of(event: Disposition) -> DispositionKind:
    """Return the way in which the subject left."""
    match event:
        case SubjectWithdrawn():
            return DispositionKind.WITHDRAWAL
        case DeathRecorded():
            return DispositionKind.DEATH
        case LiverTransplantRecorded():
            return DispositionKind.LIVER_TRANSPLANT
        case LostToFollowUpRecorded():
            return DispositionKind.LOST_TO_FOLLOW_UP


def day_of(event: Disposition) -> date:
    """Return the day: of whom was lost, the last one known alive."""
    return event.last_contact if isinstance(event, LostToFollowUpRecorded) else event.date


def on_another_day(event: Disposition, day: date) -> Disposition:
    """Return the same departure on another day."""
    if isinstance(event, LostToFollowUpRecorded):
        return replace(event, last_contact=day)
    return replace(event, date=day)
