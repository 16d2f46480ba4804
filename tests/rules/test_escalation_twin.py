from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.rules.escalation import decide
from tests.rules.nested_twin import Said, twin
from tests.rules.walks import Walk, designs, scattered, states, walks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.rules.escalation import EscalationRules, Outcome


def _said(rules: EscalationRules, top: int, outcomes: Sequence[Outcome]) -> Said:
    got = decide(rules, top, outcomes)
    return Said(got.decision, got.level, got.reason, got.slots, got.mtd, got.flags)


@settings(max_examples=120, deadline=None)
@given(walks())
def test_table_and_nested_ifs_agree_on_every_state_of_a_trial(walk: Walk) -> None:
    for outcomes in states(walk):
        assert _said(walk.rules, walk.top, outcomes) == twin(walk.rules, walk.top, outcomes)


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(walks())
def test_table_and_nested_ifs_agree_on_many_trials(walk: Walk) -> None:
    for outcomes in states(walk):
        assert _said(walk.rules, walk.top, outcomes) == twin(walk.rules, walk.top, outcomes)


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(designs, st.integers(1, 4), st.data())
def test_table_and_nested_ifs_agree_on_impossible_states(
    design: EscalationRules, top: int, data: st.DataObject
) -> None:
    outcomes = data.draw(scattered(top))
    assert _said(design, top, outcomes) == twin(design, top, outcomes)
