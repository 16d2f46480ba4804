"""The golden trial, played through the one writer and read back through the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.cli.conftest import folder_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Cli

Shown: TypeAlias = "Callable[..., list[dict[str, Any]]]"

# What a row of `decisions` calls the event that a script calls otherwise (record 5).
EVENT_OF = {
    "TrialConfigured": "ProtocolConfigApproved",
    "AERecorded": "AdverseEventReported",
    "AECorrected": "AdverseEventCorrected",
}


def test_every_subject_ends_as_expected(golden: Any, shown: Shown) -> None:
    assert golden["expected"]["subject_status"] == {r["subject_key"]: r["status"] for r in shown("subjects")}


def test_evaluability_of_every_dosed_subject(golden: Any, shown: Shown) -> None:
    expected = golden["expected"]["dlt_evaluability"]
    rows = {row["subject_key"]: row for row in shown("evaluability")}
    assert expected == {key: {name: rows[key][name] for name in expected[key]} for key in rows}


def test_counts_of_every_level(golden: Any, shown: Shown) -> None:
    expected = golden["expected"]["cohort_counts"]
    rows = {str(row["level"]): row for row in shown("cohorts")}
    assert expected == {level: {name: row[name] for name in expected[level]} for level, row in rows.items()}


def test_all_29_decisions_in_their_order(golden: Any, shown: Shown) -> None:
    expected = [
        _decision_expected(one, golden["events"]) for one in golden["expected"]["decisions_on_change"]
    ]
    assert len(expected) == 29
    assert expected == [{name: row[name] for name in expected[0]} for row in shown("decisions")]


def _decision_expected(one: Any, events: Any) -> dict[str, Any]:
    at = next(event["at"] for event in events if event["seq"] == one["after_seq"])
    event = EVENT_OF.get(one["type"], one["type"])
    where = {"event": event, "subject_key": one["subject"], "occurred_at": at, "levels": one["levels"]}
    return {**where, **one["decision"]}


def test_the_last_decision_names_the_mtd(golden: Any, shown: Shown) -> None:
    expected = golden["expected"]["final_decision"]
    assert expected == {name: shown("decisions")[-1][name] for name in expected}


def test_meld_history_with_superseded_scores(golden: Any, shown: Shown) -> None:
    histories: dict[str, list[Any]] = {}
    for row in shown("meld"):
        histories.setdefault(row["subject_key"], []).append(row)
    expected = golden["expected"]["meld_history"]
    assert expected.keys() == histories.keys()
    for subject, visits in expected.items():
        assert [_with_superseded(v) for v in visits] == [
            _like(row, visit) for row, visit in zip(histories[subject], visits, strict=True)
        ]


def _with_superseded(visit: Any) -> Any:
    return {**visit, "superseded": visit.get("superseded", [])}


def _like(row: Any, visit: Any) -> Any:
    """Return of the row what the expectation speaks of."""
    earlier = [
        {name: score[name] for name in wanted}
        for score, wanted in zip(row["superseded"], visit.get("superseded", []), strict=True)
    ]
    return {**{name: row[name] for name in visit}, "superseded": earlier}


def test_as_of_an_instant_is_as_of_its_position(golden: Any, shown: Shown) -> None:
    decisions = golden["expected"]["decisions_on_change"]
    after = {one["after_seq"]: one["levels"] for one in decisions}
    at = next(event["at"] for event in golden["events"] if event["seq"] == 43)
    rows = shown("cohorts", "--as-of", at)
    assert after[43] == {str(r["level"]): {name: r[name] for name in after[43]["1"]} for r in rows}
    position = next(r["position"] for r in shown("decisions") if r["occurred_at"] == at)
    assert shown("cohorts", "--as-of-position", str(position)) == shown("cohorts", "--as-of", at)
    assert shown("cohorts", "--as-of-position", "0") == []


def test_what_the_player_supplied_is_marked(shown: Shown) -> None:
    screened = [row for row in shown("trail") if row["event"] == "SubjectScreened"]
    assert len(screened) == 12
    assert {"scripted"} == {row["reason"]["code"] for row in screened}
    corrections = [row for row in shown("trail") if row["event"] == "LabResultCorrected"]
    assert [(row["reason"]["code"], row["reason"]["text"]) for row in corrections] == [
        ("correction", "transcription error, source document 98")
    ]


def test_nothing_of_the_script_was_refused(shown: Shown) -> None:
    assert shown("refusals") == []


def test_log_verifies_with_the_trust_file(cli: Cli, golden_store: str) -> None:
    trust = folder_of(golden_store) / "trust.json"
    done = cli("verify", "--store", golden_store, "--trust", str(trust))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("verified: 318 events")


def test_demo_prints_board_decisions_and_scores(cli: Cli) -> None:
    done = cli("demo")
    assert done.returncode == 0
    held = re.search(r"the log holds (\d+) signed events", done.stdout)
    assert held
    assert int(held[1]) > 318
    assert f"verified: {held[1]} events" in done.stdout
    assert "2      7      6          1    0        1" in done.stdout
    assert "declare_mtd  2      mtd_confirmed" in done.stdout
    assert "21/22/23*" in done.stdout
