"""The calculators from outside: JSON in, JSON out, one result a case in order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.rules.vectors import load

if TYPE_CHECKING:
    from tests.cli.conftest import Cli


def _results(cli: Cli, calculator: str, cases: Any) -> list[Any]:
    done = cli("rules", calculator, stdin=json.dumps(cases, default=float))
    assert (done.returncode, done.stderr) == (0, "")
    results: list[Any] = json.loads(done.stdout)
    return results


@pytest.mark.parametrize("calculator", ["escalation", "meld"])
def test_every_vector(cli: Cli, calculator: str) -> None:
    vectors = load(f"{calculator}_vectors")
    results = _results(cli, calculator, vectors)
    assert len(results) == len(vectors)
    for vector, result in zip(vectors, results, strict=True):
        expected = json.loads(json.dumps(vector["expect"], default=float))
        for name, value in expected.items():
            close = pytest.approx(value, abs=1e-4) if isinstance(value, float) else value
            assert result[name] == close, (vector["id"], name)


@pytest.mark.slow
def test_every_laboratory_grade(cli: Cli) -> None:
    vectors = load("ctcae_lab_vectors")
    assert _results(cli, "ctcae", vectors) == [{"grade": vector["expect_grade"]} for vector in vectors]


def test_a_grade_that_a_number_cannot_tell_is_null(inside: Cli) -> None:
    cases = [{"term": "GLU_HIGH", "value": 30}, {"term": "ALT", "value": 41}, {"term": "Fever", "value": 40}]
    results = _results(inside, "ctcae", cases)
    assert results == [{"grade": None}, {"grade": None}, {"error": "FIELD_MALFORMED"}]


def test_eligibility_of_every_candidate_of_the_golden_trial(cli: Cli, golden: Any) -> None:
    screened = [event for event in golden["events"] if event["type"] == "SubjectScreened"]
    results = _results(cli, "eligibility", [event["payload"] for event in screened])
    failed = {
        event["subject"]: [rule for rule, answer in result["rules"].items() if answer == "fail"]
        for event, result in zip(screened, results, strict=True)
        if not result["eligible"]
    }
    assert failed == {"S011": ["CLF-3"], "S012": ["EXC-7"]}


def test_life_table_of_the_golden_trial(cli: Cli, golden: Any) -> None:
    rows = golden["expected"]["life_table"]["rows"]
    case = {
        "intervals": [row["end"] for row in rows],
        "entering": rows[0]["n_enter"],
        "deaths": [row["deaths"] for row in rows],
        "withdrawn": [row["withdrawn"] for row in rows],
    }
    columns = ("n_effective", "q", "S", "se", "hazard")
    expected = json.loads(json.dumps([{name: row[name] for name in columns} for row in rows], default=float))
    assert _results(cli, "life-table", [case, {**case, "entering": 1}]) == [
        {"rows": expected},
        {"error": "BAD_COUNTS"},
    ]


def test_a_bad_case_has_an_error_in_its_place(inside: Cli) -> None:
    good = load("escalation_vectors")[0]
    results = _results(inside, "escalation", [1, good, {}, {**good, "doses": None}])
    assert [r.get("error") for r in results] == ["FIELD_MALFORMED", None, "FIELD_MISSING", "FIELD_MALFORMED"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{}", "NOT_AN_ARRAY"),
        ("", "NOT_JSON"),
        ("[NaN]", "NOT_JSON"),
        ('[{"a": 1, "a": 1}]', "DUPLICATE_KEY"),
        ("[" * 60 + "]" * 60, "TOO_DEEP"),
    ],
)
def test_what_is_no_array_of_cases_is_usage(inside: Cli, text: str, code: str) -> None:
    done = inside("rules", "meld", stdin=text)
    assert (done.returncode, done.stdout) == (2, "")
    assert code in done.stderr


def test_an_empty_array_has_no_results(inside: Cli) -> None:
    assert _results(inside, "eligibility", []) == []
