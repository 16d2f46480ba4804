"""Reviews of the record: by somebody who is no part of what they review, on a signed head of the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.kernel.errors import Refused
from core.trial.acts import Act
from core.trial.quality.commands import Countersign, RecordMonitoringVisit, ReviewAuditTrail
from core.trial.quality.events import (
    AuditTrailReviewed,
    Countersigned,
    MonitoringVisitRecorded,
    ReviewScope,
    VisitKind,
)
from core.trial.quality.scope import is_in_scope
from core.trial.subject.adverse_events import AdverseEventCorrected
from core.trial.subject.field_change import FieldChange
from tests.support.given import CRA, DM, LONG_AFTER, MM, PI, SC, SI, Member, digest, given, on
from tests.support.quality import KEY, entries, grown, item, raised, verified

TRIAL = grown(entries())
SIZE = TRIAL.position
GRADE = item(TRIAL, "AdverseEventReported", "grade")
REVIEW = ReviewAuditTrail("R1", 1, SIZE, ReviewScope.ALL, None, ("nothing to remark",), SIZE, "root")
COUNTERSIGN = Countersign("R1", (GRADE.record,))
REPORTED_AT = TRIAL.quality[KEY].items.records[GRADE.record].position
SIGNED_ONCE_MORE = Countersigned(
    (GRADE.record,),
    (f"adverse event reported, position {REPORTED_AT}, subject/{KEY}, signed by {SC.id}",),
)
VISIT = RecordMonitoringVisit(
    "R1", VisitKind.ROUTINE, date(2024, 4, 1), date(2024, 4, 2), (KEY,), ("two late entries",), SIZE, "root"
)


class NoSuchRoot:
    """Knows no snapshot."""

    def require_possession(self, person: str, key: str, proof: str) -> None:
        """Accept."""

    def require_root(self, size: int, root: str) -> None:
        """Refuse every snapshot."""
        del size, root
        raise Refused("BAD_SNAPSHOT", "no signed head has this root")


_VISITED = (VISIT.kind, VISIT.first_day, VISIT.last_day)


def act(stream: str) -> Act:
    key = stream.partition("/")[2]
    subjects = frozenset({key} if stream.startswith(("subject/", "casebook/")) else ())
    return Act(1, PI.id, stream, "topic/1", digest(1), "key", subjects, None)


# -- audit trail ----------------------------------------------------------------------------------------


def test_the_audit_trail_is_reviewed_up_to_a_signed_head() -> None:
    event = AuditTrailReviewed(1, SIZE, ReviewScope.ALL, None, REVIEW.findings, SIZE, "root")
    given(entries()).when(REVIEW, CRA).then([event])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (replace(REVIEW, review="1"), "BAD_IDENTIFIER"),
        (replace(REVIEW, first=0), "BAD_INTERVAL"),
        (replace(REVIEW, first=5, last=4), "BAD_INTERVAL"),
        (replace(REVIEW, last=SIZE + 1), "BAD_INTERVAL"),
        (replace(REVIEW, subject_key=KEY), "BAD_SCOPE"),
        (replace(REVIEW, scope=ReviewScope.ONE_SUBJECT), "BAD_SCOPE"),
        (replace(REVIEW, scope=ReviewScope.ONE_SUBJECT, subject_key="S09"), "UNKNOWN_SUBJECT"),
        (replace(REVIEW, findings=(" ",)), "BAD_TEXT"),
        (replace(REVIEW, findings=("13800138000",)), "PII_SUSPECTED"),
    ],
)
def test_a_review_that_cannot_be_is_refused(asked: ReviewAuditTrail, code: str) -> None:
    given(entries()).when(asked, CRA).refused(code)


@pytest.mark.parametrize("asked", [REVIEW, VISIT])
def test_a_head_that_nobody_signed_is_no_snapshot(asked: Any) -> None:
    given(entries()).when(asked, CRA, key_checks=NoSuchRoot()).refused("BAD_SNAPSHOT")


@pytest.mark.parametrize("asked", [REVIEW, COUNTERSIGN, VISIT])
def test_an_id_is_used_for_one_review(asked: Any) -> None:
    given([*entries(), verified([GRADE])]).when(asked, PI).refused("DUPLICATE_REVIEW")


QUERIED = [*entries(), raised(GRADE)]  # the monitor signed position SIZE + 1, a query


@pytest.mark.parametrize(
    ("scope", "key", "first", "last", "by", "refused"),
    [
        (ReviewScope.ALL, None, 1, SIZE + 1, CRA, True),
        (ReviewScope.QUERIES, None, 1, SIZE + 1, CRA, True),
        (ReviewScope.ALL, None, 1, SIZE, CRA, False),
        (ReviewScope.SUBJECTS, None, 1, SIZE + 1, CRA, True),
        (ReviewScope.CASEBOOKS, None, 1, SIZE + 1, CRA, True),
        (ReviewScope.ONE_SUBJECT, KEY, 1, SIZE + 1, CRA, True),
        (ReviewScope.ONE_SUBJECT, KEY, 1, SIZE, CRA, False),
        (ReviewScope.LOTS, None, 1, SIZE + 1, CRA, False),
        (ReviewScope.ALL, None, 1, SIZE + 1, DM, False),
        (ReviewScope.ONE_SUBJECT, KEY, 1, SIZE, SC, True),
        (ReviewScope.LOTS, None, 1, SIZE, SC, False),
    ],
)
def test_nobody_reviews_what_they_signed(
    scope: ReviewScope, key: str | None, first: int, last: int, by: Member, *, refused: bool
) -> None:
    asked = ReviewAuditTrail("R1", first, last, scope, key, (), SIZE + 1, "root")
    story = given(QUERIED).when(asked, by)
    if refused:
        story.refused("SOD_VIOLATION")
    else:
        assert story.decided


SEEN = on("R1", Countersigned((GRADE.record,), ("adverse event reported",)), by=MM)
ABOUT_THE_SUBJECT = {
    "verified": (verified([GRADE]), CRA),
    "asked": (raised(GRADE, by=DM), DM),
    "countersigned": (SEEN, MM),
    "visited": (on("R1", MonitoringVisitRecorded(*_VISITED, (KEY,), (), SIZE, "root"), by=CRA), CRA),
}


@pytest.mark.parametrize("scope", [ReviewScope.ONE_SUBJECT, ReviewScope.SUBJECTS, ReviewScope.CASEBOOKS])
@pytest.mark.parametrize("what", ABOUT_THE_SUBJECT)
def test_who_looked_after_a_subject_does_not_review_their_trail(scope: ReviewScope, what: str) -> None:
    """Who entered, who verified, who reviewed the trail: three people (part 11 section 5)."""
    past, by = ABOUT_THE_SUBJECT[what]
    key = KEY if scope is ReviewScope.ONE_SUBJECT else None
    asked = ReviewAuditTrail("R9", 1, SIZE + 1, scope, key, (), SIZE + 1, "root")
    given([*entries(), past]).when(asked, by).refused("SOD_VIOLATION")
    assert given([*entries(), past]).when(asked, SI).decided


@pytest.mark.parametrize("what", ["verified", "countersigned"])
def test_a_range_that_ends_before_ones_own_part_is_no_way_round(what: str) -> None:
    """What was verified stands in it, wherever the verification stands."""
    past, by = ABOUT_THE_SUBJECT[what]
    for last, refused in ((SIZE, True), (REPORTED_AT, True), (REPORTED_AT - 1, False)):
        asked = ReviewAuditTrail("R9", 1, last, ReviewScope.ONE_SUBJECT, KEY, (), SIZE + 1, "root")
        story = given([*entries(), past]).when(asked, by)
        if refused:
            story.refused("SOD_VIOLATION")
        else:
            assert story.decided


def test_who_reviewed_the_trail_may_review_it_again() -> None:
    reviewed = AuditTrailReviewed(1, SIZE, ReviewScope.ONE_SUBJECT, KEY, (), SIZE, "root")
    asked = ReviewAuditTrail("R9", 1, SIZE + 1, ReviewScope.ONE_SUBJECT, KEY, (), SIZE + 1, "root")
    assert given([*entries(), on("R1", reviewed, by=DM)]).when(asked, DM).decided


@pytest.mark.parametrize("scope", ReviewScope)
def test_every_scope_covers_some_stream_and_all_covers_every_one(scope: ReviewScope) -> None:
    of_each_kind = (f"subject/{KEY}", f"casebook/{KEY}", "lot/L", "person/p", "query/Q", "review/R")
    every = (*of_each_kind, "study", "escalation", "instance", "refusals")
    covered = [stream for stream in every if is_in_scope(act(stream), scope, KEY)]
    assert covered
    assert (list(every) == covered) is (scope is ReviewScope.ALL)
    assert not is_in_scope(act("subject/S010"), ReviewScope.ONE_SUBJECT, KEY)


# -- countersignature -----------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [PI, SI, MM, CRA, DM])
def test_a_statement_of_somebody_else_is_countersigned(by: Member) -> None:
    given(entries()).when(COUNTERSIGN, by).then([SIGNED_ONCE_MORE])


@pytest.mark.parametrize(
    ("asked", "by", "code"),
    [
        (replace(COUNTERSIGN, review="1"), PI, "BAD_IDENTIFIER"),
        (replace(COUNTERSIGN, covers=()), PI, "NOTHING_TO_SIGN"),
        (replace(COUNTERSIGN, covers=(GRADE.record, GRADE.record)), PI, "DUPLICATE_FIELD"),
        (replace(COUNTERSIGN, covers=(digest(999),)), PI, "UNKNOWN_STATEMENT"),
        (COUNTERSIGN, SC, "SOD_VIOLATION"),
    ],
)
def test_a_countersignature_that_cannot_be_is_refused(asked: Countersign, by: Member, code: str) -> None:
    given(entries()).when(asked, by).refused(code)


def test_each_person_countersigns_a_statement_once() -> None:
    once = [*entries(), on("R0", SIGNED_ONCE_MORE, by=PI)]
    given(once).when(COUNTERSIGN, PI).refused("ALREADY_SIGNED")
    given(once).when(COUNTERSIGN, SI).then([SIGNED_ONCE_MORE])
    trial = grown([*once, on("R1", SIGNED_ONCE_MORE, by=SI)])
    assert trial.countersigners[GRADE.record] == {PI.id, SI.id}


def test_what_was_changed_is_countersigned_with_its_changes_or_not_at_all() -> None:
    change = AdverseEventCorrected("AE-1", (FieldChange("term", "a", "b"),), None)
    events = [*entries(), replace(on(KEY, change, by=SC), corrects=GRADE.record)]
    newest = given(events).past()
    given(events).when(COUNTERSIGN, PI).refused("STALE_VERSION")
    for covers in ((newest,), (GRADE.record, newest)):
        assert given(events).when(replace(COUNTERSIGN, covers=covers), PI).decided


def test_a_countersignature_guards_what_it_covers() -> None:
    story = given(entries()).when(COUNTERSIGN, PI)
    assert {f"subject/{KEY}", f"casebook/{KEY}"} <= story.facts.reads.keys()


# -- monitoring visit -----------------------------------------------------------------------------------


def test_a_visit_says_up_to_where_of_the_record_it_looked() -> None:
    event = MonitoringVisitRecorded(
        VISIT.kind, VISIT.first_day, VISIT.last_day, VISIT.subjects, VISIT.findings, SIZE, "root"
    )
    given(entries()).when(VISIT, CRA).then([event])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (replace(VISIT, review="1"), "BAD_IDENTIFIER"),
        (replace(VISIT, last_day=date(2024, 3, 31)), "END_BEFORE_START"),
        (replace(VISIT, last_day=LONG_AFTER.date().replace(year=2026)), "FUTURE_TIME"),
        (replace(VISIT, subjects=(KEY, KEY)), "DUPLICATE_FIELD"),
        (replace(VISIT, subjects=("S09",)), "UNKNOWN_SUBJECT"),
        (replace(VISIT, findings=("",)), "BAD_TEXT"),
        (replace(VISIT, findings=("13800138000",)), "PII_SUSPECTED"),
    ],
)
def test_a_visit_that_cannot_be_is_refused(asked: RecordMonitoringVisit, code: str) -> None:
    given(entries()).when(asked, CRA).refused(code)
