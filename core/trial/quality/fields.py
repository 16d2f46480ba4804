"""Which fields an event says, on which form, and which of them change what an earlier event said.

The one answer to that question: the casebook shows fields and histories by it, and by it an item that was
verified or questioned is found to have another version. It reads events as they are stored.

* An event is an original: a record with fields of its own. Or it changes fields of earlier records of its
  form: a correction, a repeat, the end of a medication. A regrading and a second outcome do both.
* What the program computed or looked up is said, but is nobody's entry: it is no item to verify.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from core.kernel.texts import spaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What is about the same thing stands on the same form; every other event is a form of its own.
_FORM_OF: Final[Mapping[str, str]] = {
    "ConsentGiven": "consent",
    "ConsentReconfirmed": "consent",
    "ConsentWithdrawn": "consent",
    "SubjectScreened": "screening",
    "ScreeningCorrected": "screening",
    "DoseAdministered": "dose",
    "DoseCorrected": "dose",
    "DoseWitnessed": "dose",
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

# What an event changes: the originals whose fields it sets anew.
_CHANGES: Final[Mapping[str, frozenset[str]]] = {
    "ScreeningCorrected": frozenset({"SubjectScreened"}),
    "DoseCorrected": frozenset({"DoseAdministered"}),
    "AdverseEventCorrected": frozenset({"AdverseEventReported"}),
    "AdverseEventRegraded": frozenset({"AdverseEventReported"}),
    "AdverseEventResolved": frozenset({"AdverseEventResolved"}),
    "LabResultRepeated": frozenset({"LabPanelReported", "LateResultReported"}),
    "LabResultCorrected": frozenset({"LabPanelReported", "LateResultReported"}),
    "MedicationEnded": frozenset({"MedicationRecorded"}),
    "DispositionCorrected": frozenset(
        {"SubjectWithdrawn", "DeathRecorded", "LiverTransplantRecorded", "LostToFollowUpRecorded"}
    ),
}
# Of these, the ones that are also records of their own.
_ALSO_ENTRIES: Final = frozenset({"AdverseEventRegraded", "AdverseEventResolved"})

# What the program computed or looked up when it recorded what a person entered.
_COMPUTED: Final[Mapping[str, frozenset[str]]] = {
    "ConsentGiven": frozenset({"form_digest"}),
    "ConsentReconfirmed": frozenset({"form_digest"}),
    "SubjectScreened": frozenset({"config_number", "eligible", "rules"}),
    "SubjectEnrolled": frozenset({"config_number"}),
    "DoseAdministered": frozenset({"config_number"}),
    "DoseWitnessed": frozenset({"covers"}),
    "SaeDeclared": frozenset({"config_number", "sponsor_due", "regulator_due"}),
    "DltAdjudicated": frozenset({"required"}),
    "AdverseEventRegraded": frozenset({"from_grade"}),
}
# Lists whose entries have names, and the field that names them.
_NAMED_LISTS: Final[Mapping[str, str]] = {"measurements": "analyte", "attestations": "id"}


@dataclass(frozen=True, slots=True)
class Said:
    """One field that an event says: as an entry of its own, as a change of an earlier one, or as both."""

    field: str
    value: object
    unit: str | None = None
    is_entry: bool = True
    is_change: bool = False


def is_original(event: str) -> bool:
    """Tell whether an event of this name is a record with fields of its own."""
    return event not in _CHANGES or event in _ALSO_ENTRIES


def changed_by(event: str) -> frozenset[str]:
    """Return the names of the originals whose fields an event of this name changes."""
    return _CHANGES.get(event, frozenset())


def form_of(event: str, data: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return the form on which an event stands, and which one of its kind it is."""
    if event == "DispositionCorrected":
        return data["kind"].replace("_", " "), None
    if event == "VisitRecorded" and data["visit"] is None:
        return "unscheduled visit", data["visited_on"]
    about = data.get("adverse_event", data)
    instance = next((about[one] for one in _INSTANCES if about.get(one) is not None), None)
    return _FORM_OF.get(event) or spaced(event), None if instance is None else str(instance)


def fields_said(event: str, data: Mapping[str, Any]) -> Iterator[Said]:
    """Yield every field that an event says or changes, in the order in which it says them."""
    if not is_original(event):
        for field, value, unit in _changed(event, data):
            yield Said(field, value, unit, is_entry=False, is_change=True)
        return
    computed, changes = _COMPUTED.get(event, frozenset()), event == "AdverseEventResolved"
    for field, value, unit in _entered(event, data):
        yield Said(field, value, unit, field.partition(".")[0] not in computed, changes)
    if event == "AdverseEventRegraded":
        yield Said("grade", data["to_grade"], is_entry=False, is_change=True)


Value = tuple[str, object, "str | None"]


def _changed(event: str, data: Mapping[str, Any]) -> Iterator[Value]:
    match event:
        case "LabResultRepeated":
            yield from _result(data["result"])
        case "LabResultCorrected":
            yield data["analyte"], data["new"]["value"], data["new"]["unit"]
        case "DispositionCorrected":
            yield ("last_contact" if data["kind"] == "lost_to_follow_up" else "date"), data["new"], None
        case "MedicationEnded":
            yield "end", data["end"], None
        case _:
            yield from ((change["field"], change["new"], None) for change in data["changes"])


def _entered(event: str, data: Mapping[str, Any]) -> Iterator[Value]:
    match event:
        case "LabPanelReported":
            yield from _flat(data, without=frozenset({"results"}))
            for result in data["results"]:
                yield from _result(result)
        case "LateResultReported":
            yield from _result(data["result"])
        case "LabReviewed":
            yield "action", data["action"], None
            for finding in data["findings"]:
                yield f"{finding['analyte']}.significance", finding["significance"], None
        case "SubjectScreened":
            yield from _flat(data, without=frozenset(_NAMED_LISTS))
            for name, key in _NAMED_LISTS.items():
                for one in data[name]:
                    yield from _flat(one, f"{name}.{one[key]}.", without=frozenset({key}))
        case _:
            yield from _flat(data.get("adverse_event", data))


def _result(result: Mapping[str, Any]) -> Iterator[Value]:
    analyte = result["analyte"]
    yield analyte, result["value"], result["unit"]
    for name in ("specimen_set", "drawn_at", "resulted_at"):
        yield f"{analyte}.{name}", result[name], None
    yield from _flat(result.get("measured", {}), f"{analyte}.")


def _flat(
    data: Mapping[str, Any], prefix: str = "", without: frozenset[str] = frozenset()
) -> Iterator[Value]:
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
