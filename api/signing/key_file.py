"""A person's own key in a file of theirs: sealed under their password, and bound to one log.

Whoever has the file alone has to guess the password, at the cost that sealing sets.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from core.kernel.actors import Environment
from core.kernel.encoding import from_base64, to_base64
from core.kernel.errors import Malformed, TrialError
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.passwords import require_acceptable_password
from core.keys.private_files import create_private_file, read_private_file
from core.keys.sealing import PEPPER_BYTES, SealedSeed, SealParameters, open_seed, parameters_for, seal_seed

if TYPE_CHECKING:
    from pathlib import Path

_VERSION: Final = "dosetrail/key-file/1"
_AT_MOST: Final = 10_000
_BLOBS: Final = ("salt", "nonce", "ciphertext", "login_verifier")


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file says: whose key, for which log, and the sealed seed."""

    origin: str
    environment: Environment
    sealed: SealedSeed
    salt_of_file: bytes

    @property
    def person(self) -> str:
        """Whose key it is."""
        return self.sealed.person

    def open(self, password: str) -> SigningKey:
        """Return the key.

        Raises: `WRONG_PASSWORD`, `SEALED_KEY_ALTERED`.
        """
        return open_seed(self.sealed, password, self.salt_of_file)


def make_key_file(
    path: Path, person: str, origin: str, environment: Environment, password: str
) -> SigningKey:
    """Make a key, seal it into a new file of mode 0600 and return it opened.

    Raises: `WEAK_PASSWORD`, `SECRETS_EXIST`.
    """
    require_acceptable_password(password, person, environment)
    seed, salt = new_seed(), secrets.token_bytes(PEPPER_BYTES)
    key = SigningKey(seed)
    sealed = seal_seed(seed, password, person, key.key_id, salt, parameters_for(environment))
    create_private_file(
        path, json.dumps(_value(KeyFile(origin, environment, sealed, salt)), indent=2).encode()
    )
    return key


def read_key_file(path: Path) -> KeyFile:
    """Read a key file.

    Raises: `BAD_KEY_FILE`, `SECRETS_MISSING`, `SECRETS_EXPOSED`.
    """
    data = read_private_file(path, _AT_MOST)
    try:
        return _read(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError, TrialError):
        raise Malformed("BAD_KEY_FILE", f"{path.name} is not a key file of {_VERSION}") from None


def _value(kept: KeyFile) -> dict[str, Any]:
    sealed, cost = kept.sealed, kept.sealed.parameters
    return {
        "v": _VERSION,
        "origin": kept.origin,
        "environment": str(kept.environment),
        "person": sealed.person,
        "key": sealed.key_id,
        "memory_kib": cost.memory_kib,
        "iterations": cost.iterations,
        "lanes": cost.lanes,
        **{name: to_base64(getattr(sealed, name)) for name in _BLOBS},
        "salt_of_file": to_base64(kept.salt_of_file),
    }


def _read(value: dict[str, Any]) -> KeyFile:
    if value["v"] != _VERSION:
        raise ValueError
    cost = SealParameters(value["memory_kib"], value["iterations"], value["lanes"])
    blobs = [from_base64(value[name]) for name in _BLOBS]
    sealed = SealedSeed(value["person"], value["key"], cost, *blobs)
    environment = Environment(value["environment"])
    return KeyFile(value["origin"], environment, sealed, from_base64(value["salt_of_file"]))
