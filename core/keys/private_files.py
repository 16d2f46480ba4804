"""Files that only their owner may read."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Refused, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

_OWNER_ONLY_FILE: Final = 0o600
_OWNER_ONLY_FOLDER: Final = 0o700
_GROUP_AND_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def create_private_folder(path: Path) -> None:
    """Make a folder of mode 0700 that was not there.

    Raises: `SECRETS_EXIST`.
    """
    try:
        path.mkdir(mode=_OWNER_ONLY_FOLDER)
    except FileExistsError:
        raise _exists(path) from None


def create_private_file(path: Path, content: bytes = b"") -> None:
    """Write a file of mode 0600 that was not there; on return it has reached the disk.

    Raises: `SECRETS_EXIST`.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY_FILE)
    except FileExistsError:
        raise _exists(path) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def read_private_file(path: Path, at_most: int) -> bytes:
    """Return the first bytes of a file, its mode being checked on what was opened.

    Raises: `SECRETS_MISSING`, `SECRETS_EXPOSED`.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        raise _missing(path) from None
    with os.fdopen(descriptor, "rb") as file:
        _require_owner_only(os.fstat(descriptor), path)
        return file.read(at_most)


def require_private(path: Path) -> None:
    """Require that a file or folder is there and closed to group and others.

    Raises: `SECRETS_MISSING`, `SECRETS_EXPOSED`.
    """
    try:
        status = path.stat()
    except OSError:
        raise _missing(path) from None
    _require_owner_only(status, path)


def sync_folder(path: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_owner_only(status: os.stat_result, path: Path) -> None:
    """Refuse any right of group or others.

    Raises: `SECRETS_EXPOSED`.
    """
    if status.st_mode & _GROUP_AND_OTHERS:
        raise Refused("SECRETS_EXPOSED", f"{path.name} is open to others: chmod go= on it")


def _missing(path: Path) -> Unavailable:
    return Unavailable("SECRETS_MISSING", f"{path.name} is not there or cannot be read")


def _exists(path: Path) -> Refused:
    return Refused("SECRETS_EXIST", f"{path.name} is there already and is never overwritten")
