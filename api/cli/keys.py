"""`dosetrail keys`: people make, change and replace keys that are sealed under their own passwords."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from api.cli.options import store_option
from api.cli.output import print_json
from api.cli.passwords import password_file_type, password_from
from api.credentials import seal_invited, seal_next, settle
from api.password_changes import PasswordChange
from api.wiring import open_instance
from core.clock import new_txn_id
from core.handle import Request
from core.kernel.actors import Role
from core.kernel.errors import Refused
from core.keys.possession import prove_possession
from core.trial.people.commands import ChangePassword, RotateSigningKey

if TYPE_CHECKING:
    from pathlib import Path

    from api.instance import Instance

_ZONE = "UTC"


@click.group()
def keys() -> None:
    """Make, change and replace signing keys."""


@keys.command()
@click.argument("person")
@store_option
@click.option("--password-file", type=password_file_type, help="Else the terminal asks, twice.")
def new(person: str, store: str, password_file: Path | None) -> None:
    """Seal a new key under the person's own password; print what the officers need to enrol it."""
    with closing(open_instance(store)) as instance:
        created, password = instance.creation(), password_from(person, password_file)
        key = instance.keep_new_key(person, password, created.environment)
        proof = prove_possession(key, created.origin, person)
    print_json({"person": person, "key": key.key_id, "proof": proof})


@keys.command()
@click.argument("person")
@store_option
@click.option("--code-file", type=password_file_type, help="The invitation's code; else the terminal asks.")
@click.option("--password-file", type=password_file_type, help="Else the terminal asks, twice.")
def seal(person: str, store: str, code_file: Path | None, password_file: Path | None) -> None:
    """Seal a new key with the code of an invitation; print what the officers need to enrol it."""
    with closing(open_instance(store)) as instance:
        code = password_from(f"{person}, the code of the invitation", code_file, new=False)
        password = password_from(person, password_file)
        enrolment = seal_invited(instance, person, code.strip(), password)
    print_json(enrolment)


@keys.command("change-password")
@click.argument("person")
@store_option
@click.option("--password-file", type=password_file_type, help="The old one; else the terminal asks.")
@click.option("--new-password-file", type=password_file_type, help="Else the terminal asks, twice.")
def change_password(
    person: str, store: str, password_file: Path | None, new_password_file: Path | None
) -> None:
    """Change the password of one's key; signed with the old password, all sessions end."""
    with closing(open_instance(store)) as instance:
        old = password_from(person, password_file, new=False)
        changed = password_from(f"{person}, the new one", new_password_file)
        asked = _request(instance, person)
        change = PasswordChange(instance, person, asked.txn, old, changed)
        key = _active_key(instance, person)
        unlock = change.unlocking(lambda: instance.unlocker.open(person, old))
        receipt = instance.handler.submit(ChangePassword(person, key), asked, unlock)
        change.keep()
        instance.sessions.end_all_of(person, instance.clock(), person)
    print_json({"person": person, "key": key, "position": receipt.positions[-1]})


@keys.command()
@click.argument("person")
@store_option
@click.option("--password-file", type=password_file_type, help="The old one; else the terminal asks.")
@click.option("--new-password-file", type=password_file_type, help="Else the terminal asks, twice.")
def rotate(person: str, store: str, password_file: Path | None, new_password_file: Path | None) -> None:
    """Replace one's key by a new one under another password; the old key signs and goes, all sessions end."""
    with closing(open_instance(store)) as instance:
        password = password_from(person, password_file, new=False)
        changed = password_from(f"{person}, the new one", new_password_file)
        old, asked = _active_key(instance, person), _request(instance, person)
        following = seal_next(instance, person, password, changed)
        command = RotateSigningKey(person, old, following["key"], following["proof"])
        receipt = instance.handler.submit(command, asked, lambda: instance.unlocker.open(person, password))
        settle(instance, [receipt], person)
        instance.sessions.end_all_of(person, instance.clock(), person)
    print_json({"person": person, "old": old, "key": following["key"], "position": receipt.positions[-1]})


def _active_key(instance: Instance, person: str) -> str:
    """Return the key that counts.

    Raises: `NO_ACTIVE_KEY`.
    """
    key = instance.person(person).active_key
    if key is None:
        raise Refused("NO_ACTIVE_KEY", "the person has no signing key that counts now")
    return key


def _request(instance: Instance, person: str) -> Request:
    """Return a request of the person about their own account, in any of their roles.

    Raises: `ROLE_NOT_HELD`.
    """
    now = instance.clock()
    roles = instance.person(person).active_roles(now)
    if not roles:
        raise Refused("ROLE_NOT_HELD", "the person holds no role now")
    return Request(person, Role(roles[0]), now, _ZONE, new_txn_id(now))
