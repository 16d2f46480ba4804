"""`dosetrail users`: an administrator invites people, who then seal keys of their own."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from api.cli.options import store_option
from api.cli.output import print_json
from api.cli.passwords import password_file_type, password_from
from api.credentials import invite as invite_person
from api.wiring import open_instance
from core.kernel.actors import Role
from core.kernel.time import write_instant
from core.keys.invitations import LIFETIME
from core.trial.authority import require_member

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def users() -> None:
    """Bring people in."""


@users.command()
@click.argument("person")
@store_option
@click.option("--as", "administrator", required=True, help="The administrator who invites.")
@click.option("--password-file", type=password_file_type, help="The administrator's; else the terminal asks.")
def invite(person: str, store: str, administrator: str, password_file: Path | None) -> None:
    """Print a one-time code, good for 72 hours, with which the person seals a key of their own."""
    with closing(open_instance(store)) as instance:
        password = password_from(administrator, password_file, new=False)
        now = instance.clock()
        with instance.handler.refusing.attempt_as("Invite", administrator):
            require_member(instance.person(administrator), Role.ADM, now)
            instance.unlocker.check(administrator, password)
        code = invite_person(instance, person, administrator, now)
    print_json({"person": person, "code": code, "expires_at": write_instant(now + LIFETIME)})
