"""The committee meets on a pinned state, votes, and signs what the table computes, or overrides it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.audit.snapshot import SnapshotChecks
from core.kernel import streams
from core.kernel.encoding import to_base64
from core.trial.escalation.commands import (
    CastSrcVote,
    CloseSrcMeeting,
    EndSrcVoting,
    OpenSrcMeeting,
    SignDecision,
)
from core.trial.escalation.events import (
    DecisionSigned,
    LevelTally,
    SrcMeetingClosed,
    SrcMeetingOpened,
    SrcVoteCast,
    SrcVotingEnded,
)
from core.trial.escalation.state import open_level
from core.trial.people.person import Person
from core.trial.people.rights import Held
from core.trial.study.config import CommitteeRules, ProtocolConfig
from core.trial.subject.adverse_events import AdverseEventReported
from core.trial.subject.commands import EnrolSubject
from core.trial.subject.events import SubjectEnrolled
from tests.decisions.committee import (
    AGAINST,
    ROSTER,
    SNAPSHOT,
    WHY,
    agreed,
    met,
    opening,
    seated,
    signed,
    voted,
)
from tests.support.given import (
    LONG_AFTER,
    MM,
    NCT05727722,
    PI,
    SC,
    SRC,
    SRC2,
    AnyKey,
    Past,
    Story,
    adverse_event,
    candidate,
    completed,
    dosed,
    given,
    left_early,
    on,
    with_dlt,
)

if TYPE_CHECKING:
    from core.kernel.recorded import Reason
    from core.trial.trial import Trial

CLEAN = completed("S01")
COHORT_OF_THREE = [*CLEAN, *completed("S02", 2), *completed("S03", 2), *completed("S04", 2)]
LIMITED = replace(NCT05727722, escalation=replace(NCT05727722.escalation, max_subjects=1))


def open_now(trial: Trial) -> int | None:
    return open_level(trial.escalation, trial.study)


def the_event(story_events: list[Past]) -> DecisionSigned:
    event = story_events[-1].payload
    assert isinstance(event, DecisionSigned)
    return event


# -- opening a meeting ------------------------------------------------------------------------------


def test_a_meeting_is_opened_with_what_the_protocol_says_there() -> None:
    story = seated(CLEAN).when(opening(), MM)
    event = story.decided[0].event
    assert isinstance(event, SrcMeetingOpened)
    story.then(
        [SrcMeetingOpened("M1", SNAPSHOT, "root", ROSTER, (), event.facts, "escalate", 2, "atd_cleared")]
    )
    assert event.facts.startswith("sha256:")
    assert len(event.facts) == 71


def test_the_same_facts_have_the_same_digest_and_others_another() -> None:
    def facts(events: list[Past]) -> str:
        event = seated(events).when(opening(), MM).decided[0].event
        assert isinstance(event, SrcMeetingOpened)
        return event.facts

    assert facts(CLEAN) == facts([*CLEAN, *candidate("S09")])
    assert len({facts(CLEAN), facts(dosed("S01")), facts(with_dlt("S01")), facts(COHORT_OF_THREE)}) == 4


def test_one_meeting_at_a_time() -> None:
    seated(met(CLEAN)).when(opening("M2"), MM).refused("MEETING_OPEN")


def test_an_id_names_one_meeting_for_ever() -> None:
    closed = Past(streams.ESCALATION, SrcMeetingClosed("M1", "no agreement"), by=MM)
    seated([*met(CLEAN), closed]).when(opening("M1"), MM).refused("DUPLICATE_MEETING")
    seated([*met(CLEAN), closed]).when(opening("M2"), MM).then([met(CLEAN, meeting="M2")[-1].payload])


@pytest.mark.parametrize("roster", [(), (SRC.id,), (SRC.id, SRC.id)])
def test_a_meeting_has_a_quorum_of_different_members(roster: tuple[str, ...]) -> None:
    seated(CLEAN).when(opening(roster=roster), MM).refused("NO_QUORUM")


def test_members_hold_the_role_of_the_committee() -> None:
    given(CLEAN).when(opening(), MM).refused("NOT_ON_COMMITTEE")
    seated(CLEAN).when(opening(roster=(SRC.id, PI.id)), MM).refused("NOT_ON_COMMITTEE")


def test_a_document_is_named_by_its_digest() -> None:
    asked = replace(opening(), documents=("report.pdf",))
    seated(CLEAN).when(asked, MM).refused("BAD_DIGEST")
    fine = replace(opening(), documents=("sha256:" + "ab" * 32,))
    assert seated(CLEAN).when(fine, MM).decided


def test_a_meeting_has_an_id() -> None:
    seated(CLEAN).when(opening("1"), MM).refused("BAD_IDENTIFIER")


def test_no_meeting_without_a_configuration() -> None:
    given(study=None).when(opening(), MM).refused("NO_PROTOCOL_CONFIG")


def test_the_snapshot_includes_the_last_event_that_changed_the_facts() -> None:
    events = [*CLEAN, *candidate("S09")]
    decisive = len(seated().base) + len(CLEAN)
    assert seated(events).trial.decisive_at == decisive
    seated(events).when(opening(position=decisive - 1), MM).refused("SNAPSHOT_STALE")
    assert seated(events).when(opening(position=decisive), MM).decided


def test_the_snapshot_is_a_signed_head_of_this_log() -> None:
    roots = {7: b"\x07" * 32}
    checks = SnapshotChecks(AnyKey(), roots.get)

    def asked(size: int, root: bytes) -> OpenSrcMeeting:
        return OpenSrcMeeting("M1", size, to_base64(root), ROSTER, ())

    for size, root in ((7, b"\x08" * 32), (6, b"\x07" * 32), (0, b""), (-1, roots[7])):
        seated().when(asked(size, root), MM, key_checks=checks).refused("BAD_SNAPSHOT")
    assert seated().when(asked(7, roots[7]), MM, key_checks=checks).decided


# -- votes --------------------------------------------------------------------------------------------


def test_a_member_votes() -> None:
    command = CastSrcVote("M1", "escalate", 2, "no toxicity")
    seated(met(CLEAN)).when(command, SRC).then([SrcVoteCast("M1", "escalate", 2, "no toxicity")])


def test_only_members_of_the_meeting_vote() -> None:
    other = replace(SRC, id="src.other")
    seated(met(CLEAN)).when(CastSrcVote("M1", "escalate", 2, "yes"), other).refused("NOT_ON_ROSTER")


def test_a_member_votes_once() -> None:
    events = voted(met(CLEAN), (SRC, "escalate", 2))
    seated(events).when(CastSrcVote("M1", "expand", 1, "no"), SRC).refused("ALREADY_VOTED")
    assert seated(events).when(CastSrcVote("M1", "expand", 1, "no"), SRC2).decided


@pytest.mark.parametrize(
    ("decision", "level", "code"),
    [
        ("escalat", 2, "BAD_DECISION"),
        ("wait", 2, "NOTHING_TO_SIGN"),
        ("hold", 2, "NOTHING_TO_SIGN"),
        ("escalate", None, "LEVEL_UNKNOWN"),
        ("escalate", 0, "LEVEL_UNKNOWN"),
        ("escalate", 5, "LEVEL_UNKNOWN"),
        ("stop_no_mtd", 1, "LEVEL_UNKNOWN"),
    ],
)
def test_a_vote_names_what_can_be_signed(decision: str, level: int | None, code: str) -> None:
    seated(met(CLEAN)).when(CastSrcVote("M1", decision, level, "so"), SRC).refused(code)
    seated(agreed(CLEAN, decision, level)).when(SignDecision("M1", decision, level, AGAINST), SRC).refused(
        code
    )


@pytest.mark.parametrize("level", [1, 4])
def test_every_level_of_the_configuration_can_be_voted_for(level: int) -> None:
    assert seated(met(CLEAN)).when(CastSrcVote("M1", "expand", level, "so"), SRC).decided


@pytest.mark.parametrize("rationale", ["", "  ", "x" * 2001])
def test_a_vote_has_a_rationale(rationale: str) -> None:
    seated(met(CLEAN)).when(CastSrcVote("M1", "escalate", 2, rationale), SRC).refused("BAD_TEXT")


@pytest.mark.parametrize("meeting", ["M2", "m1", ""])
def test_votes_closing_and_signature_belong_to_the_open_meeting(meeting: str) -> None:
    for command in (
        CastSrcVote(meeting, "escalate", 2, "so"),
        CloseSrcMeeting(meeting, "no agreement"),
        SignDecision(meeting, "escalate", 2, None),
    ):
        seated(agreed(CLEAN, "escalate", 2)).when(command, SRC).refused("NO_OPEN_MEETING")
        seated(CLEAN).when(command, SRC).refused("NO_OPEN_MEETING")


def test_nobody_votes_or_signs_once_the_facts_have_moved() -> None:
    moved = [*agreed(CLEAN, "escalate", 2), *dosed("S02", 1)]
    seated(moved).when(SignDecision("M1", "escalate", 2, None), SRC).refused("SNAPSHOT_STALE")
    late = [*voted(met(CLEAN), (SRC, "escalate", 2)), *dosed("S02", 1)]
    seated(late).when(CastSrcVote("M1", "escalate", 2, "so"), SRC2).refused("SNAPSHOT_STALE")


def test_what_decides_nothing_moves_nothing() -> None:
    later = [*agreed(CLEAN, "escalate", 2), *candidate("S02")]
    assert seated(later).when(SignDecision("M1", "escalate", 2, None), SRC).decided


def test_a_meeting_is_closed_without_a_decision() -> None:
    command = CloseSrcMeeting("M1", "no agreement")
    seated(met(CLEAN)).when(command, MM).then([SrcMeetingClosed("M1", "no agreement")])
    closed = [*agreed(CLEAN, "escalate", 2), Past(streams.ESCALATION, SrcMeetingClosed("M1", "x"), by=MM)]
    seated(closed).when(SignDecision("M1", "escalate", 2, None), SRC).refused("NO_OPEN_MEETING")
    seated(met(CLEAN)).when(CloseSrcMeeting("M1", " "), MM).refused("BAD_TEXT")


# -- signing what the protocol computes ---------------------------------------------------------------


def test_a_clean_titration_subject_lets_the_committee_open_level_2() -> None:
    before = agreed(CLEAN, "escalate", 2)
    opened = before[-3].payload
    story = seated(before).when(SignDecision("M1", "escalate", 2, None), SRC)
    story.then(
        [
            DecisionSigned(
                meeting="M1",
                decision="escalate",
                level=2,
                override=None,
                overridden=False,
                mtd=None,
                computed_decision="escalate",
                computed_level=2,
                reason="atd_cleared",
                row=11,
                flags=(),
                slots=3,
                ceiling=4,
                config_number=1,
                facts=opened.facts,
                levels=(LevelTally(1, 1, 1, 0, 0, 0),),
            )
        ]
    )
    assert open_now(seated(signed(CLEAN, "escalate", 2)).trial) == 2


def test_level_1_is_open_before_any_decision() -> None:
    assert open_now(given().trial) == 1


def test_a_stop_opens_no_level_and_is_signed() -> None:
    events = signed([*with_dlt("S01"), *with_dlt("S02")], "stop_no_mtd", None)
    assert (the_event(events).decision, the_event(events).ceiling) == ("stop_no_mtd", 0)
    assert open_now(seated(events).trial) is None


def test_a_declared_mtd_names_its_level() -> None:
    six = [event for n in range(2, 8) for event in completed(f"S{n:02d}", 2)]
    above = [*with_dlt("S08", 3), *with_dlt("S09", 3)]
    event = the_event(signed([*CLEAN, *six, *above], "declare_mtd", 2))
    assert (event.mtd, event.row, event.reason, event.ceiling) == (2, 6, "mtd_confirmed", 2)


@pytest.mark.parametrize("asked", [("escalate", 3), ("escalate", 1), ("enrol", 2), ("declare_mtd", 1)])
def test_another_decision_or_level_than_the_computed_one_is_refused(asked: tuple[str, int]) -> None:
    seated(agreed(CLEAN, *asked)).when(SignDecision("M1", *asked, None), SRC).refused("DECISION_DIFFERS")


def test_waiting_is_not_signed() -> None:
    seated(met(dosed("S01"))).when(SignDecision("M1", "wait", 1, None), SRC).refused("NOTHING_TO_SIGN")


def test_nothing_is_signed_while_a_candidate_waits_for_adjudication() -> None:
    events = [*CLEAN, on("S01", AdverseEventReported(adverse_event()), by=SC)]
    assert met(events)[-1].payload.decision == "hold"
    seated(agreed(events, "escalate", 2)).when(SignDecision("M1", "escalate", 2, None), SRC).refused(
        "DECISION_DIFFERS"
    )


def test_the_same_decision_on_the_same_facts_is_signed_once() -> None:
    again = agreed(signed(CLEAN, "escalate", 2), "escalate", 2, meeting="M2")
    seated(again).when(SignDecision("M2", "escalate", 2, None), SRC).refused("ALREADY_SIGNED")


def test_only_a_member_of_the_meeting_signs() -> None:
    other = replace(SRC, id="src.other")
    seated(agreed(CLEAN, "escalate", 2)).when(SignDecision("M1", "escalate", 2, None), other).refused(
        "NOT_ON_ROSTER"
    )


THIRD = replace(SRC, id="src.third")
THREE = (*ROSTER, THIRD.id)
SIGN = SignDecision("M1", "escalate", 2, None)


def met_by_three() -> list[Past]:
    story = seated(CLEAN)
    story.trial.people[THIRD.id] = Person(THIRD.id, THIRD.name, roles=(Held(THIRD.role, 1),))
    [opened] = story.when(opening(roster=THREE), MM).decided
    return [*CLEAN, Past(streams.ESCALATION, opened.event, by=MM)]


def without_the_rest(events: list[Past]) -> list[Past]:
    """Return the events with the voting ended behind them."""
    [ended] = seated(events).when(EndSrcVoting("M1"), MM).decided
    return [*events, Past(streams.ESCALATION, ended.event, by=MM)]


@pytest.mark.parametrize("first", [("escalate", 2), ("expand", 1)])
@pytest.mark.parametrize("second", [("escalate", 2), ("expand", 1)])
@pytest.mark.parametrize("asked", [("escalate", 2), ("expand", 1)])
def test_while_somebody_can_vote_no_answer_depends_on_the_votes(
    first: tuple[str, int], second: tuple[str, int], asked: tuple[str, int]
) -> None:
    events = voted(met_by_three(), (SRC, *first), (SRC2, *second))
    override = None if asked == ("escalate", 2) else AGAINST
    for member in (SRC, SRC2, THIRD):
        seated(events).when(SignDecision("M1", *asked, override), member, reason=WHY).refused("VOTING_OPEN")


def test_nothing_is_signed_before_every_member_has_voted() -> None:
    seated(met(CLEAN)).when(SIGN, SRC).refused("VOTING_OPEN")
    seated(voted(met(CLEAN), (SRC, "escalate", 2))).when(SIGN, SRC).refused("VOTING_OPEN")
    assert seated(agreed(CLEAN, "escalate", 2)).when(SIGN, SRC).decided


def test_a_quorum_decides_once_the_voting_is_ended_without_the_rest() -> None:
    events = voted(met_by_three(), (SRC, "escalate", 2), (SRC2, "escalate", 2))
    seated(events).when(EndSrcVoting("M1"), MM).then([SrcVotingEnded("M1", (THIRD.id,))])
    ended = without_the_rest(events)
    assert seated(ended).when(SIGN, SRC).decided
    seated(ended).when(CastSrcVote("M1", "expand", 1, "late"), THIRD).refused("VOTING_ENDED")


def test_the_voting_ends_once_and_with_a_quorum() -> None:
    one = voted(met_by_three(), (SRC, "escalate", 2))
    seated(one).when(EndSrcVoting("M1"), MM).refused("NO_QUORUM")
    ended = without_the_rest(voted(one, (SRC2, "expand", 1)))
    seated(ended).when(EndSrcVoting("M1"), MM).refused("VOTING_ENDED")
    seated(agreed(CLEAN, "escalate", 2)).when(EndSrcVoting("M1"), MM).refused("VOTING_ENDED")
    seated(one).when(EndSrcVoting("M2"), MM).refused("NO_OPEN_MEETING")


def test_the_quorum_is_configuration() -> None:
    one = replace(NCT05727722, committee=CommitteeRules(1))
    events = voted(met(CLEAN, one), (SRC, "escalate", 2))
    assert seated(events, one).when(EndSrcVoting("M1"), MM).decided


def test_half_of_the_votes_is_no_majority() -> None:
    split = voted(met(CLEAN), (SRC, "escalate", 2), (SRC2, "expand", 1))
    seated(split).when(SIGN, SRC).refused("NO_MAJORITY")


def test_two_of_three_votes_are_a_majority() -> None:
    events = voted(met_by_three(), (SRC, "escalate", 2), (SRC2, "escalate", 2), (THIRD, "expand", 1))
    assert seated(events).when(SIGN, SRC).decided


def test_the_decision_rests_on_study_escalation_and_every_subject() -> None:
    story = seated(agreed(CLEAN, "escalate", 2)).when(SignDecision("M1", "escalate", 2, None), SRC)
    assert {"study", "escalation", "subject/S01"} == set(story.facts.reads)
    assert story.facts.births == {"subject/": 1}


# -- overriding it ------------------------------------------------------------------------------------


def refused(
    events: list[Past],
    decision: str,
    level: int | None,
    code: str,
    *,
    study: ProtocolConfig = NCT05727722,
    reason: Reason | None = WHY,
) -> None:
    before = agreed(events, decision, level, study)
    sign = SignDecision("M1", decision, level, AGAINST)
    seated(before, study).when(sign, SRC, reason=reason).refused(code)


def test_an_override_holds_both_decisions() -> None:
    event = the_event(signed(COHORT_OF_THREE, "expand", 2, AGAINST))
    assert (event.decision, event.level, event.overridden, event.override) == ("expand", 2, True, AGAINST)
    assert (event.computed_decision, event.computed_level, event.row) == ("escalate", 3, 18)
    assert event.reason == "zero_of_three"


def test_an_override_needs_a_reason_and_words() -> None:
    refused(COHORT_OF_THREE, "expand", 2, "REASON_REQUIRED", reason=None)
    before = agreed(COHORT_OF_THREE, "expand", 2)
    seated(before).when(SignDecision("M1", "expand", 2, " "), SRC, reason=WHY).refused("BAD_TEXT")


def test_what_the_protocol_gives_is_no_override() -> None:
    refused(COHORT_OF_THREE, "escalate", 3, "NO_OVERRIDE")


def test_an_override_is_unanimous() -> None:
    votes = ((SRC, "expand", 2), (SRC2, "expand", 2))
    sign = SignDecision("M1", "expand", 2, AGAINST)
    against = voted(met(COHORT_OF_THREE), *votes, (THIRD, "escalate", 3))
    seated(against).when(sign, SRC, reason=WHY).refused("OVERRIDE_NOT_UNANIMOUS")
    assert seated(voted(met(COHORT_OF_THREE), *votes)).when(sign, SRC, reason=WHY).decided


@pytest.mark.parametrize("decision", ["enrol", "expand", "escalate", "deescalate", "declare_mtd"])
def test_no_override_leads_above_the_ceiling(decision: str) -> None:
    exceeded = [*COHORT_OF_THREE, *with_dlt("S05", 3), *with_dlt("S06", 3)]
    refused(exceeded, decision, 3, "ABOVE_CEILING")
    refused(exceeded, decision, 4, "ABOVE_CEILING")


def test_no_override_skips_a_level() -> None:
    refused(COHORT_OF_THREE, "escalate", 4, "LEVEL_SKIPPED")
    refused([], "enrol", 2, "LEVEL_SKIPPED")
    assert the_event(signed(CLEAN, "expand", 2, AGAINST)).level == 2


def test_no_override_fills_a_level_beyond_its_maximum() -> None:
    six = [event for n in range(2, 8) for event in completed(f"S{n:02d}", 2)]
    refused([*CLEAN, *six], "expand", 2, "LEVEL_FULL")
    assert signed([*CLEAN, *six[: 5 * len(completed("S02", 2))]], "expand", 2, AGAINST)


def test_no_override_passes_the_sample_size() -> None:
    refused(CLEAN, "expand", 1, "OVERRIDE_HELD", study=LIMITED)


def test_no_override_passes_an_adjudication_due_at_or_below_its_level() -> None:
    due = on("S02", AdverseEventReported(adverse_event()), by=SC)
    refused([*COHORT_OF_THREE, due], "expand", 2, "OVERRIDE_HELD")
    refused([*COHORT_OF_THREE, due], "escalate", 3, "OVERRIDE_HELD")
    assert the_event(signed([*COHORT_OF_THREE, due], "deescalate", 1, AGAINST)).level == 1


def test_an_mtd_against_the_table_has_the_subjects_of_one() -> None:
    refused(COHORT_OF_THREE, "declare_mtd", 2, "MTD_NOT_CONFIRMED")
    six = [event for n in range(2, 8) for event in completed(f"S{n:02d}", 2)]
    above = [*with_dlt("S08", 3), *with_dlt("S09", 3)]
    # Level 2 is what P3 calls an MTD; only the DLT at level 1, which reopens that, stands in the table's way.
    event = the_event(signed([*with_dlt("S01"), *six, *above], "declare_mtd", 2, AGAINST))
    assert (event.mtd, event.computed_decision, event.computed_level) == (2, "expand", 1)
    pending = [*six[: -len(completed("S07", 2))], *dosed("S07", 2), *above]
    refused([*with_dlt("S01"), *pending], "declare_mtd", 2, "MTD_NOT_CONFIRMED")


@pytest.mark.parametrize("dlts_above", [0, 1])
def test_an_mtd_against_the_table_is_bounded_by_an_exceeded_level(dlts_above: int) -> None:
    """Domain 1.6, P3: the next level has two DLTs, or there is none."""
    six = [event for n in range(2, 8) for event in completed(f"S{n:02d}", 2)]
    above = [event for n in range(dlts_above) for event in with_dlt(f"S{n + 8:02d}", 3)]
    refused([*CLEAN, *six, *above], "declare_mtd", 2, "MTD_NOT_CONFIRMED")


def test_an_mtd_against_the_table_may_be_the_highest_level() -> None:
    six = [event for n in range(2, 8) for event in completed(f"S{n:02d}", 4)]
    event = the_event(signed([*with_dlt("S01"), *six], "declare_mtd", 4, AGAINST))
    assert (event.mtd, event.computed_level) == (4, 1)


def test_stopping_is_always_open() -> None:
    assert open_now(seated(signed(COHORT_OF_THREE, "stop_no_mtd", None, AGAINST)).trial) is None


# -- what an override opens -----------------------------------------------------------------------------


def enrolling(events: list[Past], level: int) -> Story:
    return seated([*events, *candidate("S20", LONG_AFTER)]).when(EnrolSubject("S20", level, None), PI)


def test_an_override_opens_its_level_up_to_a_full_one() -> None:
    events = signed(COHORT_OF_THREE, "expand", 2, AGAINST)
    enrolling(events, 2).then([SubjectEnrolled(1, 2, None)])
    enrolling(events, 3).refused("LEVEL_NOT_OPEN")
    two_more = [*events, *completed("S05", 2), *completed("S06", 2)]
    assert enrolling(two_more, 2).decided
    full = [*two_more, *completed("S07", 2)]
    enrolling(full, 2).refused("NO_FREE_SLOT")


def test_an_override_opens_one_filling_only() -> None:
    """From nobody to a cohort, not on to a full level."""
    events = signed([*CLEAN, *completed("S02", 2)], "escalate", 3, AGAINST)
    cohort = [*events, *(e for n in (5, 6, 7) for e in completed(f"S{n:02d}", 3))]
    enrolling(cohort, 3).refused("NO_FREE_SLOT")
    two = [*events, *(e for n in (5, 6) for e in completed(f"S{n:02d}", 3))]
    assert enrolling(two, 3).decided


def test_who_left_is_replaced_under_an_override() -> None:
    events = [*signed(COHORT_OF_THREE, "expand", 2, AGAINST), *completed("S05", 2), *left_early("S06", 2)]
    assert enrolling([*events, *completed("S07", 2)], 2).decided


def test_an_override_ends_where_its_level_is_exceeded() -> None:
    events = [*signed(COHORT_OF_THREE, "expand", 2, AGAINST), *with_dlt("S05", 2), *with_dlt("S06", 2)]
    enrolling(events, 2).refused("LEVEL_NOT_OPEN")


def test_an_override_ends_with_a_dlt_below_its_level() -> None:
    above = signed([*COHORT_OF_THREE, *completed("S05", 3)], "escalate", 4, AGAINST)
    assert enrolling(above, 4).decided
    late = [*above, *with_dlt("S02", 2)[-3:]]
    enrolling(late, 4).refused("LEVEL_NOT_OPEN")


def test_an_override_waits_for_an_adjudication_that_becomes_due() -> None:
    events = signed(COHORT_OF_THREE, "expand", 2, AGAINST)
    due = on("S02", AdverseEventReported(adverse_event()), by=SC)
    enrolling([*events, due], 2).refused("LEVEL_NOT_OPEN")
