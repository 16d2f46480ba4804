"""Lost to follow-up, and corrections of the day on which a subject left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.rules.escalation import OutcomeStatus
from core.trial.casebook.events import LabPanelReported, LabResult, VisitRecorded, VitalStatusRecorded
from core.trial.subject.commands import CorrectDisposition, LoseToFollowUp, RecordDeath
from core.trial.subject.events import (
    DeathRecorded,
    DispositionCorrected,
    DispositionKind,
    DltWindowCompleted,
    LiverTransplantRecorded,
    LostToFollowUpRecorded,
    SubjectWithdrawn,
)
from core.trial.subject.outcome import outcome_status
from tests.support.given import LONG_AFTER, SC, START, candidate, completed, digest, dosed, given, on, why

DAY = timedelta(days=1)
KNOWN = dosed("S01")


def day(number: int) -> date:
    return date(2024, 3, 1) + number * DAY


def drawn_on(number: int) -> LabPanelReported:
    moment = datetime(2024, 3, 1, 4, 0, tzinfo=UTC) + number * DAY
    one = LabResult("creatinine", Decimal(68), "umol/L", "A1", moment, moment)
    return LabPanelReported(None, "A1", moment, moment, (one,), False, False)  # noqa: FBT003 - no dialysis


LOST = LostToFollowUpRecorded(day(40), 3)
WITHDRAWN = SubjectWithdrawn(day(40), "own wish", dlt_related=False)
DIED = DeathRecorded(day(40), None, related=False)
TRANSPLANTED = LiverTransplantRecorded(day(40))


def lose(**fields: Any) -> LoseToFollowUp:
    return replace(LoseToFollowUp("S01", day(40), 3), **fields)


def test_a_subject_is_lost_after_the_last_contact() -> None:
    given(KNOWN).when(lose()).then([LOST])
    given(KNOWN).when(lose(attempts=1)).then([replace(LOST, attempts=1)])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (lose(attempts=0), "BAD_ATTEMPTS"),
        (lose(last_contact=LONG_AFTER.date() + DAY), "FUTURE_TIME"),
        (lose(last_contact=day(-1)), "BEFORE_ENROLMENT"),
        (lose(subject_key="S99"), "UNKNOWN_SUBJECT"),
    ],
)
def test_a_bad_loss_is_refused(asked: LoseToFollowUp, code: str) -> None:
    given(KNOWN).when(asked).refused(code)


@pytest.mark.parametrize("left", [LOST, WITHDRAWN, DIED])
def test_who_has_left_is_not_lost(left: Any) -> None:
    given([*KNOWN, on("S01", left)]).when(lose()).refused("ILLEGAL_SEQUENCE")


def test_a_candidate_is_not_lost() -> None:
    given(candidate("S01")).when(lose()).refused("ILLEGAL_SEQUENCE")


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (VitalStatusRecorded(41, alive=True), "CONTRADICTS_VITAL_STATUS"),
        (VitalStatusRecorded(41, alive=False), None),
        (VitalStatusRecorded(40, alive=True), None),
        (drawn_on(41), "CONTRADICTS_VITAL_STATUS"),
        (drawn_on(40), None),
        (VisitRecorded(None, day(41), (), None), "CONTRADICTS_VITAL_STATUS"),
        (VisitRecorded(None, day(40), (), None), None),
    ],
)
def test_nobody_is_lost_or_dead_before_they_were_seen(seen: Any, code: str | None) -> None:
    known = [*KNOWN, on("S01", seen, by=SC)]
    for asked, event in ((lose(), LOST), (RecordDeath("S01", day(40), None, related=False), DIED)):
        story = given(known).when(asked)
        story.refused(code) if code else story.then([event])


def test_a_window_that_was_closed_shows_the_subject_in_sight() -> None:
    closed = [*KNOWN, on("S01", DltWindowCompleted(day(28)))]
    given(closed).when(lose(last_contact=day(27))).refused("CONTRADICTS_VITAL_STATUS")
    given(closed).when(lose(last_contact=day(28))).then([replace(LOST, last_contact=day(28))])


def test_who_was_lost_can_be_found_to_have_died() -> None:
    died = RecordDeath("S01", day(45), None, related=False)
    given([*KNOWN, on("S01", LOST)]).when(died).then([replace(DIED, date=day(45))])


@pytest.mark.parametrize("left", [LOST, WITHDRAWN, DIED, TRANSPLANTED])
def test_whoever_left_is_gone_from_that_day(left: Any) -> None:
    subject = given([*KNOWN, on("S01", left)]).trial.subjects["S01"]
    assert subject.left_on == day(40)


# -- corrections ----------------------------------------------------------------------------------------

KINDS: dict[DispositionKind, Any] = {
    DispositionKind.WITHDRAWAL: WITHDRAWN,
    DispositionKind.DEATH: DIED,
    DispositionKind.LIVER_TRANSPLANT: TRANSPLANTED,
    DispositionKind.LOST_TO_FOLLOW_UP: LOST,
}


def correction(kind: DispositionKind = DispositionKind.WITHDRAWAL, **fields: Any) -> CorrectDisposition:
    return replace(CorrectDisposition("S01", kind, day(40), day(30), "letter"), **fields)


@pytest.mark.parametrize("kind", DispositionKind)
def test_a_day_is_corrected_and_the_statement_named(kind: DispositionKind) -> None:
    known = [*KNOWN, on("S01", KINDS[kind])]
    story = given(known).when(correction(kind), reason=why())
    event = DispositionCorrected(kind, day(40), day(30), "letter")
    story.then([event], corrects=digest(len(story.base) + len(known)))
    corrected = given([*known, on("S01", event)])
    assert corrected.trial.subjects["S01"].left_on == day(30)
    again = correction(kind, old=day(30), new=day(31))
    corrected.when(again, reason=why()).then(
        [DispositionCorrected(kind, day(30), day(31), "letter")],
        corrects=digest(len(corrected.base) + len(known) + 1),
    )


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (correction(old=day(41)), "STALE_VALUE"),
        (correction(new=day(40)), "NO_CHANGE"),
        (correction(new=day(-1)), "BEFORE_ENROLMENT"),
        (correction(new=LONG_AFTER.date() + DAY), "FUTURE_TIME"),
        (correction(source=" "), "SOURCE_REQUIRED"),
        (correction(source="13812345678"), "PII_SUSPECTED"),
        (correction(DispositionKind.DEATH), "ILLEGAL_SEQUENCE"),
        (correction(subject_key="S99"), "UNKNOWN_SUBJECT"),
    ],
)
def test_a_bad_correction_is_refused(asked: CorrectDisposition, code: str) -> None:
    given([*KNOWN, on("S01", WITHDRAWN)]).when(asked, reason=why()).refused(code)


def test_a_correction_needs_a_reason() -> None:
    given([*KNOWN, on("S01", WITHDRAWN)]).when(correction()).refused("REASON_REQUIRED")


def test_a_corrected_death_still_comes_after_every_sign_of_life() -> None:
    seen = [*KNOWN, on("S01", VitalStatusRecorded(31, alive=True)), on("S01", DIED)]
    given(seen).when(correction(DispositionKind.DEATH), reason=why()).refused("CONTRADICTS_VITAL_STATUS")
    withdrawn = [*KNOWN, on("S01", replace(WITHDRAWN, date=day(31))), on("S01", DIED)]
    given(withdrawn).when(correction(DispositionKind.DEATH), reason=why()).refused("CONTRADICTS_DEATH")
    same_day = correction(DispositionKind.DEATH, new=day(31))
    given(withdrawn).when(same_day, reason=why()).then(
        [DispositionCorrected(DispositionKind.DEATH, day(40), day(31), "letter")],
        corrects=digest(len(given(withdrawn).base) + len(withdrawn)),
    )


def test_nobody_leaves_after_their_death() -> None:
    dead = [*KNOWN, on("S01", WITHDRAWN), on("S01", DIED)]
    given(dead).when(correction(new=day(41)), reason=why()).refused("CONTRADICTS_DEATH")


def test_a_corrected_last_contact_still_comes_after_every_sign_of_life() -> None:
    seen = [*KNOWN, on("S01", drawn_on(31), by=SC), on("S01", LOST)]
    asked = correction(DispositionKind.LOST_TO_FOLLOW_UP)
    given(seen).when(asked, reason=why()).refused("CONTRADICTS_VITAL_STATUS")


@pytest.mark.parametrize(
    ("days", "closed", "status"),
    [
        (27, True, OutcomeStatus.WITHDRAWN),
        (28, True, OutcomeStatus.EVALUABLE),
        (28, False, OutcomeStatus.WITHDRAWN),
        (29, True, OutcomeStatus.EVALUABLE),
    ],
)
def test_a_window_closed_on_its_last_day_stays_closed(
    days: int,
    closed: bool,  # noqa: FBT001 - cases
    status: OutcomeStatus,
) -> None:
    """Withdrawn is who left before the window was completed (domain 1.1); before its last day nobody was."""
    gone = SubjectWithdrawn((START + timedelta(days=days)).date(), "consent_withdrawn", dlt_related=False)
    trial = given([*(completed if closed else dosed)("S01"), on("S01", gone)]).trial
    assert outcome_status(trial.subjects["S01"], trial.study) is status
