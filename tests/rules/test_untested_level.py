"""An MTD below a level that an amendment put in between, and that nobody was dosed at."""

from __future__ import annotations

import pytest

from core.rules.escalation import AdjudicationDue, decide
from tests.rules.test_escalation_vectors import given
from tests.rules.walks import NO_ATD


@pytest.mark.parametrize(
    ("history", "mtd", "flags"),
    [
        ("1NNT 1NNN 2NTT", 1, ()),
        ("1NNT 1NNN 3TT", 1, ("untested_level_above:2",)),
        ("1NNN 2NNT 2NNN 4TT", 2, ("untested_level_above:3",)),
        # The highest level has nothing above it, tested or not.
        ("1NNN 2NNN 3NNN 4NNT 4NNN", 4, ()),
    ],
)
def test_the_level_in_between_is_named(history: str, mtd: int, flags: tuple[str, ...]) -> None:
    decision = decide(NO_ATD, 4, given(history))
    assert (decision.decision, decision.mtd, decision.flags) == ("declare_mtd", mtd, flags)


def test_what_is_held_keeps_the_flag() -> None:
    held = decide(NO_ATD, 4, given("1NNT 1NNN 3TT"), [AdjudicationDue("AE-1", 1)])
    assert (held.decision, held.flags) == ("hold", ("untested_level_above:2", "would_be:declare_mtd"))
