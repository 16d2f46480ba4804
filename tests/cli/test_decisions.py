"""Decision replay and what-if on the command line."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import core
from api.release import code_digest
from tests.cli.conftest import folder_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Cli

    Shown = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def store(golden_copy: str) -> str:
    """Give a copy of the golden instance that may be written to, and a password file beside it."""
    folder_of(golden_copy).with_name("mm.password").write_text("training-mm\n", encoding="utf-8")
    return golden_copy


# -- decision replay ------------------------------------------------------------------------------------


def test_every_change_of_the_decision_can_be_explained(inside: Cli, golden_store: str, shown: Shown) -> None:
    for row in shown("decisions")[-3:]:
        position = str(row["position"])
        done = inside("show", "decisions", "--explain", position, "--store", golden_store, "--json")
        assert done.returncode == 0, done.stderr
        explained = json.loads(done.stdout)
        assert explained["row"]["number"] == row["row"]
        assert {name: row[name] for name in explained["decision"]} == explained["decision"]
        assert [one["subject"] for one in explained["outcomes"]] == [
            one["subject_key"] for one in row["inputs"]
        ]
        assert explained["program"]["code"] == code_digest()


def test_an_explanation_is_read_by_people(inside: Cli, golden_store: str, shown: Shown) -> None:
    position = shown("mtd")[0]["decision_position"]
    done = inside("show", "decisions", "--explain", str(position), "--store", golden_store)
    assert done.returncode == 0, done.stderr
    for words in (
        "decision: declare_mtd",
        "row 6 of the table: A level is exceeded; C, the highest below it, is full",
        "AE-008 G4 Sepsis",
        "src.wang",
        f"code: {code_digest()}",
    ):
        assert words in done.stdout


def test_only_positions_of_the_log_are_explained(inside: Cli, golden_store: str) -> None:
    done = inside("show", "decisions", "--explain", "99999", "--store", golden_store)
    assert (done.returncode, "UNKNOWN_POSITION" in done.stderr) == (4, True)
    before = inside("show", "decisions", "--explain", "3", "--store", golden_store)
    assert (before.returncode, "NO_PROTOCOL_CONFIG" in before.stderr) == (4, True)


@pytest.mark.parametrize("options", [("--explain", "9"), ("--if", "+1N", "--as", "mm.zhao")])
def test_other_views_have_nothing_to_explain(
    inside: Cli, golden_store: str, options: tuple[str, ...]
) -> None:
    done = inside("show", "cohorts", *options, "--store", golden_store)
    assert (done.returncode, done.stdout) == (2, "")


# -- what-if --------------------------------------------------------------------------------------------


def asked(inside: Cli, store: str, *options: str, person: str = "mm.zhao") -> Any:
    password = folder_of(store).with_name("mm.password")
    words = ["show", "decisions", *options, "--as", person, "--password-file", str(password)]
    return inside(*words, "--store", store, "--json")


def test_a_question_is_signed_recorded_and_changes_nothing(inside: Cli, store: str) -> None:
    before = inside("show", "decisions", "--store", store, "--json").stdout
    done = asked(inside, store, "--if", "S010=N")
    assert done.returncode == 0, done.stderr
    [answer] = json.loads(done.stdout)
    # Without the sepsis level 3 has one DLT in two, and ten are dosed (domain 1.2, sample size).
    assert (answer["decision"], answer["level"], answer["reason"]) == ("hold", 3, "sample_size_limit")
    assert answer["flags"] == ["would_be:enrol"]
    assert inside("show", "decisions", "--store", store, "--json").stdout == before
    trail = json.loads(inside("show", "trail", "--store", store, "--json").stdout)
    last = trail[-1]
    assert (last["event"], last["position"]) == ("DecisionSimulated", answer["position"])
    assert (last["actor"], last["meaning"]) == ("mm.zhao", "reviewed")
    verified = inside("verify", "--store", store)
    assert verified.returncode == 0, verified.stdout


@pytest.mark.parametrize(
    ("options", "person", "code", "exit_code"),
    [
        (("--if", "S010"), "mm.zhao", "BAD_ASSUMPTION", 2),
        (("--if", "S099=N"), "mm.zhao", "UNKNOWN_SUBJECT", 4),
        (("--if", "+1N"), "src.wang", "WRONG_PASSWORD", 4),
        (("--if", "+1N"), "pi.chen", "ROLE_NOT_HELD", 4),
        (("--if", "+1N"), "no.body", "ROLE_NOT_HELD", 4),
    ],
)
def test_who_may_ask_and_what(
    inside: Cli, store: str, options: tuple[str, ...], person: str, code: str, exit_code: int
) -> None:
    done = asked(inside, store, *options, person=person)
    assert (done.returncode, code in done.stderr, done.stdout) == (exit_code, True, "")


def test_a_question_has_an_asker_and_a_password(inside: Cli, store: str) -> None:
    done = inside("show", "decisions", "--if", "+1N", "--store", store)
    assert (done.returncode, "--as" in done.stderr) == (2, True)
    silent = inside("show", "decisions", "--if", "+1N", "--as", "mm.zhao", "--store", store)
    assert (silent.returncode, "PASSWORD_NEEDED" in silent.stderr) == (2, True)


def test_the_code_digest_covers_every_source_of_rules_and_trial() -> None:
    root = Path(core.__file__ or "").parent
    files = sorted([*root.glob("rules/**/*.py"), *root.glob("trial/**/*.py")])
    whole = b"".join(
        f"{f.relative_to(root)} {len(f.read_bytes())}\n".encode() + f.read_bytes() for f in files
    )
    assert code_digest() == "sha256:" + hashlib.sha256(whole).hexdigest()
    assert len(files) > 60
