"""Adjudication: votes of members of the committee, when they take effect, and exclusions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import permutations, product
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from core.kernel.actors import Role
from core.kernel.errors import Refused
from core.trial.study.soundness import require_sound
from core.trial.subject import course, outcome
from core.trial.subject.adverse_events import (
    AdverseEventCorrected,
    AdverseEventOutcome,
    AdverseEventRegraded,
    AdverseEventReported,
    AdverseEventResolved,
    Causality,
    DltAdjudicated,
    Seriousness,
)
from core.trial.subject.commands import AdjudicateDlt, CompleteDltWindow
from core.trial.subject.events import DltWindowCompleted, DoseCorrected
from core.trial.subject.field_change import FieldChange
from tests.support.given import (
    NCT05727722,
    PI,
    SC,
    SC2,
    SRC,
    SRC2,
    Member,
    Past,
    adverse_event,
    dosed,
    enrolled,
    given,
    judged,
    judgement,
    on,
    recorded,
    why,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.trial.study.config import ProtocolConfig
    from core.trial.subject.course import TrackedAdverseEvent

SITE = ZoneInfo("Asia/Shanghai")
DOSED = dosed("S01")  # on 2024-03-01 at the site
NOON = datetime(2024, 3, 20, 12, tzinfo=SITE)
MEMBERS = [SRC, SRC2, Member("src.liang", "Liang Wu", Role.SRC), Member("src.zhu", "Zhu Ke", Role.SRC)]
WORDS = "judged on the source documents"


def day(number: int) -> date:
    return date(2024, 3, 1) + timedelta(days=number)


def reported(**fields: Any) -> list[Past]:
    return [*DOSED, on("S01", AdverseEventReported(replace(adverse_event(), **fields)), by=SC)]


REPORTED = reported()


def judge(*, is_dlt: bool = True, exclusion: str | None = None, **fields: Any) -> AdjudicateDlt:
    return replace(AdjudicateDlt("S01", "AE-1", is_dlt, WORDS, exclusion), **fields)


def vote(member: Member, *, is_dlt: bool) -> Past:
    return on("S01", judgement(is_dlt=is_dlt), by=member)


def tracked(events: list[Past]) -> TrackedAdverseEvent:
    return given(events).trial.subjects["S01"].adverse_events["AE-1"]


def due(events: list[Past], study: ProtocolConfig = NCT05727722) -> bool:
    trial = given(events, study=study).trial
    return bool(outcome.due_of(trial.subjects["S01"], trial.study))


# -- who judges what ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_dlt", [True, False])
def test_a_member_judges_a_candidate(is_dlt: bool) -> None:  # noqa: FBT001 - a case
    given(REPORTED).when(judge(is_dlt=is_dlt), SRC).then([judgement(is_dlt=is_dlt)])


def test_an_unknown_subject_or_event_is_not_judged() -> None:
    given(REPORTED).when(judge(subject_key="S99"), SRC).refused("UNKNOWN_SUBJECT")
    given(REPORTED).when(judge(ae_id="AE-9"), SRC).refused("UNKNOWN_AE")


def test_before_dosing_nothing_is_dose_limiting() -> None:
    events = [*enrolled("S01"), on("S01", AdverseEventReported(adverse_event()), by=SC)]
    given(events).when(judge(), SRC).refused("ILLEGAL_SEQUENCE")


REGRADED = AdverseEventRegraded("AE-1", 3, 4, day(4), None, (), None)


@pytest.mark.parametrize(
    "written",
    [
        AdverseEventCorrected("AE-1", (FieldChange("grade", 3, 4),), None),
        REGRADED,
        AdverseEventResolved("AE-1", AdverseEventOutcome.RECOVERING, None),
    ],
    ids=["corrected", "regraded", "resolved"],
)
def test_who_wrote_anything_of_the_event_does_not_judge_it(written: Any) -> None:
    given(REPORTED).when(judge(), Member(SC.id, SC.name, SRC.role)).refused("SOD_VIOLATION")
    events = [*REPORTED, on("S01", written, by=SC2)]
    given(events).when(judge(), Member(SC2.id, SC2.name, SRC.role)).refused("SOD_VIOLATION")
    given(events).when(judge(), SRC).then([judgement()])


@pytest.mark.parametrize("words", ["", "  ", "x" * 2001])
def test_a_judgement_has_a_rationale(words: str) -> None:
    given(REPORTED).when(judge(rationale=words), SRC).refused("BAD_TEXT")


@pytest.mark.parametrize(
    "fields",
    [
        {"grade": 2},
        {"baseline_grade": 3},
        {"causality": Causality.UNLIKELY},
        {"causality": Causality.UNRELATED},
        {"onset": day(-1)},
        {"onset": day(29)},
    ],
)
def test_what_is_no_candidate_is_no_dlt(fields: dict[str, Any]) -> None:
    given(reported(**fields)).when(judge(), SRC).refused("NOT_A_DLT_CANDIDATE")


@pytest.mark.parametrize("number", [0, 27, 28])
def test_an_onset_on_day_0_to_28_is_in_the_window(number: int) -> None:
    given(reported(onset=day(number))).when(judge(), SRC).then([judgement()])


def test_an_exclusive_window_ends_a_day_earlier() -> None:
    config = replace(NCT05727722, dlt=replace(NCT05727722.dlt, inclusive=False))
    given(reported(onset=day(28)), study=config).when(judge(), SRC).refused("NOT_A_DLT_CANDIDATE")
    given(reported(onset=day(27)), study=config).when(judge(), SRC).then([judgement()])


def test_a_related_death_is_a_candidate_however_much_worse_than_baseline_it_had_to_be() -> None:
    strict = replace(NCT05727722, dlt=replace(NCT05727722.dlt, minimum_worsening=3))
    dead = reported(
        grade=5,
        baseline_grade=4,
        serious=True,
        seriousness_criteria=(Seriousness.DEATH,),
        aware_at=NOON,
    )
    given(dead, study=strict).when(judge(), SRC).then([judgement()])
    given(reported(grade=4, baseline_grade=2), study=strict).when(judge(), SRC).refused("NOT_A_DLT_CANDIDATE")


# -- when votes take effect ---------------------------------------------------------------------------------


def test_one_vote_decides_nothing() -> None:
    events = [*REPORTED, vote(SRC, is_dlt=True)]
    assert (tracked(events).adjudicated, due(events)) == (None, True)


@pytest.mark.parametrize("is_dlt", [True, False])
def test_two_members_who_agree_decide(is_dlt: bool) -> None:  # noqa: FBT001 - a case
    events = [*REPORTED, vote(SRC, is_dlt=is_dlt), vote(SRC2, is_dlt=is_dlt)]
    assert (tracked(events).adjudicated, due(events)) == (is_dlt, False)


def test_one_member_twice_is_not_two_members() -> None:
    events = [*REPORTED, vote(SRC, is_dlt=False), vote(SRC, is_dlt=True)]
    assert (tracked(events).adjudicated, due(events)) == (None, True)


def test_disagreement_keeps_it_due_until_a_third_member_agrees_with_one() -> None:
    split = [*REPORTED, vote(SRC, is_dlt=True), vote(SRC2, is_dlt=False)]
    assert (tracked(split).adjudicated, due(split)) == (None, True)
    given(split).when(CompleteDltWindow("S01")).refused("OPEN_DLT_CANDIDATE")
    settled = [*split, vote(MEMBERS[2], is_dlt=False)]
    assert (tracked(settled).adjudicated, due(settled)) == (False, False)
    given(settled).when(CompleteDltWindow("S01")).then([DltWindowCompleted(day(28))])


def test_how_many_must_agree_is_configuration() -> None:
    alone = replace(NCT05727722, dlt=replace(NCT05727722.dlt, adjudicators=1))
    made = replace(judgement(), required=1)
    given(REPORTED, study=alone).when(judge(), SRC).then([made])
    assert not due([*REPORTED, on("S01", made, by=SRC)], alone)
    three = replace(NCT05727722, dlt=replace(NCT05727722.dlt, adjudicators=3))
    votes = [on("S01", replace(judgement(), required=3), by=member) for member in MEMBERS]
    assert due([*REPORTED, *votes[:2]], three)
    assert not due([*REPORTED, *votes[:3]], three)


def test_a_vote_is_cast_once_and_changed_only_with_a_reason() -> None:
    voted = [*REPORTED, vote(SRC, is_dlt=True)]
    given(voted).when(judge(), SRC).refused("NO_CHANGE")
    given(voted).when(judge(rationale="other words"), SRC).refused("NO_CHANGE")
    given(voted).when(judge(is_dlt=False), SRC).refused("REASON_REQUIRED")
    given(voted).when(judge(is_dlt=False), SRC, reason=why()).then([judgement(is_dlt=False)])
    given(voted).when(judge(), SRC2).then([judgement()])


def test_after_a_change_everybody_judges_anew_without_a_reason() -> None:
    events = [*REPORTED, *judged("S01", is_dlt=False), on("S01", REGRADED, by=SC)]
    assert due(events)
    given(events).when(judge(is_dlt=False), SRC).then([judgement(is_dlt=False)])
    assert due([*events, vote(SRC, is_dlt=False)]), "votes on what has changed since do not count"
    assert not due([*events, *judged("S01", is_dlt=False)])


def test_until_it_is_judged_anew_the_last_judgement_counts() -> None:
    lower = on("S01", AdverseEventCorrected("AE-1", (FieldChange("grade", 3, 2),), None), by=SC)
    events = [*REPORTED, *judged("S01"), lower]
    assert (tracked(events).is_dlt, due(events)) == (True, True)
    one = [*events, vote(SRC, is_dlt=False)]
    assert (tracked(one).is_dlt, due(one)) == (True, True)
    both = [*one, vote(SRC2, is_dlt=False)]
    assert (tracked(both).is_dlt, due(both)) == (False, False)


def test_a_confirmed_dlt_that_is_no_candidate_any_more_can_be_taken_back() -> None:
    lower = on("S01", AdverseEventCorrected("AE-1", (FieldChange("grade", 3, 2),), None), by=SC)
    events = [*REPORTED, *judged("S01"), lower]
    given(events).when(judge(is_dlt=False), SRC).then([judgement(is_dlt=False)])
    given(events).when(judge(), SRC).refused("NOT_A_DLT_CANDIDATE")


def test_one_member_alone_does_not_take_a_confirmed_dlt_back() -> None:
    events = [*REPORTED, *judged("S01"), vote(SRC2, is_dlt=False)]
    assert (tracked(events).is_dlt, due(events)) == (True, True)


def test_a_confirmed_dlt_that_got_worse_is_due_only_if_somebody_judges_otherwise() -> None:
    worse = [*REPORTED, *judged("S01"), on("S01", REGRADED, by=SC)]
    assert not due(worse)
    assert not due([*worse, vote(SRC, is_dlt=True)])
    assert due([*worse, vote(SRC, is_dlt=False)])


def moved(started_at: str) -> Past:
    change = FieldChange("started_at", "2024-03-01T01:00:00.000Z", started_at)
    return on("S01", DoseCorrected((change,), "infusion sheet", reopens_window=False))


def test_another_day_0_makes_every_judgement_due_again() -> None:
    """Judged when it was no candidate, an event must not escape once its onset falls into the window."""
    before_the_dose = [*reported(onset=day(-1)), *judged("S01", is_dlt=False)]
    assert not due(before_the_dose)
    assert due([*before_the_dose, moved("2024-02-28T01:00:00.000Z")])
    confirmed = [*reported(onset=day(0)), *judged("S01")]
    assert due([*confirmed, moved("2024-03-02T01:00:00.000Z")])


def test_a_correction_of_the_dose_that_leaves_its_moment_leaves_the_judgement() -> None:
    fewer = FieldChange("cells.value", "0.15", "0.14")
    changed = on("S01", DoseCorrected((fewer,), "infusion sheet", reopens_window=False))
    assert not due([*REPORTED, *judged("S01", is_dlt=False), changed])


def test_the_members_who_agree_stand_behind_the_judgement() -> None:
    events = [*REPORTED, vote(SRC, is_dlt=True), vote(SRC2, is_dlt=False), vote(MEMBERS[2], is_dlt=True)]
    assert [one.member for one in tracked(events).standing] == [SRC.id, MEMBERS[2].id]


STORY = given(REPORTED)
BASE, DOSE = STORY.trial.subjects["S01"].adverse_events["AE-1"], STORY.trial.subjects["S01"].dose


def counted(cast: Iterable[tuple[int, bool]]) -> TrackedAdverseEvent:
    """Return the reported event after votes in this order."""
    event = BASE
    for place, (who, said) in enumerate(cast, BASE.changed_position + 1):
        past = vote(MEMBERS[who], is_dlt=said)
        event = course.evolve(event, past.payload, recorded(past, place, place))
    return event


def is_due(event: TrackedAdverseEvent) -> bool:
    assert DOSE is not None
    return outcome.is_adjudication_due(event, DOSE, STORY.trial.study)


def test_the_order_of_the_votes_never_matters() -> None:
    """Every ballot of up to four members, in every order: what counts is how many said what."""
    for said in product((True, False, None), repeat=4):
        ballot = [(who, vote) for who, vote in enumerate(said) if vote is not None]
        for_it, against = said.count(True), said.count(False)
        expected = True if for_it >= 2 else (False if against >= 2 else None)
        results = {(one.adjudicated, is_due(one)) for one in map(counted, permutations(ballot))}
        assert results == {(expected, expected is None)}


@for_all(st.lists(st.tuples(st.sampled_from(range(4)), st.booleans()), min_size=1, max_size=8))
def test_of_votes_that_were_changed_only_the_last_of_each_member_decides(
    cast: list[tuple[int, bool]],
) -> None:
    """Where the last votes settle it, how they came about does not matter; else what was settled stays."""
    changed, plain = counted(cast), counted(dict(cast).items())
    assert changed.is_settled is plain.is_settled
    assert {m: v.event.is_dlt for m, v in changed.votes.items()} == {
        MEMBERS[who].id: said for who, said in dict(cast).items()
    }
    if plain.is_settled:
        assert changed.adjudicated is plain.adjudicated
    elif changed.is_dlt:
        earlier = (counted(cast[:n]) for n in range(len(cast), 0, -1))
        assert next(one for one in earlier if one.is_settled).is_dlt


# -- exclusions ---------------------------------------------------------------------------------------------

TRANSIENT, LABORATORY = "transient_reaction", "isolated_laboratory_value"
PROGRESSION = "unrelated_progression_of_liver_failure"
BEGAN = datetime(2024, 3, 3, 8, 0, tzinfo=SITE)
ALT: dict[str, Any] = {"term": "Alanine aminotransferase increased", "soc": "Investigations"}


def excluded(name: str) -> AdjudicateDlt:
    return judge(is_dlt=False, exclusion=name)


def made(name: str) -> list[DltAdjudicated]:
    return [judgement(is_dlt=False, exclusion=name)]


def fell(to_grade: int, at: datetime, from_grade: int = 3) -> Past:
    event = AdverseEventRegraded("AE-1", from_grade, to_grade, at.date(), at, (), None)
    return on("S01", event, by=SC)


def test_an_exclusion_says_why_it_is_no_dlt() -> None:
    given(REPORTED).when(judge(exclusion=TRANSIENT), SRC).refused("EXCLUSION_OF_A_DLT")


def test_the_protocol_names_the_exclusions() -> None:
    given(REPORTED).when(excluded("bad_luck"), SRC).refused("UNKNOWN_EXCLUSION")


@pytest.mark.parametrize(
    ("after", "met"),
    [
        (timedelta(hours=71, minutes=59), True),
        (timedelta(hours=72), True),
        (timedelta(hours=72, milliseconds=1), False),
    ],
)
def test_a_transient_reaction_is_gone_within_72_hours_exactly(after: timedelta, met: bool) -> None:  # noqa: FBT001 - a case
    events = [*reported(onset_at=BEGAN), fell(1, BEGAN + after)]
    story = given(events).when(excluded(TRANSIENT), SRC)
    story.then(made(TRANSIENT)) if met else story.refused("EXCLUSION_NOT_MET")


@pytest.mark.parametrize(("to_grade", "met"), [(1, True), (2, False)])
def test_a_transient_reaction_is_back_to_grade_1(to_grade: int, met: bool) -> None:  # noqa: FBT001 - a case
    events = [*reported(onset_at=BEGAN), fell(to_grade, BEGAN + timedelta(hours=1))]
    story = given(events).when(excluded(TRANSIENT), SRC)
    story.then(made(TRANSIENT)) if met else story.refused("EXCLUSION_NOT_MET")


def test_what_still_lasts_is_not_transient() -> None:
    given(reported(onset_at=BEGAN)).when(excluded(TRANSIENT), SRC).refused("EXCLUSION_NOT_MET")


def test_a_relapse_counts_until_its_end() -> None:
    hours = [BEGAN + timedelta(hours=h) for h in (2, 70, 73)]
    events = [*reported(onset_at=BEGAN), fell(1, hours[0]), fell(3, hours[1], 1), fell(1, hours[2])]
    given(events).when(excluded(TRANSIENT), SRC).refused("EXCLUSION_NOT_MET")


@pytest.mark.parametrize(("ended", "met"), [(day(4), True), (day(5), False)])
def test_where_only_days_are_known_no_doubt_shortens_it(ended: date, met: bool) -> None:  # noqa: FBT001 - a case
    """From the first moment of day 2 to the last of day 4 are 72 hours."""
    over = AdverseEventResolved("AE-1", AdverseEventOutcome.RECOVERED, ended)
    story = given([*reported(), on("S01", over, by=SC)]).when(excluded(TRANSIENT), SRC)
    story.then(made(TRANSIENT)) if met else story.refused("EXCLUSION_NOT_MET")


@pytest.mark.parametrize(("fell_on", "met"), [(day(4), True), (day(5), False)])
def test_nor_where_only_the_day_of_the_fall_is_known(fell_on: date, met: bool) -> None:  # noqa: FBT001 - a case
    fall = on("S01", AdverseEventRegraded("AE-1", 3, 1, fell_on, None, (), None), by=SC)
    story = given([*reported(), fall]).when(excluded(TRANSIENT), SRC)
    story.then(made(TRANSIENT)) if met else story.refused("EXCLUSION_NOT_MET")


def test_a_transient_reaction_is_not_measured_against_baseline() -> None:
    events = [*reported(onset_at=BEGAN, baseline_grade=2), fell(2, BEGAN + timedelta(hours=1))]
    given(events).when(excluded(TRANSIENT), SRC).refused("EXCLUSION_NOT_MET")


def test_recovery_with_sequelae_is_no_recovery() -> None:
    over = AdverseEventResolved("AE-1", AdverseEventOutcome.RECOVERED_WITH_SEQUELAE, day(2))
    events = [*reported(), on("S01", over, by=SC)]
    given(events).when(excluded(TRANSIENT), SRC).refused("EXCLUSION_NOT_MET")


@pytest.mark.parametrize(
    "fields",
    [{"grade": 4}, ALT, {"term": "Hypotension", "soc": "Vascular disorders"}],
    ids=["grade 4", "a laboratory value", "another term"],
)
def test_a_transient_reaction_is_of_named_terms_and_at_most_grade_3(fields: dict[str, Any]) -> None:
    events = reported(onset_at=BEGAN, **fields)
    grade = fields.get("grade", 3)
    given([*events, fell(1, BEGAN + timedelta(hours=1), grade)]).when(excluded(TRANSIENT), SRC).refused(
        "EXCLUSION_NOT_MET"
    )


@pytest.mark.parametrize(
    ("fields", "to_grade", "after", "met"),
    [
        ({}, 2, timedelta(days=7), True),
        ({}, 2, timedelta(days=7, milliseconds=1), False),
        ({"baseline_grade": 2}, 2, timedelta(days=1), True),
        ({"grade": 4}, 2, timedelta(days=1), False),
        ({"term": "Fever", "soc": adverse_event().soc}, 2, timedelta(days=1), False),
    ],
)
def test_an_isolated_laboratory_value_is_back_to_grade_2_within_7_days(
    fields: dict[str, Any],
    to_grade: int,
    after: timedelta,
    met: bool,  # noqa: FBT001 - a case
) -> None:
    events = reported(**{**ALT, "onset_at": BEGAN, **fields})
    later = fell(to_grade, BEGAN + after, fields.get("grade", 3))
    story = given([*events, later]).when(excluded(LABORATORY), SRC)
    story.then(made(LABORATORY)) if met else story.refused("EXCLUSION_NOT_MET")


def test_progression_of_the_disease_is_a_matter_of_the_term_alone() -> None:
    failure = reported(term="Hepatic failure", soc="Hepatobiliary disorders")
    given(failure).when(excluded(PROGRESSION), SRC).then(made(PROGRESSION))
    given(REPORTED).when(excluded(PROGRESSION), SRC).refused("EXCLUSION_NOT_MET")


def test_the_exclusions_are_those_under_which_the_subject_was_dosed() -> None:
    none = replace(NCT05727722, dlt=replace(NCT05727722.dlt, exclusions=()))
    events = [*reported(onset_at=BEGAN), fell(1, BEGAN + timedelta(hours=1))]
    given(events, study=none).when(excluded(TRANSIENT), SRC).refused("UNKNOWN_EXCLUSION")


def test_another_exclusion_is_another_judgement() -> None:
    events = [*reported(onset_at=BEGAN), fell(1, BEGAN + timedelta(hours=1)), vote(SRC, is_dlt=False)]
    given(events).when(excluded(TRANSIENT), SRC).refused("REASON_REQUIRED")
    given(events).when(excluded(TRANSIENT), SRC, reason=why()).then(made(TRANSIENT))


@pytest.mark.parametrize(
    "change",
    [
        {"terms": ("Pyrexia",)},
        {"max_grade": 6},
        {"back_to_grade": -1},
        {"back_to_grade": 3},
        {"within_hours": 0},
    ],
)
def test_a_configuration_names_exclusions_that_can_be_met(change: dict[str, Any]) -> None:
    first, *others = NCT05727722.dlt.exclusions
    dlt = replace(NCT05727722.dlt, exclusions=(replace(first, **change), *others))
    with pytest.raises(Refused, match="BAD_CONFIG"):
        require_sound(replace(NCT05727722, dlt=dlt))


def test_who_treats_the_subject_does_not_judge_it() -> None:
    """The person who enrolled and dosed is no independent member (part 11 section 6)."""
    given(REPORTED).when(judge(), Member(PI.id, PI.name, SRC.role)).refused("SOD_VIOLATION")
