"""`dosetrail run`: what `make run` runs, the golden training trial served on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import click

from api.cli.options import host_option, oidc_option, port_option, threads_option
from api.cli.output import heading, print_table, progress
from api.cli.serve import Address, serve_store
from api.play.player import play_training
from api.training import SECOND_COORDINATOR, TRAINING_PEOPLE
from api.wiring import LOG

FOLDER: Final = Path("var") / "training"


@click.command()
@host_option
@port_option
@threads_option
@oidc_option
def run(host: str, port: int, threads: int, oidc: Path | None) -> None:
    """Serve the golden training trial from ./var/training, made first if it is not there."""
    make_training_store(FOLDER)
    _print_welcome(host, port)
    serve_store(f"sqlite:///{FOLDER}", Address(host, port, threads), oidc)


def make_training_store(folder: Path) -> None:
    """Play the golden trial and its oversight into the folder unless an instance is there.

    It is made beside its place and moved there whole: an interrupted play leaves nothing to serve.
    """
    if (folder / LOG).exists():
        return
    staged = folder.with_name(folder.name + ".new")
    shutil.rmtree(staged, ignore_errors=True)
    with progress("golden trial") as advance:
        play_training(f"sqlite:///{staged}", advance)
    staged.rename(folder)


def _print_welcome(host: str, port: int) -> None:
    heading("dosetrail, golden training trial (all data invented)")
    click.echo(f"API      http://{host}:{port}/v1/")
    click.echo(f"OpenAPI  http://{host}:{port}/openapi.json")
    heading("Published TRAINING log-ins, of no use anywhere else")
    people = (*TRAINING_PEOPLE, SECOND_COORDINATOR)
    print_table([{"log-in": p.id, "password": p.password, "role": p.role, "name": p.name} for p in people])
