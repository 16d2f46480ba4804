"""Views after what changes an earlier reading: corrections, amendments, another configuration."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel import streams
from core.kernel.quantities import Quantity
from core.trial.casebook.events import (
    AntibodyClass,
    HlaAntibodyReported,
    LabPanelReported,
    LabResult,
    LabResultCorrected,
    VitalStatusRecorded,
)
from core.trial.study.config import DoseLevel
from core.trial.study.events import DoseLevelAdded, ProtocolConfigApproved, ProtocolConfigProposed
from core.trial.subject.adverse_events import AdverseEventRegraded, AdverseEventReported
from core.trial.subject.events import DeathRecorded, DoseCorrected, ScreeningCorrected, SubjectWithdrawn
from core.trial.subject.field_change import FieldChange
from tests.support.given import LB, MM, NCT05727722, PI, SC, START, Past, adverse_event, dosed, on
from tests.views.told import read_after

if TYPE_CHECKING:
    from core.trial.study.config import ProtocolConfig

DAY = timedelta(days=1)
DAY_ZERO = date(2024, 3, 1)
KNOWN = dosed("S01")
UNITS = {"creatinine": "umol/L", "bilirubin": "umol/L", "inr": "1", "sodium": "mmol/L", "albumin": "g/L"}
VALUES = {"creatinine": "68", "bilirubin": "212", "inr": "1.62", "sodium": "134", "albumin": "31"}


def at_noon(number: int) -> datetime:
    return datetime(2024, 3, 1, 4, 0, tzinfo=UTC) + number * DAY


def panel(number: int, hours: int = 0) -> Past:
    """Return a panel of a study day whose results come so many hours after the draw."""
    drawn, name = at_noon(number), f"A{number}"
    released = drawn + timedelta(hours=hours)
    results = tuple(LabResult(a, Decimal(v), UNITS[a], name, drawn, released) for a, v in VALUES.items())
    event = LabPanelReported(number, name, drawn, released, results, False, False)  # noqa: FBT003 - no dialysis
    return on("S01", event, by=SC, at=released)


def reconfigured(config: ProtocolConfig, at: datetime) -> list[Past]:
    """Return the events by which another configuration counts."""
    return [
        Past(streams.STUDY, ProtocolConfigProposed(2, config), MM, at),
        Past(streams.STUDY, ProtocolConfigApproved(2, "proposal", "self-test"), PI, at),
    ]


def dose_moved(key: str, days: int, since: datetime = START) -> Past:
    old, new = (f"{at:%Y-%m-%dT%H:%M:%S}.000Z" for at in (since, since + days * DAY))
    change = FieldChange("started_at", old, new)
    return on(key, DoseCorrected((change,), "pharmacy sheet", reopens_window=False))


def first(rows: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    return next(row for row in rows if all(row[name] == value for name, value in wanted.items()))


# -- counts and levels ----------------------------------------------------------------------------------


def test_a_corrected_dose_changes_the_counts_of_its_level() -> None:
    """Who left on day 29 of the dose as entered left on day 28 of the right one: too early."""
    left = on("S01", SubjectWithdrawn(DAY_ZERO + 29 * DAY, "own wish", dlt_related=False))
    (before,) = read_after([*KNOWN, left], "cohorts")
    (after,) = read_after([*KNOWN, left, dose_moved("S01", 1)], "cohorts")
    assert {name for name in before if before[name] != after[name]} >= {"pending", "withdrawn"}


def test_an_added_level_moves_the_subjects_above_it() -> None:
    between = DoseLevel(1, Quantity(Decimal("0.1"), "10*9"))
    added = Past(streams.STUDY, DoseLevelAdded(2, "proposal", between), PI, at_noon(1))
    assert read_after(KNOWN, "subjects")[0]["level"] == 1
    assert read_after([*KNOWN, added], "subjects")[0]["level"] == 2


# -- MELD -----------------------------------------------------------------------------------------------


def test_a_corrected_screening_scores_the_panels_again_and_keeps_the_old_scores() -> None:
    """MELD 3.0 adds 1.33 for women; the other two formulae know no sex (Kim 2021)."""
    change = FieldChange("sex", "M", "F")
    corrected = on("S01", ScreeningCorrected((change,), "passport", eligible=True, rules=()), by=SC)
    (old,) = read_after([*KNOWN, panel(7)], "meld")
    (new,) = read_after([*KNOWN, panel(7), corrected], "meld")
    scores = {name: old[name] for name in ("meld", "meld_na", "meld3")}
    assert (new["meld"], new["meld_na"]) == (old["meld"], old["meld_na"])
    assert new["meld3"] - old["meld3"] in {1, 2}
    assert (old["superseded"], new["superseded"], new["inputs"]["sex"]) == ([], [scores], "F")
    right = LabResultCorrected(
        7, "A7", "creatinine", Quantity(Decimal(68), "umol/L"), Quantity(Decimal(200), "umol/L"), "sheet"
    )
    (last,) = read_after([*KNOWN, panel(7), corrected, on("S01", right, by=LB)], "meld")
    assert last["superseded"] == [scores, {name: new[name] for name in scores}]


@pytest.mark.parametrize(("later", "computable"), [(8, True), (6, False)])
def test_a_panel_keeps_the_hours_that_counted_when_it_was_reported(later: int, computable: bool) -> None:  # noqa: FBT001 - a truth value
    """Results after five hours: in time of the six signed first, too late of the four signed `later`."""
    shorter = replace(NCT05727722, meld=replace(NCT05727722.meld, results_within_hours=4))
    same = Quantity(Decimal(134), "mmol/L")
    touched = LabResultCorrected(7, "A7", "sodium", same, Quantity(Decimal(135), "mmol/L"), "sheet")
    told = sorted([panel(7, hours=5), *reconfigured(shorter, at_noon(later))], key=lambda past: past.at)
    events = [*KNOWN, panel(-1), *told, on("S01", touched, by=LB, at=at_noon(9))]
    assert first(read_after(events, "meld"), visit=7)["computable"] is computable
    assert (first(read_after(events, "meld-delta"), visit=7)["score"] is not None) is computable


# -- antibodies and survival ----------------------------------------------------------------------------


def test_antibodies_are_judged_by_the_threshold_of_their_own_report() -> None:
    def found(visit: int, threshold: str) -> Past:
        one = AntibodyClass(Decimal(600), Decimal(0), ())
        return on("S01", HlaAntibodyReported(visit, "bead", None, None, Decimal(threshold), one, one), by=SC)

    rows = read_after([*KNOWN, found(0, "1000"), found(28, "500")], "hla")
    statuses = [row["status"] for row in rows if row["class"] == "class_I"]
    assert statuses == ["negative", "positive_de_novo"]


def test_a_later_horizon_finds_survivors_as_long_as_they_were_known_alive() -> None:
    longer = replace(NCT05727722, survival=replace(NCT05727722.survival, interval_ends=(60, 90)))
    alive = on("S01", VitalStatusRecorded(90, alive=True), at=at_noon(90))
    rows = read_after([*KNOWN, alive, *reconfigured(longer, at_noon(91))], "survival")
    assert [(row["n_enter"], row["withdrawn"]) for row in rows] == [(1, 0), (1, 0)]


@pytest.mark.parametrize(("known_alive", "deaths"), [(None, 1), (40, 1), (60, 0)])
def test_a_withdrawal_read_as_event_is_none_where_the_subject_was_known_alive(
    known_alive: int | None, deaths: int
) -> None:
    gone = [on("S01", SubjectWithdrawn(DAY_ZERO + 30 * DAY, "own wish", dlt_related=False))]
    seen = [] if known_alive is None else [on("S01", VitalStatusRecorded(known_alive, alive=True))]
    rows = read_after([*KNOWN, *gone, *seen], "survival-sensitivity")
    assert sum(row["deaths"] for row in rows if row["analysis"] == "withdrawal_as_event") == deaths


def test_a_death_after_withdrawal_counts_in_its_own_interval() -> None:
    gone = on("S01", SubjectWithdrawn(DAY_ZERO + 10 * DAY, "own wish", dlt_related=False))
    died = on("S01", DeathRecorded(DAY_ZERO + 20 * DAY, None, related=False))
    rows = read_after([*KNOWN, gone, died], "survival")
    assert [row["deaths"] for row in rows] == [0, 0, 0, 0, 1, 0]


# -- toxicity and stagger -------------------------------------------------------------------------------


def test_only_the_grades_since_emergence_count() -> None:
    """Grade 4 a week before the dose, down to 1 at the dose, up to 3 on day 5: grade 3 emerged on day 5."""
    entry = adverse_event(grade=4, onset=DAY_ZERO - 7 * DAY)
    better = AdverseEventRegraded("AE-1", 4, 1, DAY_ZERO - 2 * DAY, None, (), None)
    worse = AdverseEventRegraded("AE-1", 1, 3, DAY_ZERO + 5 * DAY, None, (), None)
    told = [on("S01", one, by=SC) for one in (AdverseEventReported(entry), better, worse)]
    (line, *_) = read_after([*KNOWN, *told], "ae-table")
    assert (line["grade_3"], line["grade_4"]) == (1, 0)
    (row,) = read_after([*KNOWN, *told], "dlts")
    assert (row["grade"], row["onset_day"]) == (3, 5)


def test_a_corrected_time_of_dose_can_break_the_stagger() -> None:
    """The first of a level is watched for 14 days: a second dose on day 14 may be, one on day 13 not."""
    second = START + 14 * DAY
    events = [*KNOWN, *dosed("S02", at=second)]

    def breached(told: list[Past]) -> list[str]:
        rows = read_after(told, "deviations")
        return [row["subject_key"] for row in rows if row["type"] == "STAGGER_VIOLATION"]

    assert breached(events) == []
    assert breached([*events, dose_moved("S02", -1, second)]) == ["S02"]
    # The breach is the later dose's, whichever was entered or corrected.
    assert breached([*events, dose_moved("S01", 1)]) == ["S02"]
    assert breached([*events, dose_moved("S01", 20)]) == ["S01"]
