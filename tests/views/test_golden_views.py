"""The views of the golden trial against the answers that were worked out beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.views.golden_script import EXPECTED

if TYPE_CHECKING:
    from core.store.trial_log import TrialLog
    from projections.views import Views

EVALUABILITY = ("level", "evaluable", "dlt", "max_related_grade_in_window")
SCORED = ("visit", "drawn_at", "computable", "reason", "meld", "meld_na", "meld3")


def test_decisions_change_29_times_and_where_expected(
    golden: tuple[TrialLog, dict[int, int]], golden_views: Views
) -> None:
    _, reached = golden
    expected = EXPECTED["decisions_on_change"]
    rows = golden_views.rows("decisions")
    assert len(rows) == len(expected) == 29
    for row, change in zip(rows, expected, strict=True):
        assert {name: row[name] for name in change["decision"]} == change["decision"]
        assert row["levels"] == change["levels"]
        assert (row["position"], row["subject_key"]) == (reached[change["after_seq"]], change["subject"])


def test_a_decision_row_says_when_at_the_site_and_from_which_outcomes(golden_views: Views) -> None:
    first, dosed = golden_views.rows("decisions")[:2]
    assert (first["event"], first["occurred_at"]) == ("ProtocolConfigApproved", "2024-02-20T09:00:00+08:00")
    assert dosed["event"] == "DoseAdministered"
    assert dosed["inputs"] == [
        {"subject_key": "S001", "level": 1, "dlt": False, "max_related_grade": 0, "status": "pending"}
    ]


def test_status_of_every_subject(golden_views: Views) -> None:
    rows = golden_views.rows("subjects")
    assert {row["subject_key"]: row["status"] for row in rows} == EXPECTED["subject_status"]


def test_evaluability_of_every_dosed_subject(golden_views: Views) -> None:
    rows = golden_views.rows("evaluability")
    found = {row["subject_key"]: {name: row[name] for name in EVALUABILITY} for row in rows}
    assert found == EXPECTED["dlt_evaluability"]


def test_counts_of_every_level_ever_dosed(golden_views: Views) -> None:
    rows = golden_views.rows("cohorts")
    assert {str(row.pop("level")): row for row in rows} == EXPECTED["cohort_counts"]


def test_meld_histories_with_superseded_scores(golden_views: Views) -> None:
    found: dict[str, list[dict[str, object]]] = {}
    for row in golden_views.rows("meld"):
        superseded = {"superseded": row["superseded"]} if row["superseded"] else {}
        scored = {name: row[name] for name in SCORED}
        found.setdefault(row["subject_key"], []).append({**scored, **superseded})
    assert found == EXPECTED["meld_history"]


def test_every_event_has_its_row_in_trail_and_signatures(golden_log: TrialLog, golden_views: Views) -> None:
    positions = list(range(1, golden_log.size() + 1))
    assert [row["position"] for row in golden_views.rows("trail")] == positions
    assert [row["position"] for row in golden_views.rows("signatures")] == positions
