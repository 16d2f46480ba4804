"""`show changes`: what changed since somebody last looked, and what is asked wrongly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from api.changes import Looked, Looks, Since

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Cli


CLINICAL = ("subject/", "casebook/", "lot/")
SEEN = 300


def test_changes_count_from_the_head_that_was_seen_of_each_subject(
    inside: Cli,
    golden_store: str,
    shown: Callable[..., list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody visits in the script of the trial: what was seen is said here, S001 later than all others."""
    everybody, one = Looked(SEEN, "", SEEN, ""), Looked(SEEN + 5, "", SEEN + 5, "")
    looks = Looks(Since.VISIT, None, {None: everybody, "S001": one})
    monkeypatch.setattr("api.cli.changes.last_looks", lambda *_: looks)
    asked = ("show", "changes", "--since", "visit", "--as", "somebody", "--store", golden_store)
    told = json.loads(inside(*asked, "--json").stdout)
    wanted = [
        row["position"]
        for row in shown("trail")
        if row["stream"].startswith(CLINICAL)
        and row["position"] > (SEEN + 5 if row["subject_key"] == "S001" else SEEN)
    ]
    assert wanted
    assert [row["position"] for row in told["rows"]] == wanted
    assert [look["seen"]["size"] for look in told["looks"]] == [SEEN, SEEN + 5]
    assert all(row["signature"]["printed_name"] for row in told["rows"])
    table = inside(*asked).stdout.splitlines()
    assert table[0].split()[:4] == ["position", "subject_key", "event", "field"]


@pytest.mark.parametrize("option", [("--as-of-position", "9"), ("--as-of", "2024-03-01T00:00:00+08:00")])
def test_changes_are_shown_up_to_now_only(inside: Cli, golden_store: str, option: tuple[str, str]) -> None:
    asked = ("show", "changes", "--since", "visit", "--as", "somebody", "--store", golden_store)
    answer = inside(*asked, *option)
    assert answer.returncode == 2
    assert "up to now" in answer.stderr


@pytest.mark.parametrize(
    "asked",
    [
        ("changes",),
        ("changes", "--since", "visit"),
        ("changes", "--as", "somebody"),
        ("trail", "--since", "visit", "--as", "somebody"),
    ],
)
def test_changes_are_asked_since_an_act_of_somebody(
    inside: Cli, golden_store: str, asked: tuple[str, ...]
) -> None:
    answer = inside("show", *asked, "--store", golden_store)
    assert answer.returncode == 2
    assert "--since an act" in answer.stderr


def test_nothing_counts_from_an_act_that_never_was(inside: Cli, golden_store: str) -> None:
    asked = ("show", "changes", "--since", "visit", "--as", "nobody", "--store", golden_store)
    answer = inside(*asked)
    assert answer.returncode == 4
    assert "NO_EARLIER_ACT" in answer.stderr
