"""`dosetrail rebuild`: all views anew from the log, which alone is the truth."""

from __future__ import annotations

import click

from api.cli.options import json_option, store_option
from api.cli.output import print_json
from api.cli.views import VIEW_NAMES, rebuild_views


@click.command()
@store_option
@json_option
def rebuild(store: str, *, as_json: bool) -> None:
    """Make all views anew from position 1 of the log."""
    position = rebuild_views(store)
    if as_json:
        print_json({"position": position, "views": VIEW_NAMES})
    else:
        click.echo(f"{len(VIEW_NAMES)} views rebuilt up to position {position}")
