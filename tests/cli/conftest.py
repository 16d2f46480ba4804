"""The real console script in a process of its own, and one golden trial for the whole session."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, redirect_stdout
from functools import cache
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from api.cli.exits import run as run_command
from api.cli.main import dosetrail
from api.play.player import golden_trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCRIPT = Path(sys.executable).with_name("dosetrail")


class Cli(Protocol):
    def __call__(self, *args: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture(scope="session")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run(*args: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(SCRIPT), *args],
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            check=False,
            cwd=elsewhere,
            timeout=120,
        )

    return run


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """The same command line within this process: quicker, and leaks become errors."""

    def call(*args: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["dosetrail", *args])
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO((stdin or "").encode())))
        code = run_command(dosetrail)
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(args, code, out, err)

    return call


@pytest.fixture(scope="session")
def golden() -> Any:
    return json.loads(golden_trial())


@pytest.fixture(scope="session")
def golden_store(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the one store that the session shares: it is read only; whoever writes takes `golden_copy`."""
    folder = tmp_path_factory.mktemp("golden")
    script = folder / "golden_trial.json"
    script.write_bytes(golden_trial())
    store = f"sqlite:///{folder / 'store'}"
    played = cli("play", str(script), "--store", store)
    assert (played.returncode, played.stderr) == (0, "")
    size = _size(store)
    yield store
    assert _size(store) == size, "a test wrote to the store that all tests share"


def _size(store: str) -> int:
    with closing(sqlite3.connect(folder_of(store) / "log.sqlite")) as log:
        size: int = log.execute("SELECT size FROM log_head").fetchone()[0]
    return size


@pytest.fixture
def golden_copy(golden_store: str, tmp_path: Path) -> str:
    """Give a copy of the golden trial's store for one test to write to."""
    shutil.copytree(folder_of(golden_store), tmp_path / "copy")
    return f"sqlite:///{tmp_path / 'copy'}"


def folder_of(store: str) -> Path:
    """Return the folder that a store's address names."""
    return Path(store.removeprefix("sqlite:///"))


@pytest.fixture(scope="session")
def shown(golden_store: str) -> Callable[..., list[dict[str, Any]]]:
    @cache
    def rows(view: str, *options: str) -> list[dict[str, Any]]:
        out, words = StringIO(), ["dosetrail", "show", view, "--store", golden_store, "--json", *options]
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out):
            patch.setattr(sys, "argv", words)
            assert run_command(dosetrail) == 0
        found: list[dict[str, Any]] = json.loads(out.getvalue())
        return found

    return rows


@pytest.fixture(scope="session")
def production_store(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("production")
    store = f"sqlite:///{folder / 'store'}"
    done = cli(*founding(store, "production", folder))
    assert done.returncode == 0
    return store


def founding(store: str, environment: str, folder: Path) -> list[str]:
    """Return the arguments of `init` with two officers whose passwords stand in files."""
    words = ["init", "--store", store, "--environment", environment, "--origin", "renji.example/NCT05727722"]
    for option, officer, password in (
        ("sec", "mei.lin:Lin Mei", "three blue tin kettles"),
        ("adm", "jun.xu:Xu Jun", "nine slow paper boats"),
    ):
        file = folder / f"{option}.password"
        file.write_text(password + "\n", encoding="utf-8")
        words += [f"--{option}", officer, f"--{option}-password-file", str(file)]
    return words
