"""The results of the last runs of tests/compliance, as a file beside the code; only of this very code.

Results of other sources than those that are installed say nothing about these, and are dropped.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import api
from core.audit.strict_json import read_request
from core.kernel.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGES: Final = ("api", "core", "projections")
DEFAULT: Final = Path("build/compliance.json")
PLACE: Final = "DOSETRAIL_COMPLIANCE_RESULTS"
PASSED, FAILED, NOT_RUN = "passed", "failed", "not run"


@cache
def source_digest() -> str:
    """Return the digest over the installed source: each file's path, length and bytes, in order."""
    root = Path(api.__file__ or "").parents[1]
    digest = hashlib.sha256()
    for file in sorted(one for package in PACKAGES for one in (root / package).rglob("*.py")):
        source = file.read_bytes()
        digest.update(f"{file.relative_to(root).as_posix()} {len(source)}\n".encode())
        digest.update(source)
    return "sha256:" + digest.hexdigest()


def read_results(path: Path) -> dict[str, str]:
    """Return the last outcome of each test by node id; none where the file is missing or of other code.

    Raises: `BAD_RESULTS` where it is no results file.
    """
    if not path.exists():
        return {}
    document = read_request(path.read_bytes())
    match document:
        case {"source": str(source), "results": dict(results)}:
            return {str(k): str(v) for k, v in results.items()} if source == source_digest() else {}
        case _:
            raise Malformed("BAD_RESULTS", "this is not a file of results of tests/compliance")


def keep_results(path: Path, outcomes: Mapping[str, str]) -> None:
    """Write outcomes over those of earlier runs of the same code; the file is whole at any moment."""
    try:
        before = read_results(path)
    except Malformed:
        before = {}
    document = {"source": source_digest(), "results": dict(sorted({**before, **outcomes}.items()))}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    beside.replace(path)
