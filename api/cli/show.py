"""`dosetrail show`: any view, live or as of a position or an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.changes import Since
from api.cli.changes import CHANGES, show_changes
from api.cli.explain import explain_decision
from api.cli.options import json_option, store_option
from api.cli.output import print_json, print_table
from api.cli.passwords import password_file_type
from api.cli.views import VIEW_NAMES, opened_views, rows_asked
from api.cli.what_if import simulate_decision
from api.verification import verify_positions

if TYPE_CHECKING:
    from pathlib import Path

SIGNATURES = "signatures"
DECISIONS = "decisions"


@click.command()
@click.argument("view", type=click.Choice((*VIEW_NAMES, CHANGES)), metavar="VIEW")
@store_option
@click.option("--as-of", metavar="TIME", help="Read as of an instant: 2024-05-01T00:00:00+08:00.")
@click.option(
    "--as-of-position", type=click.IntRange(0), metavar="N", help="Read as of a position of the log."
)
@click.option(
    "--explain", "explained", type=click.IntRange(1), metavar="POSITION", help="Why a decision is what it is."
)
@click.option(
    "--if",
    "assumptions",
    multiple=True,
    metavar="ASSUMPTION",
    help="What if: S006=N (S006 had no DLT), +2NNT (three more at level 2). N none, T DLT, P pending, "
    "W withdrawn, G or m grade 2 or 1, g or v grade 2 and pending or withdrawn. Signed and recorded.",
)
@click.option("--subject", "subject_key", metavar="KEY", help="Only the rows about one subject.")
@click.option(
    "--since", type=click.Choice([str(one) for one in Since]), help="With changes: since which act of PERSON."
)
@click.option("--as", "person", metavar="PERSON", help="Who asks with --if or --since; signs what --if asks.")
@click.option("--password-file", type=password_file_type, help="With --if; else the terminal asks.")
@json_option
def show(  # noqa: PLR0913 - one parameter an option
    *,
    view: str,
    store: str,
    as_of: str | None,
    as_of_position: int | None,
    explained: int | None,
    assumptions: tuple[str, ...],
    subject_key: str | None,
    since: str | None,
    person: str | None,
    password_file: Path | None,
    as_json: bool,
) -> None:
    """Print the rows of VIEW."""
    if since is not None or view == CHANGES:
        _require_up_to_now(as_of, as_of_position, explained, assumptions or None)
        show_changes(store, *_whose(view, since, person), subject_key, as_json=as_json)
        return
    if explained is not None or assumptions:
        _require_decisions(view)
    if assumptions and (explained, as_of, as_of_position) != (None, None, None):
        raise click.UsageError("--if asks about the log as it stands; leave out --explain and --as-of")
    if explained is not None:
        explain_decision(store, explained, as_json=as_json)
        return
    if assumptions:
        if person is None:
            raise click.UsageError("--if is signed: say with --as who asks")
        simulate_decision(store, assumptions, person, password_file, as_json=as_json)
        return
    with opened_views(store) as (instance, views):
        rows = rows_asked(instance, views, view, as_of, as_of_position)
        if subject_key is not None:
            rows = [row for row in rows if row.get("subject_key") == subject_key]
        if view == SIGNATURES:
            verdicts = verify_positions(instance, [row["position"] for row in rows])
            rows = [{**row, "verdict": verdicts[row["position"]]} for row in rows]
    if as_json:
        print_json(rows)
    else:
        print_table(rows)


def _whose(view: str, since: str | None, person: str | None) -> tuple[str, Since]:
    if view != CHANGES or since is None or person is None:
        raise click.UsageError("changes are shown --since an act of the person of --as")
    return person, Since(since)


def _require_up_to_now(*others: object) -> None:
    if any(other is not None for other in others):
        raise click.UsageError("changes are shown up to now: leave out --as-of, --explain and --if")


def _require_decisions(view: str) -> None:
    if view != DECISIONS:
        raise click.UsageError("--explain and --if are about the view decisions")


show.help = f"Print the rows of VIEW, one of: {', '.join((*VIEW_NAMES, CHANGES))}."
