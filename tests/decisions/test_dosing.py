"""The dose: once, at the open level, on time, out of a checked preparation; and its correction afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given as generated
from hypothesis import strategies as st

from core.kernel import streams
from core.kernel.quantities import Quantity
from core.trial.escalation.events import DecisionSigned
from core.trial.product.events import DosePreparationDiscarded, LotRejected
from core.trial.subject.commands import CorrectDose
from core.trial.subject.dosing import deviation_percent, dose_deviation
from core.trial.subject.events import (
    DltWindowCompleted,
    DoseCorrected,
    IdentityCheck,
    Interruption,
    LiverTransplantRecorded,
)
from core.trial.subject.field_change import FieldChange
from core.trial.subject.stagger import DosedBefore, stagger_breach
from tests.golden.strategies import example
from tests.support.given import (
    NCT05727722,
    SRC,
    START,
    Past,
    administered,
    candidate,
    cells,
    completed,
    digest,
    dose,
    dosed,
    enrolled,
    given,
    lot_contents,
    lot_on,
    on,
    preparation,
    released,
    why,
    with_dlt,
)

AT = START + timedelta(hours=2)
INSTANT = timedelta(milliseconds=1)
DAY = timedelta(days=1)


def opened(level: int) -> Past:
    decision = replace(example(DecisionSigned), decision="escalate", level=level, config_number=1, levels=())
    return Past(streams.ESCALATION, decision, by=SRC, at=START - 70 * DAY)


def now_given(key: str = "S01", level: int = 1, at: datetime = AT, **fields: Any) -> Any:
    return dose(key, level, at, **fields)


# -- who and when -------------------------------------------------------------------------------------


def test_an_enrolled_subject_is_dosed() -> None:
    given(enrolled("S01")).when(now_given(), at=AT).then([administered(at=AT)])


def test_a_dose_guards_every_subject_and_the_lot() -> None:
    story = given([*enrolled("S01"), *candidate("S02")]).when(now_given(), at=AT)
    assert {"study", "escalation", "subject/S01", "subject/S02", "lot/L-S01"} == set(story.facts.reads)
    assert story.facts.births == {"subject/": 2}


def test_an_unknown_subject_is_not_dosed() -> None:
    given().when(now_given(), at=AT).refused("UNKNOWN_SUBJECT")


def test_the_product_is_given_once() -> None:
    given(dosed("S01")).when(now_given(), at=AT).refused("ALREADY_DOSED")


def test_a_candidate_is_not_dosed() -> None:
    given(candidate("S01")).when(now_given(), at=AT).refused("ILLEGAL_SEQUENCE")


def test_a_subject_who_left_is_not_dosed() -> None:
    gone = on("S01", LiverTransplantRecorded(START.date()))
    given([*enrolled("S01"), gone]).when(now_given(), at=AT).refused("ILLEGAL_SEQUENCE")


def test_a_dose_before_enrolment_is_none() -> None:
    early = START - INSTANT
    given(enrolled("S01")).when(now_given(at=early), at=early).refused("ILLEGAL_SEQUENCE")


def test_the_level_is_that_of_the_enrolment() -> None:
    given(enrolled("S01")).when(now_given(level=2), at=AT).refused("LEVEL_MISMATCH")


def test_a_level_without_a_slot_takes_no_dose() -> None:
    waiting = enrolled("S03")
    given([*waiting, *dosed("S01", at=START - 20 * DAY)]).when(now_given("S03"), at=AT).refused(
        "LEVEL_NOT_OPEN"
    )


def test_a_level_that_the_committee_left_takes_no_dose() -> None:
    events = [*enrolled("S02"), *completed("S01", at=START - 60 * DAY), opened(2)]
    given(events).when(now_given("S02"), at=AT).refused("LEVEL_NOT_OPEN")


def test_on_a_safety_hold_nobody_is_dosed() -> None:
    toxic = [*with_dlt("S01", at=START - 60 * DAY), *with_dlt("S02", at=START - 40 * DAY)]
    given([*enrolled("S03"), *toxic]).when(now_given("S03"), at=AT).refused("SAFETY_HOLD")


# -- how much and how ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"cells": cells("150", "10*6")}, "WRONG_UNIT"),
        ({"cells": cells("0")}, "NON_POSITIVE"),
        ({"cells": cells("-0.15")}, "NON_POSITIVE"),
        ({"cells": cells("0.165000000001")}, "DOSE_ABOVE_LEVEL"),
        ({"cells": cells("0.5")}, "DOSE_ABOVE_LEVEL"),
        ({"cells": cells("0.150000000001")}, "MORE_THAN_PREPARED"),
        ({"volume": Quantity(Decimal(0), "mL")}, "NON_POSITIVE"),
        ({"volume": Quantity(Decimal("0.05"), "L")}, "WRONG_UNIT"),
        ({"route": "intravenous"}, "ROUTE_NOT_ALLOWED"),
        ({"started_at": AT - INSTANT}, "OCCURRED_AT_DIFFERS"),
        ({"ended_at": AT - INSTANT}, "BAD_INTERVAL"),
        ({"ended_at": AT + INSTANT}, "FUTURE_TIME"),
        ({"identity_checked": ()}, "IDENTITY_NOT_CHECKED"),
        ({"identity_checked": (IdentityCheck.WRISTBAND,) * 2}, "IDENTITY_NOT_CHECKED"),
        ({"interruption": Interruption(AT - INSTANT, None, "pain")}, "BAD_INTERVAL"),
        ({"interruption": Interruption(AT, AT + INSTANT, "pain")}, "BAD_INTERVAL"),
        ({"interruption": Interruption(AT, AT, " ")}, "BAD_TEXT"),
    ],
)
def test_what_cannot_or_must_not_have_been_given_is_refused(fields: dict[str, Any], code: str) -> None:
    given(enrolled("S01")).when(now_given(**fields), at=AT).refused(code)


def test_an_interrupted_administration_is_recorded_with_its_times() -> None:
    end = AT + timedelta(minutes=30)
    for pause in (
        Interruption(AT, end, "nausea"),
        Interruption(end, None, "patient's wish"),
        Interruption(AT + 5 * INSTANT, AT + 5 * INSTANT, "pump alarm"),
    ):
        asked = now_given(ended_at=end, interruption=pause)
        expected = administered(at=AT, ended_at=end, interruption=pause)
        given(enrolled("S01")).when(asked, at=AT, now=end).then([expected])


def test_an_interruption_is_not_taken_up_before_it_began() -> None:
    end = AT + timedelta(minutes=30)
    pause = Interruption(AT + 2 * INSTANT, AT + INSTANT, "nausea")
    given(enrolled("S01")).when(now_given(ended_at=end, interruption=pause), at=AT, now=end).refused(
        "BAD_INTERVAL"
    )


def test_less_than_was_prepared_needs_a_reason() -> None:
    asked, less = now_given(cells=cells("0.149")), administered(at=AT, cells=cells("0.149"))
    given(enrolled("S01")).when(asked, at=AT).refused("REASON_REQUIRED")
    given(enrolled("S01")).when(asked, at=AT, reason=why()).then([less])


@pytest.mark.parametrize("amount", ["0.165", "0.135"])
def test_a_preparation_at_the_tolerance_is_given(amount: str) -> None:
    events = own_preparation(cells=cells(amount))
    expected = administered(at=AT, cells=cells(amount))
    given(events).when(now_given(cells=cells(amount)), at=AT).then([expected])


def test_the_tolerance_is_that_of_the_configuration() -> None:
    wide = replace(NCT05727722, dosing=replace(NCT05727722.dosing, tolerance_percent=Decimal(20)))
    events = own_preparation(cells=cells("0.18"))
    story = given(events, study=wide).when(now_given(cells=cells("0.18")), at=AT)
    story.then([administered(at=AT, cells=cells("0.18"))])


# -- the chain of identity ------------------------------------------------------------------------------


def own_preparation(lot: dict[str, Any] | None = None, **fields: Any) -> list[Past]:
    """An enrolled subject with a checked preparation that differs in some fields."""
    events = []
    for past in enrolled("S01"):
        if past.stream == "lot/L-S01" and past.payload == preparation("S01"):
            events.append(replace(past, payload=replace(past.payload, **fields)))
        elif past.stream == "lot/L-S01" and lot is not None and hasattr(past.payload, "contents"):
            events.append(replace(past, payload=replace(past.payload, contents=lot_contents(**lot))))
        else:
            events.append(past)
    return events


def test_nobody_is_dosed_from_a_lot_that_was_not_prepared_for_them() -> None:
    events = [*enrolled("S01"), *released("L-2"), *enrolled("S02")]
    for lot in ("L-2", "L-S02", "L-9"):
        given(events).when(now_given(lot=lot), at=AT).refused("CHAIN_OF_IDENTITY")


def test_a_discarded_preparation_is_none() -> None:
    gone = lot_on("L-S01", DosePreparationDiscarded("S01", "spilled"))
    given([*enrolled("S01"), gone]).when(now_given(), at=AT).refused("CHAIN_OF_IDENTITY")


def test_a_preparation_that_nobody_checked_is_not_given() -> None:
    *events, _check = enrolled("S01")
    given(events).when(now_given(), at=AT).refused("PREPARATION_NOT_CHECKED")


def test_a_recalled_lot_is_not_given() -> None:
    recall = lot_on("L-S01", LotRejected("recall"))
    given([*enrolled("S01"), recall]).when(now_given(), at=AT).refused("LOT_NOT_RELEASED")


def test_at_its_expiry_a_lot_is_not_given_any_more() -> None:
    given(own_preparation({"expires_at": AT})).when(now_given(), at=AT).refused("LOT_EXPIRED")
    story = given(own_preparation({"expires_at": AT + INSTANT})).when(now_given(), at=AT)
    story.then([administered(at=AT)])


def test_a_dose_does_not_begin_before_its_check() -> None:
    *events, check = enrolled("S01")
    late = replace(check, at=AT + INSTANT)
    given([*events, late]).when(now_given(), at=AT).refused("ILLEGAL_SEQUENCE")
    given([*events, replace(check, at=AT)]).when(now_given(), at=AT).then([administered(at=AT)])


# -- stagger --------------------------------------------------------------------------------------------
# Times at the site are UTC+8: 16:00 UTC is midnight in Shanghai.

CLEARED = [*completed("S01", at=START - 90 * DAY), opened(2)]


def second_dose(first: datetime, second: datetime, others: list[Past] | None = None) -> Any:
    """S02 opens level 2, S03 follows."""
    waiting = enrolled("S03", 2, at=second - timedelta(hours=1))
    events = [*CLEARED, *dosed("S02", 2, at=first), *(others or []), *waiting]
    return given(events).when(now_given("S03", 2, second), at=second)


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        ("2024-03-01T01:00", "2024-03-15T01:00", False),  # 14 days to the hour
        ("2024-03-01T01:00", "2024-03-14T15:59", True),  # 13 days in Shanghai, at 23:59
        ("2024-03-01T15:30", "2024-03-14T16:10", False),  # 14 days in Shanghai, 13 in UTC
        ("2024-03-01T16:10", "2024-03-15T15:50", True),  # 13 days in Shanghai, 14 in UTC
        ("2024-03-01T16:10", "2024-03-15T16:00", False),
    ],
)
def test_the_second_of_a_level_waits_until_the_first_was_watched(
    first: str, second: str, *, refused: bool
) -> None:
    before, then = (datetime.fromisoformat(t).replace(tzinfo=UTC) for t in (first, second))
    story = second_dose(before, then)
    if refused:
        story.refused("STAGGER_VIOLATION")
    else:
        assert len(story.decided) == 1


@pytest.mark.parametrize(("days", "refused"), [(0, True), (2, True), (3, False)])
def test_later_subjects_follow_three_days_apart(days: int, *, refused: bool) -> None:
    between = dosed("S04", 2, at=START - days * DAY)
    story = second_dose(START - 30 * DAY, START + timedelta(minutes=5), between)
    if refused:
        story.refused("STAGGER_VIOLATION")
    else:
        assert len(story.decided) == 1


def test_the_days_are_those_of_the_configuration() -> None:
    quick = replace(NCT05727722.dosing, first_of_level_days=2, between_subjects_days=1)
    waiting = enrolled("S03", 2, at=START)
    events = [*CLEARED, *dosed("S02", 2, at=START - 2 * DAY), *waiting]
    asked = now_given("S03", 2, AT)
    given(events).when(asked, at=AT).refused("STAGGER_VIOLATION")
    assert given(events, study=replace(NCT05727722, dosing=quick)).when(asked, at=AT).decided


RULES = NCT05727722.dosing
TODAY = date(2024, 6, 30)


def earlier(days: int, level: int = 2, left_after: int | None = None) -> DosedBefore:
    day = TODAY - timedelta(days=days)
    return DosedBefore(level, day, None if left_after is None else day + timedelta(days=left_after))


STAGGER = {
    "nobody before": ([], True),
    "first watched": ([earlier(14)], True),
    "first not watched to the end": ([earlier(13)], False),
    "first left before, the next is first": ([earlier(13, left_after=12)], True),
    "first left today, before the end": ([earlier(13, left_after=13)], True),
    "first left on the last day, today": ([earlier(14, left_after=14)], True),
    "first left before the end": ([earlier(20, left_after=13), earlier(13)], False),
    "second was watched in the place of the first": ([earlier(30, left_after=5), earlier(14)], True),
    "first watched, second two days ago": ([earlier(14), earlier(2)], False),
    "first watched, second three days ago": ([earlier(17), earlier(3)], True),
    "somebody of another level two days ago": ([earlier(90), earlier(2, level=1)], False),
    "one who left is not forgotten": ([earlier(2, left_after=0)], False),
    "another level is being opened": ([earlier(13, level=3)], False),
    "another level was opened": ([earlier(14, level=3)], True),
    "another level is being opened, this one is open": ([earlier(90), earlier(13, level=3)], True),
    "a dose entered late, given two days later": ([earlier(90), earlier(-2)], False),
    "a dose entered late, given three days later": ([earlier(90), earlier(-3)], True),
}


@pytest.mark.parametrize("what", STAGGER)
def test_how_far_apart_subjects_are_dosed(what: str) -> None:
    before, allowed = STAGGER[what]
    assert (stagger_breach(before, 2, TODAY, RULES) is None) is allowed


@generated(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 40)), max_size=12))
def test_doses_that_were_all_allowed_never_overlap(asked: list[tuple[int, int]]) -> None:
    """Said in other words: gaps of three days, and behind the first of each level one of fourteen."""
    given_so_far: list[DosedBefore] = []
    for level, days in asked:
        day = (given_so_far[-1].day if given_so_far else TODAY) + timedelta(days=days)
        if stagger_breach(given_so_far, level, day, RULES) is None:
            given_so_far.append(DosedBefore(level, day))
    assert all((b.day - a.day).days >= 3 for a, b in pairwise(given_so_far))
    firsts: dict[int, date] = {}
    for one in given_so_far:
        if one.level in firsts:
            assert (one.day - firsts[one.level]).days >= 14
        firsts.setdefault(one.level, one.day)
    assert all((b - a).days >= 14 for a, b in pairwise(sorted(firsts.values())))


# -- correction -----------------------------------------------------------------------------------------

DOSED = dosed("S01", at=AT)
LATER = AT + 40 * DAY


def change(field: str, old: object, new: object) -> FieldChange:
    return FieldChange(field, old, new)


FEWER = change("cells.value", "0.15", "0.14")


def correction(*changes: FieldChange, source: str = "pharmacy sheet 12") -> CorrectDose:
    return CorrectDose("S01", changes, source)


def test_a_dose_is_corrected_from_the_value_that_stands_there() -> None:
    story = given(DOSED).when(correction(FEWER), at=LATER, reason=why())
    expected = DoseCorrected((FEWER,), "pharmacy sheet 12", reopens_window=False)
    story.then([expected], corrects=digest(len(story.base) + len(DOSED)))


def test_a_second_correction_starts_from_the_first() -> None:
    first = on("S01", DoseCorrected((FEWER,), "pharmacy sheet 12", reopens_window=False), at=LATER)
    again = correction(change("cells.value", "0.14", "0.145"))
    story = given([*DOSED, first]).when(again, at=LATER, reason=why())
    story.then(
        [DoseCorrected(again.changes, "pharmacy sheet 12", reopens_window=False)],
        corrects=digest(len(story.base) + len(DOSED) + 1),
    )
    given([*DOSED, first]).when(correction(FEWER), at=LATER, reason=why()).refused("STALE_VALUE")


ENDED, LATER_END = "2024-03-01T03:00:00.000Z", "2024-03-01T03:40:00.000Z"
PAUSE = {"at": "2024-03-01T03:10:00.000Z", "resumed_at": "2024-03-01T03:20:00.000Z", "cause": "nausea"}
LONGER = change("ended_at", ENDED, LATER_END)


@pytest.mark.parametrize(
    "changes",
    [
        (LONGER,),
        (LONGER, change("interruption", None, PAUSE)),
        (change("volume.value", "50", "48.5"),),
        (change("started_at", ENDED, "2024-03-01T02:30:00.000Z"),),
    ],
)
def test_times_volume_and_interruption_are_corrected(changes: tuple[FieldChange, ...]) -> None:
    story = given(DOSED).when(correction(*changes), at=LATER, reason=why())
    story.then(
        [DoseCorrected(changes, "pharmacy sheet 12", reopens_window=False)],
        corrects=digest(len(story.base) + len(DOSED)),
    )


BAD_CORRECTIONS = {
    "nothing": ((), "NO_CHANGE"),
    "the same": ((change("cells.value", "0.15", "0.15"),), "NO_CHANGE"),
    "one field twice": ((FEWER, FEWER), "DUPLICATE_FIELD"),
    "another old value": ((change("cells.value", "0.16", "0.14"),), "STALE_VALUE"),
    "a field that is none": ((change("dose", 1, 2),), "UNKNOWN_FIELD"),
    "a field of an interruption that was none": (
        (change("interruption.cause", "x", "y"),),
        "UNKNOWN_FIELD",
    ),
    "the level": ((change("level", 1, 2),), "UNKNOWN_FIELD"),
    "the configuration": ((change("config_number", 1, 2),), "UNKNOWN_FIELD"),
    "the identity check": (
        (change("identity_checked", ["subject_key", "wristband"], ["wristband"]),),
        "UNKNOWN_FIELD",
    ),
    "a number for a decimal": ((change("cells.value", "0.15", 0),), "BAD_PAYLOAD"),
    "more than the tolerance": ((change("cells.value", "0.15", "0.165000000001"),), "DOSE_ABOVE_LEVEL"),
    "more than was prepared": ((change("cells.value", "0.15", "0.151"),), "MORE_THAN_PREPARED"),
    "nothing given": ((change("cells.value", "0.15", "0"),), "NON_POSITIVE"),
    "another unit": ((change("cells.unit", "10*9", "10*6"),), "WRONG_UNIT"),
    "another route": ((change("route", "intraperitoneal", "intravenous"),), "ROUTE_NOT_ALLOWED"),
    "a lot of somebody else": ((change("lot", "L-S01", "L-S02"),), "CHAIN_OF_IDENTITY"),
    "a lot that was prepared and not checked": ((change("lot", "L-S01", "L-3"),), "PREPARATION_NOT_CHECKED"),
    "an end before the beginning": ((change("ended_at", ENDED, "2024-03-01T02:59:59.999Z"),), "BAD_INTERVAL"),
    "an end in the future": ((change("ended_at", ENDED, "2025-03-01T03:00:00.000Z"),), "FUTURE_TIME"),
    "before enrolment and check": (
        (change("started_at", ENDED, "2024-03-01T00:59:59.999Z"),),
        "ILLEGAL_SEQUENCE",
    ),
}


@pytest.mark.parametrize("what", BAD_CORRECTIONS)
def test_a_correction_that_is_none_is_refused(what: str) -> None:
    changes, code = BAD_CORRECTIONS[what]
    unchecked = [*released("L-3"), lot_on("L-3", preparation("S01"))]
    events = [*DOSED, *enrolled("S02"), *unchecked]
    given(events).when(correction(*changes), at=LATER, reason=why()).refused(code)


def test_a_correction_needs_reason_source_and_a_dose() -> None:
    given(DOSED).when(correction(FEWER), at=LATER).refused("REASON_REQUIRED")
    given(DOSED).when(correction(FEWER, source=""), at=LATER, reason=why()).refused("BAD_TEXT")
    given(enrolled("S01")).when(correction(FEWER), at=LATER, reason=why()).refused("NOT_DOSED")
    given().when(correction(FEWER), at=LATER, reason=why()).refused("UNKNOWN_SUBJECT")


def moved(to: str) -> CorrectDose:
    later = [change(field, ENDED, to) for field in ("started_at", "ended_at")]
    return correction(*later)


NEXT_DAY, SAME_DAY = "2024-03-01T16:00:00.000Z", "2024-03-01T15:59:59.999Z"
CLOSED = on("S01", DltWindowCompleted(date(2024, 3, 29)), at=LATER)


@pytest.mark.parametrize(
    ("events", "to", "reopens"),
    [
        ([*DOSED, CLOSED], NEXT_DAY, True),
        ([*DOSED, CLOSED], SAME_DAY, False),
        (DOSED, NEXT_DAY, False),
    ],
)
def test_another_day_0_opens_a_window_that_was_closed(events: list[Past], to: str, *, reopens: bool) -> None:
    story = given(events).when(moved(to), at=LATER, reason=why())
    assert [one.event for one in story.decided] == [
        DoseCorrected(moved(to).changes, "pharmacy sheet 12", reopens_window=reopens)
    ]


def test_a_window_that_was_opened_again_is_closed_again() -> None:
    event = DoseCorrected(moved(NEXT_DAY).changes, "pharmacy sheet 12", reopens_window=True)
    subject = given([*DOSED, CLOSED, on("S01", event, at=LATER)]).trial.subjects["S01"]
    assert subject.dose is not None
    assert subject.dose.at == datetime(2024, 3, 1, 16, tzinfo=UTC)
    assert not subject.window_completed


@pytest.mark.parametrize(("left", "refused"), [(date(2024, 3, 1), True), (date(2024, 3, 2), False)])
def test_a_dose_is_not_moved_behind_the_day_on_which_the_subject_left(left: date, *, refused: bool) -> None:
    story = given([*DOSED, on("S01", LiverTransplantRecorded(left))])
    story.when(moved(NEXT_DAY), at=LATER, reason=why())
    if refused:
        story.refused("ILLEGAL_SEQUENCE")
    else:
        assert len(story.decided) == 1


# -- deviation ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "percent", "deviates"),
    [
        ("0.15", "0", False),
        ("0.135", "-10", False),
        ("0.165", "10", False),
        ("0.134999999999", None, True),
        ("0.12", "-20", True),
    ],
)
def test_a_dose_deviates_outside_its_tolerance(amount: str, percent: str | None, *, deviates: bool) -> None:
    event = administered(at=AT, cells=cells(amount))
    trial = given([*enrolled("S01"), on("S01", event, at=AT)]).trial
    found = trial.subjects["S01"].dose
    assert found is not None
    assert dose_deviation(found, trial.study) is deviates
    assert percent is None or deviation_percent(found, trial.study) == Decimal(percent)
