"""Figures of others: the published number of 3+3 paths, and exact operating characteristics (domain 2)."""

from __future__ import annotations

from collections import defaultdict
from math import comb
from typing import NamedTuple, TypeAlias

import pytest

from core.rules.escalation import DecisionKind, EscalationRules, Outcome, OutcomeStatus, decide
from tests.rules.walks import ATD_UNTIL_TRIGGER, NO_ATD, SEED

Cohort: TypeAlias = tuple[int, int, int]  # DLT, related grade 2 without DLT, neither


class State(NamedTuple):
    levels: tuple[Cohort, ...]
    last: int

    @property
    def dosed(self) -> int:
        return sum(map(sum, self.levels))

    def after(self, level: int, cohort: Cohort) -> State:
        added = tuple(a + b for a, b in zip(self.levels[level - 1], cohort, strict=True))
        return State((*self.levels[: level - 1], added, *self.levels[level:]), level)  # type: ignore[arg-type]

    def outcomes(self) -> list[Outcome]:
        order = sorted(range(1, len(self.levels) + 1), key=lambda level: (level == self.last, level))
        return [one for level in order for one in _subjects(level, self.levels[level - 1])]


def _subjects(level: int, cohort: Cohort) -> list[Outcome]:
    toxic, moderate, clean = cohort
    grades = [3] * toxic + [2] * moderate + [0] * clean
    return [Outcome("P", level, grade >= 3, grade, OutcomeStatus.EVALUABLE) for grade in grades]


def _start(top: int) -> State:
    return State(((0, 0, 0),) * top, 0)


def _paths(top: int) -> int:
    """Count the ways through the design when a cohort's outcome is its number of DLTs."""
    waiting, ended = {_start(top): 1}, 0
    while waiting:
        state = min(waiting, key=lambda one: one.dosed)
        ways = waiting.pop(state)
        decision = decide(NO_ATD, top, state.outcomes())
        if decision.decision.is_terminal:
            ended += ways
            continue
        assert decision.level is not None
        for toxic in range(decision.slots + 1):
            following = state.after(decision.level, (toxic, 0, decision.slots - toxic))
            waiting[following] = waiting.get(following, 0) + ways
    return ended


@pytest.mark.parametrize(("doses", "paths"), [(1, 10), (2, 46), (3, 154), (4, 442), (5, 1162)])
def test_number_of_paths_is_the_published_one(doses: int, paths: int) -> None:
    assert _paths(doses) == paths


CURVES = {
    "A": (0.05, 0.10, 0.20, 0.35),
    "B": (0.10, 0.25, 0.40, 0.55),
    "C": (0.01, 0.02, 0.05, 0.10),
    "D": (0.30, 0.45, 0.60, 0.70),
}
GRADE2 = (0.10, 0.15, 0.20, 0.25)

# curve, design: none, MTD 1 to 4, E[N], E[DLT], P(N <= 10)
CHARACTERISTICS = {
    ("A", "six"): (0.027183, 0.097246, 0.282503, 0.393627, 0.199441, 15.7992, 2.6607, 0.053814),
    ("A", "seed"): (0.014840, 0.097246, 0.286486, 0.399176, 0.202252, 14.2130, 2.6077, 0.119377),
    ("A", "until"): (0.014208, 0.069894, 0.262419, 0.416332, 0.237146, 13.1942, 2.6342, 0.230946),
    ("B", "six"): (0.103045, 0.398882, 0.368412, 0.118026, 0.011634, 12.8343, 3.1166, 0.235438),
    ("B", "seed"): (0.076875, 0.398882, 0.387770, 0.124228, 0.012245, 12.1301, 3.1425, 0.349477),
    ("B", "until"): (0.073797, 0.364179, 0.381949, 0.155544, 0.024531, 12.9198, 3.6930, 0.308229),
    ("C", "six"): (0.001173, 0.004596, 0.027081, 0.109886, 0.857264, 15.7523, 0.8525, 0.002354),
    ("C", "seed"): (0.000562, 0.004596, 0.027098, 0.109953, 0.857790, 13.9336, 0.8347, 0.008165),
    ("C", "until"): (0.000560, 0.002614, 0.019110, 0.110175, 0.867540, 11.2857, 0.7530, 0.506083),
    ("D", "six"): (0.567490, 0.350217, 0.077497, 0.004692, 0.000104, 8.0098, 2.9064, 0.715922),
    ("D", "seed"): (0.529105, 0.350217, 0.113645, 0.006880, 0.000153, 8.9875, 3.4346, 0.669495),
    ("D", "until"): (0.525272, 0.345926, 0.113431, 0.014220, 0.001150, 9.9665, 4.0738, 0.594113),
}
DESIGNS = {"six": NO_ATD, "seed": SEED, "until": ATD_UNTIL_TRIGGER}


def _cohorts(size: int, toxic: float, moderate: float) -> list[tuple[Cohort, float]]:
    """Return every outcome of a cohort with its probability."""
    clean = 1 - toxic - moderate
    return [
        (
            (t, g, size - t - g),
            comb(size, t) * comb(size - t, g) * toxic**t * moderate**g * clean ** (size - t - g),
        )
        for t in range(size + 1)
        for g in range(size - t + 1)
    ]


def _enumerate(rules: EscalationRules, curve: tuple[float, ...]) -> list[float]:
    waiting: dict[State, float] = {_start(4): 1.0}
    mtd: defaultdict[int, float] = defaultdict(float)
    size = toxicities = within_ten = 0.0
    while waiting:
        state = min(waiting, key=lambda one: one.dosed)
        chance = waiting.pop(state)
        decision = decide(rules, 4, state.outcomes())
        if decision.decision.is_terminal:
            mtd[decision.mtd or 0] += chance
            size += chance * state.dosed
            toxicities += chance * sum(cohort[0] for cohort in state.levels)
            within_ten += chance * (state.dosed <= 10)
            continue
        assert decision.decision is not DecisionKind.WAIT
        assert decision.level is not None
        toxic = curve[decision.level - 1]
        # Grade 2 matters only while one subject a level is dosed: later it changes no decision.
        titrating = decision.slots == 1 and rules.atd_last_level != 0
        moderate = (1 - toxic) * GRADE2[decision.level - 1] if titrating else 0.0
        for cohort, likely in _cohorts(decision.slots, toxic, moderate):
            if likely:
                following = state.after(decision.level, cohort)
                waiting[following] = waiting.get(following, 0.0) + chance * likely
    return [*(mtd[level] for level in range(5)), size, toxicities, within_ten]


@pytest.mark.parametrize(
    ("curve", "design"),
    [
        pytest.param(*case, marks=[pytest.mark.slow] if case[1] == "until" and case[0] != "A" else [])
        for case in CHARACTERISTICS
    ],
)
def test_operating_characteristics_are_exact(curve: str, design: str) -> None:
    got = _enumerate(DESIGNS[design], CURVES[curve])
    expected = CHARACTERISTICS[curve, design]
    accuracy = [1e-6] * 5 + [1e-4] * 2 + [1e-6]
    for name, value, figure, off in zip(range(8), got, expected, accuracy, strict=True):
        assert abs(value - figure) <= off * 0.51, name
    assert abs(sum(got[:5]) - 1) < 1e-12
