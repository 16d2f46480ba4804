"""What changed since it was signed has one answer, whoever is asked, in whatever order things came.

Random orders of late results, repeats, corrections, regradings, outcomes, ends, sign-offs and
countersignatures are decided one after another; two views, the verifier's register and the sign-off that
a lock asks have to say what a plain list of who set what says.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from core.audit.signature_register import SignatureRegister
from core.kernel.errors import Refused
from core.kernel.quantities import Quantity
from core.trial.casebook.commands import (
    CorrectLabResult,
    EndMedication,
    RepeatLabResult,
    ReportLateResult,
)
from core.trial.casebook.events import LabResult
from core.trial.catalogue import decide
from core.trial.context import Context
from core.trial.facts import Facts
from core.trial.quality.commands import (
    Countersign,
    FreezeCasebook,
    SignCasebook,
    UnfreezeCasebook,
    VerifySource,
)
from core.trial.quality.events import SourceKind
from core.trial.subject.adverse_events import AdverseEventOutcome, AdverseEventReported, Causality
from core.trial.subject.commands import CorrectAdverseEvent, RegradeAdverseEvent, ResolveAdverseEvent
from core.trial.subject.field_change import FieldChange
from projections.casebook_signatures import CasebookSignatures
from projections.projection import RowChange
from projections.signatures import Signatures
from tests.support.given import (
    CRA,
    LB,
    LONG_AFTER,
    MM,
    PI,
    SC,
    ZONE,
    AnyKey,
    Past,
    adverse_event,
    dosed,
    given,
    on,
    recorded,
    why,
)
from tests.support.quality import DRAWN, KEY, MEDICATION, PANEL, RESULTED, book, head_of, item
from tests.verify.test_changed_since_signing import entry_of

if TYPE_CHECKING:
    from core.kernel.recorded import Recorded

UNITS = {"creatinine": "umol/L", "bilirubin": "umol/L", "sodium": "mmol/L"}
R = AdverseEventOutcome
OTHER = {R.RECOVERING: R.NOT_RECOVERED, R.NOT_RECOVERED: R.RECOVERING}
# What each statement of the story sets; the panel sets two results.
FIRST = [
    (on(KEY, AdverseEventReported(adverse_event(grade=2)), by=SC), {"event"}),
    (book(PANEL, LB), {"creatinine", "bilirubin"}),
    (book(MEDICATION), {"medication"}),
]


class Told:
    """A story as it is decided, and a plain account of what each statement set, changed and covers."""

    def __init__(self) -> None:
        self.trial = given(dosed(KEY)).trial
        base = [*given([]).base, *dosed(KEY)]
        self.events = [recorded(past, at, 1) for at, past in enumerate(base, 1)]
        self.set_by: dict[str, list[int]] = {}
        self.bases: dict[int, set[int]] = {}
        self.sign_off: int | None = None
        self.changes: dict[int, tuple[int, ...]] = {}
        self.rows: dict[str, dict[str, dict[str, Any]]] = {"signatures": {}, "casebook-signatures": {}}
        for past, sets in FIRST:
            self.tell(past, sets)

    # -- what is done ---------------------------------------------------------------------------------

    def step(self, what: str, number: int) -> None:
        """Try one step; what is refused is no part of the story."""
        command, by, sets = getattr(self, what)(number)
        reason = why()
        asked = Context(by.id, by.role, LONG_AFTER, LONG_AFTER, ZONE, reason, AnyKey())
        try:
            (made,) = decide(Facts(self.trial), command, asked)
        except Refused:
            return
        self.tell(Past(made.stream, made.event, by, corrects=made.corrects), sets)

    def tell(self, past: Past, sets: set[str]) -> None:
        version = self.trial.versions.get(past.stream, 0) + 1
        event = recorded(past, self.trial.position + 1, version)
        self.trial.apply(event)
        self.events.append(event)
        self._account(event, sets)
        for view in (Signatures(), CasebookSignatures()):
            for change in view.project(event, None, self.trial):
                rows = self.rows[view.name]
                if isinstance(change, RowChange):
                    assert change.row is not None
                    rows[change.key] = change.row
                else:
                    rows[change.key] = {**rows[change.key], **change.fields}

    def _account(self, event: Recorded, sets: set[str]) -> None:
        at, name = event.position, type(event.payload).__name__
        changed = {one for thing in sets for one in self.set_by.get(thing, ())}
        if sets and self.sign_off:
            changed.add(self.sign_off)
        changed |= {one for one, basis in self.bases.items() if basis & changed}
        for one in changed:
            self.changes[one] = (*self.changes.get(one, ()), at)
        for thing in sets:
            self.set_by.setdefault(thing, []).append(at)
        if name == "CasebookSigned":
            self.sign_off = at
        if name in {"Countersigned", "SourceVerified"}:
            digests = getattr(event.payload, "covers", None) or [one.version for one in event.payload.items]
            covered = {one.position for one in self.events if one.digest in digests}
            self.bases[at] = covered.union(*(self.bases.get(one, ()) for one in covered))

    # -- the steps: a command, by whom, and what it sets ----------------------------------------------

    def late(self, _: int) -> Any:
        return ReportLateResult(KEY, 1, "L1", self.result("sodium", Decimal(134))), LB, {"sodium"}

    def repeat(self, number: int) -> Any:
        analyte, old = self.standing(number)
        later = RESULTED + timedelta(minutes=self.trial.position)
        again = replace(self.result(analyte, old.value + 1), resulted_at=later)
        return RepeatLabResult(KEY, 1, "L1", old, again), LB, {analyte}

    def correct(self, number: int) -> Any:
        analyte, old = self.standing(number)
        new = Quantity(old.value + 1, old.unit)
        return CorrectLabResult(KEY, 1, "L1", analyte, old, new, "report 7"), LB, {analyte}

    def regrade(self, _: int) -> Any:
        grade = self.trial.subjects[KEY].adverse_events["AE-1"].current_grade
        return (
            RegradeAdverseEvent(KEY, "AE-1", grade, 5 - grade, date(2024, 3, 4), None, (), None),
            SC,
            {"event"},
        )

    def correct_event(self, _: int) -> Any:
        now = self.trial.subjects[KEY].adverse_events["AE-1"].entry.causality
        new = Causality.POSSIBLE if now is Causality.PROBABLE else Causality.PROBABLE
        return (
            CorrectAdverseEvent(KEY, "AE-1", (FieldChange("causality", str(now), str(new)),), None),
            SC,
            {"event"},
        )

    def resolve(self, _: int) -> Any:
        before = self.trial.subjects[KEY].adverse_events["AE-1"].resolution
        outcome = R.RECOVERING if before is None else OTHER[before.outcome]
        return ResolveAdverseEvent(KEY, "AE-1", outcome, None), SC, {"outcome"}

    def end(self, _: int) -> Any:
        return EndMedication(KEY, "M1", date(2024, 3, 9)), SC, {"medication"}

    def sign(self, _: int) -> Any:
        return SignCasebook(KEY, *head_of(self.trial), ()), PI, set()

    def freeze(self, _: int) -> Any:
        return FreezeCasebook(KEY), CRA, set()

    def unfreeze(self, _: int) -> Any:
        return UnfreezeCasebook(KEY), CRA, set()

    def countersign(self, number: int) -> Any:
        covers = (self.events[-1 - number % len(self.events)].digest,)
        return Countersign(f"R{len(self.events)}", covers), MM, set()

    def verify(self, number: int) -> Any:
        event = ("LabPanelReported", ("creatinine", "bilirubin")[number % 2])
        seen = (item(self.trial, *event),)
        return VerifySource(f"R{len(self.events)}", KEY, SourceKind.LABORATORY_REPORT, seen), CRA, set()

    def standing(self, number: int) -> tuple[str, Quantity]:
        results = self.trial.casebooks[KEY].panels["L1"].current.results
        result = results[number % len(results)]
        return result.analyte, Quantity(result.value, result.unit)

    def result(self, analyte: str, value: Decimal) -> LabResult:
        return LabResult(analyte, value, UNITS[analyte], "L1", DRAWN, RESULTED)


STEPS = (
    *("late", "repeat", "correct", "regrade", "correct_event", "resolve", "end"),
    *("sign", "freeze", "unfreeze", "countersign", "verify"),
)


@settings(max_examples=40)
@over(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 40)), max_size=25))
def test_everybody_tells_the_same_changes_since_signing(steps: list[tuple[str, int]]) -> None:
    told = Told()
    register = SignatureRegister()
    for what, number in steps:
        told.step(what, number)
    for event in told.events:
        register.take(entry_of(event))
    rows = told.rows["signatures"].values()
    signed_off = told.trial.quality[KEY].sign_off
    assert dict(told.trial.revisions.changed_by) == told.changes
    assert {s.position: s.changed_by for s in register.standings() if s.changed_by} == told.changes
    assert {row["position"]: tuple(row["changed_by"]) for row in rows if row["changed_by"]} == told.changes
    for row in told.rows["casebook-signatures"].values():
        assert tuple(row["changed_by"]) == told.changes.get(row["position"], ())
    if signed_off is not None:
        assert signed_off.changed_by == told.changes.get(signed_off.position, ())


def test_the_value_that_was_wrong_is_what_changed() -> None:
    """Not the late result that came in between; and the investigator's sign-off shows both."""
    told = Told()
    panel = told.trial.position - 1
    for what in ("sign", "late", "correct"):
        told.step(what, 0)
    sign_off, late, corrected = panel + 2, panel + 3, panel + 4
    assert told.events[-1].position == corrected
    assert told.changes == {panel: (corrected,), sign_off: (late, corrected)}
    assert dict(told.trial.revisions.changed_by) == told.changes
