"""`dosetrail sign`: sign an order with a key of one's own; `keys file`, `keys device`: make such keys."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from api.cli.output import print_json
from api.cli.passwords import password_file_type, password_from
from api.signing.ceremony import Desk, sign_in, sign_order
from api.signing.device_key import make_device_key, read_device_key
from api.signing.exchange import Exchange
from api.signing.key_file import make_key_file, read_key_file
from api.signing.order import Intent, read_order
from core.audit.strict_json import read_request
from core.clock import ServerClock, new_txn_id
from core.kernel.actors import Environment, Role
from core.kernel.errors import Malformed
from core.keys.possession import prove_possession
from core.trial.devices.decide import holder_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_path = click.Path(path_type=Path, dir_okay=False)


@click.command("file")
@click.argument("person")
@click.option("--file", "path", type=_path, required=True, help="The new key file; nothing is overwritten.")
@click.option("--origin", required=True, metavar="NAME", help="The log that the key is for.")
@click.option("--environment", type=click.Choice([str(e) for e in Environment]), default="production")
@click.option("--password-file", type=password_file_type, help="Else the terminal asks, twice.")
def key_file(person: str, path: Path, origin: str, environment: str, password_file: Path | None) -> None:
    """Make a key that only this file and its password hold; print what the officers need to enrol it."""
    password = password_from(person, password_file)
    key = make_key_file(path, person, origin, Environment(environment), password)
    print_json({"person": person, "key": key.key_id, "proof": prove_possession(key, origin, person)})


@click.command("device")
@click.argument("device")
@click.option("--file", "path", type=_path, required=True, help="The new key file; nothing is overwritten.")
@click.option("--origin", required=True, metavar="NAME", help="The log that the device is registered in.")
def device_key(device: str, path: Path, origin: str) -> None:
    """Make the key of a terminal or interface in a file on it; print what its registration needs."""
    key = make_device_key(path, device, origin)
    proof = prove_possession(key, origin, holder_of(device))
    print_json({"device": device, "key": key.key_id, "proof": proof})


@click.command()
@click.argument("order", type=click.File("r", encoding="utf-8"))
@click.option("--server", required=True, metavar="URL", help="https, or http on this machine.")
@click.option("--key-file", type=_path, required=True, help="As `dosetrail keys file` made it.")
@click.option("--role", type=click.Choice([str(r) for r in Role]), required=True, help="In which role.")
@click.option("--device-key", type=_path, help="Of this machine, as `dosetrail keys device` made it.")
@click.option("--state", type=_path, required=True, help="What is remembered between signatures.")
@click.option("--password-file", type=password_file_type, help="Of the key; else the terminal asks.")
@click.option("--yes", is_flag=True, help="Sign without being asked; the text is printed all the same.")
@click.option("--receipt", type=_path, help="Where the receipt goes; else to stdout.")
def sign(  # noqa: PLR0913 - one parameter an option
    *,
    order: TextIO,
    server: str,
    key_file: Path,
    role: str,
    device_key: Path | None,
    state: Path,
    password_file: Path | None,
    yes: bool,
    receipt: Path | None,
) -> None:
    """Sign ORDER, a JSON file or - with `path`, `body` and `version` if the record exists.

    The statements are read, held against the order and put into words here, whatever the server shows.
    """
    path, body, version = _order(order.read())
    command, ordered = read_order(path, body)
    kept, clock = read_key_file(key_file), ServerClock()
    exchange = Exchange(server)
    key = kept.open(password_from(kept.person, password_file, new=False))
    desk = Desk(exchange, key, state, clock, lambda texts: _agreed(texts, yes=yes))
    sign_in(desk, kept, Role(role), None if device_key is None else read_device_key(device_key))
    intent = Intent(kept, Role(role), new_txn_id(clock()), command, ordered)
    answer = sign_order(desk, intent, path, body, version)
    if receipt is None:
        print_json(answer)
    else:
        receipt.write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")


def _order(text: str) -> tuple[str, dict[str, Any], int | None]:
    """Return path, body and version of an order.

    Raises: `BAD_ORDER`, and what reading JSON refuses.
    """
    value = read_request(text.encode())
    if not isinstance(value, dict) or not value.keys() <= {"path", "body", "version"}:
        raise Malformed("BAD_ORDER", "an order has path, body and perhaps version")
    path, body, version = value.get("path"), value.get("body"), value.get("version")
    if not isinstance(path, str) or not isinstance(body, dict):
        raise Malformed("BAD_ORDER", "path is a text and body an object")
    if version is not None and type(version) is not int:
        raise Malformed("BAD_ORDER", "version is a whole number")
    return path, body, version if isinstance(version, int) else None


def _agreed(texts: Sequence[str], *, yes: bool) -> bool:
    """Show what is about to be signed and return whether the person says yes."""
    for text in texts:
        click.echo(text, err=True)
    if yes:
        return True
    if not sys.stdin.isatty():
        raise Malformed("YES_NEEDED", "no terminal to ask on: read the text, then give --yes")
    answer: str = click.prompt("Type yes to sign", default="", show_default=False, err=True)
    return answer.strip() == "yes"
