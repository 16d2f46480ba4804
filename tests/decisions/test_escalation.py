"""The committee signs what the protocol's table computes, and nothing else."""

from __future__ import annotations

import pytest

from core.kernel import streams
from core.trial.escalation.commands import SignDecision
from core.trial.escalation.events import DecisionSigned, LevelTally
from core.trial.subject.events import AdverseEventReported
from tests.support.given import SC, SRC, Past, adverse_event, completed, dosed, given, on, with_dlt


def test_a_clean_titration_subject_lets_the_committee_open_level_2() -> None:
    story = given(completed("S01")).when(SignDecision("escalate", 2), SRC)
    signed = story.decided[0].event
    assert isinstance(signed, DecisionSigned)
    story.then([signed])
    assert (
        signed.decision,
        signed.level,
        signed.reason,
        signed.row,
        signed.config_number,
    ) == ("escalate", 2, "atd_cleared", 11, 1)
    assert LevelTally(1, 1, 1, 0, 0, 0) == signed.levels[0]
    assert type(signed.reason) is str


def test_a_signed_escalation_opens_its_level() -> None:
    signed = DecisionSigned("escalate", 2, None, "atd_cleared", 11, (), 1, ())
    trial = given([*completed("S01"), Past(streams.ESCALATION, signed, by=SRC)]).trial
    assert trial.escalation.open_level == 2


def test_level_1_is_open_before_any_decision() -> None:
    assert given().trial.escalation.open_level == 1


def test_a_stop_opens_no_level() -> None:
    signed = DecisionSigned("stop_no_mtd", None, None, "lowest_dose_too_toxic", 1, (), 1, ())
    assert given([Past(streams.ESCALATION, signed, by=SRC)]).trial.escalation.open_level is None


def test_two_dlts_at_the_lowest_level_stop_the_trial() -> None:
    story = given([*with_dlt("S01"), *with_dlt("S02")]).when(SignDecision("stop_no_mtd", None), SRC)
    assert [getattr(one.event, "decision", None) for one in story.decided] == ["stop_no_mtd"]


@pytest.mark.parametrize("asked", [("escalate", 3), ("escalate", 1), ("enrol", 2), ("declare_mtd", 1)])
def test_another_decision_or_level_than_the_computed_one_is_refused(asked: tuple[str, int]) -> None:
    given(completed("S01")).when(SignDecision(*asked), SRC).refused("DECISION_DIFFERS")


def test_the_same_decision_on_the_same_counts_is_signed_once() -> None:
    signed = given(completed("S01")).when(SignDecision("escalate", 2), SRC).decided[0].event
    again = [*completed("S01"), Past(streams.ESCALATION, signed, by=SRC)]
    given(again).when(SignDecision("escalate", 2), SRC).refused("ALREADY_SIGNED")


def test_waiting_is_not_signed() -> None:
    given(dosed("S01")).when(SignDecision("wait", 1), SRC).refused("NOTHING_TO_SIGN")


def test_nothing_is_signed_while_a_candidate_waits_for_adjudication() -> None:
    events = [*completed("S01"), on("S01", AdverseEventReported(adverse_event()), by=SC)]
    given(events).when(SignDecision("escalate", 2), SRC).refused("NOTHING_TO_SIGN")


def test_nothing_is_signed_without_a_configuration() -> None:
    given(study=None).when(SignDecision("enrol", 1), SRC).refused("NO_PROTOCOL_CONFIG")


def test_the_decision_rests_on_study_escalation_and_every_subject() -> None:
    story = given(completed("S01")).when(SignDecision("escalate", 2), SRC)
    assert {"study", "escalation", "subject/S01"} == set(story.facts.reads)
    assert story.facts.births == {"subject/": 1}
