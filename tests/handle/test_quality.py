"""Data quality through the one writer: signed, stored, guarded against each other, and verified again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from api.changes import Since, last_looks, proof_to_head
from api.verification import verify_store
from core.audit.merkle import verify_consistency
from core.kernel.encoding import from_base64, to_base64
from core.kernel.errors import Refused, TrialError
from core.trial.quality.commands import (
    AnswerQuery,
    ApproveUnlock,
    CloseQuery,
    Countersign,
    FreezeCasebook,
    LockCasebook,
    ProposeUnlock,
    RaiseQuery,
    RecordMonitoringVisit,
    ReopenQuery,
    ReportSourceMismatch,
    ReviewAuditTrail,
    SignCasebook,
    UnfreezeCasebook,
    VerifySource,
)
from core.trial.quality.events import Mismatch, QueryKind, ReviewScope, SourceKind, VisitKind
from core.trial.quality.state import Access
from core.trial.subject.commands import CorrectAdverseEvent
from core.trial.subject.field_change import FieldChange
from tests.support.given import CRA, DM, MM, PI, SC, SI, report, screening, why
from tests.support.quality import KEY, every_item, head_of, item, record_of

if TYPE_CHECKING:
    from core.trial.quality.events import ItemVersion
    from tests.support.world import World

CHART = SourceKind.HOSPITAL_RECORD
CORRECTION = CorrectAdverseEvent(KEY, "AE-1", (FieldChange("grade", 2, 1),), "chart")


def entered(world: World) -> ItemVersion:
    """Let a subject be screened and an adverse event be reported; return the item of its grade."""
    world.do(screening(KEY), SC)
    world.advance(days=3)
    world.do(report(KEY, onset=world.clock().date(), grade=2), SC)
    return item(world.trial, "AdverseEventReported", "grade")


def sign(world: World) -> SignCasebook:
    return SignCasebook(KEY, *head_of(world.trial), ())


def head(world: World) -> tuple[int, str]:
    size = world.log.size()
    return size, to_base64(world.log.root_at(size))


def locked(world: World) -> None:
    world.do(sign(world), PI)
    world.do(LockCasebook(KEY, ()), DM, reason="no verification planned")


def test_a_casebook_goes_all_the_way_and_every_step_verifies(world: World) -> None:
    grade = entered(world)
    world.do(RaiseQuery("Q1", KEY, grade, QueryKind.SOURCE_DIFFERS, "The chart says 1."), CRA)
    world.do(FreezeCasebook(KEY), CRA)
    assert world.refused(CORRECTION, SC, reason="chart") == "FROZEN"
    world.do(UnfreezeCasebook(KEY), CRA)
    world.do(CORRECTION, SC, reason="chart")
    corrected = item(world.trial, "AdverseEventReported", "grade")
    world.do(AnswerQuery("Q1", "Corrected.", corrected.version), SC)
    world.do(ReopenQuery("Q1", "From when on?"), CRA)
    world.do(AnswerQuery("Q1", "From the first day on.", None), SC)
    assert world.refused(sign(world), PI) == "OPEN_QUERIES"
    world.do(CloseQuery("Q1", "settled"), CRA)
    assert world.refused(VerifySource("R1", KEY, CHART, (grade,)), CRA) == "STALE_VERSION"
    differs = Mismatch(corrected, "the chart says 2 after all")
    world.do(ReportSourceMismatch("R1", KEY, CHART, (differs,)), CRA)
    plan = ("AdverseEventReported",)
    world.do(VerifySource("R2", KEY, CHART, tuple(every_item(world.trial, *plan))), CRA)
    size, root = head(world)
    scope = ReviewScope.ONE_SUBJECT
    world.do(ReviewAuditTrail("R3", 1, size, scope, KEY, ("nothing to remark",), size, root), DM)
    covers = (record_of(world.trial, "AdverseEventReported"), corrected.version)
    world.do(Countersign("R4", covers), SI)
    size, root = head(world)
    today = world.clock().date()
    world.do(RecordMonitoringVisit("V1", VisitKind.ROUTINE, today, today, (KEY,), (), size, root), CRA)
    world.do(sign(world), PI)
    world.do(LockCasebook(KEY, plan), DM)
    assert world.refused(CORRECTION, SC, reason="chart") == "LOCKED"
    world.do(ProposeUnlock(KEY), DM, reason="a late result")
    proposal = world.trial.quality[KEY].proposal
    assert proposal is not None
    world.do(ApproveUnlock(KEY, proposal.digest), MM)
    assert world.trial.quality[KEY].access is Access.OPEN
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_a_sign_off_of_what_was_shown_earlier_is_refused(world: World) -> None:
    entered(world)
    shown = sign(world)
    world.do(CORRECTION, SC, reason="chart")
    assert world.refused(shown, PI) == "CHANGED_WHILE_REVIEWING"


def test_a_lock_and_an_entry_that_meet_are_not_both_recorded(world: World) -> None:
    """Each reads what the other writes: whichever comes second sees the first, or is refused."""
    entered(world)
    world.do(sign(world), PI)
    other = world.sibling()

    def lock() -> str:
        return _code(lambda: world.do(LockCasebook(KEY, ()), DM, reason=why()))

    def enter() -> str:
        return _code(lambda: other.do(CORRECTION, SC, reason=why()))

    with ThreadPoolExecutor(2) as pool:
        codes = [future.result() for future in [pool.submit(lock), pool.submit(enter)]]
    assert codes in (["", "LOCKED"], ["CHANGED_SINCE_SIGNING", ""])


def test_a_query_that_comes_while_a_casebook_is_locked_keeps_it_open_or_is_refused(world: World) -> None:
    grade = entered(world)
    world.do(sign(world), PI)
    other = world.sibling()
    asked = RaiseQuery("Q1", KEY, grade, QueryKind.CLARIFICATION, "Since when?")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(lambda: _code(lambda: world.do(LockCasebook(KEY, ()), DM, reason=why())))
        second = pool.submit(lambda: _code(lambda: other.do(asked, CRA)))
        codes = [first.result(), second.result()]
    assert codes in (["", "LOCKED"], ["OPEN_QUERIES", ""])


def _code(act: object) -> str:
    try:
        act()  # type: ignore[operator]
    except TrialError as error:
        return error.code
    return ""


def test_changes_count_from_the_head_that_a_visit_looked_at(world: World) -> None:
    entered(world)
    size, root = head(world)
    world.do(CORRECTION, SC, reason="chart")
    today = world.clock().date()
    world.do(RecordMonitoringVisit("V1", VisitKind.ROUTINE, today, today, (), (), size, root), CRA)
    looks = last_looks(world.log, CRA.id, Since.VISIT)
    told = proof_to_head(world.log, looks)
    (look,) = told["looks"]
    assert (look["subject_key"], look["seen"]) == (None, {"size": size, "root": root})
    assert told["head"]["size"] == world.log.size() > size
    proof = [bytes.fromhex(one) for one in look["proof"]]
    roots = from_base64(root), from_base64(told["head"]["root"])
    verify_consistency(size, told["head"]["size"], *roots, proof)


def test_changes_count_from_each_kind_of_act(world: World) -> None:
    grade = entered(world)
    for since in Since:
        for person in (CRA.id, PI.id, "nobody"):
            with pytest.raises(Refused, match="NO_EARLIER_ACT"):
                last_looks(world.log, person, since)
    verified = world.do(VerifySource("R1", KEY, CHART, (grade,)), CRA).positions[0]
    signed = world.do(sign(world), PI).positions[0]
    found = {
        Since.VERIFICATION: last_looks(world.log, CRA.id, Since.VERIFICATION).by_subject,
        Since.SIGNATURE: last_looks(world.log, PI.id, Since.SIGNATURE, KEY).by_subject,
    }
    assert {since: looks[KEY].position for since, looks in found.items()} == {
        Since.VERIFICATION: verified,
        Since.SIGNATURE: signed,
    }
    assert found[Since.SIGNATURE][KEY].size == signed - 1
    with pytest.raises(Refused, match="NO_EARLIER_ACT"):
        last_looks(world.log, PI.id, Since.SIGNATURE, "S999")


def test_the_same_command_again_gets_the_same_receipt(world: World) -> None:
    grade = entered(world)
    asked = RaiseQuery("Q1", KEY, grade, QueryKind.CLARIFICATION, "Why?")
    request = world.request(CRA)
    first = world.handler.submit(asked, request, lambda: world.keys[CRA.id])
    again = world.handler.submit(asked, request, lambda: world.keys[CRA.id])
    assert (again.positions, again.replayed) == (first.positions, True)
    with pytest.raises(TrialError, match="IDEMPOTENCY_MISMATCH"):
        world.handler.submit(replace(asked, text="Why not?"), request, lambda: world.keys[CRA.id])
