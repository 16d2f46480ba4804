"""Laws over all overrides: whatever has happened and whatever is voted, some things are never opened."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from core.kernel.errors import Refused
from core.rules.escalation import DecisionKind
from core.trial.cohorts import computed_decision
from core.trial.escalation.overrides import override_slots, require_permitted
from core.trial.escalation.signing import tallies
from tests.support.given import completed, dosed, given, left_early, opened, with_dlt

if TYPE_CHECKING:
    from tests.support.given import Past

LEVELS, FULL, MOST = 4, 6, 10
MAKE = {"N": completed, "T": with_dlt, "P": dosed, "W": left_early}
DOSING = (DecisionKind.ENROL, DecisionKind.EXPAND, DecisionKind.ESCALATE, DecisionKind.DEESCALATE)

SUBJECTS = st.lists(st.tuples(st.integers(1, LEVELS), st.sampled_from("NNNTPW")), max_size=MOST + 1)


def happened(subjects: list[tuple[int, str]]) -> list[Past]:
    return [
        event
        for number, (level, letter) in enumerate(subjects, 1)
        for event in MAKE[letter](f"S{number:02d}", level)
    ]


@settings(max_examples=80, deadline=None)
@for_all(SUBJECTS, st.sampled_from(DOSING), st.integers(1, LEVELS))
def test_what_is_permitted_lies_within_every_limit(
    subjects: list[tuple[int, str]], kind: DecisionKind, level: int
) -> None:
    trial = given(happened(subjects)).trial
    try:
        require_permitted(kind, level, trial.subjects, trial.study)
    except Refused:
        return
    toxic = [sum(1 for at, letter in subjects if (at, letter) == (one, "T")) for one in range(1, level + 1)]
    assert all(dlts < 2 for dlts in toxic), "no level at or below it is exceeded"
    assert level <= 1 + max((at for at, _ in subjects), default=0), "no level is skipped"
    counting = sum(1 for at, letter in subjects if at == level and letter != "W")
    assert counting < FULL
    assert len(subjects) < MOST


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@for_all(SUBJECTS, SUBJECTS, st.integers(1, LEVELS))
def test_a_signed_override_never_opens_more_than_a_full_level_within_the_sample(
    before: list[tuple[int, str]], after: list[tuple[int, str]], level: int
) -> None:
    """However the trial went on after the signature."""
    then = given(happened(before)).trial
    levels = tallies(computed_decision(then.subjects, then.study))
    signed = replace(opened(level, "expand").payload, levels=levels)
    everybody = [*before, *after]
    now = given(happened(everybody)).trial
    try:
        slots = override_slots(signed, level, now.subjects, now.study)
    except Refused:
        return
    counting = sum(1 for at, letter in everybody if at == level and letter != "W")
    assert counting + slots <= max(counting, FULL)
    assert slots == 0 or len(everybody) + slots <= MOST
    assert all(
        sum(1 for at, letter in everybody if (at, letter) == (one, "T")) < 2 for one in range(1, level + 1)
    )
