"""No clause that the software answers is without a test, and no test is without a clause."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from api.compliance.clauses import Clause, Kind
from api.compliance.report import CLAUSES, judge
from api.compliance.results import FAILED, PASSED, keep_results, read_results, source_digest
from core.kernel.errors import Malformed
from tests.cli.conftest import inside
from tests.conftest import ComplianceResults

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

__all__ = ["inside"]

HERE = Path(__file__).parent
PART_11 = [
    *(f"11.10({letter})" for letter in "abcdefghijk"),
    *("11.30", "11.50(a)", "11.50(b)", "11.70", "11.100(a)", "11.100(b)", "11.100(c)"),
    *(f"11.200(a){part}" for part in ("(1)", "(1)(i)", "(1)(ii)", "(2)", "(3)")),
    "11.200(b)",
    *(f"11.300({letter})" for letter in "abcde"),
]


def written() -> set[str]:
    """Return the node ids of all tests of clauses."""
    return {
        f"tests/compliance/{file.name}::{node.name}"
        for file in HERE.glob("test_*.py")
        if file != Path(__file__)
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_clause_of_part_11_is_in_the_map_in_its_order() -> None:
    assert [clause.id for clause in CLAUSES[: len(PART_11)]] == PART_11
    assert len({clause.id for clause in CLAUSES}) == len(CLAUSES)


def test_the_map_names_the_tests_and_no_other() -> None:
    named = [node for clause in CLAUSES for node in clause.node_ids]
    assert len(set(named)) == len(named)
    assert set(named) == written()


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.id)
def test_every_clause_says_who_answers_it_and_what_is_missing(clause: Clause) -> None:
    assert clause.demand.endswith(".")
    assert clause.needs_a_test == bool(clause.tests) == bool(clause.control)
    match clause.kind:
        case Kind.OPEN:
            assert clause.open
        case Kind.PROCEDURAL | Kind.MIXED:
            assert clause.by_people or clause.open
        case Kind.TECHNICAL:
            assert not clause.by_people


def test_the_places_that_controls_name_exist() -> None:
    root = HERE.parents[1]
    words = {word.strip("().,;") for clause in CLAUSES for word in clause.control.split()}
    named = {
        word
        for word in words
        if word.startswith(("core/", "api/", "projections/", "tests/")) or word.endswith(".py")
    }
    assert len(named) > 10
    assert [place for place in sorted(named) if not (root / place).exists()] == []


# -- results --------------------------------------------------------------------------------------------

ONE = Clause("9.9", "Do it.", "It is done.", Kind.TECHNICAL, "test_9", ("it_is_done", "it_stays_done"))
BARE = Clause("9.8", "Do that.", "It is done.", Kind.TECHNICAL, "test_9")
TEST, STAYS = ONE.node_ids


@pytest.mark.parametrize(
    ("results", "result", "holds"),
    [
        ({}, "not run", True),
        ({TEST: PASSED}, "not run", True),
        ({TEST: PASSED, STAYS: PASSED}, "passed", True),
        ({TEST: PASSED, f"{STAYS}[a]": PASSED, f"{STAYS}[b]": FAILED}, "failed", False),
        ({TEST: FAILED}, "failed", False),
    ],
)
def test_a_clause_is_as_good_as_its_worst_test(results: dict[str, str], result: str, holds: Any) -> None:
    (judged,) = judge(results, [ONE])
    assert (judged.result, judged.holds) == (result, holds)


def test_a_clause_without_a_test_does_not_hold() -> None:
    (judged,) = judge({}, [BARE])
    assert (judged.result, judged.holds) == ("no test", False)


def test_results_of_earlier_runs_stay_and_newer_ones_count(tmp_path: Path) -> None:
    place = tmp_path / "build" / "results.json"
    keep_results(place, {TEST: FAILED, STAYS: PASSED})
    keep_results(place, {TEST: PASSED})
    assert read_results(place) == {TEST: PASSED, STAYS: PASSED}


def test_results_of_other_code_say_nothing(tmp_path: Path) -> None:
    place = tmp_path / "results.json"
    keep_results(place, {TEST: PASSED})
    place.write_text(
        place.read_text("utf-8").replace(source_digest(), "sha256:" + "0" * 64), encoding="utf-8"
    )
    assert read_results(place) == {}


@pytest.mark.parametrize("text", ["[]", '{"results": {}}', "{", '{"source": 1, "results": {}}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    place = tmp_path / "results.json"
    place.write_text(text, encoding="utf-8")
    with pytest.raises(Malformed):
        read_results(place)


class Report:
    """What pytest tells of one phase of a test."""

    def __init__(self, nodeid: str, when: str, outcome: str) -> None:
        self.nodeid, self.when, self.outcome = nodeid, when, outcome
        self.failed, self.passed = outcome == "failed", outcome == "passed"


def test_a_run_keeps_what_it_ran(tmp_path: Path) -> None:
    place = tmp_path / "results.json"
    collected: Any = ComplianceResults(place)
    phases = (
        (TEST, "setup", "passed"),
        (TEST, "call", "passed"),
        (STAYS, "call", "passed"),
        (STAYS, "teardown", "failed"),
        ("tests/compliance/test_9.py::skipped", "setup", "skipped"),
        ("tests/rules/test_dlt.py::other", "call", "passed"),
    )
    for phase in phases:
        collected.pytest_runtest_logreport(Report(*phase))
    collected.pytest_sessionfinish()
    assert read_results(place) == {TEST: PASSED, STAYS: FAILED}


def test_a_run_of_other_tests_writes_nothing(tmp_path: Path) -> None:
    collected = ComplianceResults(tmp_path / "results.json")
    collected.pytest_sessionfinish()
    assert list(tmp_path.iterdir()) == []


# -- the command ----------------------------------------------------------------------------------------


def all_passed() -> dict[str, str]:
    return {node: PASSED for clause in CLAUSES for node in clause.node_ids}


def test_the_command_prints_every_clause(inside: Cli, tmp_path: Path) -> None:
    place = tmp_path / "results.json"
    keep_results(place, all_passed())
    table = inside("compliance", "--results", str(place))
    assert (table.returncode, table.stderr) == (0, "")
    assert all(clause.id in table.stdout for clause in CLAUSES)
    told = json.loads(inside("compliance", "--results", str(place), "--json").stdout)
    assert [one["clause"] for one in told] == [clause.id for clause in CLAUSES]
    assert {one["result"] for one in told} == {"passed", "-"}


def test_the_command_fails_where_a_test_failed(inside: Cli, tmp_path: Path) -> None:
    place = tmp_path / "results.json"
    keep_results(place, {**all_passed(), CLAUSES[0].node_ids[0]: FAILED})
    assert inside("compliance", "--results", str(place)).returncode == 1


def test_the_command_says_what_was_not_run(inside: Cli, tmp_path: Path) -> None:
    done = inside("compliance", "--results", str(tmp_path / "none.json"), "--json")
    assert (done.returncode, "NOT_RUN" in done.stderr) == (3, True)
    assert {one["result"] for one in json.loads(done.stdout)} == {"not run", "-"}


def test_the_command_does_not_pass_what_was_run_in_part(inside: Cli, tmp_path: Path) -> None:
    place, passed = tmp_path / "results.json", all_passed()
    del passed[CLAUSES[0].node_ids[0]]
    keep_results(place, passed)
    assert inside("compliance", "--results", str(place)).returncode == 3
    keep_results(place, {CLAUSES[0].node_ids[1]: FAILED})
    assert inside("compliance", "--results", str(place)).returncode == 1
