"""The casebook of a subject: visits as columns, forms as rows, every field with its whole history.

* Stored is one row an event of the subject's and the casebook's stream, and one a subject with the visits;
  so an event costs one row however long the casebook is. Forms are put together when they are read.
* A correction, a repeat, a regrading belongs to the form that it is about: the field gets one more value.
* Nothing is left out: an event without a form of its own is a form under its own name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.kernel.codec import to_data
from core.kernel.time import write_instant
from core.trial.registry import event_name, events_of
from projections.projection import CLINICAL_READERS, RowChange
from projections.visit_records import visit_changes, visit_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial

Row = dict[str, Any]

# What is about the same thing stands on the same form; every other event is a form of its own.
_FORM_OF: Final[Mapping[str, str]] = {
    "ConsentGiven": "consent",
    "ConsentReconfirmed": "consent",
    "ConsentWithdrawn": "consent",
    "SubjectScreened": "screening",
    "ScreeningCorrected": "screening",
    "DoseAdministered": "dose",
    "DoseCorrected": "dose",
    "AdverseEventReported": "adverse event",
    "AdverseEventCorrected": "adverse event",
    "AdverseEventRegraded": "adverse event",
    "AdverseEventResolved": "adverse event",
    "SaeDeclared": "adverse event",
    "SaeSubmitted": "adverse event",
    "DltAdjudicated": "adverse event",
    "VisitRecorded": "visit",
    "VisitMissed": "visit",
    "SpecimenDrawn": "specimen",
    "LabPanelReported": "lab panel",
    "LateResultReported": "lab panel",
    "LabResultRepeated": "lab panel",
    "LabResultCorrected": "lab panel",
    "LabReviewed": "lab panel",
    "MedicationRecorded": "medication",
    "MedicationEnded": "medication",
    "HlaAntibodyReported": "HLA antibodies",
    "VitalStatusRecorded": "vital status",
    "ClinicalImprovementAssessed": "clinical improvement",
    "DeviationRecorded": "deviation",
    "DeviationAssessed": "deviation",
    "SubjectWithdrawn": "withdrawal",
    "DeathRecorded": "death",
    "LiverTransplantRecorded": "liver transplant",
    "LostToFollowUpRecorded": "lost to follow up",
}
# What tells the forms of one kind apart.
_INSTANCES: Final = ("specimen_set", "ae_id", "medication_id", "deviation_id", "study_day", "visit")


class CasebookView:
    """Stored: a row an event, a row a subject. Read: one row a subject."""

    name = "casebook"
    readers = CLINICAL_READERS
    concerns = events_of("subject", "casebook", "study")

    def project(self, event: Recorded, before: Any, trial: Trial) -> Iterable[RowChange]:  # noqa: ANN401 - a state
        """Return the event's entry, and what it changed about visits."""
        if event.stream.startswith((streams.SUBJECT_PREFIX, streams.CASEBOOK_PREFIX)):
            yield RowChange(str(event.position), _entry(event))
        yield from visit_changes(event, before, trial)

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the casebooks, in order of the first entry of each subject."""
        entries: dict[str, list[Row]] = {}
        for row in rows:
            if row["kind"] == "entry":
                entries.setdefault(row["subject_key"], []).append(row)
        visits = {row["subject_key"]: row for row in rows if row["kind"] == "subject"}
        return [
            {
                "subject_key": key,
                "visits": visit_rows([visits[key]], moment) if key in visits else [],
                "forms": _forms(entered),
            }
            for key, entered in entries.items()
        ]


# -- what is stored -------------------------------------------------------------------------------------


def _entry(event: Recorded) -> Row:
    reason = event.reason
    return {
        "kind": "entry",
        "subject_key": streams.key_of(event.stream),
        "position": event.position,
        "at": write_instant(event.occurred_at),
        "recorded_at": write_instant(event.recorded_at),
        "by": event.signer.id,
        "role": event.signer.role,
        "reason": None if reason is None else {"code": reason.code, "text": reason.text},
        "event": event_name(event.topic),
        "data": to_data(event.payload),
    }


# -- what is read ---------------------------------------------------------------------------------------


def _forms(entries: Sequence[Row]) -> list[Row]:
    forms: dict[tuple[str, str | None], Row] = {}
    for entry in entries:
        form = forms.setdefault(_form_of(entry), {"visit": entry["data"].get("visit"), "fields": {}})
        for field, value, unit in _fields(entry["event"], entry["data"]):
            form["fields"].setdefault(field, []).append({"value": value, "unit": unit, **_said(entry)})
    return [
        {
            "form": name,
            "instance": instance,
            "visit": form["visit"],
            "fields": [_field(field, history) for field, history in form["fields"].items()],
        }
        for (name, instance), form in forms.items()
    ]


def _form_of(entry: Row) -> tuple[str, str | None]:
    """Return the form and which of its kind."""
    name, data = entry["event"], entry["data"]
    if name == "DispositionCorrected":
        return data["kind"].replace("_", " "), None
    if name == "VisitRecorded" and data["visit"] is None:
        return "unscheduled visit", data["visited_on"]
    about = data.get("adverse_event", data)
    instance = next((about[one] for one in _INSTANCES if about.get(one) is not None), None)
    return _FORM_OF.get(name, _spaced(name)), None if instance is None else str(instance)


def _spaced(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def _fields(event: str, data: Row) -> Iterator[tuple[str, object, str | None]]:
    """Yield field, value and unit of everything that an event says or changes."""
    match event:
        case "LabPanelReported":
            yield from _flat(data, without=("results",))
            for result in data["results"]:
                yield from _result(result)
        case "LateResultReported" | "LabResultRepeated":
            yield from _result(data["result"])
        case "LabResultCorrected":
            yield data["analyte"], data["new"]["value"], data["new"]["unit"]
        case "LabReviewed":
            yield "action", data["action"], None
            for finding in data["findings"]:
                yield f"{finding['analyte']}.significance", finding["significance"], None
        case "DispositionCorrected":
            yield ("last_contact" if data["kind"] == "lost_to_follow_up" else "date"), data["new"], None
        case _ if "changes" in data:
            for change in data["changes"]:
                yield change["field"], change["new"], None
        case _:
            yield from _flat(data.get("adverse_event", data))


def _result(result: Mapping[str, str]) -> Iterator[tuple[str, object, str | None]]:
    analyte = result["analyte"]
    yield analyte, result["value"], result["unit"]
    for name in ("specimen_set", "drawn_at", "resulted_at"):
        yield f"{analyte}.{name}", result[name], None


def _flat(
    data: Mapping[str, Any], prefix: str = "", without: tuple[str, ...] = ()
) -> Iterator[tuple[str, object, str | None]]:
    """Yield dotted fields; a quantity is one field with its unit, a list is one value."""
    for name, value in data.items():
        if name in without:
            continue
        if isinstance(value, dict) and value.keys() == {"value", "unit"}:
            yield prefix + name, value["value"], value["unit"]
        elif isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value, None


def _said(entry: Row) -> Row:
    return {name: entry[name] for name in ("position", "event", "by", "role", "at", "recorded_at", "reason")}


def _field(field: str, history: list[Row]) -> Row:
    """Return a field as it reads now, with every value that it ever had, oldest first."""
    return {"field": field, "value": history[-1]["value"], "unit": history[-1]["unit"], "history": history}
