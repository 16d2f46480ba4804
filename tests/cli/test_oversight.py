"""The store of `make run`: the golden trial as it was, and behind it an episode of oversight."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import pytest

from api.cli.verify import print_report
from api.cli.views import opened_views, rows_asked
from api.play.player import play_training
from api.verification import verify_store
from api.wiring import open_instance
from core.audit.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.audit.report import Report

# Every view with which the tests compare a block of the golden trial's expectations.
COMPARED: Final = (
    "subjects", "evaluability", "cohorts", "decisions", "mtd", "doses", "meld", "meld-delta", "survival",
    "survival-summary", "survival-sensitivity", "historical-control", "deviations", "hla", "improvement",
    "screen-failures", "safety", "dlts",
)  # fmt: skip

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('overseen') / 'store'}"
    play_training(url)
    return url


@pytest.fixture(scope="module")
def overseen(store: str) -> dict[str, Rows]:
    wanted = (*COMPARED, "queries", "casebook-signatures", "casebook-locks", "doubtful-signatures", "alerts")
    with opened_views(store) as (instance, views):
        return {
            view: rows_asked(instance, views, view, None, None) for view in (*wanted, "trail", "refusals")
        }


@pytest.mark.parametrize("view", COMPARED)
def test_it_moves_no_figure_of_the_trial(
    shown: Callable[..., Rows], overseen: dict[str, Rows], view: str
) -> None:
    assert _figures(overseen[view]) == _figures(shown(view))


def _figures(rows: Rows) -> Rows:
    """Return the rows without digests: two stores have different keys."""
    return [{name: value for name, value in row.items() if name != "digest"} for row in rows]


def test_it_comes_behind_the_golden_trial(shown: Callable[..., Rows], overseen: dict[str, Rows]) -> None:
    golden = [(row["position"], row["event"], row["recorded_at"]) for row in shown("trail")]
    played = [(row["position"], row["event"], row["recorded_at"]) for row in overseen["trail"]]
    assert played[: len(golden)] == golden
    assert len(played) > len(golden)


def test_it_shows_what_monitors_and_officers_look_for(overseen: dict[str, Rows]) -> None:
    found = {
        "signed": {row["subject_key"]: row["state"] for row in overseen["casebook-signatures"]},
        "access": {row["subject_key"]: row["access"] for row in overseen["casebook-locks"]},
        "alerts": [row["alert"] for row in overseen["alerts"]],
        "refused": {row["code"] for row in overseen["refusals"]},
        "in doubt": len(overseen["doubtful-signatures"]),
    }
    assert found == {
        "signed": {"S001": "current", "S002": "changed since signing", "S012": "current", "S011": "current"},
        "access": {"S001": "open", "S002": "open", "S003": "frozen", "S012": "locked", "S011": "open"},
        "alerts": ["locked_out", "key_compromise"],
        "refused": {"END_BEFORE_START", "FROZEN", "WRONG_PASSWORD"},
        "in doubt": 1,
    }


def test_one_query_was_answered_with_a_correction_and_one_waits(overseen: dict[str, Rows]) -> None:
    states = {row["query"]: row["status"] for row in overseen["queries"]}
    assert states == {"Q-1": "closed", "Q-2": "open"}


@pytest.fixture(scope="module")
def report(store: str) -> Report:
    return verify_store(store)


def test_it_verifies(store: str, report: Report) -> None:
    assert report.verdict is Verdict.VERIFIED
    with closing(open_instance(store)) as instance:
        assert report.size == instance.log.size()


def test_the_report_says_why_a_signature_is_in_doubt(
    report: Report, overseen: dict[str, Rows], capsys: pytest.CaptureFixture[str]
) -> None:
    print_report(report)
    row = overseen["doubtful-signatures"][0]
    worth = f"in doubt until re-affirmed: its key ended at {row['declared_at']}"
    assert f"position {row['position']}: indeterminate, {worth}\n" in capsys.readouterr().out


def test_it_is_one_afternoon(overseen: dict[str, Rows]) -> None:
    assert {row["recorded_at"][:10] for row in overseen["trail"][-50:]} == {"2024-09-02"}
