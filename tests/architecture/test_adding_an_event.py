"""A made-up event type takes exactly the files of the list, and forgetting one of them is noticed.

The tree is copied, `product.LotQuarantined/1` is added to it file by file, and the gates of the copy are run:
types, the catalogue's laws, the stored form, the README's table, the sentence, the decision.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[2]
COPIED: Final = ("core", "projections", "api", "tests", "pyproject.toml", "README.md", "CHANGELOG.md")

EVENTS, STATE = "core/trial/product/events.py", "core/trial/product/state.py"
COMMANDS, DECIDE = "core/trial/product/commands.py", "core/trial/product/decide.py"
SENTENCE, README = "projections/sentences/of_committee.py", "README.md"
DECISION = "tests/decisions/test_quarantine.py"
ROUTES = "api/routes/commands.py"

# Where each piece goes: the text before which it is put, and the piece.
EDITS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    EVENTS: (
        (
            "ProductEvent = (\n",
            '''@dataclass(frozen=True, slots=True)
class LotQuarantined:
    """The lot was set aside until somebody has looked at it."""

    TOPIC: ClassVar[str] = "product.LotQuarantined/1"
    why: str


''',
        ),
        ("    LotReceived | LotReleased", "    LotQuarantined |"),
        ("    LotReceived: _PHARMACY,\n", "    LotQuarantined: _PHARMACY,\n"),
    ),
    STATE: (
        ("    LotReceived,\n", "    LotQuarantined,\n"),
        ("        case LotReceived():\n", "        case LotQuarantined():\n            return state\n"),
    ),
    COMMANDS: (
        (
            "@dataclass(frozen=True, slots=True)\nclass RejectLot",
            '''@dataclass(frozen=True, slots=True)
class QuarantineLot(LotCommand):
    """Set a lot aside."""

    why: str


''',
        ),
    ),
    DECIDE: (
        (
            "COMMANDS: Final",
            '''def quarantine_lot(
    facts: Facts, command: commands.QuarantineLot, _context: Context
) -> tuple[Decided, ...]:
    """Set a lot aside.

    Raises: `UNKNOWN_LOT`.
    """
    facts.known_lot(command.lot)
    return (Decided(command.target, events.LotQuarantined(command.why)),)


''',
        ),
        (
            "    (commands.ReceiveLot,",
            "    (commands.QuarantineLot, quarantine_lot, (events.LotQuarantined,)),\n",
        ),
    ),
    SENTENCE: (
        ("    LotReceived,\n", "    LotQuarantined,\n"),
        (
            "        case LotReceived():\n",
            '        case LotQuarantined():\n            return f"Lot {lot} was set aside: {event.why}."\n',
        ),
    ),
    README: (
        (
            "| `product.LotReceived/1`",
            (
                "| `product.LotQuarantined/1` | The lot was set aside until somebody has looked at it "
                "| PH authored |\n"
            ),
        ),
    ),
    DECISION: (
        (
            "",
            """from core.trial.product.commands import QuarantineLot
from tests.support.given import PH, given


def test_an_unknown_lot_is_not_set_aside() -> None:
    given().when(QuarantineLot("L-none", "a doubt"), PH).refused("UNKNOWN_LOT")
""",
        ),
    ),
    ROUTES: (
        (
            '        (product.ReceiveLot, "/lots',
            '        (product.QuarantineLot, "/lots/<lot>/quarantines"),\n',
        ),
    ),
}

GATES: Final = (
    "tests/decisions/test_catalogue.py",
    DECISION,
    "tests/golden/test_stored_forms.py",
    "tests/views/test_sentences.py",
    "tests/architecture/test_architecture.py::test_the_readme_lists_every_event_and_no_other",
    "tests/http/test_documentation.py",
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with every edit made, and the stored form written and kept.

    Whatever order the tests run in, each finds the complete tree: a gate that fails has its own reason.
    """
    tree = tmp_path_factory.mktemp("grown")
    for name in COPIED:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".hypothesis")
            shutil.copytree(ROOT / name, tree / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, tree)
    for file in EDITS:
        (tree / file).write_text(grown(file), encoding="utf-8")
    first = run(tree, "pytest", "-q", "-p", "no:cacheprovider", "tests/golden/test_stored_forms.py")
    assert first.returncode == 1, "the stored form is written at first sight, and reviewed"
    assert "product_LotQuarantined_1.json is new" in first.stdout
    return tree


def original(file: str) -> str:
    path = ROOT / file
    return path.read_text(encoding="utf-8") if path.exists() else ""


def grown(file: str) -> str:
    text = original(file)
    for before, piece in EDITS[file]:
        assert not before or before in text, (file, before)
        text = text.replace(before, piece + before, 1) if before else piece
    return text


def run(tree: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def gates(tree: Path) -> subprocess.CompletedProcess[str]:
    return run(tree, "pytest", "-q", "-x", "-p", "no:cacheprovider", *(g for g in GATES if exists(tree, g)))


def exists(tree: Path, gate: str) -> bool:
    return (tree / gate.partition("::")[0]).exists()


@pytest.mark.slow
def test_the_listed_files_are_enough(tree: Path) -> None:
    passed = gates(tree)
    assert passed.returncode == 0, passed.stdout[-3000:]
    typed = run(tree, "mypy", "core", "projections")
    assert typed.returncode == 0, typed.stdout


@pytest.mark.slow
@pytest.mark.parametrize("file", [EVENTS, COMMANDS, DECIDE, README])
def test_a_forgotten_file_fails_the_gates(tree: Path, file: str) -> None:
    assert "uarantine" in _without(tree, file, lambda: gates(tree))


@pytest.mark.slow
@pytest.mark.parametrize("file", [STATE, SENTENCE])
def test_a_forgotten_case_fails_the_type_checker(tree: Path, file: str) -> None:
    assert "LotQuarantined" in _without(tree, file, lambda: run(tree, "mypy", "core", "projections"))


def _without(tree: Path, file: str, check: Callable[[], subprocess.CompletedProcess[str]]) -> str:
    """Take the edit of one file back, demand that the check fails, and return what it says."""
    (tree / file).write_text(original(file), encoding="utf-8")
    try:
        done = check()
    finally:
        (tree / file).write_text(grown(file), encoding="utf-8")
    assert done.returncode != 0
    return done.stdout + done.stderr
