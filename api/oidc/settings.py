"""What the operator says about the OpenID provider: one strict JSON file beside the client's secret.

A person is named by the provider's own id for them (`sub`), never by an address or a name that the provider
lets them change. Both files are closed to group and others: who writes them decides who signs in as whom.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from core.audit.strict_json import REQUEST_LIMIT, read_request
from core.kernel.errors import Malformed
from core.kernel.streams import require_key
from core.keys.private_files import read_private_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SECRET_LIMIT: Final = 4096
_REQUIRED: Final = {"issuer", "client_id", "client_secret_file", "redirect_uris", "people"}
_OPTIONAL: Final = {"ca_file"}


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """One provider, this server as its client, and whose `sub` is which person.

    `ca_file` holds the certificates that the provider's own is checked against, where it is not one of the
    usual authorities.
    """

    issuer: str
    client_id: str
    redirect_uris: tuple[str, ...]
    people: Mapping[str, str] = field(repr=False)
    client_secret: str = field(repr=False)
    ca_file: Path | None = None


def read_settings(path: Path) -> OidcSettings:
    """Return the settings in a file; names of other files in it are relative to it.

    Raises: `BAD_SETTING`, `SECRETS_MISSING`, `SECRETS_EXPOSED`.
    """
    given = _document(read_private_file(path, REQUEST_LIMIT + 1))
    secret = read_private_file(path.parent / _text(given, "client_secret_file"), _SECRET_LIMIT)
    ca_file = path.parent / _text(given, "ca_file") if "ca_file" in given else None
    if ca_file is not None and not ca_file.is_file():
        raise _bad("ca_file", "names no file")
    return OidcSettings(
        issuer=_address(given, "issuer"),
        client_id=_text(given, "client_id"),
        redirect_uris=_redirect_uris(given["redirect_uris"]),
        people=_people(given["people"]),
        client_secret=_secret(secret),
        ca_file=ca_file,
    )


def is_safe_address(address: object) -> bool:
    """Tell whether what is sent there is read by nobody else: https, or http on this machine."""
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.fragment or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _document(content: bytes) -> dict[str, Any]:
    try:
        given = read_request(content)
    except Malformed:
        raise Malformed("BAD_SETTING", "the settings of the log-in are no JSON with each name once") from None
    if not isinstance(given, dict):
        raise Malformed("BAD_SETTING", "the settings of the log-in are a JSON object")
    for name in sorted(_REQUIRED - given.keys()):
        raise _bad(name, "is missing")
    for name in sorted(given.keys() - _REQUIRED - _OPTIONAL):
        raise _bad(name[:80], "is unknown")
    return given


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given[name]
    if not isinstance(value, str) or not value.strip():
        raise _bad(name, "is a text")
    return value


def _address(given: Mapping[str, Any], name: str) -> str:
    value = _text(given, name)
    if not is_safe_address(value):
        raise _bad(name, "begins with https://, or with http:// on this machine")
    return value


def _redirect_uris(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(map(is_safe_address, value)):
        raise _bad("redirect_uris", "is a list of https:// addresses, or of http:// ones on this machine")
    return tuple(map(str, value))


def _people(value: object) -> dict[str, str]:
    """Read whose `sub` is which person; each person stands once: 21 CFR 11.100(a).

    Raises: `BAD_SETTING`.
    """
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()) or "" in value:
        raise _bad("people", "is an object from the provider's sub to the id of a person")
    people = {sub: str(person) for sub, person in value.items()}
    if len(set(people.values())) < len(people):
        raise _bad("people", "names a person twice")
    try:
        for person in people.values():
            require_key(person, "a person's id")
    except Malformed:
        raise _bad("people", "holds what is no id of a person") from None
    return people


def _secret(content: bytes) -> str:
    secret = content.strip()
    if not secret or not secret.isascii() or len(content) == _SECRET_LIMIT:
        raise _bad("client_secret_file", "holds no secret of printable characters")
    return secret.decode("ascii")


def _bad(name: str, what: str) -> Malformed:
    return Malformed("BAD_SETTING", f"{name} in the settings of the log-in {what}", setting=name)
