"""Which window counts for a visit of a subject: amendments never reach backwards.

1. A subject starts with the windows of the configuration under which the dose was given.
2. A later version replaces the window of a visit unless, when it began to count, the visit was already in
   the record (server time) or its window was over (calendar days at the site).
3. A visit that a later version adds counts unless its window was over by then; one that it drops no longer
   counts, with the same two exceptions.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.kernel.time import local_date
from core.trial.subject.outcome import dose_date, dosed_under

if TYPE_CHECKING:
    from datetime import date, datetime

    from core.trial.casebook.state import Casebook
    from core.trial.study.config import VisitWindow
    from core.trial.study.state import Study
    from core.trial.subject.state import Dose


def windows_of(dose: Dose, casebook: Casebook, study: Study) -> tuple[VisitWindow, ...]:
    """Return the schedule that counts for a dosed subject, in order of days."""
    windows = dosed_under(dose, study).visits
    for number in sorted(n for n in study.versions if n > dose.event.config_number):
        amended = study.version(number).visits
        if amended != windows:
            windows = _amended(windows, amended, study.since[number], dose, casebook, study)
    return windows


def _amended(
    before: tuple[VisitWindow, ...],
    after: tuple[VisitWindow, ...],
    since: datetime,
    dose: Dose,
    casebook: Casebook,
    study: Study,
) -> tuple[VisitWindow, ...]:
    day_zero = dose_date(dose, study)
    today = local_date(since, dosed_under(dose, study).zone)
    kept = {w.day: w for w in before if _is_settled(w, casebook, since) or _is_over(w, day_zero, today)}
    new = {w.day: w for w in after if w.day not in kept and not _is_over(w, day_zero, today)}
    windows = {**kept, **new}
    return tuple(windows[day] for day in sorted(windows))


def _is_settled(window: VisitWindow, casebook: Casebook, since: datetime) -> bool:
    entered_at = casebook.visit(window.day).entered_at
    return entered_at is not None and entered_at < since


def _is_over(window: VisitWindow, day_zero: date, today: date) -> bool:
    return day_zero + timedelta(days=window.last) < today
