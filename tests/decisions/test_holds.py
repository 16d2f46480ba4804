"""What stops dosing: triggers that the fold raises, holds that people place, and their lifting by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel import streams
from core.rules.dlt import FATAL_GRADE
from core.trial.escalation.commands import LiftSafetyHold, PlaceSafetyHold
from core.trial.escalation.events import SafetyHoldLifted, SafetyHoldPlaced
from core.trial.escalation.holds import holds_in_force
from core.trial.subject.adverse_events import (
    AdverseEvent,
    AdverseEventCorrected,
    AdverseEventReported,
    Causality,
    Seriousness,
)
from core.trial.subject.field_change import FieldChange
from tests.decisions.committee import seated
from tests.support.given import (
    LONG_AFTER,
    NCT05727722,
    PI,
    SC,
    SRC,
    START,
    Past,
    adverse_event,
    completed,
    dose,
    dosed,
    enrolled,
    given,
    judged,
    on,
    recorded,
    with_dlt,
)

if TYPE_CHECKING:
    from core.trial.study.config import ProtocolConfig

LIFE_THREATENING = (Seriousness.LIFE_THREATENING,)


def reported(key: str, entry: AdverseEvent) -> Past:
    return on(key, AdverseEventReported(entry), by=SC)


def threatening(ae_id: str = "AE-1", **fields: Any) -> AdverseEvent:
    serious = replace(adverse_event(ae_id, grade=4), serious=True, seriousness_criteria=LIFE_THREATENING)
    return replace(serious, aware_at=START, **fields)


def holds(events: list[Past], study: ProtocolConfig = NCT05727722) -> list[str]:
    trial = given(events, study=study).trial
    return [one.id for one in holds_in_force(trial.raised, trial.escalation)]


def lifted(*triggers: str) -> Past:
    return Past(streams.ESCALATION, SafetyHoldLifted(triggers, "benefit outweighs the risk"), by=SRC)


# -- triggers -----------------------------------------------------------------------------------------


def test_a_quiet_trial_has_no_hold() -> None:
    assert holds([*completed("S01"), *completed("S02", 2)]) == []


def test_a_related_death_stops_dosing() -> None:
    assert holds([*dosed("S01"), reported("S01", adverse_event(grade=FATAL_GRADE))]) == [
        "related_death:S01/AE-1"
    ]


def test_an_unrelated_death_does_not() -> None:
    unrelated = replace(adverse_event(grade=FATAL_GRADE), causality=Causality.UNLIKELY)
    assert holds([*dosed("S01"), reported("S01", unrelated)]) == []


def test_a_death_of_the_procedure_does() -> None:
    entry = replace(
        adverse_event(grade=FATAL_GRADE),
        causality=Causality.UNRELATED,
        procedure_causality=Causality.POSSIBLE,
    )
    assert holds([*dosed("S01"), reported("S01", entry)]) == ["related_death:S01/AE-1"]


def test_a_related_life_threatening_event_stops_dosing_whenever_it_began() -> None:
    late = threatening(onset=(START + timedelta(days=50)).date())
    assert holds([*dosed("S01"), reported("S01", late)]) == ["related_life_threatening:S01/AE-1"]
    mild = replace(threatening(), seriousness_criteria=(Seriousness.HOSPITALISATION,))
    assert holds([*dosed("S01"), reported("S01", mild)]) == []


def test_before_the_dose_nothing_is_raised() -> None:
    assert holds([*enrolled("S01"), reported("S01", threatening())]) == []


def test_two_dlts_at_one_level_stop_dosing_naming_both() -> None:
    one = [*completed("S01"), *with_dlt("S02", 2)]
    assert holds(one) == []
    assert holds([*one, *with_dlt("S03", 2)]) == ["two_dlts:S02/AE-S02+S03/AE-S03"]
    assert holds([*one, *with_dlt("S03", 3)])[:1] != ["two_dlts:S02/AE-S02+S03/AE-S03"]


def test_a_third_dlt_is_another_hold() -> None:
    two = [*completed("S01"), *with_dlt("S02", 2), *with_dlt("S03", 2)]
    three = [*two, lifted("two_dlts:S02/AE-S02+S03/AE-S03"), *with_dlt("S04", 2)]
    assert holds(three) == ["two_dlts:S02/AE-S02+S03/AE-S03+S04/AE-S04"]


def cleared_then_late() -> list[Past]:
    """A clean cohort at level 2, one subject at level 3, then a DLT of the first of level 2."""
    cohort = [event for n in (2, 3, 4) for event in completed(f"S{n:02d}", 2)]
    late = reported("S02", adverse_event("AE-9"))
    return [*completed("S01"), *cohort, *dosed("S05", 3), late, *judged("S02", "AE-9")]


def test_a_late_dlt_below_a_dosed_level_stops_dosing() -> None:
    assert holds(cleared_then_late()[:-1]) == [], "one vote of two is no judgement"
    assert holds(cleared_then_late()) == ["late_dlt:S02/AE-9"]


def test_a_level_reopened_without_a_dlt_raises_nothing() -> None:
    """Level 2 has one clean subject only, and level 3 is dosed: rows 2 to 5 without a DLT."""
    assert holds([*completed("S01"), *completed("S02", 2), *dosed("S03", 3)]) == []


@pytest.mark.parametrize("kind", ["related_death", "related_life_threatening", "late_dlt", "two_dlts"])
def test_each_kind_is_configuration(kind: str) -> None:
    others = tuple(one for one in NCT05727722.safety.holds if one != kind)
    study = replace(NCT05727722, safety=replace(NCT05727722.safety, holds=others))
    fatal = replace(threatening(), grade=FATAL_GRADE)
    everything = [
        *cleared_then_late(),
        reported("S01", fatal),
        *with_dlt("S06", 4),
        *with_dlt("S07", 4),
    ]
    kinds = {one.partition(":")[0] for one in holds(everything)}
    assert kinds == set(NCT05727722.safety.holds)
    assert {one.partition(":")[0] for one in holds(everything, study)} == kinds - {kind}


def test_a_correction_does_not_take_a_hold_away() -> None:
    """Whoever enters data cannot let dosing go on: that is for the committee."""
    downgraded = AdverseEventCorrected(
        "AE-1", (FieldChange("causality", "probable", "unlikely"),), "discharge summary"
    )
    events = [*dosed("S01"), reported("S01", threatening()), on("S01", downgraded, by=SC)]
    assert holds(events) == ["related_life_threatening:S01/AE-1"]


TWO = "two_dlts:S02/AE-S02+S03/AE-S03"
TWO_DLTS = [*completed("S01"), *with_dlt("S02", 2), *with_dlt("S03", 2)]


def last_position(events: list[Past]) -> int:
    return given(events).trial.position


def test_a_dlt_taken_back_and_confirmed_again_raises_another_hold() -> None:
    taken_back = [*TWO_DLTS, lifted(TWO), *judged("S02", "AE-S02", is_dlt=False)]
    assert holds(taken_back) == []
    again = [*taken_back, *judged("S02", "AE-S02")]
    renewed = f"{TWO}@{last_position(again)}"
    assert holds(again) == [renewed]
    assert holds([*again, lifted(renewed)]) == []


def test_what_was_lifted_stays_lifted_while_its_cause_goes_on() -> None:
    """A third clean subject, and a further vote on the same judgement, change nothing of it."""
    assert holds([*TWO_DLTS, lifted(TWO), *completed("S04", 2), *judged("S02", "AE-S02")]) == []


def causality(old: str, new: str) -> Past:
    change = FieldChange("causality", old, new)
    return on("S01", AdverseEventCorrected("AE-1", (change,), "discharge summary"), by=SC)


def test_a_cause_corrected_away_that_comes_back_raises_another_hold() -> None:
    hold = "related_life_threatening:S01/AE-1"
    away = [
        *dosed("S01"),
        reported("S01", threatening()),
        lifted(hold),
        causality("probable", "unlikely"),
    ]
    assert holds(away) == []
    back = [*away, causality("unlikely", "probable")]
    renewed = f"{hold}@{last_position(back)}"
    assert holds(back) == [renewed]
    seated(back).when(LiftSafetyHold((hold,), "explained"), SRC).refused("NOT_IN_FORCE")
    twice = [*back, lifted(renewed), causality("probable", "unlikely"), causality("unlikely", "possible")]
    assert holds(twice) == [f"{hold}@{last_position(twice)}"]


def test_a_hold_that_was_never_lifted_stays_beside_the_one_that_its_cause_raises_anew() -> None:
    hold = "related_life_threatening:S01/AE-1"
    away = [*dosed("S01"), reported("S01", threatening()), causality("probable", "unlikely")]
    assert holds(away) == [hold]
    back = [*away, causality("unlikely", "probable")]
    assert holds(back) == [hold, f"{hold}@{last_position(back)}"]


def test_two_copies_of_a_trial_see_their_own_causes() -> None:
    events = [*dosed("S01"), reported("S01", threatening())]
    trial = given(events).trial
    twin = trial.copy()
    gone = recorded(causality("probable", "unlikely"), trial.position + 1, trial.versions["subject/S01"] + 1)
    twin.apply(gone)
    assert trial.present == {"S01": frozenset({"related_life_threatening:S01/AE-1"})}
    assert twin.present == {}
    assert trial.raised == twin.raised


def test_a_cause_names_the_dose_beside_the_ordinal() -> None:
    [raised] = given(TWO_DLTS).trial.raised.values()
    assert "at level 2 (0.5 10*9 cells): S02/AE-S02+S03/AE-S03" in raised.cause


def test_a_trigger_remembers_the_event_that_raised_it() -> None:
    events = [*dosed("S01"), reported("S01", threatening()), *completed("S02")]
    story = given(events)
    raised = story.trial.raised["related_life_threatening:S01/AE-1"]
    assert raised.position == len(story.base) + len(dosed("S01")) + 1


# -- dosing -------------------------------------------------------------------------------------------


def test_no_dose_while_a_hold_stands_and_a_dose_once_it_is_lifted() -> None:
    """Level 1 after a related grade 2: the table expands it, so only the hold stands in the way."""
    moderate = reported("S01", threatening("AE-5", grade=2))
    waiting = [*completed("S01"), moderate, *enrolled("S02", at=LONG_AFTER)]
    given(waiting).when(dose("S02"), PI).refused("SAFETY_HOLD")
    assert given([*waiting, lifted("related_life_threatening:S01/AE-5")]).when(dose("S02"), PI).decided


# -- people -------------------------------------------------------------------------------------------


def test_the_investigator_places_a_hold_and_the_committee_lifts_it() -> None:
    seated().when(PlaceSafetyHold("a cluster of fevers"), PI).then(
        [SafetyHoldPlaced("manual:1", "a cluster of fevers")]
    )
    placed = Past(streams.ESCALATION, SafetyHoldPlaced("manual:1", "a cluster of fevers"))
    assert holds([placed]) == ["manual:1"]
    seated([placed]).when(LiftSafetyHold(("manual:1",), "explained"), SRC).then(
        [SafetyHoldLifted(("manual:1",), "explained")]
    )
    assert holds([placed, lifted("manual:1")]) == []
    seated([placed, lifted("manual:1")]).when(PlaceSafetyHold("again"), PI).then(
        [SafetyHoldPlaced("manual:2", "again")]
    )


@pytest.mark.parametrize(
    ("triggers", "code"),
    [
        ((), "NO_CHANGE"),
        (("manual:1", "manual:1"), "DUPLICATE_FIELD"),
        (("manual:2",), "NOT_IN_FORCE"),
        (("manual:1", "late_dlt:S02/AE-9"), "NOT_IN_FORCE"),
    ],
)
def test_a_lifting_names_holds_that_stand(triggers: tuple[str, ...], code: str) -> None:
    placed = Past(streams.ESCALATION, SafetyHoldPlaced("manual:1", "fevers"))
    seated([placed]).when(LiftSafetyHold(triggers, "explained"), SRC).refused(code)


def test_a_hold_is_lifted_once() -> None:
    placed = Past(streams.ESCALATION, SafetyHoldPlaced("manual:1", "fevers"))
    again = LiftSafetyHold(("manual:1",), "explained")
    seated([placed, lifted("manual:1")]).when(again, SRC).refused("NOT_IN_FORCE")


def test_words_are_needed() -> None:
    seated().when(PlaceSafetyHold(" "), PI).refused("BAD_TEXT")
    placed = Past(streams.ESCALATION, SafetyHoldPlaced("manual:1", "fevers"))
    seated([placed]).when(LiftSafetyHold(("manual:1",), ""), SRC).refused("BAD_TEXT")


def test_no_hold_without_a_configuration() -> None:
    given(study=None).when(PlaceSafetyHold("fevers"), PI).refused("NO_PROTOCOL_CONFIG")
