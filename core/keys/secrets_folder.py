"""The instance's own secrets: a pepper and two keys, in files of their own outside every database.

Whoever holds the databases still lacks the pepper; whoever holds this folder still lacks the
passwords. The service key signs what the instance itself states, the log key checkpoints only.
"""

from __future__ import annotations

import hmac
import itertools
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from core.kernel.errors import Refused, Unavailable
from core.keys import private_files
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.sealing import PEPPER_BYTES

if TYPE_CHECKING:
    from pathlib import Path

_PEPPER: Final = "pepper"
_SERVICE_KEY: Final = "service.key"
_LOG_KEY: Final = "log.key"

_WRITTEN: Final = re.compile(rb"[0-9a-f]{64}\n")
_WRITTEN_BYTES: Final = 65


@dataclass(frozen=True, slots=True)
class InstanceSecrets:
    """What one instance knows and never shows: a pepper of 32 bytes and two keys, all distinct."""

    pepper: bytes = field(repr=False)
    service_key: SigningKey
    log_key: SigningKey

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make the folder with three new secrets; it appears complete or not at all.

        Raises: `SECRETS_EXIST`, also where a creation was interrupted and left `<name>.new` behind.
        """
        if path.exists():
            raise Refused("SECRETS_EXIST", f"{path.name} is there already and is never overwritten")
        staged = path.with_name(path.name + ".new")
        private_files.create_private_folder(staged)
        for name, secret in _fresh().items():
            private_files.create_private_file(staged / name, secret.hex().encode("ascii") + b"\n")
        private_files.sync_folder(staged)
        # a crash before this line leaves no instance, a crash after it a whole one
        staged.rename(path)
        private_files.sync_folder(path.parent)
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the folder.

        Raises: `SECRETS_MISSING`, `SECRETS_EXPOSED`, `SECRETS_DAMAGED`, `SECRETS_NOT_DISTINCT`.
        """
        private_files.require_private(path)
        pepper, service_seed, log_seed = (_read(path / name) for name in (_PEPPER, _SERVICE_KEY, _LOG_KEY))
        _require_distinct(pepper, service_seed, log_seed)
        return cls(pepper, SigningKey(service_seed), SigningKey(log_seed))


def _fresh() -> dict[str, bytes]:
    """Return the content of the three files."""
    return {_PEPPER: secrets.token_bytes(PEPPER_BYTES), _SERVICE_KEY: new_seed(), _LOG_KEY: new_seed()}


def _read(path: Path) -> bytes:
    """Return the 32 bytes that a file holds as 64 lower-case hex digits and a newline.

    Raises: `SECRETS_MISSING`, `SECRETS_EXPOSED`, `SECRETS_DAMAGED`.
    """
    written = private_files.read_private_file(path, at_most=_WRITTEN_BYTES + 1)
    if not _WRITTEN.fullmatch(written):
        raise Unavailable("SECRETS_DAMAGED", f"{path.name} does not hold 64 hex digits and a newline")
    return bytes.fromhex(written.decode("ascii"))


def _require_distinct(*values: bytes) -> None:
    """Refuse one secret in two places: a key has one purpose (trust 2, T8).

    Raises: `SECRETS_NOT_DISTINCT`.
    """
    if any(hmac.compare_digest(one, other) for one, other in itertools.combinations(values, 2)):
        raise Refused("SECRETS_NOT_DISTINCT", "two of the instance's secrets are the same")
