"""A pharmacist who was there witnesses the dose as its newest statement tells it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.trial.subject.commands import WitnessDose
from core.trial.subject.events import DoseAdministered, DoseCorrected, DoseWitnessed
from core.trial.subject.field_change import FieldChange
from core.trial.trial import Trial
from projections.as_of import Rebuilding
from projections.doses import Doses
from tests.support.given import PH, PH2, PI, START, Past, digest, dosed, given, on, recorded, why

AT = START + timedelta(hours=2)
HOUR, INSTANT = timedelta(hours=1), timedelta(milliseconds=1)


def _lasting_an_hour(events: list[Past]) -> list[Past]:
    *before, last = events
    assert isinstance(last.payload, DoseAdministered)
    return [*before, replace(last, payload=replace(last.payload, ended_at=last.payload.started_at + HOUR))]


DOSED = _lasting_an_hour(dosed("S01", at=AT))
BASE = len(given().base)
TOLD = digest(BASE + len(DOSED))
CORRECTED = on(
    "S01", DoseCorrected((FieldChange("route", "intraperitoneal", "ip"),), "sheet", reopens_window=False)
)
WITNESSED = on("S01", DoseWitnessed(TOLD), by=PH, at=AT)


@pytest.mark.parametrize("moment", [AT, AT + HOUR])
def test_who_was_there_witnesses_what_the_statement_says(moment: object) -> None:
    given(DOSED).when(WitnessDose("S01", TOLD), PH, at=moment).then([DoseWitnessed(TOLD)])  # type: ignore[arg-type]


@pytest.mark.parametrize("moment", [AT - INSTANT, AT + HOUR + INSTANT])
def test_nobody_witnesses_before_it_began_or_after_it_ended(moment: object) -> None:
    asked = given(DOSED).when(WitnessDose("S01", TOLD), PH, at=moment)  # type: ignore[arg-type]
    asked.refused("OCCURRED_AT_DIFFERS")


def test_there_is_nothing_to_witness_before_the_dose() -> None:
    given(DOSED[:-1]).when(WitnessDose("S01", TOLD), PH, at=AT).refused("NOT_DOSED")
    given().when(WitnessDose("S09", TOLD), PH, at=AT).refused("UNKNOWN_SUBJECT")


def test_a_correction_is_another_statement_and_needs_another_witness() -> None:
    told_now = digest(BASE + len(DOSED) + 2)
    story = given([*DOSED, WITNESSED, CORRECTED])
    story.when(WitnessDose("S01", TOLD), PH, at=AT).refused("STALE_VERSION")
    again = given([*DOSED, WITNESSED, CORRECTED]).when(WitnessDose("S01", told_now), PH, at=AT)
    again.then([DoseWitnessed(told_now)])


def test_who_gave_the_dose_is_no_witness_to_it() -> None:
    given(DOSED).when(WitnessDose("S01", TOLD), PI, at=AT).refused("SOD_VIOLATION")


def test_who_recorded_it_is_no_witness_to_it() -> None:
    by_another = replace(CORRECTED, by=PH)
    told_now = digest(BASE + len(DOSED) + 1)
    asked = given([*DOSED, by_another]).when(WitnessDose("S01", told_now), PH, at=AT)
    asked.refused("SOD_VIOLATION")


def test_each_witness_signs_once_and_there_may_be_two() -> None:
    given([*DOSED, WITNESSED]).when(WitnessDose("S01", TOLD), PH, at=AT).refused("ALREADY_SIGNED")
    given([*DOSED, WITNESSED]).when(WitnessDose("S01", TOLD), PH2, at=AT).then([DoseWitnessed(TOLD)])


def test_who_witnesses_late_says_why() -> None:
    late = AT + timedelta(days=2)
    given(DOSED).when(WitnessDose("S01", TOLD), PH, at=AT, now=late).refused("REASON_REQUIRED")
    asked = given(DOSED).when(WitnessDose("S01", TOLD), PH, at=AT, now=late, reason=why())
    asked.then([DoseWitnessed(TOLD)])


def _shown(events: list[Past]) -> list[str]:
    rebuilding, trial = Rebuilding((Doses(),)), Trial()
    for position, past in enumerate([*given().base, *events], 1):
        event = recorded(past, position, trial.versions.get(past.stream, 0) + 1)
        trial.apply(event)
        rebuilding.feed(event)
    (row,) = rebuilding.rows()["doses"]
    witnesses: list[str] = row["witnessed_by"]
    return witnesses


def test_the_doses_show_who_witnessed_what_is_told_now() -> None:
    assert _shown(DOSED) == []
    assert _shown([*DOSED, WITNESSED]) == [PH.id]
    assert _shown([*DOSED, WITNESSED, CORRECTED]) == []
