"""The audit trail as people read it: one row an event, with every field that it set or changed.

Old values come from the event itself, which names them and was refused unless they stood there
(21 CFR 11.10(e): changes shall not obscure previously recorded information).

How a member voted stands here once the meeting has ended, not before: the row of the vote is then completed
(part 11 section 6). The signed leaf is withheld for as long (`api/feed/rights.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.kernel.codec import to_data
from core.kernel.time import write_instant
from core.trial.casebook.events import LabResultCorrected, LabResultRepeated
from core.trial.escalation.events import DecisionSigned, SrcMeetingClosed, SrcVoteCast
from core.trial.escalation.state import Escalation
from core.trial.registry import data_of, event_name
from core.trial.subject.adverse_events import AdverseEventCorrected, AdverseEventRegraded
from core.trial.subject.events import DispositionCorrected, DoseCorrected, ScreeningCorrected
from projections.projection import CLINICAL_READERS, RowChange
from projections.sentences.of_committee import sentence_of_open_vote
from projections.sentences.sentence import sentence
from projections.stamps import reason_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial


class Trail:
    """One row an event, keyed by its position."""

    name = "trail"
    by_position = True
    readers = CLINICAL_READERS

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the event's row; where it ends a meeting, also those of its votes."""
        del trial
        if isinstance(event.payload, SrcVoteCast):
            unsaid = replace(event, reason=None)  # a reason could say what the vote was for
            yield _row(unsaid, sentence_of_open_vote(event.payload), _withheld(event.payload))
            return
        yield _row(event, sentence(event), _what(event))
        if isinstance(event.payload, DecisionSigned | SrcMeetingClosed):
            yield from (_row(vote, sentence(vote), _what(vote)) for vote in _ballots(before))


def _row(event: Recorded, said: str, what: dict[str, Any]) -> RowChange:
    return RowChange(str(event.position), {**_who_and_when(event), "sentence": said, **what})


def _ballots(before: object) -> tuple[Recorded, ...]:
    return before.meeting.ballots if isinstance(before, Escalation) and before.meeting else ()


def _withheld(vote: SrcVoteCast) -> dict[str, Any]:
    withheld = ["decision", "level", "rationale", "reason"]
    return {"about": {"withheld": withheld}, "changes": [_new("meeting", vote.meeting)]}


def _who_and_when(event: Recorded) -> dict[str, Any]:
    signer = event.signer
    return {
        "position": event.position,
        "recorded_at": write_instant(event.recorded_at),
        "occurred_at": write_instant(event.occurred_at),
        "zone": event.zone,
        "event": event_name(event.topic),
        "stream": event.stream,
        "version": event.version,
        "digest": event.digest,
        "subject_key": _subject_key(event),
        "actor": signer.id,
        "printed_name": signer.name,
        "role": signer.role,
        "meaning": event.meaning,
        "reason": reason_row(event.reason),
        "corrects": event.corrects,
    }


def _subject_key(event: Recorded) -> str | None:
    """Return whom the event is about: named by the stream, or by a lot's event itself."""
    if streams.is_of_subject(event.stream):
        return streams.key_of(event.stream)
    return getattr(event.payload, "subject_key", None)


def _what(event: Recorded) -> dict[str, Any]:
    """Return what the event is about and its changes; in a correction only corrected fields are changes."""
    payload = event.payload
    match payload:
        case ScreeningCorrected() | AdverseEventCorrected() | DoseCorrected():
            return _corrected_fields(to_data(payload))
        case AdverseEventRegraded():
            return _regraded(to_data(payload))
        case LabResultCorrected():
            return _corrected_result(to_data(payload))
        case LabResultRepeated():
            return _repeated_result(to_data(payload))
        case DispositionCorrected():
            change = {"field": "date", "old": str(payload.old), "new": str(payload.new)}
            return {"about": {"kind": payload.kind, "source": payload.source}, "changes": [change]}
        case _:
            return {"about": {}, "changes": [_new(*item) for item in _flat("", data_of(event))]}


def _corrected_fields(data: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that people changed; the answers that follow from them stand in other views."""
    changes = data.pop("changes")
    return {"about": {name: data[name] for name in data if name != "rules"}, "changes": changes}


def _regraded(data: dict[str, Any]) -> dict[str, Any]:
    about, old = data.pop("ae_id"), data.pop("from_grade")
    changed = {"field": "grade", "old": old, "new": data.pop("to_grade")}
    return {"about": {"ae_id": about}, "changes": [changed, *(_new(*item) for item in _flat("", data))]}


def _corrected_result(data: dict[str, Any]) -> dict[str, Any]:
    old, new = data.pop("old"), data.pop("new")
    changes = [
        {"field": f"{data['analyte']}.{name}", "old": old[name], "new": new[name]}
        for name in old
        if old[name] != new[name]
    ]
    return {"about": data, "changes": changes}


def _repeated_result(data: dict[str, Any]) -> dict[str, Any]:
    old, result = data.pop("old"), data.pop("result")
    changes = [
        {"field": f"{result['analyte']}.{name}", "old": old.get(name), "new": result[name]}
        for name in result
        if name != "analyte" and result[name] != old.get(name)
    ]
    return {"about": data, "changes": changes}


def _new(field: str, value: object) -> dict[str, Any]:
    return {"field": field, "old": None, "new": value}


def _flat(prefix: str, data: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield dotted fields with their values; a list is one value."""
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield prefix + name, value
