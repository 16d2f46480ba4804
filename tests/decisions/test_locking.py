"""Freeze, sign-off, lock and unlock: on what grounds, by whom, and what a closed casebook still takes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from core.kernel import streams
from core.kernel.errors import Refused
from core.trial.catalogue import DECIDERS, decide
from core.trial.context import Context
from core.trial.facts import Facts
from core.trial.people.events import KeyCompromiseDeclared
from core.trial.quality.commands import (
    ApproveUnlock,
    FreezeCasebook,
    LockCasebook,
    ProposeUnlock,
    SignCasebook,
    UnfreezeCasebook,
)
from core.trial.quality.events import (
    CasebookFrozen,
    CasebookLocked,
    CasebookSigned,
    CasebookUnfrozen,
    CasebookUnlocked,
    QueryClosed,
    UnlockProposed,
)
from core.trial.quality.gate import SAFETY
from core.trial.quality.state import Access, Proposal, evolve
from tests.golden.strategies import example
from tests.support.given import (
    ADM,
    CRA,
    DM,
    LB,
    LONG_AFTER,
    MM,
    PI,
    SEC,
    ZONE,
    AnyKey,
    Member,
    Past,
    given,
    on,
    recorded,
    why,
)
from tests.support.quality import (
    CORRECTED,
    KEY,
    book,
    entries,
    every_item,
    grown,
    head_of,
    item,
    raised,
    signed_off,
    verified,
)

if TYPE_CHECKING:
    from core.trial.trial import Trial

TRIAL = grown(entries())
CREATININE = item(TRIAL, "LabPanelReported", "creatinine")
SIGNED = [*entries(), signed_off(TRIAL)]
FROZEN = [*entries(), on(KEY, CasebookFrozen(), by=CRA)]
PLAN = ("LabPanelReported",)
LOCKED = [*SIGNED, on(KEY, CasebookLocked(()), by=DM)]
PROPOSED = [*LOCKED, on(KEY, UnlockProposed(), by=DM)]
PROPOSAL = grown(PROPOSED).digests[f"subject/{KEY}"]
SIGN = SignCasebook(KEY, *head_of(TRIAL), ("visit 3 was done by telephone",))
LOCK = LockCasebook(KEY, ())

# -- freeze ---------------------------------------------------------------------------------------------


def test_a_casebook_is_frozen_and_unfrozen() -> None:
    given(entries()).when(FreezeCasebook(KEY), CRA).then([CasebookFrozen()])
    given(FROZEN).when(UnfreezeCasebook(KEY), CRA).then([CasebookUnfrozen()])


@pytest.mark.parametrize(
    ("events", "asked", "code"),
    [
        (entries(), FreezeCasebook("S09"), "UNKNOWN_SUBJECT"),
        (FROZEN, FreezeCasebook(KEY), "FROZEN"),
        (LOCKED, FreezeCasebook(KEY), "LOCKED"),
        (entries(), UnfreezeCasebook(KEY), "NOT_FROZEN"),
        (LOCKED, UnfreezeCasebook(KEY), "NOT_FROZEN"),
    ],
)
def test_freezing_in_another_order_is_refused(events: list[Past], asked: Any, code: str) -> None:
    given(events).when(asked, CRA).refused(code)


# -- sign-off -------------------------------------------------------------------------------------------


def test_the_investigator_signs_the_heads_that_were_shown() -> None:
    given(entries()).when(SIGN, PI).then([CasebookSigned(*head_of(TRIAL), SIGN.exceptions)])


@pytest.mark.parametrize("change", [book(CORRECTED, LB), on(KEY, CasebookFrozen(), by=CRA)])
def test_what_changed_while_it_was_read_is_read_again(change: Past) -> None:
    given([*entries(), change]).when(SIGN, PI).refused("CHANGED_WHILE_REVIEWING")


@pytest.mark.parametrize(
    ("events", "asked", "code"),
    [
        (entries(), replace(SIGN, casebook_head=None), "CHANGED_WHILE_REVIEWING"),
        (entries(), replace(SIGN, subject_version=1), "CHANGED_WHILE_REVIEWING"),
        (entries(), replace(SIGN, exceptions=(" ",)), "BAD_TEXT"),
        (entries(), replace(SIGN, exceptions=("13800138000",)), "PII_SUSPECTED"),
        (entries(), replace(SIGN, subject_key="S09"), "UNKNOWN_SUBJECT"),
        ([*entries(), raised(CREATININE)], SIGN, "OPEN_QUERIES"),
        (LOCKED, SIGN, "LOCKED"),
    ],
)
def test_a_sign_off_that_cannot_be_is_refused(events: list[Past], asked: Any, code: str) -> None:
    given(events).when(asked, PI).refused(code)


def test_an_entry_shows_the_signature_to_be_of_an_earlier_version() -> None:
    events = [*SIGNED, on(KEY, CasebookFrozen(), by=CRA), book(CORRECTED, LB)]
    signed = grown(SIGNED).quality[KEY].sign_off
    changed = grown(events).quality[KEY].sign_off
    assert signed is not None
    assert signed.is_current
    assert changed is not None
    assert (changed.is_current, changed.event) == (False, signed.event)
    assert changed.changed_by == (grown(events).position,)


def test_signing_again_makes_it_current() -> None:
    changed = [*SIGNED, book(CORRECTED, LB)]
    again = grown([*changed, signed_off(grown(changed))]).quality[KEY].sign_off
    assert again is not None
    assert again.is_current


# -- lock -----------------------------------------------------------------------------------------------


def ready() -> list[Past]:
    return [*SIGNED, verified(every_item(TRIAL, *PLAN))]


def test_a_settled_casebook_is_locked() -> None:
    given(ready()).when(LockCasebook(KEY, PLAN), DM).then([CasebookLocked(PLAN)])
    for plan in ((), ("LiverTransplantRecorded",)):  # the subject has none: nothing would be verified
        story = given(SIGNED).when(LockCasebook(KEY, plan), DM, reason=why("no verification was planned"))
        story.then([CasebookLocked(plan)])


@pytest.mark.parametrize(
    ("events", "asked", "code"),
    [
        (SIGNED, LOCK, "REASON_REQUIRED"),
        (SIGNED, LockCasebook(KEY, ("LiverTransplantRecorded",)), "REASON_REQUIRED"),
        (SIGNED, LockCasebook("S09", PLAN), "UNKNOWN_SUBJECT"),
        (SIGNED, LockCasebook(KEY, ("LabResultCorrected",)), "BAD_PLAN"),
        (SIGNED, LockCasebook(KEY, ("CasebookSigned",)), "BAD_PLAN"),
        (SIGNED, LockCasebook(KEY, PLAN * 2), "BAD_PLAN"),
        (LOCKED, LockCasebook(KEY, PLAN), "LOCKED"),
        ([*ready(), raised(CREATININE)], LockCasebook(KEY, PLAN), "OPEN_QUERIES"),
        (entries(), LockCasebook(KEY, PLAN), "CASEBOOK_NOT_SIGNED"),
        ([*ready(), book(CORRECTED, LB)], LockCasebook(KEY, PLAN), "CHANGED_SINCE_SIGNING"),
        (SIGNED, LockCasebook(KEY, PLAN), "NOT_VERIFIED"),
        (ready(), LockCasebook(KEY, (*PLAN, "SubjectScreened")), "NOT_VERIFIED"),
    ],
)
def test_a_casebook_that_is_not_settled_is_not_locked(events: list[Past], asked: Any, code: str) -> None:
    given(events).when(asked, DM).refused(code)


def test_a_refused_lock_names_what_is_missing() -> None:
    with pytest.raises(Refused) as refusal:
        decide(given([*ready(), raised(CREATININE)]).facts, LOCK, _asking(DM, reason=True))
    assert refusal.value.facts == {"queries": ["Q1"]}
    with pytest.raises(Refused) as refusal:
        decide(given(SIGNED).facts, LockCasebook(KEY, PLAN), _asking(DM))
    named: Any = refusal.value.facts["items"]
    assert {one["field"] for one in named} >= {"creatinine", "bilirubin"}


def test_a_stale_verification_does_not_let_a_casebook_be_locked() -> None:
    corrected = [*entries(), verified(every_item(TRIAL, *PLAN)), book(CORRECTED, LB)]
    signed = [*corrected, signed_off(grown(corrected))]
    given(signed).when(LockCasebook(KEY, PLAN), DM).refused("NOT_VERIFIED")


def test_a_lock_guards_against_queries_and_reviews_that_come_meanwhile() -> None:
    facts = given([*ready(), raised(CREATININE), on("Q1", QueryClosed("settled"), by=DM)]).facts
    decide(facts, LockCasebook(KEY, PLAN), _asking(DM))
    assert facts.births == {"query/": 1, "review/": 1}
    assert {f"subject/{KEY}", f"casebook/{KEY}", "query/Q1"} <= facts.reads.keys()


# -- unlock ---------------------------------------------------------------------------------------------


def test_two_people_unlock_a_casebook() -> None:
    given(LOCKED).when(ProposeUnlock(KEY), DM, reason=why()).then([UnlockProposed()])
    given(PROPOSED).when(ApproveUnlock(KEY, PROPOSAL), MM).then([CasebookUnlocked(PROPOSAL, DM.id, "")])


def test_what_a_stolen_key_proposed_opens_nothing() -> None:
    proposed = replace(PROPOSED[-1], by=ADM)
    stolen = Past(streams.person(ADM.id), KeyCompromiseDeclared("ed25519:" + "0" * 64, 1), by=SEC)
    asked = given([*PROPOSED[:-1], proposed, stolen]).when(ApproveUnlock(KEY, PROPOSAL), MM)
    asked.refused("PROPOSAL_IN_DOUBT")


def test_an_unlock_says_who_proposed_it_and_why() -> None:
    proposed = replace(recorded(PROPOSED[-1], len(PROPOSED), 1), reason=why())
    state = evolve(grown(LOCKED).quality[KEY], proposed)
    assert state.proposal == Proposal(proposed.digest, DM.id, why().text)


@pytest.mark.parametrize(
    ("events", "asked", "by", "code"),
    [
        (SIGNED, ProposeUnlock(KEY), DM, "NOT_LOCKED"),
        (SIGNED, ProposeUnlock("S09"), DM, "UNKNOWN_SUBJECT"),
        (LOCKED, ProposeUnlock(KEY), DM, "REASON_REQUIRED"),
        (SIGNED, ApproveUnlock(KEY, PROPOSAL), MM, "NOT_LOCKED"),
        (LOCKED, ApproveUnlock(KEY, PROPOSAL), MM, "NOTHING_TO_APPROVE"),
        ([*PROPOSED, on(KEY, UnlockProposed(), by=DM)], ApproveUnlock(KEY, PROPOSAL), MM, "STALE_PROPOSAL"),
        (PROPOSED, ApproveUnlock(KEY, PROPOSAL), DM, "SOD_VIOLATION"),
    ],
)
def test_one_person_does_not_unlock_alone(events: list[Past], asked: Any, by: Member, code: str) -> None:
    given(events).when(asked, by).refused(code)


def test_a_casebook_that_is_locked_again_needs_a_new_proposal() -> None:
    unlocked = [
        *PROPOSED,
        on(KEY, CasebookUnlocked(PROPOSAL, DM.id, ""), by=MM),
        on(KEY, CasebookLocked(()), by=DM),
    ]
    given(unlocked).when(ApproveUnlock(KEY, PROPOSAL), MM).refused("NOTHING_TO_APPROVE")


# -- what a closed casebook takes -------------------------------------------------------------------------

CLINICAL = [
    command
    for command in DECIDERS
    if command.__module__.split(".")[2] in {"subject", "casebook", "product"}
    and "subject_key" in {one.name for one in fields(command)}
]


def _about_the_subject(command: type) -> Any:
    return replace(example(command), subject_key=KEY)


def _asking(by: Member, *, reason: bool = False) -> Context:
    return Context(by.id, by.role, LONG_AFTER, LONG_AFTER, ZONE, why() if reason else None, AnyKey())


@pytest.mark.parametrize("command", CLINICAL, ids=lambda c: c.__name__)
def test_a_locked_casebook_takes_no_clinical_command(command: type) -> None:
    facts = given(LOCKED).facts
    with pytest.raises(Refused) as refusal:
        decide(facts, _about_the_subject(command), _asking(PI, reason=True))
    assert refusal.value.code == "LOCKED"
    assert f"subject/{KEY}" in facts.reads
    assert ("safety report" in refusal.value.detail) is (command in SAFETY)


@pytest.mark.parametrize("command", CLINICAL, ids=lambda c: c.__name__)
def test_a_frozen_casebook_takes_safety_and_nothing_else(command: type) -> None:
    code = ""
    try:
        decide(given(FROZEN).facts, _about_the_subject(command), _asking(PI, reason=True))
    except Refused as refusal:
        code = refusal.code
    assert (code == "FROZEN") is (command not in SAFETY)


def test_a_closed_casebook_concerns_no_other_subject() -> None:
    others = [Past(p.stream.replace(KEY, "S02"), p.payload, p.by, p.at) for p in entries()]
    trial = grown([*LOCKED, *others])
    assert Facts(trial).access("S02") is Access.OPEN


class Lock(RuleBasedStateMachine):
    """Random acts on one casebook: it is never locked unless it was signed as it stands."""

    @initialize()
    def begin(self) -> None:
        self.trial: Trial = grown(entries())
        self.access = Access.OPEN
        self.signed = self.proposed = False

    def act(self, command: Any, by: Member) -> bool:
        try:
            made = decide(Facts(self.trial), command, _asking(by, reason=True))
        except Refused:
            return False
        for one in made:
            self.enter(Past(one.stream, one.event, by))
        return True

    def enter(self, past: Past) -> None:
        version = self.trial.versions.get(past.stream, 0) + 1
        self.trial.apply(recorded(past, self.trial.position + 1, version))

    @rule()
    def freeze(self) -> None:
        assert self.act(FreezeCasebook(KEY), CRA) is (self.access is Access.OPEN)
        self.access = Access.FROZEN if self.access is Access.OPEN else self.access

    @rule()
    def unfreeze(self) -> None:
        assert self.act(UnfreezeCasebook(KEY), CRA) is (self.access is Access.FROZEN)
        self.access = Access.OPEN if self.access is Access.FROZEN else self.access

    @rule()
    def sign(self) -> None:
        assert self.act(SignCasebook(KEY, *head_of(self.trial), ()), PI) is (self.access is not Access.LOCKED)
        self.signed |= self.access is not Access.LOCKED

    @rule()
    def lock(self) -> None:
        allowed = self.signed and self.access is not Access.LOCKED
        assert self.act(LOCK, DM) is allowed
        if allowed:
            self.access, self.proposed = Access.LOCKED, False

    @rule()
    def change(self) -> None:
        if self.access is Access.OPEN:
            self.enter(book(CORRECTED, LB))
            self.signed = False

    @rule()
    def propose(self) -> None:
        assert self.act(ProposeUnlock(KEY), DM) is (self.access is Access.LOCKED)
        self.proposed |= self.access is Access.LOCKED

    @rule(by=st.sampled_from([DM, MM]))
    def approve(self, by: Member) -> None:
        proposal = self.trial.quality[KEY].proposal
        asked = ApproveUnlock(KEY, proposal.digest if proposal else PROPOSAL)
        allowed = self.access is Access.LOCKED and self.proposed and by is MM
        assert self.act(asked, by) is allowed
        if allowed:
            self.access = Access.OPEN


TestLock = Lock.TestCase
TestLock.settings = settings(
    max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
