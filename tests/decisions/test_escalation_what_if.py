"""What-if: the same table on assumed outcomes; recorded, and nothing else."""

from __future__ import annotations

import pytest

from core.kernel import streams
from core.trial.escalation.commands import SimulateDecision
from core.trial.escalation.events import DecisionSimulated
from core.trial.escalation.what_if import LETTERS, assumed_decision
from core.trial.subject.adverse_events import AdverseEventReported
from tests.support.given import (
    MM,
    SC,
    Past,
    adverse_event,
    candidate,
    completed,
    dosed,
    given,
    on,
    trial_of,
)

COHORT = [*completed("S01"), *completed("S02", 2), *completed("S03", 2), *dosed("S04", 2)]


def answer(events: list[Past], *assumptions: str) -> tuple[str, int | None, str, int]:
    trial = given(events).trial
    decision = assumed_decision(trial.subjects, trial.study, assumptions)
    return str(decision.decision), decision.level, str(decision.reason), decision.slots


@pytest.mark.parametrize(
    ("assumptions", "expected"),
    [
        # Domain 1.2 by hand on one clean subject at level 1 and N N ? at level 2.
        (("S04=N",), ("escalate", 3, "zero_of_three", 3)),
        (("S04=T",), ("expand", 2, "one_of_three", 3)),
        (("S04=P",), ("wait", 2, "cohort_window_open", 0)),
        (("S04=W",), ("enrol", 2, "replacement", 1)),
        (("S04=v",), ("enrol", 2, "replacement", 1)),
        (("S04=g",), ("wait", 2, "cohort_window_open", 0)),
        (("S04=T", "S03=T"), ("deescalate", 1, "confirm_level_below_exceeded", 2)),
        (("S04=T", "S04=N"), ("escalate", 3, "zero_of_three", 3)),
        (("S04=T", "+2NN"), ("enrol", 2, "fill_cohort", 1)),
        (("S04=T", "+2NNN"), ("escalate", 3, "at_most_one_of_six", 3)),
        (("S04=N", "+3T"), ("enrol", 3, "fill_cohort", 2)),
        (("S04=N", "+3TT"), ("deescalate", 2, "confirm_level_below_exceeded", 3)),
    ],
)
def test_assumptions_are_decided_by_the_same_table(
    assumptions: tuple[str, ...], expected: tuple[str, int, str, int]
) -> None:
    assert answer(COHORT, *assumptions) == expected


@pytest.mark.parametrize(("letter", "slots"), [("N", 3), ("m", 3)])
def test_a_mild_toxicity_ends_no_titration(letter: str, slots: int) -> None:
    assert answer(dosed("S01"), f"S01={letter}") == ("escalate", 2, "atd_cleared", slots)


def test_a_related_grade_2_ends_it() -> None:
    assert answer(dosed("S01"), "S01=G") == ("expand", 1, "atd_trigger_grade2", 2)


def test_an_assumed_outcome_settles_what_waits_for_adjudication() -> None:
    events = [*COHORT, on("S04", AdverseEventReported(adverse_event("AE-4")), by=SC)]
    assert answer(events, "S04=N") == ("escalate", 3, "zero_of_three", 3)
    assert answer(events, "S03=N")[:3] == ("wait", 2, "cohort_window_open")
    others = [*COHORT, on("S02", AdverseEventReported(adverse_event("AE-2")), by=SC)]
    assert answer(others, "S04=N")[:3] == ("hold", 3, "dlt_adjudication_due")


def test_the_question_and_its_answer_are_recorded() -> None:
    asked = SimulateDecision(("S04=T", "+2NNN"))
    given(COHORT).when(asked, MM).then(
        [DecisionSimulated(asked.assumptions, "escalate", 3, None, "at_most_one_of_six", 3, (), 18)]
    )


def test_nothing_follows_from_a_simulation() -> None:
    """Every state but the log's own bookkeeping is what it was: nothing was assumed for good."""
    story = given(COHORT).when(SimulateDecision(("S04=T", "+2TT")), MM)
    before = story.trial
    recorded = Past(streams.ESCALATION, story.decided[0].event, by=MM)
    after = trial_of([*story.base, *COHORT, recorded])
    moved = {"position", "versions", "digests", "acts", "signed", "revisions"}
    for name, value in vars(before).items():
        assert (getattr(after, name) == value) is (name not in moved), name


@pytest.mark.parametrize(
    "assumption",
    [
        "",
        "S04",
        "S04=X",
        "S04=n",
        "S04=NN",
        "+N",
        "+0N",
        "+2",
        "+2X",
        "2NN",
        "+2" + "N" * 13,
        "S04=N ",
        "+12N",
    ],
)
def test_what_is_no_assumption_is_refused(assumption: str) -> None:
    given(COHORT).when(SimulateDecision((assumption,)), MM).refused("BAD_ASSUMPTION")


def test_a_question_has_one_to_forty_assumptions() -> None:
    given(COHORT).when(SimulateDecision(()), MM).refused("BAD_ASSUMPTION")
    given(COHORT).when(SimulateDecision(("S04=N",) * 41), MM).refused("BAD_ASSUMPTION")
    assert given(COHORT).when(SimulateDecision(("S04=N",) * 40), MM).decided


def test_only_who_was_dosed_has_an_outcome_to_assume() -> None:
    events = [*COHORT, *candidate("S09")]
    given(events).when(SimulateDecision(("S09=N",)), MM).refused("UNKNOWN_SUBJECT")
    given(events).when(SimulateDecision(("S99=N",)), MM).refused("UNKNOWN_SUBJECT")


def test_further_subjects_are_dosed_at_a_level_of_the_configuration() -> None:
    assert given(COHORT).when(SimulateDecision(("+4N",)), MM).decided
    given(COHORT).when(SimulateDecision(("+5N",)), MM).refused("LEVEL_UNKNOWN")


def test_nothing_is_simulated_without_a_configuration() -> None:
    given(study=None).when(SimulateDecision(("+1N",)), MM).refused("NO_PROTOCOL_CONFIG")


def test_every_letter_of_the_shorthand_is_known() -> None:
    assert set(LETTERS) == set("NTPWGmgv")
