"""The audit trail as people read it: one row an event, with every field that it set or changed.

Old values come from the event itself, which names them and was refused unless they stood there
(21 CFR 11.10(e): changes shall not obscure previously recorded information).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.kernel.codec import to_data
from core.kernel.time import write_instant
from core.trial.casebook.events import LabResultCorrected
from core.trial.registry import event_name
from core.trial.subject.events import AdverseEventCorrected
from projections.projection import CLINICAL_READERS, RowChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial


class Trail:
    """One row an event, keyed by its position."""

    name = "trail"
    readers = CLINICAL_READERS

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the event's row."""
        del before, trial
        return (RowChange(str(event.position), {**_who_and_when(event), **_what(event.payload)}),)


def _who_and_when(event: Recorded) -> dict[str, Any]:
    signer, reason = event.signer, event.reason
    return {
        "position": event.position,
        "recorded_at": write_instant(event.recorded_at),
        "occurred_at": write_instant(event.occurred_at),
        "zone": event.zone,
        "event": event_name(event.topic),
        "stream": event.stream,
        "version": event.version,
        "subject_key": _subject_key(event.stream),
        "actor": signer.id,
        "printed_name": signer.name,
        "role": signer.role,
        "meaning": event.meaning,
        "reason": None if reason is None else {"code": reason.code, "text": reason.text},
        "corrects": event.corrects,
    }


def _subject_key(stream: str) -> str | None:
    about_subject = stream.startswith((streams.SUBJECT_PREFIX, streams.CASEBOOK_PREFIX))
    return streams.key_of(stream) if about_subject else None


def _what(payload: Any) -> dict[str, Any]:  # noqa: ANN401 - any registered payload
    """Return what the event is about and its changes; in a correction only corrected fields are changes."""
    match payload:
        case AdverseEventCorrected():
            return {
                "about": {"ae_id": payload.ae_id},
                "changes": [{"field": c.field, "old": c.old, "new": c.new} for c in payload.changes],
            }
        case LabResultCorrected():
            return _corrected_result(to_data(payload))
        case _:
            return {"about": {}, "changes": [_new(*item) for item in _flat("", to_data(payload))]}


def _corrected_result(data: dict[str, Any]) -> dict[str, Any]:
    old, new = data.pop("old"), data.pop("new")
    changes = [
        {"field": f"{data['analyte']}.{name}", "old": old[name], "new": new[name]}
        for name in old
        if old[name] != new[name]
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
