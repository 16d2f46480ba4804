"""Queries: raised about a version, answered by the site, closed by somebody else; no other order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.kernel.errors import Refused
from core.trial.catalogue import decide
from core.trial.context import Context
from core.trial.facts import Facts
from core.trial.quality.commands import AnswerQuery, CloseQuery, RaiseQuery, ReopenQuery
from core.trial.quality.events import (
    CasebookLocked,
    QueryAnswered,
    QueryClosed,
    QueryKind,
    QueryRaised,
    QueryReopened,
)
from core.trial.quality.query_state import QueryStatus
from tests.support.given import (
    CRA,
    DM,
    LB,
    LONG_AFTER,
    SC,
    ZONE,
    AnyKey,
    Member,
    Past,
    digest,
    given,
    on,
    recorded,
    why,
)
from tests.support.quality import CORRECTED, KEY, book, entries, grown, item, raised

if TYPE_CHECKING:
    from core.trial.trial import Trial

CREATININE = item(grown(entries()), "LabPanelReported", "creatinine")
RAISED = [*entries(), raised(CREATININE)]
ANSWERED = [*RAISED, on("Q1", QueryAnswered("It is so.", None), by=SC)]
CLOSED = [*ANSWERED, on("Q1", QueryClosed("settled"), by=CRA)]
LOCKED = on(KEY, CasebookLocked(()), by=DM)


def ask(**fields: Any) -> RaiseQuery:
    return replace(RaiseQuery("Q1", KEY, CREATININE, QueryKind.IMPLAUSIBLE, "Is this so?"), **fields)


ANSWER = AnswerQuery("Q1", "It is so.", None)
CLOSE = CloseQuery("Q1", "settled")
REOPEN = ReopenQuery("Q1", "The source says otherwise.")


def test_a_query_is_about_a_version_of_an_item() -> None:
    given(entries()).when(ask(), CRA).then([raised(CREATININE).payload])


def test_a_query_is_answered_closed_and_asked_again() -> None:
    given(RAISED).when(ANSWER, SC).then([QueryAnswered("It is so.", None)])
    given(ANSWERED).when(CLOSE, DM).then([QueryClosed("settled")])
    given(CLOSED).when(REOPEN, CRA).then([QueryReopened(REOPEN.text)])
    given(ANSWERED).when(REOPEN, CRA).then([QueryReopened(REOPEN.text)])


def test_an_answer_names_the_correction_that_it_led_to() -> None:
    events = [*RAISED, book(CORRECTED, LB)]
    correction = grown(events).digests[f"casebook/{KEY}"]
    asked = replace(ANSWER, correction=correction)
    given(events).when(asked, SC).then([QueryAnswered("It is so.", correction)])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (ask(query="1"), "BAD_IDENTIFIER"),
        (ask(subject_key="S09"), "UNKNOWN_SUBJECT"),
        (ask(item=replace(CREATININE, field="none")), "UNKNOWN_ITEM"),
        (ask(item=replace(CREATININE, version=digest(1))), "STALE_VERSION"),
        (ask(text=""), "BAD_TEXT"),
        (ask(text="x" * 2001), "BAD_TEXT"),
        (ask(text="id 310101199001011234"), "PII_SUSPECTED"),
        (ANSWER, "UNKNOWN_QUERY"),
        (CLOSE, "UNKNOWN_QUERY"),
        (REOPEN, "UNKNOWN_QUERY"),
    ],
)
def test_a_query_that_cannot_be_is_refused(asked: Any, code: str) -> None:
    given(entries()).when(asked, CRA).refused(code)


@pytest.mark.parametrize(
    ("events", "asked", "by", "code"),
    [
        (RAISED, ask(), CRA, "DUPLICATE_QUERY"),
        (RAISED, CLOSE, DM, "QUERY_NOT_ANSWERED"),
        (RAISED, REOPEN, CRA, "QUERY_OPEN"),
        (RAISED, replace(ANSWER, correction=digest(1)), SC, "NOT_A_CORRECTION"),
        (RAISED, replace(ANSWER, correction=CREATININE.record), SC, "NOT_A_CORRECTION"),
        (RAISED, replace(ANSWER, text=" "), SC, "BAD_TEXT"),
        (ANSWERED, ANSWER, SC, "QUERY_ANSWERED"),
        (ANSWERED, CLOSE, SC, "SOD_VIOLATION"),
        (ANSWERED, replace(CLOSE, outcome="call 13800138000"), CRA, "PII_SUSPECTED"),
        (ANSWERED, replace(REOPEN, text=""), CRA, "BAD_TEXT"),
        (CLOSED, ANSWER, SC, "QUERY_CLOSED"),
        (CLOSED, CLOSE, DM, "QUERY_CLOSED"),
        ([*entries(), LOCKED], ask(), CRA, "LOCKED"),
        ([*RAISED, LOCKED], ANSWER, SC, "LOCKED"),
        ([*ANSWERED, LOCKED], CLOSE, CRA, "LOCKED"),
        ([*CLOSED, LOCKED], REOPEN, CRA, "LOCKED"),
    ],
)
def test_each_illegal_order_has_its_own_code(events: list[Past], asked: Any, by: Member, code: str) -> None:
    given(events).when(asked, by).refused(code)


def test_an_unanswered_query_is_closed_for_a_reason() -> None:
    given(RAISED).when(CLOSE, DM, reason=why("raised by mistake")).then([QueryClosed("settled")])


def test_a_correction_from_before_the_query_is_no_answer_to_it() -> None:
    corrected = [*entries(), book(CORRECTED, LB)]
    trial = grown(corrected)
    now = item(trial, "LabPanelReported", "creatinine")
    asked = replace(ANSWER, correction=now.version)
    given([*corrected, raised(now)]).when(asked, SC).refused("NOT_A_CORRECTION")


def test_the_correction_of_another_item_is_no_answer() -> None:
    other = item(grown(entries()), "LabPanelReported", "bilirubin")
    events = [*entries(), raised(other), book(CORRECTED, LB)]
    asked = replace(ANSWER, correction=given(events).past())
    given(events).when(asked, SC).refused("NOT_A_CORRECTION")


def test_after_reopening_only_a_newer_correction_is_an_answer() -> None:
    corrected = [*RAISED, book(CORRECTED, LB)]
    asked = replace(ANSWER, correction=given(corrected).past())
    reopened = [*corrected, on("Q1", QueryAnswered("So.", None), by=SC), on("Q1", QueryReopened("?"), by=CRA)]
    given(reopened).when(asked, SC).refused("NOT_A_CORRECTION")


def test_who_answered_earlier_does_not_close_what_somebody_else_answered_later() -> None:
    again = [
        *ANSWERED,
        on("Q1", QueryReopened("really?"), by=CRA),
        on("Q1", QueryAnswered("yes", None), by=LB),
    ]
    given(again).when(CLOSE, SC).refused("SOD_VIOLATION")


class Queries(RuleBasedStateMachine):
    """Random acts on one query: what is accepted is what a three-state table allows."""

    @initialize()
    def begin(self) -> None:
        self.trial: Trial = grown(RAISED)
        self.status = QueryStatus.OPEN
        self.answerers: set[str] = set()

    def act(self, command: Any, by: Member, *, reason: bool) -> bool:
        context = Context(by.id, by.role, LONG_AFTER, LONG_AFTER, ZONE, why() if reason else None, AnyKey())
        try:
            made = decide(Facts(self.trial), command, context)
        except Refused:
            return False
        for one in made:
            past = Past(one.stream, one.event, by)
            version = self.trial.versions.get(one.stream, 0) + 1
            self.trial.apply(recorded(past, self.trial.position + 1, version))
        return True

    @rule(by=st.sampled_from([SC, LB]))
    def answer(self, by: Member) -> None:
        assert self.act(ANSWER, by, reason=False) is (self.status is QueryStatus.OPEN)
        if self.status is QueryStatus.OPEN:
            self.status = QueryStatus.ANSWERED
            self.answerers.add(by.id)

    @rule(by=st.sampled_from([SC, CRA, DM]), reason=st.booleans())
    def close(self, by: Member, *, reason: bool) -> None:
        ready = self.status is QueryStatus.ANSWERED or (self.status is QueryStatus.OPEN and reason)
        allowed = ready and by.id not in self.answerers
        assert self.act(CLOSE, by, reason=reason) is allowed
        if allowed:
            self.status = QueryStatus.CLOSED

    @rule(by=st.sampled_from([CRA, DM]))
    def reopen(self, by: Member) -> None:
        assert self.act(REOPEN, by, reason=False) is (self.status is not QueryStatus.OPEN)
        self.status = QueryStatus.OPEN

    @invariant()
    def only_an_unclosed_query_keeps_the_casebook_from_being_signed(self) -> None:
        if hasattr(self, "trial"):
            waiting = Facts(self.trial).unsettled_queries(KEY)
            assert waiting == (() if self.status is QueryStatus.CLOSED else ("Q1",))


TestQueries = Queries.TestCase
TestQueries.settings = settings(
    max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_a_raised_query_waits_until_it_is_closed() -> None:
    assert isinstance(RAISED[-1].payload, QueryRaised)
    assert Facts(grown(ANSWERED)).unsettled_queries(KEY) == ("Q1",)
    assert Facts(grown(CLOSED)).unsettled_queries(KEY) == ()
    assert Facts(grown(RAISED)).unsettled_queries("S02") == ()
