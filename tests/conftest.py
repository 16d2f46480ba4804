"""Which tests run in the longer lane, and what a run of tests/compliance leaves behind.

The last result of each test of compliance is for `dosetrail compliance`; it is kept here and not beside those
tests, because the controller of a distributed run loads this file and gets every report.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from api.compliance.clauses import TESTS
from api.compliance.results import DEFAULT, FAILED, PASSED, PLACE, keep_results

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[1]

# Processes, whole trials and long searches: `make test` runs them behind the fast lane.
LONGER: Final = (
    "tests/cli/",
    "tests/audit/test_plain_leaf.py",
    "tests/http/test_served_streams.py",
    "tests/http/test_views.py",
    "tests/properties/test_histories.py",
    "tests/store/test_concurrent_appends.py",
    "tests/store/test_faults.py",
    "tests/store/test_subscription.py",
    "tests/views/test_laws.py",
    "tests/views/test_read_rights.py",
    "tests/views/test_runner.py",
)


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Mark as slow what belongs into the longer lane."""
    for item in items:
        if item.nodeid.startswith(LONGER):
            item.add_marker(pytest.mark.slow)


class ComplianceResults:
    """Collects the outcomes of one run and keeps them at its end; a run without such tests keeps nothing."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._outcomes: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test as passed once it was called, and as failed whatever part of it failed."""
        if not report.nodeid.startswith(f"{TESTS}/"):
            return
        if report.failed:
            self._outcomes[report.nodeid] = FAILED
        elif report.when == "call" and report.passed:
            self._outcomes.setdefault(report.nodeid, PASSED)

    def pytest_sessionfinish(self) -> None:
        """Keep what was noted."""
        if self._outcomes:
            keep_results(self._place, self._outcomes)


def pytest_configure(config: pytest.Config) -> None:
    """Collect in the one process that gets all reports."""
    if not hasattr(config, "workerinput"):
        place = Path(os.environ.get(PLACE, ROOT / DEFAULT))
        config.pluginmanager.register(ComplianceResults(place), "compliance results")
