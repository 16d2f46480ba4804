"""Whatever people try, in whatever order: no dose without consent, eligibility, slot and released product.

The deciders are driven without a store. Each dose that they let through is judged again from the bare list of
events, by rules said in other words than theirs.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import event as note
from hypothesis import given as generated
from hypothesis import settings
from hypothesis import strategies as st

from core.kernel.errors import TrialError
from core.rules.screening_facts import Group
from core.trial.catalogue import decide
from core.trial.context import Context
from core.trial.facts import Facts
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
from core.trial.subject.commands import ConfirmEligibility, EnrolSubject, WithdrawSubject
from tests.support.given import (
    CELLS,
    PH,
    PH2,
    PI,
    SC,
    START,
    VOLUME,
    ZONE,
    AnyKey,
    Member,
    Past,
    cells,
    consent,
    dose,
    given,
    lot_contents,
    recorded,
    screening,
    why,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.kernel.quantities import Quantity

SUBJECTS, LOTS = ("S01", "S01", "S02"), ("L-1", "L-1", "L-2")
AMOUNTS = ("0.15", "0.15", "0.12", "0.165", "0.166", "0.5")


class Trial:
    """A trial driven by attempts; what is accepted stands in `past`."""

    def __init__(self) -> None:
        self.trial = given().trial
        self.past: list[Past] = []
        self.at = START
        self.doses = 0

    def attempt(self, command: Any, by: Member) -> str | None:
        """Decide and fold; return the code of a refusal."""
        context = Context(by.id, by.role, self.at, self.at, ZONE, why(), AnyKey())
        try:
            decided = decide(Facts(self.trial), command, context)
        except TrialError as error:
            return error.code
        for one in decided:
            past = Past(one.stream, one.event, by, self.at)
            if isinstance(one.event, subject.DoseAdministered):
                require_path(self.past, past)
                self.doses += 1
            version = self.trial.versions.get(one.stream, 0) + 1
            self.trial.apply(recorded(past, self.trial.position + 1, version))
            self.past.append(past)
        return None

    def command(self, step: str, key: str, lot: str, amount: Quantity) -> Any:
        """Return the command of a step as it would be given now."""
        return MAKE[step](self.at, key, lot, amount)


def _receive(at: datetime, lot: str) -> ReceiveLot:
    return ReceiveLot(lot, lot_contents(at, expires_at=at + timedelta(hours=40), viable_cells=cells("0.4")))


MAKE: dict[str, Callable[[datetime, str, str, Quantity], Any]] = {
    "consent": lambda _at, key, _lot, _amount: consent(key),
    "screen": lambda _at, key, _lot, _amount: screening(key),
    "confirm": lambda _at, key, _lot, _amount: ConfirmEligibility(key, Group.ACLF),
    "enrol": lambda _at, key, _lot, _amount: EnrolSubject(key, 1, None),
    "withdraw": lambda at, key, _lot, _amount: WithdrawSubject(key, at.date(), "own wish", dlt_related=False),
    "receive": lambda at, _key, lot, _amount: _receive(at, lot),
    "release": lambda _at, _key, lot, _amount: ReleaseLot(lot),
    "reject": lambda _at, _key, lot, _amount: RejectLot(lot, "recalled"),
    "prepare": lambda at, key, lot, amount: PrepareDose(lot, key, 1, amount, VOLUME, at + timedelta(hours=1)),
    "check": lambda _at, key, lot, _amount: CheckDosePreparation(lot, key),
    "discard": lambda _at, key, lot, _amount: DiscardDosePreparation(lot, key, "spilled"),
    "dose": lambda at, key, lot, amount: dose(key, 1, at, lot=lot, cells=amount),
}
STEPS = tuple(MAKE)
PHARMACY = STEPS[5:11]


def require_path(past: list[Past], given_dose: Past) -> None:
    """Hold a dose against the events before it."""
    key, given_event = given_dose.stream.partition("/")[2], given_dose.payload
    theirs = [p.payload for p in past if p.stream == given_dose.stream]
    steps = [type(payload) for payload in theirs]
    ways = (
        subject.ConsentGiven,
        subject.SubjectScreened,
        subject.EligibilityConfirmed,
        subject.SubjectEnrolled,
    )
    assert [step for step in steps if step in ways] == list(ways)
    assert not {subject.SubjectWithdrawn, subject.DoseAdministered} & set(steps)
    assert next(p for p in theirs if isinstance(p, subject.SubjectScreened)).eligible
    lot = [p for p in past if p.stream == f"lot/{given_event.lot}"]
    _require_answered_for(lot, key, given_dose)
    for other in past:
        if isinstance(other.payload, subject.DoseAdministered):
            assert (
                abs((given_dose.at - other.at).days) >= 2
            )  # three calendar days are more than two times 24 h


def _require_answered_for(lot: list[Past], key: str, given_dose: Past) -> None:
    received, released = lot[:2]
    assert (type(received.payload), type(released.payload)) == (product.LotReceived, product.LotReleased)
    assert received.payload.contents.expires_at > given_dose.at
    assert not any(isinstance(p.payload, product.LotRejected) for p in lot)
    theirs = [p for p in lot if getattr(p.payload, "subject_key", None) == key]
    prepared, checked = theirs[-2:]
    assert isinstance(prepared.payload, product.DosePrepared)
    assert isinstance(checked.payload, product.DosePreparationChecked)
    assert received.by != released.by != prepared.by != checked.by
    assert given_dose.payload.cells.value <= prepared.payload.cells.value <= Decimal("0.165")
    taken = sum(p.payload.cells.value for p in lot if isinstance(p.payload, product.DosePrepared))
    assert taken <= received.payload.contents.viable_cells.value


RIGHT_WAY = (
    ("consent", PI),
    ("screen", SC),
    ("confirm", PI),
    ("enrol", PI),
    ("receive", PH),
    ("release", PH2),
    ("prepare", PH),
    ("check", PH2),
    ("dose", PI),
)
PEOPLE_OF = {"screen": (SC,), **dict.fromkeys(PHARMACY, (PH, PH2))}


def test_the_right_steps_lead_to_a_dose_and_none_of_them_can_be_left_out() -> None:
    whole = Trial()
    assert [whole.attempt(whole.command(s, "S01", "L-1", CELLS[1]), by) for s, by in RIGHT_WAY] == [None] * 9
    assert whole.doses == 1
    for left_out, _ in RIGHT_WAY[:-1]:
        lacking = Trial()
        for step, by in RIGHT_WAY:
            if step != left_out:
                code = lacking.attempt(lacking.command(step, "S01", "L-1", CELLS[1]), by)
        assert code is not None, left_out
        assert lacking.doses == 0


moves = st.tuples(
    st.sampled_from(STEPS),
    st.sampled_from(SUBJECTS),
    st.sampled_from(LOTS),
    st.sampled_from(AMOUNTS),
    st.integers(0, 1),
    st.sampled_from((0, 0, 0, 1, 20, 60)),
)


@settings(max_examples=150, deadline=None)
@generated(st.sampled_from((*range(8), *[8] * 8)), st.lists(moves, max_size=8), st.sampled_from(AMOUNTS))
def test_no_path_leads_past_the_product(right: int, odd: list[Any], amount: str) -> None:
    """Some right steps, strange ones, the rest: whatever dose comes out had all that it needs."""
    trial = Trial()
    for step, by in RIGHT_WAY[:right]:
        trial.attempt(trial.command(step, "S01", "L-1", CELLS[1]), by)
    for step, key, lot, other_amount, who, hours in odd:
        trial.at += timedelta(hours=hours)
        people = PEOPLE_OF.get(step, (PI,))
        trial.attempt(trial.command(step, key, lot, cells(other_amount)), people[who % len(people)])
    for step, by in RIGHT_WAY[right:]:
        trial.attempt(trial.command(step, "S01", "L-1", cells(amount) if step == "dose" else CELLS[1]), by)
    note(f"doses: {trial.doses}")
