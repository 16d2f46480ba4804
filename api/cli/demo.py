"""`dosetrail demo`: the golden trial played, verified and shown; nothing is kept."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import click

from api.cli.exits import FOUND, GOOD
from api.cli.output import heading, print_table, progress
from api.cli.verify import print_report
from api.cli.views import opened_views
from api.play.player import play_training
from api.verification import verify_store
from core.audit.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

_DECISION_COLUMNS = (
    "position",
    "occurred_at",
    "event",
    "subject_key",
    "decision",
    "level",
    "reason",
    "slots",
    "flags",
)


@click.command()
def demo() -> int:
    """Play the golden trial into a temporary store, verify it, print what came out."""
    with tempfile.TemporaryDirectory(prefix="dosetrail-demo-") as folder:
        url = f"sqlite:///{folder}/store"
        with progress("golden trial") as advance:
            played = play_training(url, advance)
        heading("Golden trial (all data invented)")
        click.echo(
            f"{played.script_events} script events played; the log holds {played.log_size} signed events"
        )
        report = verify_store(url)
        print_report(report)
        _print_views(url)
    return GOOD if report.verdict is Verdict.VERIFIED else FOUND


def _print_views(url: str) -> None:
    with opened_views(url) as (_, views):
        heading("Cohort board")
        print_table(views.rows("cohorts"))
        heading("Decisions, one line a change; the last one counts")
        print_table([{name: row[name] for name in _DECISION_COLUMNS} for row in views.rows("decisions")])
        heading("MELD / MELD-Na / MELD 3.0 by visit day")
        print_table(meld_grid(views.rows("meld")))
        click.echo("\n* corrected, earlier score kept   n/c not computable   - one of three that is not")


def meld_grid(rows: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """Return one line a subject with the scores by visit day."""
    days = sorted({row["visit"] for row in rows})
    grid: dict[str, dict[str, str]] = {}
    for row in rows:
        line = grid.setdefault(
            row["subject_key"], {"subject": row["subject_key"], **{f"day {d}": "" for d in days}}
        )
        line[f"day {row['visit']}"] = _score(row)
    return [grid[key] for key in sorted(grid)]


def _score(row: dict[str, Any]) -> str:
    if not row["computable"]:
        return "n/c"
    scores = "/".join("-" if row[name] is None else str(row[name]) for name in ("meld", "meld_na", "meld3"))
    return scores + ("*" if row.get("superseded") else "")
