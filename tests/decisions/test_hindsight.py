"""Which signed decision would have read otherwise, and because of which event (domain 1.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from core.kernel import streams
from core.trial.escalation.commands import SignDecision
from core.trial.escalation.events import DecisionSigned, DecisionSuperseded
from core.trial.hindsight import words
from core.trial.subject.adverse_events import (
    AdverseEvent,
    AdverseEventCorrected,
    AdverseEventRegraded,
    AdverseEventReported,
    Causality,
)
from core.trial.subject.events import DltWindowCompleted, SubjectWithdrawn
from core.trial.subject.field_change import FieldChange
from tests.decisions.committee import agreed, seated, signed
from tests.support.given import (
    CELLS,
    SC,
    SRC,
    START,
    Past,
    administered,
    adverse_event,
    completed,
    dosed,
    enrolled,
    judged,
    on,
)

if TYPE_CHECKING:
    from core.trial.hindsight import Remembered

DECIDED_AT = START + timedelta(days=100)
DAY = DECIDED_AT.date()
LATER = DECIDED_AT + timedelta(days=30)

MILD = replace(adverse_event("AE-2", grade=2), causality=Causality.UNLIKELY)
# Level 1 cleared, three clean subjects at level 2, the first of them with an unlikely grade 2.
COHORT = [
    *completed("S01"),
    *completed("S02", 2),
    on("S02", AdverseEventReported(MILD), by=SC),
    *completed("S03", 2),
    *completed("S04", 2),
]
ESCALATED = signed(COHORT, "escalate", 3, at=DECIDED_AT)


def corrected(*changes: FieldChange, ae_id: str = "AE-2", key: str = "S02") -> Past:
    return on(key, AdverseEventCorrected(ae_id, changes, "discharge summary"), by=SC, at=LATER)


UPGRADED = corrected(FieldChange("grade", 2, 3), FieldChange("causality", "unlikely", "probable"))


def reported(key: str, entry: AdverseEvent) -> Past:
    return on(key, AdverseEventReported(entry), by=SC, at=LATER)


def remembered(events: list[Past]) -> tuple[Remembered, ...]:
    return seated(events).trial.remembered


def touches(events: list[Past]) -> list[tuple[tuple[str, int | None], tuple[str, int | None]]]:
    """Return what the last signed decision was and would be after each event that changed it."""
    return [(words(one.was), words(one.would_be)) for one in remembered(events)[-1].touches]


def test_a_decision_stands_as_long_as_nothing_behind_it_changes() -> None:
    [one] = remembered(ESCALATED)
    assert one.stands
    assert one.changed_by is None
    assert (words(one.decision), one.day) == (("escalate", 3), DAY)


def test_a_late_upgrade_would_have_held_the_decision_and_its_judgement_would_have_expanded() -> None:
    """Domain 8: the ascites of S002, entered unlikely, upgraded to a related grade 3 after the escalation."""
    events = [*ESCALATED, UPGRADED, *judged("S02", "AE-2")]
    assert touches(events) == [
        (("escalate", 3), ("hold", 3)),
        (("hold", 3), ("expand", 2)),
    ]
    [one] = remembered(events)
    base = len(seated().base) + len(ESCALATED)
    # The correction, then the second of the two votes: the first settles nothing.
    assert [touch.position for touch in one.touches] == [base + 1, base + 3]
    assert one.decision.row == 17
    assert not one.stands


def test_a_judgement_that_clears_the_event_lets_the_decision_stand_again() -> None:
    events = [*ESCALATED, UPGRADED, *judged("S02", "AE-2", is_dlt=False)]
    assert touches(events) == [(("escalate", 3), ("hold", 3)), (("hold", 3), ("escalate", 3))]
    [one] = remembered(events)
    assert one.stands
    assert one.changed_by is None


def test_a_correction_that_does_not_change_the_decision_touches_nothing() -> None:
    assert touches([*ESCALATED, corrected(FieldChange("grade", 2, 1))]) == []


def test_a_subject_dosed_later_changes_nothing_behind() -> None:
    """S05 is dosed after the signature; a toxicity of theirs was unknown to anybody that day."""
    after = [*ESCALATED, *dosed("S05", 3, LATER), reported("S05", adverse_event("AE-5", onset=LATER.date()))]
    assert touches([*after, *judged("S05", "AE-5")]) == []


@pytest.mark.parametrize(
    ("onset", "changes"),
    [
        (DAY - timedelta(days=1), [(("escalate", 3), ("hold", 3))]),
        (DAY, []),
        (DAY + timedelta(days=1), []),
    ],
)
def test_a_new_adverse_event_counts_if_it_began_before_the_day_of_the_decision(
    onset: date, changes: list[tuple[object, object]]
) -> None:
    """The window of S05 is open that day, so the onset alone decides."""
    dose_at = DECIDED_AT - timedelta(days=10)
    cohort = [*COHORT, *completed("S05", 3, START), *dosed("S06", 3, dose_at)]
    events = signed(cohort, "enrol", 3, at=DECIDED_AT)
    expected = [(("enrol", 3), would_be) for _, would_be in changes]
    assert touches([*events, reported("S06", adverse_event("AE-6", onset=onset))]) == expected


def test_a_worsening_after_the_day_is_no_hindsight_and_neither_is_its_judgement() -> None:
    dose_at = DECIDED_AT - timedelta(days=10)
    mild = adverse_event("AE-6", grade=1, onset=DAY - timedelta(days=5))
    cohort = [
        *COHORT,
        *completed("S05", 3),
        *dosed("S06", 3, dose_at),
        on("S06", AdverseEventReported(mild), by=SC, at=DECIDED_AT),
    ]
    events = signed(cohort, "enrol", 3, at=DECIDED_AT)

    def worsened(day: date) -> list[Past]:
        event = AdverseEventRegraded("AE-6", 1, 3, day, None, (), None)
        return [*events, on("S06", event, by=SC, at=LATER), *judged("S06", "AE-6")]

    assert touches(worsened(DAY)) == []
    assert touches(worsened(DAY - timedelta(days=1)))[0] == (("enrol", 3), ("hold", 3))


def test_a_departure_counts_if_it_was_before_the_day() -> None:
    """The second of two at level 2 leaves before the day, or on it."""
    dose_at = DECIDED_AT - timedelta(days=10)
    cohort = [*completed("S01"), *completed("S02", 2), *dosed("S03", 2, dose_at)]
    events = signed(cohort, "enrol", 2, at=DECIDED_AT)
    gone = SubjectWithdrawn(DAY - timedelta(days=1), "consent_withdrawn", dlt_related=False)
    [one] = remembered([*events, on("S03", gone, at=LATER)])
    assert words(one.decision) == ("enrol", 2)
    assert (one.decision.slots, one.decision.reason) == (2, "replacement")
    late = SubjectWithdrawn(DAY, "consent_withdrawn", dlt_related=False)
    [one] = remembered([*events, on("S03", late, at=LATER)])
    assert (one.decision.slots, one.decision.reason) == (1, "fill_cohort")


def test_a_closed_window_is_the_trial_going_on() -> None:
    dose_at = DECIDED_AT - timedelta(days=10)
    cohort = [*completed("S01"), *completed("S02", 2), *dosed("S03", 2, dose_at)]
    events = signed(cohort, "enrol", 2, at=DECIDED_AT)
    closed = on("S03", DltWindowCompleted((dose_at + timedelta(days=28)).date()), at=LATER)
    assert touches([*events, closed]) == []


def test_a_dose_entered_late_counts_for_the_day_on_which_it_was_given() -> None:
    """Signed on one subject at level 2; another had been dosed there, entered only afterwards."""
    cohort = [*completed("S01"), *completed("S02", 2), *completed("S03", 2), *enrolled("S04", 2)]
    events = signed(cohort, "enrol", 2, at=DECIDED_AT)
    before, after = DECIDED_AT - timedelta(hours=1), DECIDED_AT + timedelta(hours=1)
    for moment, expected in ((before, [(("enrol", 2), ("wait", 2))]), (after, [])):
        dose = on("S04", administered(2, moment, "L-S04"), at=LATER)
        assert touches([*events, dose]) == expected


def test_each_earlier_decision_is_touched_by_itself() -> None:
    """The DLT of the only subject at level 1 would have changed both decisions that rest on it."""
    first = signed(completed("S01"), "escalate", 2, at=START + timedelta(days=40))
    dose_at = START + timedelta(days=41)
    cohort = [e for n in (2, 3, 4) for e in completed(f"S{n:02d}", 2, dose_at)]
    both = signed([*first, *cohort], "escalate", 3, meeting="M2", at=DECIDED_AT)
    events = [*both, reported("S01", adverse_event("AE-1")), *judged("S01", "AE-1")]
    opened, escalated = remembered(events)
    # Then: one DLT in the one subject of level 1 ends titration and fills the cohort (row 13).
    assert (words(opened.decision), opened.decision.row) == (("expand", 1), 13)
    # Then: level 1 below the dosed level 2 has n = 1 with a DLT (row 2).
    assert (words(escalated.decision), escalated.decision.row) == (("expand", 1), 2)


# -- saying so ------------------------------------------------------------------------------------------


def superseded(events: list[Past]) -> list[DecisionSuperseded]:
    return [past.payload for past in events if isinstance(past.payload, DecisionSuperseded)]


def test_the_next_signature_says_which_decision_and_by_which_event() -> None:
    late = [*ESCALATED, UPGRADED, *judged("S02", "AE-2")]
    [one] = remembered(late)
    touch = one.changed_by
    assert touch is not None
    events = signed(late, "expand", 2, meeting="M2", at=LATER)
    assert superseded(events) == [DecisionSuperseded(one.digest, touch.digest, "expand", 2, CELLS[2])]
    assert isinstance(events[-2].payload, DecisionSigned)


def test_it_is_said_once() -> None:
    late = [*ESCALATED, UPGRADED, *judged("S02", "AE-2")]
    once = signed(late, "expand", 2, meeting="M2", at=LATER)
    again = signed([*once, *dosed("S05", 2, LATER)], "enrol", 2, meeting="M3", at=LATER)
    assert len(superseded(again)) == 1


def test_a_decision_that_stands_again_is_not_said_to_be_superseded() -> None:
    cleared = [*ESCALATED, UPGRADED, *judged("S02", "AE-2", is_dlt=False), *dosed("S05", 3, LATER)]
    assert superseded(signed(cleared, "enrol", 3, meeting="M2", at=LATER)) == []


def test_a_second_change_is_said_again() -> None:
    late = [*ESCALATED, UPGRADED, *judged("S02", "AE-2")]
    once = signed(late, "expand", 2, meeting="M2", at=LATER)
    second = [*once, reported("S03", adverse_event("AE-3")), *judged("S03", "AE-3")]
    events = signed(second, "deescalate", 1, meeting="M3", at=LATER)
    # Two DLTs among the three of that day: level 2 is exceeded, level 1 has one clean subject (row 7).
    escalated, expanded = superseded(events)[1:]
    assert (escalated.would_be, escalated.would_be_level) == ("deescalate", 1)
    assert (expanded.would_be, expanded.would_be_level) == ("deescalate", 1)
    assert escalated.superseded != expanded.superseded
    assert escalated.by == expanded.by


def test_signing_rests_on_the_same_streams_as_before() -> None:
    late = [*ESCALATED, UPGRADED, *judged("S02", "AE-2")]
    story = seated(agreed(late, "expand", 2, meeting="M2", at=LATER))
    story.when(SignDecision("M2", "expand", 2, None), SRC)
    assert set(story.facts.reads) == {"study", "escalation", *(f"subject/S0{n}" for n in range(1, 5))}
    assert all(one.stream == streams.ESCALATION for one in story.decided)
