"""A trial that wanders: whatever a list of steps asks for is tried, and what is refused is recorded."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from core.kernel.actors import Role
from core.kernel.errors import TrialError
from core.kernel.quantities import Quantity
from core.kernel.time import local_date
from core.rules.screening_facts import Group
from core.trial.casebook.commands import CorrectLabResult, RecordVitalStatus, ReportLabPanel
from core.trial.casebook.events import LabResult
from core.trial.cohorts import computed_decision
from core.trial.escalation.commands import SignDecision
from core.trial.study.nct05727722 import SITE_ZONE
from core.trial.subject import commands as subject
from core.trial.subject.events import AdverseEvent, Causality, FieldChange, Route, Seriousness
from tests.views.golden_script import SCRIPT, screening
from tests.views.stage import WHY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.trial.study.events import ProtocolConfig
    from core.trial.trial import Trial
    from tests.views.stage import Stage

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

    def screen(self, key: str, _: int) -> Any:
        return screening(key, FORM)

    def confirm(self, key: str, _: int) -> Any:
        return subject.ConfirmEligibility(key, Group.ACLF)

    def enrol(self, key: str, _: int) -> Any:
        return subject.EnrolSubject(key, self.trial.escalation.open_level or 1, None)

    def dose(self, key: str, _: int) -> Any:
        level = self.trial.subjects[key].level or 1
        return subject.AdministerDose(
            key, level, self.config().levels[level - 1].cells, Route.INTRAPERITONEAL
        )

    def adverse_event(self, key: str, number: int) -> Any:
        today = local_date(self.stage.clock(), SITE_ZONE)
        grade = number // 4 % 4 + 1
        entry = AdverseEvent(
            ae_id=f"AE-{self.count}",
            ctcae_version="5.0",
            term="Fever",
            soc="General disorders",
            meddra_code=None,
            grade=grade,
            baseline_grade=0,
            onset=today,
            causality=Causality.PROBABLE if number // 4 % 3 else Causality.UNLIKELY,
            serious=grade == 4,
            seriousness_criteria=(Seriousness.LIFE_THREATENING,) if grade == 4 else (),
            lab=None,
        )
        return subject.ReportAdverseEvent(key, entry)

    def regrade(self, key: str, number: int) -> Any:
        events = list(self.trial.subjects[key].adverse_events.values())
        entry = _pick(events, number).entry
        return subject.CorrectAdverseEvent(
            key, entry.ae_id, (FieldChange("grade", entry.grade, number // 4 % 3 + 1),)
        )

    def judge(self, key: str, number: int) -> Any:
        ids = list(self.trial.subjects[key].adverse_events)
        return subject.AdjudicateDlt(key, _pick(ids, number), number // 4 % 2 == 0)

    def complete_window(self, key: str, _: int) -> Any:
        self.stage.clock.advance_to(self.stage.clock() + timedelta(days=29))
        return subject.CompleteDltWindow(key)

    def sign(self, _key: str, _: int) -> Any:
        decision = computed_decision(self.trial.subjects, self.config())
        return SignDecision(str(decision.decision), decision.level)

    def withdraw(self, key: str, _: int) -> Any:
        return subject.WithdrawSubject(key, local_date(self.stage.clock(), SITE_ZONE), "own wish", False)  # noqa: FBT003 - as the event says it

    def die(self, key: str, _: int) -> Any:
        return subject.RecordDeath(key, local_date(self.stage.clock(), SITE_ZONE), None, False)  # noqa: FBT003 - as the event says it

    def report_panel(self, key: str, number: int) -> Any:
        return panel(self.stage, key, f"{key}-{self.count}", number)

    def correct_result(self, key: str, number: int) -> Any:
        panels = self.trial.casebooks[key].panels
        current = _pick(panels, number).current
        result = current.results[0]
        old = Quantity(result.value, result.unit)
        new = Quantity(Decimal(number % 400 + 20), result.unit)
        return CorrectLabResult(key, current.visit, current.specimen_set, result.analyte, old, new)

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


STEPS: dict[str, tuple[Role, Callable[[Wanderer, str, int], Any]]] = {
    "screen": (Role.SC, Wanderer.screen),
    "confirm": (Role.PI, Wanderer.confirm),
    "enrol": (Role.PI, Wanderer.enrol),
    "dose": (Role.PI, Wanderer.dose),
    "adverse event": (Role.SC, Wanderer.adverse_event),
    "regrade": (Role.SC, Wanderer.regrade),
    "judge": (Role.SRC, Wanderer.judge),
    "complete window": (Role.PI, Wanderer.complete_window),
    "sign": (Role.SRC, Wanderer.sign),
    "withdraw": (Role.PI, Wanderer.withdraw),
    "die": (Role.PI, Wanderer.die),
    "panel": (Role.SC, Wanderer.report_panel),
    "correct result": (Role.SC, Wanderer.correct_result),
    "survive": (Role.PI, Wanderer.survive),
}

# So that a wandering trial gets somewhere: the first subject is on level 1 with a toxicity to judge.
OPENING = (("screen", 0), ("confirm", 0), ("enrol", 0), ("dose", 0), ("panel", 0), ("adverse event", 8))


def wander(stage: Stage, steps: Sequence[tuple[str, int]]) -> None:
    """Play the opening and the steps."""
    stage.staff()
    stage.configure()
    wanderer = Wanderer(stage)
    for name, number in (*OPENING, *steps):
        wanderer.step(name, number)
