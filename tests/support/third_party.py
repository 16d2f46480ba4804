"""Conformance vectors of other projects: read in place beside the checkout, never copied (trust.md 1.1)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "third-party"


def third_party(*parts: str) -> Path:
    """Return the path of a vector file or folder; without the vectors skip, or fail where `CI=true`."""
    path = FOLDER.joinpath(*parts)
    if path.exists():
        return path
    message = f"third-party vectors are not beside the checkout: {path}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
