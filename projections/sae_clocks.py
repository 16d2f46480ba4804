"""The clocks of serious adverse events: until when sponsor and regulator must know, and whether they do.

* A declaration starts its clocks at awareness. An event that is serious but not declared has the sponsor's
  clock from the site's first awareness all the same.
* A report answers every clock of its recipient: that of its own declaration and those of earlier ones.
* Whether an unanswered clock is overdue depends on the moment of reading; the deadline itself is in time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel.time import local_text, parse_offset_time
from core.rules.sae_deadline import SaeClocks, sponsor_deadline
from core.trial.registry import events_of
from core.trial.study.state import require_config
from core.trial.subject.adverse_events import SafetyRecipient
from projections.projection import RowChange
from projections.read_rights import readers_of
from projections.toxicities import row_key, touched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.study.config import ProtocolConfig
    from core.trial.subject.course import TrackedAdverseEvent
    from core.trial.trial import Trial


class SaeClockBoard:
    """Stores one row an adverse event with its clocks, if it is serious; people read one row a clock."""

    name = "sae-clocks"
    readers = readers_of(name, "subject")
    concerns = events_of("subject", "study")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the rows of the adverse events that the event touches."""
        del before
        for key, _, tracked in touched(event, trial):
            clocks = list(_clocks(tracked, require_config(trial.study)))
            about = {
                "subject_key": key,
                "ae_id": tracked.entry.ae_id,
                "term": tracked.entry.term,
                "criteria": [str(criterion) for criterion in tracked.criteria],
            }
            yield RowChange(row_key(key, tracked), {**about, "clocks": clocks})

    def present(self, rows: Sequence[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
        """Return one row a clock with its state: open, overdue, met, met_late."""
        return [
            {**{name: row[name] for name in row if name != "clocks"}, **clock, "state": _state(clock, moment)}
            for row in rows
            for clock in row["clocks"]
        ]


def _state(clock: dict[str, Any], moment: datetime) -> str:
    due = parse_offset_time(clock["due_at"])
    if clock["submitted_at"] is not None:
        return "met" if parse_offset_time(clock["submitted_at"]) <= due else "met_late"
    return "open" if moment <= due else "overdue"


def _clocks(tracked: TrackedAdverseEvent, config: ProtocolConfig) -> Iterator[dict[str, Any]]:
    if not tracked.declarations and tracked.aware_at is not None:
        safety = config.safety
        clocks = SaeClocks(safety.sponsor_hours, safety.susar_fatal_days, safety.susar_days)
        due = sponsor_deadline(tracked.aware_at, clocks)
        yield _clock(0, SafetyRecipient.SPONSOR, (tracked.aware_at, due, None), config.zone)
    for number, declared in enumerate(tracked.declarations, 1):
        event = declared.event
        deadlines = {
            SafetyRecipient.SPONSOR: event.sponsor_due,
            SafetyRecipient.REGULATOR: event.regulator_due,
        }
        for to, due_at in deadlines.items():
            if due_at is not None:
                moments = (event.aware_at, due_at, _answered(tracked, number, to))
                yield _clock(number, to, moments, config.zone)


def _answered(tracked: TrackedAdverseEvent, number: int, to: SafetyRecipient) -> datetime | None:
    """Return when the first report to the recipient went out under this declaration or a later one."""
    sent = (
        one.submitted_at
        for declared in tracked.declarations[number - 1 :]
        for one in declared.submissions
        if one.to is to
    )
    return min(sent, default=None)


def _clock(
    declaration: int, to: SafetyRecipient, moments: tuple[datetime, datetime, datetime | None], zone: str
) -> dict[str, Any]:
    """Return a clock with its moments of awareness, deadline and report; declaration 0 is none yet."""
    aware_at, due_at, submitted_at = moments
    return {
        "declaration": declaration,
        "to": to,
        "aware_at": local_text(aware_at, zone),
        "due_at": local_text(due_at, zone),
        "submitted_at": None if submitted_at is None else local_text(submitted_at, zone),
    }
