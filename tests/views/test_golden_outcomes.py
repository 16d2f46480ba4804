"""Outcomes of the golden trial as people read them, against the answers worked out beside the script."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from projections.as_of import received_at
from projections.catalogue import PROJECTIONS
from projections.presenting import presented
from projections.runner import Runner
from projections.views import Views
from tests.views.golden_script import EXPECTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.store.trial_log import TrialLog

Read: TypeAlias = "Callable[..., list[dict[str, Any]]]"
LATER = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def read(golden: tuple[TrialLog, dict[int, int]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    by_name = {projection.name: projection for projection in PROJECTIONS}
    with closing(Views(tmp_path_factory.mktemp("outcomes") / "views.sqlite")) as views:
        Runner(golden[0], views).catch_up()

        def rows(view: str, moment: datetime = LATER, at: int | None = None) -> list[dict[str, Any]]:
            return presented(by_name[view], views.rows(view, at), moment)

        yield rows


def plain(value: Any) -> Any:
    """Return expected figures as JSON would give them: the script is read with decimals."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value if value is None or isinstance(value, int | str) else float(value)


def test_the_life_table(read: Read) -> None:
    assert read("survival") == plain(EXPECTED["life_table"]["rows"])


def test_survival_at_the_horizon_with_its_limits_and_kaplan_meier(read: Read) -> None:
    expected = plain(EXPECTED["life_table"])
    names = ("S60", "se", "ci95_loglog", "km_S60")
    assert read("survival-summary") == [
        {"n": 10, "transplant": "censored", **{name: expected[name] for name in names}}
    ]


def test_a_transplant_as_event_is_shown_beside_the_primary_analysis(read: Read) -> None:
    rows = [row for row in read("survival-sensitivity") if row.pop("analysis") == "transplant_as_event"]
    assert rows == plain(EXPECTED["life_table_transplant_as_event"]["rows"])


def test_a_withdrawal_as_event_lowers_survival(read: Read) -> None:
    rows = [row for row in read("survival-sensitivity") if row.pop("analysis") == "withdrawal_as_event"]
    # 10 subjects, deaths in (7,14] 1, (14,28] 1, (28,60] 2 of 7.5: 9/10 * 8/9 * 11/15.
    assert (len(rows), rows[-1]["S"]) == (6, 0.586667)


def test_the_historical_control(read: Read) -> None:
    (row,) = read("historical-control")
    expected = plain(EXPECTED["historical_control"])
    assert {name: row[name] for name in expected} == expected
    assert (row["n"], row["source"]) == (10, "none named by the registry; to be set by the sponsor")


@pytest.mark.parametrize("moment", ["last event", "later"])
def test_protocol_deviations_are_these_two(read: Read, golden_log: TrialLog, moment: str) -> None:
    when = received_at(golden_log, golden_log.size()) if moment == "last event" else LATER
    rows = read("deviations", when)
    expected = EXPECTED["protocol_deviations"]
    names = ("subject_key", "visit", "type")
    assert [{n: r[n] for n in names} for r in rows] == [
        {"subject_key": d["subject"], "visit": d["visit"], "type": d["type"]} for d in expected
    ]
    assert (rows[0]["actual_day"], rows[0]["window"]) == (33, [25, 31])


def test_a_visit_is_missed_from_the_day_after_its_window(read: Read) -> None:
    """S009 was dosed on 2024-07-02: day 16, the last of visit 14, is 2024-07-18 at the site."""
    (visit,) = [r for r in read("visits") if (r["subject_key"], r["visit"]) == ("S009", 14)]
    last_moment = datetime.fromisoformat(visit["last_on"] + "T23:59:59.999+08:00").astimezone(UTC)
    statuses = [
        next(r["status"] for r in read("visits", when) if (r["subject_key"], r["visit"]) == ("S009", 14))
        for when in (last_moment, last_moment + timedelta(milliseconds=1))
    ]
    assert (visit["status"], statuses) == ("missed", ["due", "missed"])


def test_after_death_withdrawal_and_transplant_nothing_is_missed(read: Read) -> None:
    missed = {r["subject_key"] for r in read("visits") if r["status"] == "missed"}
    ended = {r["subject_key"] for r in read("visits") if r["status"] == "not_applicable"}
    assert (missed, ended) == ({"S009"}, {"S003", "S004", "S006", "S008", "S010"})


def test_hla_status_of_every_class_and_visit(read: Read) -> None:
    found: dict[str, dict[str, dict[str, str]]] = {}
    for row in read("hla"):
        classes = found.setdefault(row["subject_key"], {})
        classes.setdefault(row["class"], {})[str(row["visit"])] = row["status"]
    assert found == {key: value for key, value in EXPECTED["hla"].items() if key != "note"}


def test_the_laboratory_part_of_clinical_improvement(read: Read) -> None:
    expected = EXPECTED["clinical_improvement_lab_part_day60"]
    rows = {row["subject_key"]: row for row in read("improvement") if row["visit"] == 60}
    names = ("tbil_lt_5x_uln", "inr_lt_1_5", "lab_part_met")
    assert {key: {name: row[name] for name in names} for key, row in rows.items()} == expected
    assert {row["improved"] for row in rows.values()} == {None, False}  # nobody attested the other parts


def test_the_change_of_meld_from_day_0_to_day_60(read: Read) -> None:
    rows = [row for row in read("meld-delta") if row["visit"] == 60]
    assert {row["subject_key"]: row["delta"] for row in rows} == EXPECTED["meld_delta_day60"]


def test_a_corrected_value_shows_what_it_replaced_and_why(read: Read) -> None:
    (row,) = [row for row in read("labs") if row["superseded"]]
    (before,) = row["superseded"]
    assert (row["subject_key"], row["visit"], row["analyte"], row["value"]) == ("S001", 3, "creatinine", "98")
    assert (before["value"], before["kind"], before["source"]) == ("980", "corrected", "stated in the reason")
    assert before["reason"]["text"] == "transcription error, source document 98"


def test_every_result_has_its_row_converted_flagged_and_against_its_baseline(read: Read) -> None:
    rows = {(r["subject_key"], r["visit"], r["analyte"]): r for r in read("labs")}
    first, later = rows["S001", 0, "bilirubin"], rows["S001", 60, "bilirubin"]
    assert first["reference"] == {
        "analyte": "bilirubin",
        "unit": "umol/L",
        "sex": None,
        "low": None,
        "high": "20.5",
    }
    assert (first["flag"], first["baseline"]["value"], later["baseline"]["value"]) == ("high", "212", "212")
    # 212 is above 10 x 20.5 = 205: grade 4 by the normal range, which is all there is before dosing.
    assert [(s["term"], s["grade"]) for s in first["ctcae"]] == [("Blood bilirubin increased", 4)]
    # After dosing the abnormal baseline is the measure, and bilirubin has fallen below it.
    assert [(s["grade"], s["baseline_abnormal"]) for s in later["ctcae"]] == [(0, True)]


def test_a_casebook_holds_visits_forms_and_every_value(read: Read) -> None:
    casebook = next(row for row in read("casebook") if row["subject_key"] == "S001")
    assert [v["visit"] for v in casebook["visits"]] == [0, 1, 3, 7, 14, 28, 60]
    panel = next(f for f in casebook["forms"] if (f["form"], f["visit"]) == ("lab panel", 3))
    creatinine = next(f for f in panel["fields"] if f["field"] == "creatinine")
    assert (creatinine["value"], creatinine["unit"]) == ("98", "umol/L")
    assert [(h["value"], h["event"]) for h in creatinine["history"]] == [
        ("980", "LabPanelReported"),
        ("98", "LabResultCorrected"),
    ]
    assert creatinine["history"][1]["reason"]["text"] == "transcription error, source document 98"
    forms = {form["form"] for form in casebook["forms"]}
    assert {"consent", "screening", "dose", "adverse event", "lab panel", "vital status"} <= forms


def test_a_casebook_as_of_a_position_is_the_one_of_then(
    read: Read, golden: tuple[TrialLog, dict[int, int]]
) -> None:
    _, reached = golden
    casebook = next(r for r in read("casebook", LATER, reached[10] - 1) if r["subject_key"] == "S001")
    panel = next(f for f in casebook["forms"] if (f["form"], f["visit"]) == ("lab panel", 3))
    creatinine = next(f for f in panel["fields"] if f["field"] == "creatinine")
    assert (creatinine["value"], len(creatinine["history"])) == ("980", 1)
