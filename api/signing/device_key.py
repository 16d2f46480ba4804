"""The key of a terminal or an interface in a file on it, and the proof with which it signs in.

A device has no password: the file, of mode 0600, says which machine asks. Who asks is proved beside it, by
the person's own password or key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from api.signing.challenge import answered
from core.kernel.encoding import from_base64, to_base64
from core.kernel.errors import Malformed, TrialError
from core.kernel.streams import require_key
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.private_files import create_private_file, read_private_file
from core.keys.sign_in import DEVICE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_VERSION: Final = "dosetrail/device-key/1"
_AT_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """Which device of which log holds which key."""

    origin: str
    device: str
    key: SigningKey


def make_device_key(path: Path, device: str, origin: str) -> SigningKey:
    """Make a key, write it into a new file of mode 0600 and return it.

    Raises: `BAD_IDENTIFIER`, `SECRETS_EXIST`.
    """
    require_key(device, "a device's id")
    seed = new_seed()
    value = {"v": _VERSION, "origin": origin, "device": device, "seed": to_base64(seed)}
    create_private_file(path, json.dumps(value, indent=2).encode())
    return SigningKey(seed)


def read_device_key(path: Path) -> DeviceKey:
    """Read the file of a device's key.

    Raises: `BAD_KEY_FILE`, `SECRETS_MISSING`, `SECRETS_EXPOSED`.
    """
    data = read_private_file(path, _AT_MOST)
    try:
        return _read(json.loads(data))
    except (ValueError, KeyError, TypeError, TrialError):
        raise Malformed("BAD_KEY_FILE", f"{path.name} is not a key file of {_VERSION}") from None


def _read(value: dict[str, Any]) -> DeviceKey:
    if value["v"] != _VERSION:
        raise ValueError
    return DeviceKey(str(value["origin"]), str(value["device"]), SigningKey(from_base64(value["seed"])))


def prove_device(post: Callable[[str, object], Mapping[str, Any]], kept: DeviceKey) -> dict[str, str]:
    """Return what a sign-in brings as `device`; `post` sends a document to a path and returns the answer.

    Raises: `BAD_CHALLENGE` for what is no challenge of this log to this device.
    """
    told = post("/v1/sessions/device-challenges", {"device": kept.device})
    return {"device": kept.device, **answered(told, DEVICE, kept.origin, kept.device, kept.key)}
