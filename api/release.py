"""Which program decides: a digest over the source of the rules and of the trial, as it is installed.

Two programs with the same digest decide alike on the same log; a decision names the one that explained it.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

import core

DECIDING: Final = ("rules", "trial")


@cache
def code_digest() -> str:
    """Return the digest over the source files that a decision comes from, `sha256:` and 64 hex digits.

    Each file counts with its path below `core`, its length and its bytes, in order of the paths.
    """
    root = Path(core.__file__ or "").parent
    digest = hashlib.sha256()
    for file in sorted(one for area in DECIDING for one in (root / area).rglob("*.py")):
        source = file.read_bytes()
        digest.update(f"{file.relative_to(root).as_posix()} {len(source)}\n".encode())
        digest.update(source)
    return "sha256:" + digest.hexdigest()
