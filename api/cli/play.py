"""`dosetrail play`: a scripted trial into a training store."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.options import store_option
from api.cli.output import progress
from api.play.player import play as play_script


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@store_option
def play(file: Path, store: str) -> None:
    """Play the trial script FILE into a training store; makes the instance if there is none."""
    with progress("playing") as advance:
        played = play_script(file.read_bytes(), store, advance)
    click.echo(f"{played.script_events} script events played; the log holds {played.log_size} events")
