"""How far apart subjects are dosed: the first of a level is watched alone, later ones follow singly.

* Days are calendar days at the site; "14 days" lets the second subject be dosed on day 14 of the first.
* A subject who left was watched until then. Where everybody of a level left before one of them was watched
  to the end, the next subject is the first again.
* While the first subject of a level is watched, nobody is the first of another level.

Source: domain 1.5 (stagger; "two open cohorts prohibited", NCT07488546).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.kernel.errors import Refused
from core.kernel.time import local_date
from core.trial.subject.outcome import dose_date, dose_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from core.trial.study.config import DosingRules, ProtocolConfig
    from core.trial.study.state import Study
    from core.trial.subject.state import Subject


@dataclass(frozen=True, slots=True)
class DosedBefore:
    """Another subject's dose: level as it counts now, day at the site, and the day on which they left."""

    level: int
    day: date
    left_on: date | None = None

    def watched_days(self, today: date) -> int:
        """Return for how many days the subject was watched by today."""
        until = today if self.left_on is None else min(today, self.left_on)
        return (until - self.day).days

    def is_on_study(self, today: date) -> bool:
        """Tell whether the subject had not left by today."""
        return self.left_on is None or self.left_on > today


def stagger_breach(earlier: Sequence[DosedBefore], level: int, today: date, rules: DosingRules) -> str | None:
    """Return in which way a dose at the level today would come too soon, None where it would not."""
    if any(abs((today - one.day).days) < rules.between_subjects_days for one in earlier):
        return f"subjects are dosed at least {rules.between_subjects_days} days apart"
    watched = {one.level for one in earlier if one.watched_days(today) >= rules.first_of_level_days}
    being_watched = {one.level for one in earlier if one.is_on_study(today)} - watched
    if level in being_watched:
        return f"the first subject of the level is watched for {rules.first_of_level_days} days"
    if level not in watched and being_watched:
        return "the first subject of another level is still being watched"
    return None


def dosed_before(subjects: Iterable[Subject], study: Study) -> tuple[DosedBefore, ...]:
    """Return the doses given so far."""
    return tuple(
        DosedBefore(dose_level(one.dose, study), dose_date(one.dose, study), one.left_on)
        for one in subjects
        if one.dose is not None
    )


def require_stagger(
    subjects: Iterable[Subject], study: Study, config: ProtocolConfig, level: int, at: datetime
) -> None:
    """Refuse a dose that comes too soon after another.

    Raises: `STAGGER_VIOLATION`.
    """
    today = local_date(at, config.zone)
    if breach := stagger_breach(dosed_before(subjects, study), level, today, config.dosing):
        raise Refused("STAGGER_VIOLATION", breach, level=level)
