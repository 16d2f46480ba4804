"""Every block of the golden trial's expectations, out of `show --json`: as played, and after a rebuild."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Cli

Shown: TypeAlias = "Callable[..., list[dict[str, Any]]]"


@pytest.fixture(scope="module", params=["played", "rebuilt"])
def read(request: pytest.FixtureRequest, cli: Cli, golden_store: str, shown: Shown) -> Shown:
    """Read the store as it was played, then again when every view was thrown away."""
    if request.param == "rebuilt":
        assert cli("rebuild", "--store", golden_store).returncode == 0
    return shown


def only(row: Any, names: Any) -> dict[str, Any]:
    return {name: row[name] for name in names}


def test_mtd(golden: Any, read: Shown) -> None:
    (row,) = read("mtd")
    assert row["status"] == "declared"
    assert float(row["cells"]) == golden["expected"]["mtd_e9_cells"]
    assert row["level"] == golden["expected"]["final_decision"]["mtd"]


def test_dosed_subjects(golden: Any, read: Shown) -> None:
    assert len(read("doses")) == golden["expected"]["dosed_subjects"]


def test_meld_change_to_day_60(golden: Any, read: Shown) -> None:
    found = {row["subject_key"]: row["delta"] for row in read("meld-delta") if row["visit"] == 60}
    assert {key: delta for key, delta in found.items() if delta is not None} == golden["expected"][
        "meld_delta_day60"
    ]


def test_life_table(golden: Any, read: Shown) -> None:
    expected = golden["expected"]["life_table"]
    assert read("survival") == expected["rows"]
    (summary,) = read("survival-summary")
    assert only(summary, ("S60", "se", "ci95_loglog", "km_S60")) == only(
        expected, ("S60", "se", "ci95_loglog", "km_S60")
    )


def test_life_table_with_transplants_as_events(golden: Any, read: Shown) -> None:
    expected = golden["expected"]["life_table_transplant_as_event"]["rows"]
    rows = [row for row in read("survival-sensitivity") if row["analysis"] == "transplant_as_event"]
    assert [only(row, expected[0]) for row in rows] == expected


def test_historical_control(golden: Any, read: Shown) -> None:
    expected = golden["expected"]["historical_control"]
    (row,) = read("historical-control")
    assert only(row, expected) == expected


def test_protocol_deviations(golden: Any, read: Shown) -> None:
    expected = golden["expected"]["protocol_deviations"]
    rows = read("deviations")
    assert [only(row, ("subject_key", "visit", "type")) for row in rows] == [
        {"subject_key": one["subject"], "visit": one["visit"], "type": one["type"]} for one in expected
    ]
    assert [(row["actual_day"], row["window"]) for row in rows if row["type"] == "OUT_OF_WINDOW"] == [
        (one["actual_day"], one["window"]) for one in expected if one["type"] == "OUT_OF_WINDOW"
    ]


def test_hla(golden: Any, read: Shown) -> None:
    found: dict[str, dict[str, dict[str, str]]] = {}
    for row in read("hla"):
        classes = found.setdefault(row["subject_key"], {})
        classes.setdefault(row["class"], {})[str(row["visit"])] = row["status"]
    assert found == {key: value for key, value in golden["expected"]["hla"].items() if key != "note"}


def test_laboratory_part_of_clinical_improvement(golden: Any, read: Shown) -> None:
    expected = golden["expected"]["clinical_improvement_lab_part_day60"]
    found = {
        row["subject_key"]: only(row, ("tbil_lt_5x_uln", "inr_lt_1_5", "lab_part_met"))
        for row in read("improvement")
        if row["visit"] == 60 and row["lab_part_met"] is not None
    }
    assert found == expected


def test_screen_failures(golden: Any, read: Shown) -> None:
    found = {row["subject_key"]: row["rules"] for row in read("screen-failures")}
    assert found == golden["expected"]["screen_failures"]


@pytest.mark.parametrize(("block", "field"), [("saes", "serious"), ("dlts", "dlt"), ("teae", "teae")])
def test_lists_of_adverse_events(golden: Any, read: Shown, block: str, field: str) -> None:
    found = sorted(row["ae_id"] for row in read("safety") if row[field])
    assert found == sorted(golden["expected"][block])


BLOCKS = {
    "decisions_on_change", "subject_status", "dlt_evaluability", "cohort_counts", "final_decision",
    "mtd_e9_cells", "dosed_subjects", "meld_history", "meld_delta_day60", "life_table",
    "life_table_transplant_as_event", "historical_control", "protocol_deviations", "hla",
    "clinical_improvement_lab_part_day60", "screen_failures", "saes", "dlts", "teae",
}  # fmt: skip


def test_no_block_is_left_out(golden: Any) -> None:
    assert set(golden["expected"]) == BLOCKS
