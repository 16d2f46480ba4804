"""Whatever people try, in whatever order: accepted where the model says so, refused by a rule that it breaks.

`reference_trial` says what is legal. And of each dose that comes about, the bare list of events says once
more that it had consent, eligibility, a slot, a released lot, a checked preparation, and that nothing
stopped it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import currently_in_test_context, settings
from hypothesis import event as note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.kernel.quantities import Quantity
from core.rules.screening_facts import Group
from core.trial.escalation import events as escalation
from core.trial.escalation.commands import (
    CastSrcVote,
    CloseSrcMeeting,
    LiftSafetyHold,
    OpenSrcMeeting,
    PlaceSafetyHold,
    SignDecision,
)
from core.trial.product import events as product
from core.trial.product.commands import (
    CheckDosePreparation,
    DiscardDosePreparation,
    PrepareDose,
    ReceiveLot,
    RejectLot,
    ReleaseLot,
)
from core.trial.subject import events as subject
from core.trial.subject.commands import (
    AdjudicateDlt,
    CompleteDltWindow,
    ConfirmEligibility,
    EnrolSubject,
    RecordDeath,
    RecordScreenFailure,
    ReportAdverseEvent,
    WithdrawConsent,
    WithdrawSubject,
)
from tests.properties.driven import Driven
from tests.properties.reference_trial import MAY, NOMINAL, WINDOW, Asked, Model, accept, amount, broken
from tests.support.given import (
    CELLS,
    DM,
    MEMBERS,
    MM,
    PH,
    PH2,
    PI,
    SC,
    SI,
    SRC,
    SRC2,
    VOLUME,
    ZONE,
    Past,
    adverse_event,
    cells,
    consent,
    dose,
    lot_contents,
    screening,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.trial.catalogue import Command
    from tests.support.given import Member

SUBJECTS, LOTS, MEETINGS = (
    ("S01", "S02", "S03"),
    ("L-1", "L-2", "L-3", "L-4", "L-5"),
    ("M1", "M2", "M3", "M4", "M5"),
)
PEOPLE = (PI, SI, SC, PH, PH2, MM, SRC, SRC2, DM)
STEPS = tuple(MAY)
# What stands against a dose for which everything else is done.
SPOILERS: dict[str, tuple[tuple[str, Member], ...]] = {
    "hold": (("hold", PI),),
    "reject": (("reject", PH),),
    "discard": (("discard", PH),),
    "unchecked": (("discard", PH), ("prepare", PH)),
    "checked_by_who_prepared": (("discard", PH), ("prepare", PH), ("check", PH)),
    "withdraw": (("withdraw", PI),),
    "die": (("die", PI),),
    "take_back_treatment": (("take_back_treatment", PI),),
    "take_back_all": (("take_back_all", PI),),
    "stale": (),
    "renewed": (("screen", SC),),
    "toxicity": (("toxicity", SC),),
}
_TOO_LIGHT = ("ACLF-1",)


class Anything(RuleBasedStateMachine):
    """People try; `seen` counts over all runs how often each command was accepted and refused."""

    seen: ClassVar[dict[str, list[int]]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.driven = Driven()
        self.model = Model(self.driven.at, ZONE, (SRC.id, SRC2.id), decisive=self.driven.trial.position)

    @initialize(right=st.integers(0, 60))
    def begin(self, right: int) -> None:
        """Begin somewhere on the right way, subject after subject."""
        for _ in range(right):
            self._go_on(next((key for key in SUBJECTS if not self.model.person(key).closed), SUBJECTS[0]))

    # -- what people try ----------------------------------------------------------------------------

    @rule(
        asked=st.builds(
            Asked,
            step=st.sampled_from(STEPS),
            by=st.sampled_from(PEOPLE),
            key=st.sampled_from(SUBJECTS),
            lot=st.sampled_from(LOTS),
            level=st.sampled_from((1, 1, 2)),
            good=st.sampled_from((True, True, False)),
            ae=st.sampled_from(("AE-1", "AE-1", "AE-2")),
            grade=st.sampled_from((1, 2, 3, 4, 5)),
            meeting=st.sampled_from(MEETINGS),
            words=st.sampled_from((("escalate", 2), ("enrol", 1), ("stop_no_mtd", None), ("hold", 1))),
            names=st.sampled_from((0, 1, 2, 2, 2, 3)),
        ),
        fitting=st.sampled_from((True, True, True, False)),
        fresh=st.booleans(),
    )
    def try_anything(self, asked: Asked, fitting: bool, fresh: bool) -> None:  # noqa: FBT001 - drawn
        """Ask for anything; mostly as somebody who may, at the open meeting, on the newest head."""
        if fitting and asked.by.role not in MAY[asked.step]:
            able = [person for person in PEOPLE if person.role in MAY[asked.step]]
            asked = replace(asked, by=able[len(self.driven.past) % len(able)])
        if fitting and asked.step in {"vote", "sign", "adjourn"} and self.model.meeting:
            asked = replace(asked, meeting=self.model.meeting.name)
        if fitting and asked.step in {"check", "discard", "dose"}:
            asked = replace(asked, lot=self._lot_for(asked), names=2)
        if fresh:
            asked = replace(asked, words=self.model.decide()[0], snapshot=self.driven.trial.position)
        self._ask(asked)

    def _lot_for(self, asked: Asked) -> str:
        return next(iter(self._prepared(asked.key)), asked.lot)

    @rule(key=st.sampled_from(SUBJECTS), again=st.booleans())
    def screen_one_too_light(self, key: str, again: bool) -> None:  # noqa: FBT001 - drawn
        for asked in (Asked("screen", SC, key, good=False), Asked("fail", PI, key), Asked("screen", SC, key)):
            if again or asked.step == "fail" or not asked.good:
                self._ask(asked)

    @rule(key=st.sampled_from(SUBJECTS), by=st.sampled_from((PH, PH2)), recall=st.booleans())
    def spoil_what_is_prepared(self, key: str, by: Member, recall: bool) -> None:  # noqa: FBT001 - drawn
        """Go on until a dose is prepared for one of the subjects; then discard it, or recall its lot."""
        for _ in range(8):
            if not self.model.person(key).dosed and not self._prepared(key):
                self._go_on(key)
        for lot in self._prepared(key):
            self._ask(Asked("reject" if recall else "discard", by, key, lot))

    def _prepared(self, key: str) -> list[str]:
        return [name for name, lot in self.model.lots.items() if key in lot.prepared]

    @rule(key=st.sampled_from(SUBJECTS), steps=st.integers(1, 6))
    def go_on(self, key: str, steps: int) -> None:
        for _ in range(steps):
            self._go_on(key)

    @rule(key=st.sampled_from(SUBJECTS), spoiled_by=st.sampled_from(tuple(SPOILERS)))
    def at_the_brink_of_a_dose(self, key: str, spoiled_by: str) -> None:
        self._dose_in_spite_of(key, spoiled_by)

    def _dose_in_spite_of(self, key: str, spoiled_by: str) -> str | None:
        """Do everything right up to the dose, then one thing against it, and dose nonetheless."""
        asked = self._to_the_brink(key)
        if asked is None:
            return None
        if spoiled_by in {"stale", "renewed"}:
            self._pass_time(timedelta(hours=73))
        for step, by in SPOILERS[spoiled_by]:
            about = self.model.order[0] if step == "toxicity" and self.model.order else key
            self._ask(Asked(step, by, about, asked.lot, asked.level, ae=self._new_ae))
        return self._ask(asked)

    @property
    def _new_ae(self) -> str:
        return f"AE-P{len(self.driven.past)}"

    def _to_the_brink(self, key: str) -> Asked | None:
        for _ in range(16):
            asked = next(self._right_steps(key), None)
            if asked is not None and asked.step == "dose":
                return asked
            self._go_on(key)
        return None

    @rule()
    def two_at_once(self) -> None:
        """Bring all who wait to the brink and dose them one behind the other."""
        waiting = [key for key in SUBJECTS if not self.model.person(key).dosed]
        ready = [asked for key in waiting for asked in [self._to_the_brink(key)] if asked]
        for asked in ready:
            self._ask(asked)

    @rule(key=st.sampled_from(SUBJECTS))
    def close_in_doubt(self, key: str) -> None:
        """Close a window while a severe toxicity waits for the committee."""
        self._ask(Asked("toxicity", SC, key, ae=self._new_ae))
        self._pass_time(WINDOW)
        self._ask(Asked("close", PI, key))

    @rule(key=st.sampled_from(SUBJECTS))
    def leave_between_screening_and_confirmation(self, key: str) -> None:
        """Renew the values of an enrolled subject who then leaves; nobody is confirmed after that."""
        if self._to_the_brink(key) is not None:
            self._pass_time(timedelta(hours=73))
            for step, by in (("screen", SC), ("withdraw", PI), ("confirm", PI)):
                self._ask(Asked(step, by, key))

    @rule(votes=st.integers(0, 2), sign=st.booleans(), turn=st.sampled_from((None, None, "dissent", "news")))
    def convene(self, votes: int, sign: bool, turn: str | None) -> None:  # noqa: FBT001 - drawn
        """Let the committee meet and end its meeting, perhaps at odds, or overtaken by what is new."""
        for _ in range(votes + 1):
            asked = next(self._to_a_signature())
            if asked.step in {"meet", "vote"}:
                against = turn == "dissent" and asked.by is SRC2
                self._ask(replace(asked, words=("stop_no_mtd", None)) if against else asked)
        if turn == "news":
            for key in self.model.order[:1]:
                self._ask(Asked("toxicity", SC, key, ae=self._new_ae, grade=2))
        meeting = self.model.meeting.name if self.model.meeting else "M1"
        self._ask(Asked("sign" if sign else "adjourn", SRC, meeting=meeting, words=self.model.decide()[0]))

    @rule(hours=st.sampled_from((0, 24, 72, 14 * 24, 28 * 24)))
    def pass_time(self, hours: int) -> None:
        self._pass_time(timedelta(hours=hours))

    @rule(key=st.sampled_from(SUBJECTS), is_dlt=st.booleans())
    def judge_toxicity(self, key: str, is_dlt: bool) -> None:  # noqa: FBT001 - drawn
        """Let a severe toxicity be entered and the committee judge it."""
        self._ask(Asked("toxicity", SC, key, ae="AE-9", grade=3))
        for member in (SRC, SRC2):
            self._ask(Asked("judge", member, key, ae="AE-9", good=is_dlt))

    def _pass_time(self, span: timedelta) -> None:
        self.driven.at += span
        self.model.at += span

    def _ask(self, asked: Asked) -> str | None:
        """Ask, hold the answer against the model, and return the code of a refusal."""
        rules = broken(self.model, asked)
        past = len(self.driven.past)
        code = self.driven.attempt(COMMANDS[asked.step](self, asked), asked.by)
        if code is None:
            assert not rules, f"accepted, though it breaks {rules}: {asked}"
            accept(self.model, asked, self.driven.trial.position)
            for made in self.driven.past[past:]:
                if isinstance(made.payload, subject.DoseAdministered):
                    require_path(self.driven.past[:past], made)
        else:
            assert code in rules, f"refused by {code}, though it breaks {rules or 'nothing'}: {asked}"
        counts = self.seen.setdefault(asked.step, [0, 0])
        counts[code is not None] += 1
        if currently_in_test_context():
            note(f"{asked.step}: {code or 'accepted'}")
        return code

    # -- the right way ------------------------------------------------------------------------------

    def _go_on(self, key: str) -> None:
        """Take the next right step towards a dose of the subject, or to the end of its window."""
        asked = next(self._right_steps(key), None)
        if asked is None:
            self._pass_time(timedelta(days=14))
        else:
            self._ask(asked)

    def _right_steps(self, key: str) -> Iterator[Asked]:
        model, person = self.model, self.model.person(key)
        if person.dosed:
            if not person.closed and model.today >= person.dosed[1] + WINDOW:
                yield Asked("close", PI, key)
            return
        if not person.consented:
            yield Asked("consent", PI, key)
        if person.enrolled and not model.staggered(person.enrolled):
            return
        stale = person.screened_at is None or model.at - person.screened_at > timedelta(hours=72)
        if person.failed or stale:
            yield Asked("screen", SC, key)
        if not person.eligible:
            yield Asked("fail", PI, key)
        if not person.confirmed:
            yield Asked("confirm", PI, key)
        if person.enrolled is None:
            yield from self._to_a_slot(key)
        else:
            yield from self._to_a_dose(key, person.enrolled)

    def _to_a_slot(self, key: str) -> Iterator[Asked]:
        words, slots = self.model.decide()
        if slots == 0:
            return
        if self.model.open_level == words[1] is not None:
            yield Asked("enrol", PI, key, level=words[1] or 1)
        yield from self._to_a_signature()

    def _to_a_signature(self) -> Iterator[Asked]:
        model, meeting, words = self.model, self.model.meeting, self.model.decide()[0]
        if meeting is None:
            fresh = next((name for name in MEETINGS if name not in model.meetings), MEETINGS[0])
            yield Asked("meet", MM, meeting=fresh, names=2, snapshot=self.driven.trial.position)
            return
        if meeting.facts != model.facts or any(vote != words for vote in meeting.votes.values()):
            yield Asked("adjourn", MM, meeting=meeting.name)
        for member in (SRC, SRC2):
            if member.id not in meeting.votes:
                yield Asked("vote", member, meeting=meeting.name, words=words)
        yield Asked("sign", SRC, meeting=meeting.name, words=words)

    def _to_a_dose(self, key: str, level: int) -> Iterator[Asked]:
        model = self.model
        theirs = [
            (name, lot) for name, lot in model.lots.items() if key in lot.prepared and lot.usable(model.at)
        ]
        for name, lot in theirs:
            _, by, checked = lot.prepared[key]
            if not checked:
                yield Asked("check", PH2 if by == PH.id else PH, key, name)
        if not theirs:
            yield from self._to_a_lot(key, level)
        if model.holds:
            yield Asked("lift", SRC)
        yield Asked("dose", PI, key, theirs[0][0] if theirs else "L-1", level, names=2)

    def _to_a_lot(self, key: str, level: int) -> Iterator[Asked]:
        for name, lot in self.model.lots.items():
            if lot.usable(self.model.at) and lot.left >= NOMINAL[level]:
                yield Asked("prepare", PH if lot.released_by == PH2.id else PH2, key, name, level)
            if lot.good and not (lot.rejected or lot.released_by):
                yield Asked("release", PH2 if lot.received_by == PH.id else PH, lot=name)
        fresh = next((name for name in LOTS if name not in self.model.lots), None)
        if fresh:
            yield Asked("receive", PH, lot=fresh)

    # -- what always holds --------------------------------------------------------------------------

    @invariant()
    def trial_and_model_agree(self) -> None:
        decision = self.driven.decision
        words, slots = self.model.decide()
        assert (str(decision.decision), decision.level, decision.slots) == (*words, slots)
        assert len(self.driven.holds) == len(self.model.holds)
        assert self.driven.trial.decisive_at == self.model.decisive


def _report(_: Anything, asked: Asked) -> ReportAdverseEvent:
    return ReportAdverseEvent(asked.key, adverse_event(asked.ae, asked.grade, _.model.today))


def _receive(run: Anything, asked: Asked) -> ReceiveLot:
    at, viability = run.driven.at, "90" if asked.good else "69"
    contents = lot_contents(at, expires_at=at + timedelta(days=20), viable_cells=cells("0.7"))
    return ReceiveLot(asked.lot, replace(contents, viability_percent=cells(viability).value))


def _cells(asked: Asked) -> Quantity:
    return Quantity(amount(asked), CELLS[1].unit)


def _prepare(run: Anything, asked: Asked) -> PrepareDose:
    return PrepareDose(asked.lot, asked.key, asked.level, _cells(asked), VOLUME, run.driven.at)


def _dose(run: Anything, asked: Asked) -> Command:
    given = dose(asked.key, asked.level, run.driven.at, lot=asked.lot, cells=_cells(asked))
    return replace(given, identity_checked=given.identity_checked[: asked.names])


def _consent(_: Anything, asked: Asked) -> Command:
    right = consent(asked.key)
    return right if asked.good else replace(right, version="9.9")


def _lift(run: Anything, asked: Asked) -> LiftSafetyHold:
    holds = run.driven.holds if asked.names else ()
    return LiftSafetyHold(holds if asked.good else (*holds, "manual:99"), "the benefit outweighs the risk")


def _meet(_: Anything, asked: Asked) -> OpenSrcMeeting:
    roster = (SRC.id, SRC2.id, DM.id)[: asked.names]
    return OpenSrcMeeting(asked.meeting, asked.snapshot, "root", roster, ())


def _leave(run: Anything, asked: Asked) -> WithdrawSubject:
    return WithdrawSubject(asked.key, run.model.today, "own wish", dlt_related=False)


COMMANDS: dict[str, Callable[[Any, Asked], Command]] = {
    "consent": _consent,
    "take_back_treatment": lambda _, a: WithdrawConsent(a.key, subject.ConsentScope.TREATMENT_ONLY),
    "take_back_all": lambda _, a: WithdrawConsent(a.key, subject.ConsentScope.ALL_PROCEDURES),
    "screen": lambda _, a: screening(a.key, weight="68.0" if a.good else "40.0"),
    "confirm": lambda _, a: ConfirmEligibility(a.key, Group.ACLF),
    "fail": lambda _, a: RecordScreenFailure(a.key, _TOO_LIGHT),
    "enrol": lambda _, a: EnrolSubject(a.key, a.level, None),
    "dose": _dose,
    "close": lambda _, a: CompleteDltWindow(a.key),
    "withdraw": _leave,
    "die": lambda run, a: RecordDeath(a.key, run.model.today, None, related=False),
    "toxicity": _report,
    "judge": lambda _, a: AdjudicateDlt(a.key, a.ae, a.good, "on the source documents", None),
    "receive": _receive,
    "release": lambda _, a: ReleaseLot(a.lot),
    "reject": lambda _, a: RejectLot(a.lot, "recalled"),
    "prepare": _prepare,
    "check": lambda _, a: CheckDosePreparation(a.lot, a.key),
    "discard": lambda _, a: DiscardDosePreparation(a.lot, a.key, "spilled"),
    "meet": _meet,
    "adjourn": lambda _, a: CloseSrcMeeting(a.meeting, "no more time"),
    "vote": lambda _, a: CastSrcVote(a.meeting, *a.words, "on the facts"),
    "sign": lambda _, a: SignDecision(a.meeting, *a.words, None),
    "hold": lambda *_: PlaceSafetyHold("a doubt"),
    "lift": _lift,
}


# -- the path to a dose, in the bare events -----------------------------------------------------------


def require_path(past: list[Past], given: Past) -> None:
    """Hold a dose against the events before it."""
    theirs = [one.payload for one in past if one.stream == given.stream]
    kinds = [type(one) for one in theirs]
    assert kinds.count(subject.ConsentGiven) == 1
    assert not {subject.ConsentWithdrawn, subject.SubjectWithdrawn, subject.DeathRecorded} & set(kinds)
    assert subject.DoseAdministered not in kinds
    screened = max(n for n, one in enumerate(theirs) if isinstance(one, subject.SubjectScreened))
    assert theirs[screened].eligible
    assert subject.EligibilityConfirmed in kinds[screened:]
    assert subject.SubjectScreenFailed not in kinds[screened:]
    [enrolled] = [one for one in theirs if isinstance(one, subject.SubjectEnrolled)]
    assert enrolled.level == given.payload.level
    _require_level_signed(past, given.payload.level)
    _require_answered_for([one for one in past if one.stream == f"lot/{given.payload.lot}"], given)


def _require_level_signed(past: list[Past], level: int) -> None:
    decisions = [one.payload for one in past if isinstance(one.payload, escalation.DecisionSigned)]
    assert level == (decisions[-1].level if decisions else 1)
    stopped: set[str] = set()
    for one in past:
        if isinstance(one.payload, escalation.SafetyHoldPlaced):
            stopped.add(one.payload.hold)
        elif isinstance(one.payload, escalation.SafetyHoldLifted):
            stopped -= set(one.payload.triggers)
    assert not stopped


def _require_answered_for(lot: list[Past], given: Past) -> None:
    key = given.stream.partition("/")[2]
    received, released = lot[:2]
    assert isinstance(received.payload, product.LotReceived)
    assert isinstance(released.payload, product.LotReleased)
    assert received.payload.contents.expires_at > given.at
    assert received.payload.contents.viability_percent >= 70
    assert not any(isinstance(one.payload, product.LotRejected) for one in lot)
    prepared, checked = [one for one in lot if getattr(one.payload, "subject_key", None) == key][-2:]
    assert isinstance(prepared.payload, product.DosePrepared)
    assert isinstance(checked.payload, product.DosePreparationChecked)
    assert received.by != released.by != prepared.by != checked.by
    assert given.payload.cells.value <= prepared.payload.cells.value


# -- the runs -----------------------------------------------------------------------------------------


class TestOrders(Anything.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

    def runTest(self) -> None:  # noqa: N802 - the name that hypothesis gives it
        Anything.seen.clear()
        super().runTest()
        assert all(Anything.seen[step][0] for step in ("enrol", "dose", "close", "sign"))


@pytest.mark.slow
class TestManyOrders(Anything.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(max_examples=800, stateful_step_count=80, deadline=None)

    def runTest(self) -> None:  # noqa: N802 - the name that hypothesis gives it
        Anything.seen.clear()
        super().runTest()
        assert all(accepted and refused for accepted, refused in Anything.seen.values()), Anything.seen
        assert set(Anything.seen) == set(STEPS)


def _brought_to(first: str | None) -> Anything:
    """Return a trial in which the first subject, if one is named, is through with the DLT window."""
    run = Anything()
    while first and not run.model.person(first).closed:
        run._go_on(first)
    return run


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize(
    ("spoiled_by", "code"),
    [
        ("hold", "SAFETY_HOLD"),
        ("reject", "LOT_NOT_RELEASED"),
        ("discard", "CHAIN_OF_IDENTITY"),
        ("unchecked", "PREPARATION_NOT_CHECKED"),
        ("checked_by_who_prepared", "PREPARATION_NOT_CHECKED"),
        ("withdraw", "ILLEGAL_SEQUENCE"),
        ("die", "ILLEGAL_SEQUENCE"),
        ("take_back_treatment", "CONSENT_WITHDRAWN"),
        ("take_back_all", "CONSENT_WITHDRAWN"),
        ("stale", "EVIDENCE_STALE"),
        ("renewed", "NOT_ELIGIBLE"),
        ("toxicity", "LEVEL_NOT_OPEN"),
    ],
)
def test_one_thing_that_stands_against_a_dose_is_enough(spoiled_by: str, code: str, level: int) -> None:
    run = _brought_to("S01" if level > 1 else None)
    if level == 1 and spoiled_by == "toxicity":
        code = ""  # nobody was dosed before: the subject's own earlier fever is no DLT of the level
    if level > 1 and spoiled_by in {"unchecked", "checked_by_who_prepared"}:
        code = "CHAIN_OF_IDENTITY"  # the lot does not hold a second dose of the level
    assert (run._dose_in_spite_of("S02", spoiled_by) or "") == code


def test_two_subjects_of_a_level_are_not_dosed_at_once() -> None:
    run = _brought_to("S01")
    second, third = run._to_the_brink("S02"), run._to_the_brink("S03")
    assert second is not None
    assert third is not None
    assert [run._ask(second), run._ask(third)] == [None, "STAGGER_VIOLATION"]


@pytest.mark.parametrize("step", ["vote", "sign"])
def test_the_committee_does_not_go_on_once_the_facts_have_moved(step: str) -> None:
    run = _brought_to("S01")
    words, newest = run.model.decide()[0], run.driven.trial.position
    right = [
        Asked("meet", MM, names=2, snapshot=newest),
        Asked("vote", SRC, words=words),
        Asked("vote", SRC2, words=words),
        Asked("sign", SRC, words=words),
    ]
    before = right[: 2 if step == "vote" else 3]
    assert [run._ask(asked) for asked in before] == [None] * len(before)
    run._ask(Asked("toxicity", SC, "S01", grade=2))  # on day 28, the last one of the window
    assert run._ask(right[len(before)]) == "SNAPSHOT_STALE"


def test_the_model_knows_every_command_and_every_person() -> None:
    assert set(COMMANDS) == set(STEPS)
    assert set(PEOPLE) <= set(MEMBERS)
