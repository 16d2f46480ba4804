"""Exit codes and streams: 0 good, 1 found something, 2 usage, 3 could not look, 4 refused."""

from __future__ import annotations

import json
import os
import pty
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from api.cli.output import progress
from projections.catalogue import PROJECTIONS
from tests.cli.conftest import SCRIPT, folder_of, founding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Cli


def test_version(cli: Cli) -> None:
    assert cli("--version").stdout == "dosetrail, version 0.4.0\n"


@pytest.mark.parametrize(
    "words",
    [
        ["bogus"],
        ["show", "subjects"],
        ["show", "nope", "--store", "sqlite:///x"],
        ["show", "subjects", "--store", "x"],
        ["verify", "--store", "sqlite:///x", "--trust", "/nowhere/trust.json"],
        ["play", "/nowhere/script.json", "--store", "sqlite:///x"],
        ["serve", "--store", "sqlite:///x", "--port", "0"],
        ["init", "--store", "sqlite:///x", "--environment", "staging"],
    ],
)
def test_usage(inside: Cli, words: list[str]) -> None:
    done = inside(*words)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(
    "words", [["show", "subjects"], ["verify"], ["rebuild"], ["serve"]], ids=lambda words: words[0]
)
def test_a_store_that_is_not_there_could_not_be_looked_at(
    inside: Cli, words: list[str], tmp_path: Path
) -> None:
    done = inside(*words, "--store", f"sqlite:///{tmp_path / 'none'}")
    assert (done.returncode, done.stdout) == (3, "")
    assert "Traceback" not in done.stderr


def test_an_unknown_view_lists_the_views(inside: Cli, golden_store: str) -> None:
    done = inside("show", "nope", "--store", golden_store)
    assert all(projection.name in done.stderr for projection in PROJECTIONS)


@pytest.mark.slow
def test_every_view_prints_as_a_table_and_as_one_document(inside: Cli, golden_store: str) -> None:
    for projection in PROJECTIONS:
        table = inside("show", projection.name, "--store", golden_store)
        document = inside("show", projection.name, "--store", golden_store, "--json")
        assert (table.returncode, document.returncode) == (0, 0)
        rows = json.loads(document.stdout)
        assert len(table.stdout.splitlines()) == (len(rows) + 2 if rows else 0)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--as-of", "yesterday"], "BAD_TIME"),
        (["--as-of", "2024-05-01T00:00:00"], "NAIVE_TIME"),
        (["--as-of-position", "100000"], "UNKNOWN_POSITION"),
        (["--as-of", "2024-05-01T00:00:00Z", "--as-of-position", "1"], "AS_OF_TWICE"),
    ],
)
def test_moments_that_are_none(inside: Cli, golden_store: str, options: list[str], code: str) -> None:
    done = inside("show", "cohorts", "--store", golden_store, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert code in done.stderr


def test_missing_secrets(inside: Cli, golden_copy: str) -> None:
    shutil.rmtree(folder_of(golden_copy) / "secrets")
    done = inside("show", "subjects", "--store", golden_copy)
    assert done.returncode == 3
    assert "SECRETS_MISSING" in done.stderr
    # Verification needs none of them.
    assert inside("verify", "--store", golden_copy).returncode == 0


def test_a_file_that_is_no_log(inside: Cli, golden_copy: str) -> None:
    (folder_of(golden_copy) / "log.sqlite").write_bytes(b"this is no database at all" * 400)
    for words in (["verify"], ["show", "subjects"], ["rebuild"]):
        done = inside(*words, "--store", golden_copy)
        assert (done.returncode, done.stdout) == (3, "")
        assert "Traceback" not in done.stderr


def test_a_forged_record_is_found(inside: Cli, golden_copy: str) -> None:
    with closing(sqlite3.connect(folder_of(golden_copy) / "log.sqlite")) as database, database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            database.execute(f"DROP TRIGGER {name}")
        (state,) = database.execute("SELECT state FROM stored_events WHERE rowid = 60").fetchone()
        flipped = bytes([*state[:-40], state[-40] ^ 1, *state[-39:]])
        database.execute("UPDATE stored_events SET state = ? WHERE rowid = 60", (flipped,))
    done = inside("verify", "--store", golden_copy, "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["verdict"], report["first_bad_position"]) == (1, "failed", 60)
    for_people = inside("verify", "--store", golden_copy)
    assert for_people.returncode == 1
    assert "position 60: " in for_people.stdout


def test_trust_of_another_log_is_a_finding(inside: Cli, golden_store: str, production_store: str) -> None:
    foreign = folder_of(production_store) / "trust.json"
    assert inside("verify", "--store", golden_store, "--trust", str(foreign)).returncode == 1


def test_a_file_that_is_no_trust_file(inside: Cli, golden_store: str, tmp_path: Path) -> None:
    for text in ("[]", "{", "{}"):
        (tmp_path / "trust.json").write_text(text, encoding="utf-8")
        done = inside("verify", "--store", golden_store, "--trust", str(tmp_path / "trust.json"))
        assert done.returncode == 2


def test_init_writes_the_trust_file_and_says_where(cli: Cli, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store'}"
    done = cli(*founding(store, "production", tmp_path))
    assert (0, f"{tmp_path / 'store' / 'trust.json'}\n") == (done.returncode, done.stdout)
    assert "kettles" not in done.stderr
    assert cli("verify", "--store", store, "--trust", done.stdout.strip()).returncode == 0
    again = cli(*founding(store, "production", tmp_path))
    assert again.returncode == 4
    assert "INSTANCE_EXISTS" in again.stderr


def test_init_refuses_a_weak_password_and_makes_nothing(inside: Cli, tmp_path: Path) -> None:
    words = founding(f"sqlite:///{tmp_path / 'store'}", "production", tmp_path)
    (tmp_path / "adm.password").write_text("short", encoding="utf-8")
    done = inside(*words)
    assert done.returncode == 4
    assert "WEAK_PASSWORD" in done.stderr
    assert not (tmp_path / "store").exists()


def test_init_without_a_terminal_asks_for_password_files(inside: Cli, tmp_path: Path) -> None:
    words = founding(f"sqlite:///{tmp_path / 'store'}", "production", tmp_path)
    done = inside(*words[:-2])
    assert done.returncode == 2
    assert "PASSWORD_NEEDED" in done.stderr


def test_init_asks_twice_on_a_terminal_and_echoes_nothing(tmp_path: Path) -> None:
    words = founding(f"sqlite:///{tmp_path / 'store'}", "production", tmp_path)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(SCRIPT, [str(SCRIPT), *words[:-2]])  # noqa: S606 - a terminal of its own for the script
    seen = b""
    for prompt in (b"Password of jun.xu: ", b"Repeat for confirmation: "):
        while prompt not in seen:
            seen += os.read(terminal, 1024)
        os.write(terminal, b"nine slow paper boats\n")
    # The terminal answers with an error once the other end is gone.
    with suppress(OSError):
        while more := os.read(terminal, 1024):
            seen += more
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"trust.json" in seen
    assert b"boats" not in seen


@pytest.mark.slow
def test_rebuild_prints_one_document_and_changes_no_row(
    cli: Cli, golden_copy: str, shown: Callable[..., Any], inside: Cli
) -> None:
    done = cli("rebuild", "--store", golden_copy, "--json")
    assert (done.returncode, json.loads(done.stdout)["position"]) == (0, 318)
    for view in ("subjects", "decisions", "meld", "trail"):
        assert shown(view) == json.loads(inside("show", view, "--store", golden_copy, "--json").stdout)


def test_views_may_be_deleted_at_any_time(inside: Cli, golden_copy: str) -> None:
    before = inside("show", "subjects", "--store", golden_copy).stdout
    for file in folder_of(golden_copy).glob("views.sqlite*"):
        file.unlink()
    assert inside("show", "subjects", "--store", golden_copy).stdout == before


def test_a_reader_that_leaves_early_gets_no_traceback(golden_store: str) -> None:
    words = [str(SCRIPT), "show", "trail", "--json", "--store", golden_store]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert (process.stderr.read(), process.wait(60)) == (b"", 141)


def test_no_error_becomes_a_traceback(inside: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("api.cli.verify.verify_store", broken)
    done = inside("verify", "--store", "sqlite:///x")
    assert (done.returncode, done.stderr) == (3, "dosetrail: INTERNAL_ERROR: KeyError: 'x'\n")


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [_Terminal(), StringIO()], ids=["terminal", "file"])
def test_progress_is_drawn_on_a_terminal_only(stream: StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress("views") as advance:
        advance(1, 2)
        advance(2, 2)
    assert stream.isatty() == ("100%" in stream.getvalue())
    assert stream.isatty() or stream.getvalue() == ""
