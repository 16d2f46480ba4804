"""Which statement set an item last: corrections, repeats, regradings and chains of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from core.kernel.codec import to_data
from core.kernel.quantities import Quantity
from core.trial.casebook.events import (
    LabFinding,
    LabResultCorrected,
    LabResultRepeated,
    LabReviewed,
    MedicationEnded,
    Significance,
)
from core.trial.quality.fields import fields_said, form_of
from core.trial.registry import EVENTS
from core.trial.subject.adverse_events import (
    AdverseEventCorrected,
    AdverseEventOutcome,
    AdverseEventRegraded,
    AdverseEventResolved,
)
from core.trial.subject.events import (
    DeathRecorded,
    DispositionCorrected,
    DispositionKind,
    DoseCorrected,
    LostToFollowUpRecorded,
    ScreeningCorrected,
)
from core.trial.subject.field_change import FieldChange
from tests.golden.strategies import example
from tests.support.given import LB, PI, SC2, SI, Past, on
from tests.support.quality import CORRECTED, KEY, book, entries, grown, item, record_of, result

if TYPE_CHECKING:
    from core.kernel.recorded import Event

REGRADED = AdverseEventRegraded("AE-1", 3, 4, date(2024, 3, 4), None, (), None)
RESOLVED = AdverseEventResolved("AE-1", AdverseEventOutcome.RECOVERING, None)
DIED = DeathRecorded(date(2024, 3, 20), None, related=False)
LOST = LostToFollowUpRecorded(date(2024, 3, 20), 3)


def screening_changed(field: str, old: object, new: object) -> ScreeningCorrected:
    return ScreeningCorrected((FieldChange(field, old, new),), "chart", eligible=True, rules=())


def ae_changed(field: str, old: object, new: object) -> AdverseEventCorrected:
    return AdverseEventCorrected("AE-1", (FieldChange(field, old, new),), None)


def repeated(analyte: str, value: str) -> LabResultRepeated:
    return LabResultRepeated(1, "L1", Quantity(Decimal(68), "umol/L"), result(analyte, value))


DOSE_CHANGED = DoseCorrected((FieldChange("volume.value", "50", "51"),), "sheet", reopens_window=False)
WEIGHT = "measurements.weight.value"

CASES = [
    (screening_changed(WEIGHT, "68.0", "70.0"), "SubjectScreened", WEIGHT, "age_years"),
    (screening_changed("measurements.weight", {}, None), "SubjectScreened", WEIGHT, "measurements.inr.value"),
    (screening_changed("age_years", 46, 47), "SubjectScreened", "age_years", WEIGHT),
    (DOSE_CHANGED, "DoseAdministered", "volume", "cells"),
    (ae_changed("onset", "2024-03-03", "2024-03-04"), "AdverseEventReported", "onset", "grade"),
    (REGRADED, "AdverseEventReported", "grade", "onset"),
    (CORRECTED, "LabPanelReported", "creatinine", "creatinine.drawn_at"),
    (repeated("creatinine", "90"), "LabPanelReported", "creatinine.resulted_at", "bilirubin"),
    (replace(CORRECTED, analyte="sodium"), "LateResultReported", "sodium", "sodium.drawn_at"),
    (MedicationEnded("M1", date(2024, 3, 9)), "MedicationRecorded", "end", "start"),
]


@pytest.mark.parametrize(("change", "record", "changed", "same"), CASES)
def test_a_change_sets_its_field_and_no_other(change: Event, record: str, changed: str, same: str) -> None:
    before, after = grown(entries()), grown([*entries(), on(KEY, change, by=SC2)])
    assert item(before, record, changed).version != item(after, record, changed).version
    assert item(after, record, changed).version == after.digests[_stream(change)]
    assert item(before, record, same) == item(after, record, same)


@pytest.mark.parametrize(("change", "record", "changed", "same"), CASES)
def test_everybody_who_ever_set_an_item_is_known(change: Event, record: str, changed: str, same: str) -> None:
    held = grown([*entries(), on(KEY, change, by=SC2)]).quality[KEY].items
    digest = record_of(grown(entries()), record)
    first = held.records[digest].by
    assert held.version_of(digest, changed).writers == {first, SC2.id}  # type: ignore[union-attr]
    assert held.version_of(digest, same).writers == {first}  # type: ignore[union-attr]


def _stream(change: Event) -> str:
    return on(KEY, change).stream


def test_a_field_that_nobody_had_entered_becomes_an_item() -> None:
    lactate = {"value": "2", "unit": "mmol/L", "measured_at": None, "source": None}
    added = screening_changed("measurements.lactate", None, lactate)
    trial = grown([*entries(), on(KEY, added)])
    found = item(trial, "SubjectScreened", "measurements.lactate")
    assert found.version == trial.digests[f"subject/{KEY}"]


def test_a_chain_of_corrections_leads_to_the_newest() -> None:
    again = replace(CORRECTED, old=CORRECTED.new, new=Quantity(Decimal(87), "umol/L"))
    trial = grown([*entries(), book(CORRECTED, LB), book(again, LB)])
    assert item(trial, "LabPanelReported", "creatinine").version == trial.digests[f"casebook/{KEY}"]


def test_a_correction_of_a_regrading_is_about_the_regrading_and_the_grade() -> None:
    course = [*entries(), on(KEY, REGRADED, by=SI), on(KEY, replace(REGRADED, from_grade=4, to_grade=2))]
    before = grown(course)
    first = next(
        r.digest for r in before.quality[KEY].items.records.values() if r.event == "AdverseEventRegraded"
    )
    after = grown([*course, on(KEY, ae_changed("regradings.1.to_grade", 4, 5), by=SC2)])
    digest = after.digests[f"subject/{KEY}"]
    items = after.quality[KEY].items
    assert items.version_of(first, "to_grade").digest == digest  # type: ignore[union-attr]
    assert items.version_of(first, "changed_on").digest == first  # type: ignore[union-attr]
    assert item(after, "AdverseEventReported", "grade").version == digest
    assert item(after, "AdverseEventRegraded", "to_grade") == item(before, "AdverseEventRegraded", "to_grade")


def test_a_second_outcome_sets_the_first_anew() -> None:
    first = grown([*entries(), on(KEY, RESOLVED, by=SI)])
    record = record_of(first, "AdverseEventResolved")
    second = replace(RESOLVED, outcome=AdverseEventOutcome.RECOVERED, resolved_on=date(2024, 3, 9))
    after = grown([*entries(), on(KEY, RESOLVED, by=SI), on(KEY, second, by=PI)])
    newest = after.digests[f"subject/{KEY}"]
    assert after.quality[KEY].items.version_of(record, "outcome").digest == newest  # type: ignore[union-attr]
    assert record_of(after, "AdverseEventResolved") == newest


@pytest.mark.parametrize(("left", "field"), [(DIED, "date"), (LOST, "last_contact")])
def test_another_day_of_a_departure_is_a_change_of_that_departure(left: Event, field: str) -> None:
    kind = DispositionKind.DEATH if left is DIED else DispositionKind.LOST_TO_FOLLOW_UP
    moved = DispositionCorrected(kind, date(2024, 3, 20), date(2024, 3, 21), "registry")
    trial = grown([*entries(), on(KEY, left), on(KEY, moved)])
    assert item(trial, type(left).__name__, field).version == trial.digests[f"subject/{KEY}"]


def test_a_review_of_results_changes_none_of_them_and_is_changed_by_none() -> None:
    review = LabReviewed(1, "L1", (LabFinding("creatinine", Significance.NOT_SIGNIFICANT),), None)
    reviewed = [*entries(), book(review, SI)]
    before, after = grown(reviewed), grown([*reviewed, book(CORRECTED, LB)])
    assert item(before, "LabPanelReported", "creatinine").version == record_of(before, "LabPanelReported")
    name = "creatinine.significance"
    assert item(before, "LabReviewed", name) == item(after, "LabReviewed", name)


def test_what_the_program_computed_is_no_item() -> None:
    trial = grown(entries())
    items = trial.quality[KEY].items.records[record_of(trial, "SubjectScreened")].items()
    assert not {"eligible", "rules", "config_number"} & items.keys()


def test_a_correction_is_no_record_of_its_own() -> None:
    trial = grown([*entries(), book(CORRECTED, LB)])
    assert trial.digests[f"casebook/{KEY}"] not in trial.quality[KEY].items.records


def test_entries_of_one_subject_are_not_those_of_another() -> None:
    others = [Past(p.stream.replace(KEY, "S02"), p.payload, p.by, p.at) for p in entries()[:6]]
    trial = grown([*entries(), *others])
    assert {r.position for r in trial.quality["S02"].items.records.values()}.isdisjoint(
        r.position for r in trial.quality[KEY].items.records.values()
    )


@pytest.mark.parametrize(
    "event", [e for e in EVENTS.values() if e.__module__.split(".")[2] in {"subject", "casebook"}]
)
def test_every_clinical_event_says_fields_on_a_form(event: type[Event]) -> None:
    data = to_data(example(event))
    if event is AdverseEventCorrected or "changes" in data:
        data["changes"] = [{"field": "grade", "old": 1, "new": 2}]
    if event is DispositionCorrected:
        data["kind"] = "death"
    said = list(fields_said(event.__name__, data))
    assert said
    assert all(one.is_entry or one.is_change or one.field for one in said)
    assert form_of(event.__name__, data)[0].strip()


def test_lab_corrections_name_what_the_casebook_shows() -> None:
    data = to_data(example(LabResultCorrected))
    assert [(one.field, one.is_change) for one in fields_said("LabResultCorrected", data)] == [("text", True)]
