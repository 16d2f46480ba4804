"""The table of treatment-emergent adverse events: subjects by class, term and worst grade, level by level.

* A subject counts once a term, with their worst grade of it; once a class, with their worst grade in it.
* The worst grade is that since the event emerged: what was there before the dose does not count.
* `level` null is all levels together, `term` null the whole class, `soc` null any event at all.
* `dosed` is the denominator: everybody dosed at the level, with or without events. All numbers but `events`
  are numbers of subjects.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.trial.registry import events_of
from core.trial.subject.events import DoseAdministered
from core.trial.subject.outcome import emerged, is_related_event, is_teae
from projections.projection import RowChange
from projections.read_rights import readers_of
from projections.toxicities import level_of, row_key, touched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial

GRADES: Final = (1, 2, 3, 4, 5)


class AeTable:
    """Stores one row a dosed subject and one an adverse event; people read their counts."""

    name = "ae-table"
    readers = readers_of(name, "subject")
    computed = True
    concerns = events_of("subject", "study")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the subjects and adverse events that the event touches."""
        del before
        for key in _dosed(event, trial):
            yield RowChange(key, {"subject_key": key, "level": level_of(trial.subjects[key], trial)})
        for key, subject, tracked in touched(event, trial):
            dose = subject.dose
            if dose is not None:
                row = {
                    "subject_key": key,
                    "level": level_of(subject, trial),
                    "soc": tracked.entry.soc,
                    "term": tracked.entry.term,
                    "grade": emerged(tracked, dose, trial.study).grade,
                    "teae": is_teae(tracked, dose, trial.study),
                    "related": is_related_event(tracked, dose, trial.study),
                    "serious": bool(tracked.criteria),
                }
                yield RowChange(row_key(key, tracked), row)

    def present(self, rows: Sequence[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
        """Return the counts: all levels first, then each; in each any event, then class by class."""
        del moment
        dosed = Counter(row["level"] for row in rows if "term" not in row)
        events = [row for row in rows if row.get("teae")]
        table = []
        for level in (None, *sorted(dosed)):
            here = [row for row in events if level in {None, row["level"]}]
            subjects = dosed[level] if level is not None else dosed.total()
            table += [_counted(level, subjects, *group) for group in _groups(here)]
        return table


def _dosed(event: Recorded, trial: Trial) -> Iterator[str]:
    if event.stream == streams.STUDY:
        yield from (key for key, subject in trial.subjects.items() if subject.dose is not None)
    elif isinstance(event.payload, DoseAdministered):
        yield streams.key_of(event.stream)


def _groups(
    events: list[dict[str, Any]],
) -> Iterator[tuple[str | None, str | None, list[dict[str, Any]]]]:
    """Yield class, term and the events of each line of the table."""
    yield None, None, events
    for soc in sorted({row["soc"] for row in events}):
        of_class = [row for row in events if row["soc"] == soc]
        yield soc, None, of_class
        for term in sorted({row["term"] for row in of_class}):
            yield soc, term, [row for row in of_class if row["term"] == term]


def _counted(
    level: int | None, dosed: int, soc: str | None, term: str | None, events: list[dict[str, Any]]
) -> dict[str, Any]:
    worst: dict[str, int] = {}
    for row in events:
        worst[row["subject_key"]] = max(row["grade"], worst.get(row["subject_key"], 0))
    grades = Counter(worst.values())
    return {
        "level": level,
        "soc": soc,
        "term": term,
        "dosed": dosed,
        "events": len(events),
        "subjects": len(worst),
        **{f"grade_{grade}": grades[grade] for grade in GRADES},
        "related": len({row["subject_key"] for row in events if row["related"]}),
        "serious": len({row["subject_key"] for row in events if row["serious"]}),
    }
