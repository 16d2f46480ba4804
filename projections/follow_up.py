"""How far each dosed subject was followed and how that ended: what every survival view is made from.

* Follow-up ends with the first of death and transplant; on the same day death counts.
* Withdrawal and loss to follow-up are no ends of their own: the subject counts up to the last day known
  alive, and a death that becomes known later counts as a death on its day.
* Last known alive: vital status, a draw, a visit, the last contact, the withdrawal; never a plan.
* Whoever is known alive on the horizon or later is no withdrawal (domain 6).
* The horizon is that of the reader's configuration: rows keep every day that is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.kernel.time import local_date, study_day
from core.rules.life_table import EndKind, Followed
from core.trial.casebook.events import LabPanelReported, SpecimenDrawn, VisitRecorded, VitalStatusRecorded
from core.trial.registry import events_of
from core.trial.subject.outcome import dose_date, dosed_under
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from core.kernel.recorded import Recorded
    from core.trial.casebook.state import Casebook
    from core.trial.study.config import ProtocolConfig
    from core.trial.study.state import Study
    from core.trial.subject.state import Dose, Subject
    from core.trial.trial import Trial

Row = dict[str, Any]

_PROOFS_OF_LIFE: Final = (VisitRecorded, SpecimenDrawn, LabPanelReported, VitalStatusRecorded)

CENSORED: Final = "censored"
EVENT: Final = "event"


class FollowUpView:
    """Stored: one row a dosed subject, one for the signed rules of survival."""

    readers = readers_of("survival", "subject", "casebook")
    computed = True
    concerns = frozenset(_PROOFS_OF_LIFE) | events_of("subject", "study")

    def project(self, event: Recorded, before: Any, trial: Trial) -> Iterable[RowChange]:  # noqa: ANN401 - a state
        """Return what an event changed about the end of follow-up."""
        kind, _, key = event.stream.partition("/")
        if kind == "subject" or (kind == "casebook" and _proves_life(before, key, trial)):
            subject = trial.subjects[key]
            if subject.dose is not None:
                yield RowChange(key, _subject_row(key, subject.dose, trial))
        elif kind == streams.STUDY and trial.study.config is not None:
            yield RowChange("protocol/", _protocol_row(trial.study.config))


def _proves_life(before: Casebook | None, key: str, trial: Trial) -> bool:
    """Tell whether an event shows the subject alive on a later day than the record did."""
    after, config = trial.casebooks[key], trial.study.config
    return before is None or config is None or _latest(before, config.zone) != _latest(after, config.zone)


def _latest(casebook: Casebook, zone: str) -> tuple[object, ...]:
    drawn_on = None if casebook.last_drawn is None else local_date(casebook.last_drawn, zone)
    return drawn_on, casebook.last_visited, casebook.last_alive_day


def _subject_row(key: str, dose: Dose, trial: Trial) -> Row:
    subject, casebook, study = trial.subjects[key], trial.casebooks.get(key), trial.study
    day_zero = dose_date(dose, study)

    def day(event: Any) -> int | None:  # noqa: ANN401 - any departure with a date
        return None if event is None else max(0, study_day(event.date, day_zero))

    return {
        "subject_key": key,
        "died": day(subject.died),
        "withdrawn": day(subject.withdrawn),
        "transplanted": day(subject.transplanted),
        "last_alive": _last_alive_day(subject, casebook, dose, study),
    }


def _last_alive_day(subject: Subject, casebook: Casebook | None, dose: Dose, study: Study) -> int:
    day_zero = dose_date(dose, study)
    days: list[date] = [subject.lost.last_contact] if subject.lost else []
    if subject.withdrawn is not None:
        days.append(subject.withdrawn.date)
    if casebook is not None and casebook.last_drawn is not None:
        days.append(local_date(casebook.last_drawn, dosed_under(dose, study).zone))
    if casebook is not None and casebook.last_visited is not None:
        days.append(casebook.last_visited)
    recorded = casebook.last_alive_day if casebook is not None else None
    return max(0, recorded or 0, *(study_day(one, day_zero) for one in days))


def _protocol_row(config: ProtocolConfig) -> Row:
    control = config.survival.historical
    return {
        "subject_key": None,
        "interval_ends": list(config.survival.interval_ends),
        "transplant": config.survival.transplant,
        "historical": None
        if control is None
        else {"survival": str(control.survival), "subjects": control.subjects, "source": control.source},
    }


# -- reading --------------------------------------------------------------------------------------------


def protocol_of(rows: Sequence[Row]) -> Row | None:
    """Return the stored rules of survival, None before a configuration counts."""
    return next((row for row in rows if row["subject_key"] is None), None)


def followed(
    rows: Sequence[Row], horizon: int, *, transplant: str, withdrawal: str = CENSORED
) -> list[Followed]:
    """Return the follow-up of every dosed subject; each reading is `censored` or `event`."""
    return [_followed(row, horizon, transplant, withdrawal) for row in rows if row["subject_key"] is not None]


def _followed(row: Row, horizon: int, transplant: str, withdrawal: str) -> Followed:
    ends = [(row["died"], EndKind.DEATH), (row["transplanted"], _kind(transplant))]
    # At equal days the earlier of the list counts: a death is never hidden by a transplant.
    known = [(day, place, kind) for place, (day, kind) in enumerate(ends) if day is not None]
    if known:
        day, _, kind = min(known)
        return Followed(day, kind)
    alive: int = row["last_alive"]
    if alive >= horizon:
        return Followed(alive, EndKind.ALIVE)
    return Followed(alive, EndKind.CENSORED if row["withdrawn"] is None else _kind(withdrawal))


def _kind(treated_as: str) -> EndKind:
    return EndKind.DEATH if treated_as == EVENT else EndKind.CENSORED


def as_numbers(figures: dict[str, Any]) -> Row:
    """Return estimates as JSON numbers: they are rounded already, and are no measurements."""
    return {name: _number(value) for name, value in figures.items()}


def _number(value: Any) -> Any:  # noqa: ANN401 - a figure, a list of them, a word
    if isinstance(value, list):
        return [_number(one) for one in value]
    return value if value is None or isinstance(value, int | str) else float(value)
