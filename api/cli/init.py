"""`dosetrail init`: genesis of an instance by its two founding officers."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from api.cli.options import store_option
from api.cli.passwords import password_file_type, password_from
from api.wiring import TRUST, OfficerEntry, create_instance
from core.genesis import Birth
from core.kernel.actors import Environment, Role
from core.kernel.errors import Malformed
from core.trial.study.nct05727722 import STUDY

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@store_option
@click.option("--environment", required=True, type=click.Choice([str(e) for e in Environment]))
@click.option("--origin", required=True, help="Name of the log for ever, e.g. renji.example/NCT05727722.")
@click.option("--study", default=STUDY, show_default=True)
@click.option("--sec", required=True, metavar="ID:NAME", help="The founding security officer.")
@click.option("--adm", required=True, metavar="ID:NAME", help="The founding administrator.")
@click.option("--sec-password-file", type=password_file_type, help="Else the terminal asks, twice.")
@click.option("--adm-password-file", type=password_file_type, help="Else the terminal asks, twice.")
def init(  # noqa: PLR0913 - one parameter an option
    *,
    store: str,
    environment: str,
    origin: str,
    study: str,
    sec: str,
    adm: str,
    sec_password_file: Path | None,
    adm_password_file: Path | None,
) -> None:
    """Found an instance: keys, two officers, genesis, and the trust file for the auditor."""
    officers = (
        _officer(sec, Role.SEC, sec_password_file),
        _officer(adm, Role.ADM, adm_password_file),
    )
    birth = Birth(origin, Environment(environment), study)
    with closing(create_instance(store, birth, officers)) as instance:
        trust = instance.folder / TRUST
    click.echo(trust)
    click.echo("Give this trust file to the auditor to keep elsewhere: verify --trust needs it.", err=True)


def _officer(entry: str, role: Role, password_file: Path | None) -> OfficerEntry:
    identifier, colon, name = entry.partition(":")
    if not (identifier and colon and name):
        raise Malformed("BAD_OFFICER", "an officer reads id:name, as in mei.lin:Lin Mei")
    return OfficerEntry(identifier, name, role, password_from(identifier, password_file))
