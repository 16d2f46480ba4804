"""`dosetrail show`: any view, live or as of a position or an instant."""

from __future__ import annotations

import click

from api.cli.options import json_option, store_option
from api.cli.output import print_json, print_table
from api.cli.views import VIEW_NAMES, opened_views, position_asked
from api.verification import verify_positions

SIGNATURES = "signatures"


@click.command()
@click.argument("view", type=click.Choice(VIEW_NAMES), metavar="VIEW")
@store_option
@click.option("--as-of", metavar="TIME", help="Read as of an instant: 2024-05-01T00:00:00+08:00.")
@click.option(
    "--as-of-position", type=click.IntRange(0), metavar="N", help="Read as of a position of the log."
)
@json_option
def show(view: str, store: str, as_of: str | None, as_of_position: int | None, *, as_json: bool) -> None:
    """Print the rows of VIEW."""
    with opened_views(store) as (instance, views):
        rows = views.rows(view, position_asked(instance.log, as_of, as_of_position))
        if view == SIGNATURES:
            verdicts = verify_positions(instance, [row["position"] for row in rows])
            rows = [{**row, "verdict": verdicts[row["position"]]} for row in rows]
    if as_json:
        print_json(rows)
    else:
        print_table(rows)


show.help = f"Print the rows of VIEW, one of: {', '.join(VIEW_NAMES)}."
