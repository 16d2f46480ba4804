"""Without the vectors of others a test is skipped at a desk and fails in CI."""

from __future__ import annotations

import pytest

from tests.support.third_party import third_party


def test_absent_vectors_skip_with_the_path_that_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-folder"):
        third_party("no-such-folder")


def test_absent_vectors_fail_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-folder"):
        third_party("no-such-folder")
