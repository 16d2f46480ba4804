"""Tests of an extra: skipped where it is not installed, failed there where `CI=true`."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest


def require_extra(name: str, *packages: str) -> None:
    """Skip a test whose extra is not installed, or fail it where `CI=true`."""
    missing = [package for package in packages if find_spec(package) is None]
    if not missing:
        return
    message = f"the extra {name} is not installed: {', '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
