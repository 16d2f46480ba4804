"""What people read about the committee: meetings, holds, the MTD, decisions in hindsight, and why each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel import streams
from core.kernel.quantities import Quantity
from core.kernel.recorded import Reason
from core.rules.escalation_table import ROWS
from core.rules.escalation_words import CONDITIONS
from core.store.trial_log import open_row
from core.trial.escalation.events import DecisionSigned, SrcMeetingClosed, SrcVotingEnded
from core.trial.escalation.state import Escalation, Meeting
from core.trial.explanation import explain
from core.trial.study.config import DoseLevel
from core.trial.study.events import DoseLevelAdded
from core.trial.subject.adverse_events import AdverseEvent, AdverseEventRegraded, AdverseEventReported
from projections.trail import Trail
from tests.decisions.committee import AGAINST, agreed, met, seated, signed
from tests.support.given import (
    MM,
    NCT05727722,
    SC,
    SRC2,
    Past,
    adverse_event,
    completed,
    dosed,
    given,
    judged,
    on,
    recorded,
    with_dlt,
)
from tests.views.golden_script import EXPECTED
from tests.views.told import read_after

if TYPE_CHECKING:
    from core.kernel.recorded import Recorded
    from core.store.trial_log import TrialLog
    from projections.views import Views

# Row of domain 1.2 behind each of the 29 changes of the golden trial, derived by hand from the counts.
ROW_AFTER = {
    1: 0,  # nobody dosed
    5: 10,  # the window of the one subject is open
    13: 11,  # clean: on to level 2
    19: 15,
    28: 15,
    35: 16,  # three dosed, windows open
    41: 16,
    43: 16,  # a DLT among them, still open windows
    46: 15,  # one left: a replacement
    51: 16,
    57: 16,
    60: 16,
    61: 16,
    64: 16,
    69: 18,  # zero of three
    79: 15,
    83: 15,  # held: an adjudication is due
    85: 3,  # the late DLT reopens level 2
    89: 3,
    92: 3,
    93: 4,
    100: 4,
    107: 5,  # six at level 2, windows open
    126: 5,
    128: 5,
    130: 14,  # one of six: back to level 3
    135: 15,  # held: ten are dosed
    141: 15,
    142: 6,  # two of two at level 3: the level below is the MTD
}


@pytest.fixture(scope="module")
def events(golden: tuple[TrialLog, dict[int, int]]) -> list[Recorded]:
    return [open_row(row).recorded() for row in golden[0].rows()]


def explained(events: list[Recorded], position: int) -> dict[str, Any]:
    return explain(events[:position])


# -- decision replay --------------------------------------------------------------------------------------


def test_the_rows_were_derived_for_every_change() -> None:
    assert set(ROW_AFTER) == {row["after_seq"] for row in EXPECTED["decisions_on_change"]}


@pytest.mark.parametrize("change", EXPECTED["decisions_on_change"], ids=lambda row: row["after_seq"])
def test_every_decision_is_explained_by_its_row_and_comes_out_again(
    change: dict[str, Any], golden: tuple[TrialLog, dict[int, int]], events: list[Recorded]
) -> None:
    found = explained(events, golden[1][change["after_seq"]])
    number = ROW_AFTER[change["after_seq"]]
    assert found["row"] == {"number": number, "condition": CONDITIONS[number]}
    expected = dict(change["decision"])
    assert [due["ae_id"] for due in found["adjudications_due"]] == expected.pop("dlt_adjudication_due")
    assert found["decision"] == expected
    counts = {
        str(one["level"]): {name: one["counts"][name] for name in change["levels"][str(one["level"])]}
        for one in found["levels"]
        if one["counts"]
    }
    assert counts == change["levels"]


def test_an_explanation_holds_what_the_decision_came_from(
    golden: tuple[TrialLog, dict[int, int]], events: list[Recorded]
) -> None:
    found = explained(events, golden[1][142])
    assert (found["ceiling"], found["trigger"], found["overlays"]) == (2, None, [])
    assert [one["mode"] for one in found["levels"]] == ["atd", "3+3", "3+3", "3+3"]
    behind = {
        one["subject"]: [(ae["ae_id"], ae["grade"], ae["adjudicated_dlt"]) for ae in one["adverse_events"]]
        for one in found["outcomes"]
    }
    # Related events, and AE-003, which was judged twice; AE-004 and AE-007 are unrelated.
    assert behind == {
        "S001": [("AE-001", 1, None)],
        "S002": [("AE-002", 3, True)],
        "S003": [("AE-003", 2, False)],
        "S004": [],
        "S005": [],
        "S006": [("AE-005", 3, True)],
        "S007": [("AE-006", 2, None)],
        "S008": [],
        "S009": [],
        "S010": [("AE-008", 4, True)],
    }
    holds = {one["id"].partition(":")[0] for one in found["holds"]}
    assert holds == {"related_life_threatening", "two_dlts"}


def test_overlays_are_named(golden: tuple[TrialLog, dict[int, int]], events: list[Recorded]) -> None:
    assert explained(events, golden[1][83])["overlays"] == ["dlt_adjudication_due"]
    assert explained(events, golden[1][130])["overlays"] == ["slots_capped_by_sample_size"]
    assert explained(events, golden[1][135])["overlays"] == ["sample_size_limit"]
    assert explained(events, golden[1][85])["overlays"] == []


def test_the_configuration_answers_as_it_did_at_activation(
    golden: tuple[TrialLog, dict[int, int]], events: list[Recorded]
) -> None:
    configuration = explained(events, golden[1][1])["configuration"]
    assert configuration["self_test_now"] == configuration["self_test_at_activation"]
    assert configuration["number"] == 1
    assert configuration["digest"] == explained(events, golden[1][143])["configuration"]["digest"]


def test_a_signed_decision_is_explained_with_its_votes(
    golden: tuple[TrialLog, dict[int, int]], events: list[Recorded]
) -> None:
    found = explained(events, golden[1][143])
    signed = found["signed"]
    assert (signed["decision"], signed["level"], signed["mtd"], signed["overridden"]) == (
        "declare_mtd",
        2,
        2,
        False,
    )
    assert [(vote["decision"], vote["level"]) for vote in signed["votes"]] == [("declare_mtd", 2)] * 2
    assert signed["facts"] == found["facts"]
    assert explained(events, golden[1][142])["signed"] is None


def test_every_row_of_the_table_has_its_words() -> None:
    assert [row.number for row in ROWS] == list(range(len(CONDITIONS)))
    assert len(set(CONDITIONS)) == len(CONDITIONS) == 25


# -- views ------------------------------------------------------------------------------------------------


def test_the_late_upgrade_touches_the_escalation_to_level_3_and_nothing_else(
    golden: tuple[TrialLog, dict[int, int]], golden_views: Views
) -> None:
    """AE-003 was corrected before the decision that counted it; AE-008 was confirmed before it got worse."""
    _, reached = golden
    rows = golden_views.rows("decision-changes")
    assert [(row["decision_position"], row["event"], row["subject_key"]) for row in rows] == [
        (reached[74], "AdverseEventCorrected", "S002"),
        (reached[74], "DltAdjudicated", "S002"),
    ]
    correction, judgement = rows
    assert [(c["was"]["decision"], c["was"]["level"]) for c in rows] == [("escalate", 3), ("hold", 3)]
    assert [(c["would_be"]["decision"], c["would_be"]["level"]) for c in rows] == [("hold", 3), ("expand", 2)]
    assert judgement["would_be"]["row"] == 17
    assert reached[82] < correction["position"] <= reached[83]
    assert reached[84] < judgement["position"] <= reached[85]
    # The next signature says what changed last.
    assert (correction["acknowledged_position"], judgement["acknowledged_position"]) == (None, reached[86])


def test_what_stopped_dosing_and_who_let_it_go_on(
    golden: tuple[TrialLog, dict[int, int]], golden_views: Views
) -> None:
    _, reached = golden
    rows = {row["hold"]: row for row in golden_views.rows("holds")}
    assert list(rows) == [
        "late_dlt:S002/AE-002",
        "related_life_threatening:S010/AE-008",
        "two_dlts:S006/AE-005+S010/AE-008",
        "related_death:S010/AE-008",
    ]
    late = rows.pop("late_dlt:S002/AE-002")
    assert reached[84] < late["since_position"] <= reached[85]
    assert (late["in_force"], late["lifted_by"]) == (False, "src.wang")
    assert reached[92] < late["lifted_position"] < reached[93]
    assert all(row["in_force"] for row in rows.values())


def test_the_mtd_is_declared_by_the_last_signature(
    golden: tuple[TrialLog, dict[int, int]], golden_views: Views
) -> None:
    _, reached = golden
    assert golden_views.rows("mtd") == [
        {
            "status": "declared",
            "level": EXPECTED["final_decision"]["mtd"],
            "cells": str(EXPECTED["mtd_e9_cells"]),
            "unit": "10*9",
            "level_now": EXPECTED["final_decision"]["mtd"],
            "decision_position": reached[143],
            "overridden": False,
            "stands": True,
            "superseded_by": None,
        }
    ]
    [before] = golden_views.rows("mtd", reached[142])
    assert (before["status"], before["level"], before["stands"]) == ("not_yet", None, True)
    [late] = golden_views.rows("mtd", reached[85])
    assert (late["status"], late["stands"], late["decision_position"]) == ("not_yet", False, reached[74])


def test_votes_are_secret_until_the_meeting_has_ended(
    golden: tuple[TrialLog, dict[int, int]], golden_views: Views, events: list[Recorded]
) -> None:
    _, reached = golden
    signatures = [event for event in events if isinstance(event.payload, DecisionSigned)]
    rows = golden_views.rows("meetings")
    assert [row["status"] for row in rows] == ["decided"] * 5
    assert [row["ended_position"] for row in rows] == [event.position for event in signatures]
    assert all(len(row["votes"]) == len(row["voted"]) == 2 for row in rows)
    *_, open_row_ = golden_views.rows("meetings", reached[143] - 1)
    assert (open_row_["status"], open_row_["voted"], open_row_["votes"]) == (
        "open",
        open_row_["roster"],
        [],
    )
    assert open_row_["computed"] == {"decision": "declare_mtd", "level": 2, "reason": "mtd_confirmed"}


def test_the_trail_withholds_how_members_vote_until_the_meeting_has_ended(
    golden: tuple[TrialLog, dict[int, int]], golden_views: Views
) -> None:
    _, reached = golden
    signed_at = reached[143]
    during = {row["position"]: row for row in golden_views.rows("trail", signed_at - 1)}
    after = {row["position"]: row for row in golden_views.rows("trail")}
    assert [*after][: len(during)] == [*during]
    for position in (signed_at - 2, signed_at - 1):
        assert during[position]["event"] == after[position]["event"] == "SrcVoteCast"
        assert "declare" not in during[position]["sentence"]
        assert [one["field"] for one in during[position]["changes"]] == ["meeting"]
        assert during[position]["about"] == {"withheld": ["decision", "level", "rationale", "reason"]}
        assert "declare mtd, dose level 2" in after[position]["sentence"]
        told = {one["field"]: one["new"] for one in after[position]["changes"]}
        assert (told["decision"], told["level"]) == ("declare_mtd", 2)
        assert told["rationale"]
        unchanged = {"sentence", "changes", "about"}
        assert {k: v for k, v in during[position].items() if k not in unchanged} == {
            k: v for k, v in after[position].items() if k not in unchanged
        }


def voting() -> list[Past]:
    return agreed(completed("S01"), "escalate", 2)


def votes_told(events: list[Past]) -> list[bool]:
    rows = [row for row in read_after(events, "trail") if row["event"] == "SrcVoteCast"]
    return ["escalate" in str(row) for row in rows]


def test_a_meeting_that_closes_without_a_decision_tells_its_votes_and_no_others() -> None:
    closed = [*voting(), Past(streams.ESCALATION, SrcMeetingClosed("M1", "adjourned"), by=MM)]
    assert votes_told(voting()) == [False, False]
    assert votes_told(closed) == [True, True]
    assert votes_told(agreed(closed, "escalate", 2, meeting="M2")) == [True, True, False, False]


def test_the_reason_given_with_a_vote_is_withheld_with_it() -> None:
    trial = seated(voting()).trial
    vote = replace(recorded(voting()[-1], 40, 3), reason=Reason("late", "I vote to escalate"))
    closed = recorded(Past(streams.ESCALATION, SrcMeetingClosed("M1", "adjourned"), by=MM), 41, 4)
    before = Escalation(meeting=Meeting(met(completed("S01"))[-1].payload, 38, ballots=(vote,)))
    [withheld] = Trail().project(vote, None, trial)
    _, told = Trail().project(closed, before, trial)
    assert "I vote" not in str(withheld)
    assert told.row is not None
    assert told.row["reason"] == {"code": "late", "text": "I vote to escalate"}


def test_a_meeting_says_whether_it_takes_votes() -> None:
    def takes_votes(events: list[Past]) -> bool:
        return bool(read_after(events, "meetings")[-1]["takes_votes"])

    ended = Past(streams.ESCALATION, SrcVotingEnded("M1", (SRC2.id,)), by=MM)
    assert takes_votes(voting()[:-1])
    assert not takes_votes(voting())
    assert not takes_votes([*voting()[:-1], ended])


SIX = [event for n in range(2, 8) for event in completed(f"S{n:02d}", 2)]
EXCEEDED = [*SIX, *with_dlt("S08", 3), *with_dlt("S09", 3)]


def mtd_after(events: list[Past]) -> tuple[object, ...]:
    [row] = read_after(events, "mtd")
    return row["status"], row["level"], row["level_now"], row["cells"], row["stands"]


def test_an_mtd_against_the_table_says_so() -> None:
    assert mtd_after(signed([*with_dlt("S01"), *EXCEEDED], "declare_mtd", 2, AGAINST)) == (
        "declared_by_override",
        2,
        2,
        "0.5",
        True,
    )


def test_an_mtd_that_the_facts_of_that_day_no_longer_give_says_so() -> None:
    declared = signed([*completed("S01"), *EXCEEDED], "declare_mtd", 2)
    assert mtd_after(declared) == ("declared", 2, 2, "0.5", True)
    late = [on(key, AdverseEventReported(adverse_event("AE-9")), by=SC) for key in ("S02", "S03")]
    judgements = [*judged("S02", "AE-9"), *judged("S03", "AE-9")]
    assert mtd_after([*declared, *late, *judgements]) == ("declared_superseded", 2, 2, "0.5", False)


def test_an_mtd_keeps_its_dose_where_an_amendment_moves_its_ordinal() -> None:
    declared = signed([*completed("S01"), *EXCEEDED], "declare_mtd", 2)
    level = DoseLevel(2, Quantity(Decimal("0.3"), "10*9"))
    added = Past(streams.STUDY, DoseLevelAdded(2, "sha256:" + "3" * 64, level))
    assert mtd_after([*declared, added])[1:4] == (2, 3, "0.5")


def counted(entry: AdverseEvent, *worse: AdverseEventRegraded) -> dict[str, Any]:
    told = [on("S01", AdverseEventReported(entry), by=SC), *(on("S01", one, by=SC) for one in worse)]
    events = [*given(study=NCT05727722).base, *dosed("S01"), *told]
    versions: dict[str, int] = {}
    found = []
    for position, past in enumerate(events, 1):
        versions[past.stream] = versions.get(past.stream, 0) + 1
        found.append(recorded(past, position, versions[past.stream]))
    [event] = explain(found)["outcomes"][0]["adverse_events"]
    return {name: event[name] for name in ("onset_grade", "onset", "grade", "emerged")}


def test_an_explanation_shows_the_worst_grade_that_counts_and_the_day_of_emergence() -> None:
    """Dosed on 1 March; there before it at grade 2, back to 1, worse than at the dose from the 5th on."""
    before = replace(adverse_event("AE-1", 2, date(2024, 2, 28)), baseline_grade=1)
    better = AdverseEventRegraded("AE-1", 2, 1, date(2024, 2, 29), None, (), None)
    worse = AdverseEventRegraded("AE-1", 1, 3, date(2024, 3, 5), None, (), None)
    milder = AdverseEventRegraded("AE-1", 3, 2, date(2024, 3, 7), None, (), None)
    shown = {"onset_grade": 2, "onset": "2024-02-28"}
    assert counted(before, better) == {**shown, "grade": 2, "emerged": None}
    assert counted(before, better, worse, milder) == {**shown, "grade": 3, "emerged": "2024-03-05"}
