"""Deadlines of serious adverse events, counted from awareness (ICH E2A III.B)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.rules.sae_deadline import SaeClocks, SaeFacts, regulator_deadline, sponsor_deadline

CLOCKS = SaeClocks(sponsor_hours=24, susar_fatal_days=7, susar_days=15)
AWARE = datetime(2024, 2, 28, 22, 15, tzinfo=UTC)
SUSAR = SaeFacts(AWARE, is_related=True, is_expected=False, threatens_life=False)


def test_the_sponsor_knows_within_a_day() -> None:
    assert sponsor_deadline(AWARE, CLOCKS) == datetime(2024, 2, 29, 22, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("threatens_life", "deadline"),
    [(True, datetime(2024, 3, 6, 22, 15, tzinfo=UTC)), (False, datetime(2024, 3, 14, 22, 15, tzinfo=UTC))],
)
def test_the_regulator_knows_of_a_susar_in_7_or_15_days(threatens_life: bool, deadline: datetime) -> None:  # noqa: FBT001 - a case
    """2024 has a 29 February."""
    assert regulator_deadline(replace(SUSAR, threatens_life=threatens_life), CLOCKS) == deadline


@pytest.mark.parametrize("change", [{"is_related": False}, {"is_expected": True}])
def test_what_is_expected_or_unrelated_is_no_susar(change: dict[str, bool]) -> None:
    assert regulator_deadline(replace(SUSAR, **change), CLOCKS) is None  # type: ignore[arg-type]
