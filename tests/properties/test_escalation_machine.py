"""Properties P1 to P9 of domain 1.6 as invariants of whole trials, driven by real commands in any order.

The machine keeps its own account of who was dosed where and what came of it; neither counts nor outcomes are
taken from the product. Only the committee and the pharmacy always do their duty: those orders are tested
elsewhere (`test_illegal_orders`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import event as note
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from core.kernel.time import local_date
from core.rules.escalation import AdjudicationDue, Outcome, OutcomeStatus, decide
from core.trial.cohorts import escalation_rules, in_order_of_dosing
from core.trial.escalation.commands import CastSrcVote, LiftSafetyHold, OpenSrcMeeting, SignDecision
from core.trial.escalation.state import open_level
from core.trial.subject.commands import (
    AdjudicateDlt,
    CompleteDltWindow,
    CorrectAdverseEvent,
    EnrolSubject,
    RegradeAdverseEvent,
    ReportAdverseEvent,
    WithdrawSubject,
)
from core.trial.subject.field_change import FieldChange
from tests.properties.driven import Driven
from tests.rules import escalation_laws as laws
from tests.support.given import (
    MM,
    NCT05727722,
    PI,
    SC,
    SRC,
    SRC2,
    ZONE,
    adverse_event,
    candidate,
    dose,
    prepared,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.rules.escalation import Decision
    from core.trial.study.config import ProtocolConfig

WINDOW = timedelta(days=28)
_RULES = NCT05727722.escalation


def _design(levels: int, atd: int | None, trigger: int, most: int | None) -> ProtocolConfig:
    rules = replace(_RULES, atd_last_level=atd, grade2_trigger_count=trigger, max_subjects=most)
    return replace(NCT05727722, levels=NCT05727722.levels[:levels], escalation=rules)


DESIGNS = (
    NCT05727722,
    _design(4, 1, 1, None),
    _design(3, 0, 1, None),
    _design(4, None, 2, 13),
    _design(2, 0, 1, 7),
    _design(1, 1, 1, None),
)


@dataclass
class Toxicity:
    """What the machine knows of an adverse event: worst grade, votes since its last change, verdict."""

    grade: int
    votes: dict[str, bool] = field(default_factory=dict)
    dlt: bool = False

    @property
    def candidate(self) -> bool:
        return self.grade >= 3

    @property
    def agreed(self) -> bool | None:
        answers = list(self.votes.values())
        return next((answer for answer in (True, False) if answers.count(answer) >= 2), None)

    @property
    def due(self) -> bool:
        """Not judged since its last change; or confirmed, and no candidate now or contested (domain 1.2)."""
        if self.dlt:
            return not self.candidate or (self.agreed is None and False in self.votes.values())
        return self.candidate and self.agreed is None


@dataclass
class Patient:
    """What the machine knows of a dosed subject."""

    key: str
    level: int
    dosed_on: date
    closed: bool = False
    left_on: date | None = None
    toxicities: dict[str, Toxicity] = field(default_factory=dict)

    @property
    def last_day(self) -> date:
        return self.dosed_on + WINDOW

    @property
    def outcome(self) -> Outcome:
        dlt = any(one.dlt for one in self.toxicities.values())
        # On the last day a window that was closed stays closed (domain 1.1: left before its completion).
        left = self.left_on is not None and self.left_on < self.last_day + timedelta(days=not self.closed)
        status = OutcomeStatus.EVALUABLE if self.closed else OutcomeStatus.PENDING
        if left:
            status = OutcomeStatus.WITHDRAWN
        if dlt:
            status = OutcomeStatus.EVALUABLE
        worst = max((one.grade for one in self.toxicities.values()), default=0)
        return Outcome(self.key, self.level, dlt, worst, status)

    @property
    def due(self) -> list[AdjudicationDue]:
        return [AdjudicationDue(ae, self.level) for ae, one in self.toxicities.items() if one.due]


class Escalating(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.patients: list[Patient] = []
        self.meetings = 0

    @initialize(design=st.sampled_from(DESIGNS), quiet=st.integers(0, 4))
    def founded(self, design: ProtocolConfig, quiet: int) -> None:
        """Begin after some cohorts in which nothing happened."""
        self.driven = Driven(design)
        self.config = design
        for _ in range(quiet):
            while self.driven.decision.slots:
                self._dose(0)
            self.close_every_window()

    # -- what people do -----------------------------------------------------------------------------

    @property
    def today(self) -> date:
        return local_date(self.driven.at, ZONE)

    def _does(self, what: str) -> None:
        note(f"did: {what}")

    @rule(days=st.sampled_from((0, 0, 7)))
    def dose_the_next(self, days: int) -> None:
        self._dose(days)

    def _dose(self, days: int) -> None:
        level = self.driven.decision.level
        if level is None or not self.driven.decision.slots:
            return
        if open_level(self.driven.trial.escalation, self.driven.trial.study) != level:
            self._sign()
        if self.driven.holds:
            self.driven.do(LiftSafetyHold(self.driven.holds, "the benefit outweighs the risk"), SRC)
        self._await_stagger(level, days)
        key = f"S{len(self.patients) + 1:02d}"
        self.driven.put_all(candidate(key))
        self.driven.do(EnrolSubject(key, level, None), PI)
        self.driven.put_all(prepared(key, level))
        self.driven.do(dose(key, level, self.driven.at), PI)
        self.patients.append(Patient(key, level, self.today))
        self._does(f"dose at level {level}")

    def _await_stagger(self, level: int, more: int) -> None:
        """Watch the first of a level for 14 days, anybody else for 3; who left early was not watched."""
        if self.patients:
            last = max(one.dosed_on for one in self.patients)
            here = [one for one in self.patients if one.level == level]
            watched = any((one.left_on or self.today) - one.dosed_on >= timedelta(days=14) for one in here)
            wait = timedelta(days=3 if watched else 14) - (self.today - last)
            self.driven.at += max(wait, timedelta()) + timedelta(days=more)

    @rule()
    def end(self) -> None:
        signed = self.driven.trial.escalation.decisions
        if not self.driven.decision.decision.is_terminal:
            return
        if not signed or (signed[-1].decision, signed[-1].level) != self._words():
            self._sign()
            self._does("end")

    def _words(self) -> tuple[str, int | None]:
        decision = self.driven.decision
        return str(decision.decision), decision.level

    def _sign(self) -> None:
        self.meetings += 1
        meeting = f"M{self.meetings}"
        words = self._words()
        self.driven.do(OpenSrcMeeting(meeting, 10_000, "root", (SRC.id, SRC2.id), ()), MM)
        for member in (SRC, SRC2):
            self.driven.do(CastSrcVote(meeting, *words, "on the facts"), member)
        self.driven.do(SignDecision(meeting, *words, None), SRC)

    @rule(pick=st.integers(0, 9))
    def close_a_window(self, pick: int) -> None:
        patient = self._pick(pick, lambda p: not p.closed and p.left_on is None)
        if patient is not None:
            self._close(patient)

    @rule()
    def close_every_window(self) -> None:
        for patient in self.patients:
            if not patient.closed and patient.left_on is None:
                self._close(patient)

    def _close(self, patient: Patient) -> None:
        if self.today < patient.last_day:
            assert self.driven.attempt(CompleteDltWindow(patient.key), PI) == "DLT_WINDOW_OPEN"
            self.driven.at += timedelta(days=(patient.last_day - self.today).days)
        code = self.driven.attempt(CompleteDltWindow(patient.key), PI)
        assert code == ("OPEN_DLT_CANDIDATE" if patient.due else None)
        patient.closed = code is None
        self._does("close a window")

    @rule(pick=st.integers(0, 9), grade=st.sampled_from((1, 2, 3, 3, 4)), judged=st.booleans())
    def toxicity(self, pick: int, grade: int, judged: bool) -> None:  # noqa: FBT001 - drawn
        """Enter one with onset in the window, perhaps long after it: late, if that has been closed."""
        patient = self._pick(pick, lambda _: True)
        if patient is None:
            return
        ae_id = f"AE-{len(patient.toxicities) + 1}"
        onset = min(patient.dosed_on + timedelta(days=grade), self.today)
        self.driven.do(ReportAdverseEvent(patient.key, adverse_event(ae_id, grade, onset)), SC)
        patient.toxicities[ae_id] = Toxicity(grade)
        self._does(f"grade {grade}" + (", late" if patient.closed else ""))
        if judged and grade >= 3:
            for member in (SRC, SRC2):
                self._vote(patient, ae_id, member.id, is_dlt=True)

    @rule(pick=st.integers(0, 9), who=st.sampled_from((SRC.id, SRC2.id)), is_dlt=st.booleans())
    def vote(self, pick: int, who: str, is_dlt: bool) -> None:  # noqa: FBT001 - drawn
        candidates = self._toxicities(lambda one: one.candidate or one.dlt)
        if candidates:
            patient, ae_id = candidates[pick % len(candidates)]
            self._vote(patient, ae_id, who, is_dlt=is_dlt and patient.toxicities[ae_id].candidate)

    def _vote(self, patient: Patient, ae_id: str, who: str, *, is_dlt: bool) -> None:
        member = SRC if who == SRC.id else SRC2
        one = patient.toxicities[ae_id]
        code = self.driven.attempt(AdjudicateDlt(patient.key, ae_id, is_dlt, "judged", None), member)
        assert code == ("NO_CHANGE" if one.votes.get(who) is is_dlt else None)
        was = one.dlt
        one.votes[who] = is_dlt
        if one.agreed is not None:
            one.dlt = one.agreed
        self._does(f"DLT {was} to {one.dlt}" + (", late" if patient.closed else ""))

    @rule(pick=st.integers(0, 9), grade=st.integers(1, 4), corrected=st.booleans())
    def another_grade(self, pick: int, grade: int, corrected: bool) -> None:  # noqa: FBT001 - drawn
        """A correction replaces the grade; a change in its course only ever makes the worst one worse."""
        found = self._toxicities(lambda one: one.grade != grade)
        if not found:
            return
        patient, ae_id = found[pick % len(found)]
        entry = self.driven.trial.subjects[patient.key].adverse_events[ae_id]
        if corrected and len(entry.course) == 1:
            change = FieldChange("grade", entry.entry.grade, grade)
            self.driven.do(CorrectAdverseEvent(patient.key, ae_id, (change,), "chart"), SC)
            worst = grade
        elif entry.current_grade != grade:
            regraded = (entry.current_grade, grade, self.today, None, (), None)
            self.driven.do(RegradeAdverseEvent(patient.key, ae_id, *regraded), SC)
            worst = max(grade, patient.toxicities[ae_id].grade)
        else:
            return
        before = patient.toxicities[ae_id]
        patient.toxicities[ae_id] = Toxicity(worst, {}, before.dlt)
        self._does("correct a grade" if corrected else "change a grade")

    @rule(pick=st.integers(0, 9))
    def leave(self, pick: int) -> None:
        patient = self._pick(pick, lambda p: p.left_on is None)
        if patient is None:
            return
        self.driven.do(WithdrawSubject(patient.key, self.today, "own wish", dlt_related=False), PI)
        patient.left_on = self.today
        self._does("leave" + ("" if patient.left_on <= patient.last_day else " after the window"))

    @rule(days=st.sampled_from((1, 10, 30)))
    def wait(self, days: int) -> None:
        self.driven.pass_time(days=days)

    def _pick(self, pick: int, suits: Callable[[Patient], bool]) -> Patient | None:
        """Return one of the subjects that suit; where none does, bring in the next one."""
        if not any(suits(one) for one in self.patients):
            self._dose(0)
        found = [one for one in self.patients if suits(one)]
        return found[pick % len(found)] if found else None

    def _toxicities(self, suits: Callable[[Toxicity], bool]) -> list[tuple[Patient, str]]:
        return [(p, ae_id) for p in self.patients for ae_id, one in p.toxicities.items() if suits(one)]

    # -- what always holds --------------------------------------------------------------------------

    def _passed(self) -> laws.Passed:
        rules, top = escalation_rules(self.config), len(self.config.levels)
        due = [due for patient in self.patients for due in patient.due]

        def answer(outcomes: Sequence[Outcome]) -> Decision:
            return decide(rules, top, outcomes, due)

        outcomes = tuple(patient.outcome for patient in self.patients)
        return laws.Passed(outcomes, self.driven.decision, top, answer)

    @invariant()
    def the_nine_properties_hold(self) -> None:
        passed = self._passed()
        for law in LAWS:
            law(passed)
        laws.p9_order_within_a_level_changes_nothing(passed, random.Random(len(self.patients)))  # noqa: S311 - shuffles

    @invariant()
    def the_trial_remembers_what_happened(self) -> None:
        passed = self._passed()
        found = in_order_of_dosing(self.driven.trial.contributions.values())
        assert [one.outcome for one in found] == list(passed.outcomes)
        assert [due for one in found for due in one.due] == [due for p in self.patients for due in p.due]
        note(f"decision: {passed.decision.decision}")


LAWS = (
    laws.p1_escalation_waits_for_everybody,
    laws.p2_no_level_is_skipped,
    laws.p3_an_mtd_is_a_full_tolerated_level,
    laws.p4_no_mtd_means_two_dlts_at_the_lowest_level,
    laws.p5_slots_stay_below_exceeded_levels,
    laws.p6_a_level_holds_six,
    laws.p7_one_more_dlt_never_raises_the_level,
    laws.p8_there_is_always_a_way_on,
)


class TestWholeTrials(Escalating.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(max_examples=45, stateful_step_count=50, deadline=None)


@pytest.mark.slow
class TestManyLongTrials(Escalating.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(max_examples=400, stateful_step_count=120, deadline=None)
