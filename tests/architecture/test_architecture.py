"""What holds the code together: layers, names, sizes, codes, packaging. Forgetting must be impossible."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

import api
import core
import projections
from api.problems import STATUS
from core.kernel import errors
from core.trial.edit_checks import EDIT_CHECKS
from core.trial.policy import founding_policy
from core.trial.registry import EVENTS
from projections.catalogue import PROJECTIONS

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "projections", "api")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LINT = Path(sys.executable).with_name("lint-imports")


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--no-cache"], cwd=root, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_layers_hold() -> None:
    found = lint_imports(ROOT)
    assert found.returncode == 0, found.stdout


def test_no_module_goes_round_in_a_circle_to_itself_not_even_for_a_type() -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    imported = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imported).prepare()


PLANTED = {
    "the core calls the http layer": ("core/rules/three_valued.py", "import api.wiring"),
    "rules know the trial": ("core/rules/three_valued.py", "import core.trial.registry"),
    "a rule reads files": ("core/rules/three_valued.py", "import pathlib"),
    "a decider asks the clock": ("core/trial/facts.py", "import core.clock"),
    "the core knows the engine": ("core/audit/leaf.py", "import eventsourcing.persistence"),
    "a view signs": ("projections/__init__.py", "import core.keys.ed25519"),
    "a view writes": ("projections/__init__.py", "import core.handle"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_violation_is_caught(tmp_path: Path, what: str) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    file, line = PLANTED[what]
    with (tmp_path / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")
    found = lint_imports(tmp_path)
    assert found.returncode == 1, found.stdout
    assert "BROKEN" in found.stdout


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_names_no_place_and_hashes_everything(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    pinned = [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    assert pinned
    assert all("==" in line for line in pinned)
    assert text.count("--hash=sha256:") >= len(pinned)


@pytest.mark.parametrize("word", ["utils", "helpers", "common", "manager", "base", "misc"])
def test_no_module_is_named_after_nothing(word: str) -> None:
    assert [str(path.relative_to(ROOT)) for path in MODULES if word in path.stem.split("_")] == []


def test_no_module_reaches_400_lines() -> None:
    lengths = {str(p.relative_to(ROOT)): len(p.read_text(encoding="utf-8").splitlines()) for p in MODULES}
    assert {name: length for name, length in lengths.items() if length >= 400} == {}


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_only_the_clock_asks_the_time() -> None:
    asks = re.compile(r"datetime\.now\(|datetime\.utcnow\(|date\.today\(|\btime\.time\(|uuid4\(|uuid1\(")
    found = [str(p.relative_to(ROOT)) for p in MODULES if asks.search(p.read_text(encoding="utf-8"))]
    assert found == ["core/clock.py"]


# -- errors ---------------------------------------------------------------------------------------------

KINDS = {
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.TrialError)
}


def raised() -> list[tuple[str, str, str | None]]:
    """Return place, code and sentence of every error that the code makes with a literal code."""
    found = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in KINDS
                and node.args
            ):
                code, *rest = node.args
                if isinstance(code, ast.Constant):
                    # A sentence that is handed on was written where the error was first made.
                    handed_on = bool(rest) and not isinstance(rest[0], ast.Constant | ast.JoinedStr)
                    sentence = "handed on" if handed_on else ast.unparse(rest[0]) if rest else None
                    found.append((f"{path.relative_to(ROOT)}:{node.lineno}", str(code.value), sentence))
    return found


def test_every_code_is_screaming_snake() -> None:
    assert [
        (place, code) for place, code, _ in raised() if not re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", code)
    ] == []


def test_every_error_has_a_sentence() -> None:
    assert len(raised()) > 100
    assert [
        (place, code) for place, code, sentence in raised() if sentence is None or " " not in sentence
    ] == []


def test_every_edit_check_is_a_code_that_is_raised_and_has_a_status() -> None:
    made = {code for _, code, _ in raised()}
    assert sorted(set(EDIT_CHECKS) - set(STATUS)) == []
    assert sorted(set(EDIT_CHECKS) - made) == []
    assert {STATUS[code] for code in EDIT_CHECKS} <= {409, 422, 428}


def test_every_code_that_a_decider_promises_is_tested() -> None:
    """Each code named under `Raises:` of a decider stands in a test of decisions, rules or keys."""
    tests = "".join(
        p.read_text(encoding="utf-8")
        for d in ("decisions", "rules", "keys", "handle", "golden")
        for p in (ROOT / "tests" / d).glob("*.py")
    )
    promised = set[str]()
    for path in (ROOT / "core" / "trial").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = (ast.get_docstring(node) or "") if isinstance(node, ast.FunctionDef) else ""
            _, _, raises = text.partition("Raises:")
            promised |= set(re.findall(r"`([A-Z][A-Z0-9_]+)`", raises))
    assert len(promised) > 50
    assert set() == {code for code in promised if code not in tests}


# -- packaging and documents ----------------------------------------------------------------------------


def test_the_three_packages_belong_to_this_distribution_and_stand_side_by_side() -> None:
    parents = {Path(package.__file__ or "").parents[1] for package in (core, api, projections)}
    assert parents == {ROOT}
    assert importlib.metadata.distribution("dosetrail").metadata["Name"] == "dosetrail"
    owners = importlib.metadata.packages_distributions()
    strangers = {name: owners.get(name, []) for name in PACKAGES if set(owners.get(name, [])) - {"dosetrail"}}
    assert strangers == {}


def test_the_distribution_is_never_uploaded() -> None:
    assert "Private :: Do Not Upload" in (
        importlib.metadata.metadata("dosetrail").get_all("Classifier") or []
    )


def test_stored_topics_hold_no_module_path() -> None:
    assert [topic for topic in EVENTS if not re.fullmatch(r"[a-z]+\.[A-Z][A-Za-z]+/[1-9]\d*", topic)] == []


def test_the_readme_lists_every_event_and_no_other() -> None:
    """Topic, what its class says it is, and who signs it, meaning what: row for row as the code has it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `[a-z]+\.[A-Za-z]+/\d+` \|.*$", readme, re.MULTILINE)
    assert [_event_row(topic, event) for topic, event in EVENTS.items()] == listed


def test_the_readme_lists_every_view_and_no_other() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("\n## Views\n")[2].partition("\n## ")[0]
    listed = re.findall(r"`([a-z-]+)`", table)
    assert sorted(listed) == sorted(projection.name for projection in PROJECTIONS)


def _event_row(topic: str, event: type) -> str:
    said = " ".join((event.__doc__ or "").strip().split("\n\n")[0].split()).rstrip(".")
    signers = [f"{g.role} {g.meaning}" for g in founding_policy().grants if g.type == topic]
    return f"| `{topic}` | {said} | {', '.join(signers)} |"
