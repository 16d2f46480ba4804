"""`dosetrail keys`: a person makes their key, before two officers enrol it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from api.cli.options import store_option
from api.cli.output import print_json
from api.cli.passwords import password_file_type, password_from
from api.wiring import open_instance
from core.kernel.errors import Refused
from core.keys.possession import prove_possession

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def keys() -> None:
    """Make signing keys."""


@keys.command()
@click.argument("person")
@store_option
@click.option("--password-file", type=password_file_type, help="Else the terminal asks, twice.")
def new(person: str, store: str, password_file: Path | None) -> None:
    """Seal a new key under the person's own password; print what the officers need to enrol it."""
    with closing(open_instance(store)) as instance:
        created = instance.log.trial.instance.created
        if created is None:
            raise Refused("INSTANCE_NOT_OPEN", "this store holds no founded instance")
        password = password_from(person, password_file)
        key = instance.keep_new_key(person, password, created.environment)
        proof = prove_possession(key, created.origin, person)
    print_json({"person": person, "key": key.key_id, "proof": proof})
