"""A trial that wanders: whatever a list of steps asks for is tried, and what is refused is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from core.kernel.actors import Role
from core.kernel.encoding import to_base64
from core.kernel.errors import TrialError
from core.kernel.quantities import Quantity
from core.kernel.time import local_date
from core.rules.screening_facts import Group
from core.trial.casebook.commands import (
    CorrectLabResult,
    RecordVisit,
    RecordVitalStatus,
    RepeatLabResult,
    ReportLabPanel,
    ReportLateResult,
)
from core.trial.casebook.events import LabResult
from core.trial.cohorts import computed_decision
from core.trial.escalation.commands import (
    CastSrcVote,
    CloseSrcMeeting,
    LiftSafetyHold,
    OpenSrcMeeting,
    PlaceSafetyHold,
    SignDecision,
    SimulateDecision,
)
from core.trial.escalation.holds import holds_in_force
from core.trial.escalation.state import open_level
from core.trial.study.nct05727722 import SITE_ZONE
from core.trial.subject import commands as subject
from core.trial.subject.adverse_events import (
    AdverseEvent,
    AdverseEventOutcome,
    Causality,
    SafetyRecipient,
    Seriousness,
)
from core.trial.subject.enrolment import enrolled_level
from core.trial.subject.events import ConsentGiver, ConsentScope
from core.trial.subject.field_change import FieldChange
from tests.views.golden_script import SCRIPT, screening
from tests.views.stage import IDENTITY, VOLUME, WHY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.trial.study.config import ProtocolConfig
    from core.trial.subject.course import TrackedAdverseEvent
    from core.trial.trial import Trial
    from tests.views.stage import Stage, Who

T = TypeVar("T")
FORM: dict[str, Any] = next(e["payload"] for e in SCRIPT["events"] if e["type"] == "SubjectScreened")


class Wanderer:
    """Turns a step and a number into a command about one of four subjects, as the record stands."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.count = 0

    def step(self, name: str, number: int) -> None:
        """Try one step; a refusal is part of the record too."""
        self.count += 1
        role, build = STEPS[name]
        try:
            self.stage.do(role, build(self, f"S{number % 4 + 1}", number), reason=WHY)
        except (TrialError, LookupError):
            return

    @property
    def trial(self) -> Trial:
        """Return the trial folded up to the head."""
        with self.stage.log.lock:
            self.stage.log.catch_up()
        return self.stage.log.trial

    def config(self) -> ProtocolConfig:
        config = self.trial.study.config
        assert config is not None
        return config

    def agree(self, key: str, _: int) -> Any:
        return subject.GiveConsent(key, "1.0", "zh-CN", ConsentGiver.SUBJECT, None)

    def take_back(self, key: str, number: int) -> Any:
        return subject.WithdrawConsent(key, list(ConsentScope)[number // 4 % 2])

    def screen(self, key: str, _: int) -> Any:
        return screening(key, FORM)

    def confirm(self, key: str, _: int) -> Any:
        return subject.ConfirmEligibility(key, Group.ACLF)

    def enrol(self, key: str, _: int) -> Any:
        return subject.EnrolSubject(key, open_level(self.trial.escalation, self.trial.study) or 1, None)

    def dose(self, key: str, _: int) -> Any:
        """Give the dose out of a lot of its own, which is prepared only once."""
        enrolled = self.trial.subjects[key]
        level = enrolled_level(enrolled, self.trial.study) or 1
        cells = self.config().levels[level - 1].cells
        if f"L-{key}" not in self.trial.lots:
            self.stage.prepare(key, level, cells)
        at = self.stage.clock() + timedelta(minutes=1)
        return subject.AdministerDose(
            key, level, f"L-{key}", cells, VOLUME, "intraperitoneal", at, at, None, IDENTITY
        )

    def correct_dose(self, key: str, number: int) -> Any:
        dose = self.trial.subjects[key].dose
        if dose is None:
            raise LookupError("there is no dose to correct yet")
        given = dose.event.cells.value
        change = FieldChange("cells.value", str(given), str(given * (99 - number % 20) / 100))
        return subject.CorrectDose(key, (change,), "pharmacy sheet")

    def adverse_event(self, key: str, number: int) -> Any:
        today = local_date(self.stage.clock(), SITE_ZONE)
        grade = number // 4 % 4 + 1
        entry = AdverseEvent(
            ae_id=f"AE-{self.count}",
            ctcae_version="5.0",
            term="Fever",
            soc="General disorders and administration site conditions",
            verbatim=None,
            meddra_code=None,
            grade=grade,
            baseline_grade=0,
            onset=today,
            onset_at=None,
            causality=Causality.PROBABLE if number // 4 % 3 else Causality.UNLIKELY,
            procedure_causality=None,
            disease_causality=None,
            expected=None,
            action_taken=None,
            serious=grade == 4,
            seriousness_criteria=(Seriousness.LIFE_THREATENING,) if grade == 4 else (),
            aware_at=self.stage.clock() if grade == 4 else None,
            lab=None,
        )
        return subject.ReportAdverseEvent(key, entry)

    def correct_event(self, key: str, number: int) -> Any:
        entry = self.picked(key, number).entry
        changes = (FieldChange("grade", entry.grade, number // 4 % 3 + 1),)
        return subject.CorrectAdverseEvent(key, entry.ae_id, changes, None)

    def regrade(self, key: str, number: int) -> Any:
        tracked = self.picked(key, number)
        today = local_date(self.stage.clock(), SITE_ZONE)
        grades = (tracked.current_grade, number // 4 % 4 + 1)
        return subject.RegradeAdverseEvent(key, tracked.entry.ae_id, *grades, today, None, (), None)

    def resolve(self, key: str, number: int) -> Any:
        outcome = list(AdverseEventOutcome)[number // 4 % len(AdverseEventOutcome)]
        today = local_date(self.stage.clock(), SITE_ZONE) if outcome.ends_the_event else None
        return subject.ResolveAdverseEvent(key, self.picked(key, number).entry.ae_id, outcome, today)

    def declare(self, key: str, number: int) -> Any:
        tracked = self.picked(key, number)
        known = tracked.aware_at or self.stage.clock()
        words = f"told for the time {self.count}"
        return subject.DeclareSae(key, tracked.entry.ae_id, tracked.criteria, known, words, number % 2 == 0)

    def submit(self, key: str, number: int) -> Any:
        to = list(SafetyRecipient)[number // 4 % 2]
        return subject.SubmitSae(key, self.picked(key, number).entry.ae_id, to, self.stage.clock())

    def judge(self, key: str, number: int) -> Any:
        ae_id = self.picked(key, number).entry.ae_id
        return subject.AdjudicateDlt(key, ae_id, number // 4 % 2 == 0, "judged on its course", None)

    def picked(self, key: str, number: int) -> TrackedAdverseEvent:
        return _pick(list(self.trial.subjects[key].adverse_events.values()), number)

    def complete_window(self, key: str, _: int) -> Any:
        self.stage.clock.advance_to(self.stage.clock() + timedelta(days=29))
        return subject.CompleteDltWindow(key)

    def meet(self, _key: str, _: int) -> Any:
        size = self.stage.log.size()
        root = to_base64(self.stage.log.root_at(size))
        members = (self.stage.ids[Role.SRC], self.stage.ids[Role.SRC, 1])
        return OpenSrcMeeting(f"M-{self.count}", size, root, members, ())

    def close_meeting(self, _key: str, _: int) -> Any:
        return CloseSrcMeeting(self.meeting(), "no agreement")

    def sign(self, key: str, number: int) -> Any:
        """Meet unless a meeting is open, vote, and sign what the protocol gives; now and then against it."""
        if self.trial.escalation.meeting is None:
            self.stage.do(Role.MM, self.meet(key, number))
        decision = computed_decision(self.trial.subjects, self.trial.study)
        words = (str(decision.decision), decision.level) if number % 4 else ("expand", 1)
        for member in (Role.SRC, (Role.SRC, 1)):
            self.stage.do(member, CastSrcVote(self.meeting(), *words, "on the facts"))
        return SignDecision(self.meeting(), *words, None if number % 4 else "clinical judgement")

    def meeting(self) -> str:
        opened = self.trial.escalation.meeting
        return opened.opened.meeting if opened else "none"

    def place_hold(self, _key: str, _: int) -> Any:
        return PlaceSafetyHold("a cluster of fevers")

    def lift_holds(self, _key: str, _: int) -> Any:
        standing = holds_in_force(self.trial.raised, self.trial.escalation)
        return LiftSafetyHold(tuple(one.id for one in standing), "benefit outweighs the risk")

    def simulate(self, key: str, number: int) -> Any:
        return SimulateDecision((f"{key}={'NTPW'[number // 4 % 4]}", "+1N"))

    def withdraw(self, key: str, _: int) -> Any:
        return subject.WithdrawSubject(key, local_date(self.stage.clock(), SITE_ZONE), "own wish", False)  # noqa: FBT003 - as the event says it

    def die(self, key: str, _: int) -> Any:
        return subject.RecordDeath(key, local_date(self.stage.clock(), SITE_ZONE), None, False)  # noqa: FBT003 - as the event says it

    def report_panel(self, key: str, number: int) -> Any:
        return panel(self.stage, key, f"{key}-{self.count}", number)

    def correct_result(self, key: str, number: int) -> Any:
        panels = list(self.trial.casebooks[key].panels.values())
        current = _pick(panels, number).current
        result = current.results[0]
        old = Quantity(result.value, result.unit)
        new = Quantity(Decimal(number % 400 + 20), result.unit)
        source = "analyser printout"
        return CorrectLabResult(key, current.visit, current.specimen_set, result.analyte, old, new, source)

    def late_result(self, key: str, number: int) -> Any:
        current = _pick(list(self.trial.casebooks[key].panels.values()), number).current
        now = self.stage.clock()
        late = LabResult("alt", Decimal(number + 1), "U/L", current.specimen_set, current.drawn_at, now)
        return ReportLateResult(key, current.visit, current.specimen_set, late)

    def repeat_result(self, key: str, number: int) -> Any:
        current = _pick(list(self.trial.casebooks[key].panels.values()), number).current
        standing = current.results[0]
        again = replace(standing, value=Decimal(number % 400 + 20), resulted_at=self.stage.clock())
        old = Quantity(standing.value, standing.unit)
        return RepeatLabResult(key, current.visit, current.specimen_set, old, again)

    def visit(self, key: str, number: int) -> Any:
        today = local_date(self.stage.clock(), SITE_ZONE)
        return RecordVisit(key, _pick((None, 0, 1, 3, 7, 14, 28, 60), number), today, ("labs",), None)

    def lose(self, key: str, _: int) -> Any:
        return subject.LoseToFollowUp(key, local_date(self.stage.clock(), SITE_ZONE), 1)

    def survive(self, key: str, _: int) -> Any:
        self.stage.clock.advance_to(self.stage.clock() + timedelta(days=61))
        return RecordVitalStatus(key, 60, alive=True)


def _pick(things: Sequence[T], number: int) -> T:
    if not things:
        raise LookupError("there is nothing to pick from yet")
    return things[number % len(things)]


def panel(stage: Stage, key: str, specimen_set: str, number: int) -> ReportLabPanel:
    """Return a panel drawn now; the number varies creatinine, and whether albumin came."""
    now = stage.clock()
    values = {
        "creatinine": (str(number % 400 + 20), "umol/L"),
        "bilirubin": ("212", "umol/L"),
        "inr": ("1.62", "1"),
        "sodium": ("134", "mmol/L"),
        "albumin": ("31", "g/L"),
    }
    if number % 3 == 0:
        del values["albumin"]
    results = tuple(
        LabResult(analyte, Decimal(value), unit, specimen_set, now, now)
        for analyte, (value, unit) in values.items()
    )
    return ReportLabPanel(key, number, specimen_set, now, now, results, False, False)  # noqa: FBT003 - no dialysis


STEPS: dict[str, tuple[Who, Callable[[Wanderer, str, int], Any]]] = {
    "consent": (Role.PI, Wanderer.agree),
    "withdraw consent": (Role.PI, Wanderer.take_back),
    "screen": (Role.SC, Wanderer.screen),
    "confirm": (Role.PI, Wanderer.confirm),
    "enrol": (Role.PI, Wanderer.enrol),
    "dose": (Role.PI, Wanderer.dose),
    "adverse event": (Role.SC, Wanderer.adverse_event),
    "correct event": (Role.SC, Wanderer.correct_event),
    "regrade": (Role.SC, Wanderer.regrade),
    "resolve": (Role.SC, Wanderer.resolve),
    "declare": (Role.PI, Wanderer.declare),
    "submit": (Role.PI, Wanderer.submit),
    "judge": (Role.SRC, Wanderer.judge),
    "second judge": ((Role.SRC, 1), Wanderer.judge),
    "correct dose": (Role.PI, Wanderer.correct_dose),
    "complete window": (Role.PI, Wanderer.complete_window),
    "meet": (Role.MM, Wanderer.meet),
    "close meeting": (Role.MM, Wanderer.close_meeting),
    "sign": (Role.SRC, Wanderer.sign),
    "place hold": (Role.PI, Wanderer.place_hold),
    "lift holds": (Role.SRC, Wanderer.lift_holds),
    "simulate": (Role.MM, Wanderer.simulate),
    "withdraw": (Role.PI, Wanderer.withdraw),
    "die": (Role.PI, Wanderer.die),
    "panel": (Role.SC, Wanderer.report_panel),
    "correct result": (Role.SC, Wanderer.correct_result),
    "late result": (Role.SC, Wanderer.late_result),
    "repeat result": (Role.SC, Wanderer.repeat_result),
    "visit": (Role.SC, Wanderer.visit),
    "lose": (Role.PI, Wanderer.lose),
    "survive": (Role.PI, Wanderer.survive),
}

# So that a wandering trial gets somewhere: the first subject is on level 1 with a toxicity to judge.
OPENING = (
    ("consent", 0),
    ("screen", 0),
    ("confirm", 0),
    ("enrol", 0),
    ("dose", 0),
    ("panel", 0),
    ("adverse event", 8),
)


def wander(stage: Stage, steps: Sequence[tuple[str, int]]) -> None:
    """Play the opening and the steps."""
    stage.staff()
    stage.configure()
    wanderer = Wanderer(stage)
    for name, number in (*OPENING, *steps):
        wanderer.step(name, number)
