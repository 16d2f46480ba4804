"""The condition of each row of the decision table in words, for people who read why a row fired.

Words explain, they decide nothing: what a row does stands in `escalation_table`. L is the lowest level that
is not cleared below the current one, C the current level, K the highest planned, H the highest that may be
dosed; n counts evaluable and pending subjects of the level, p the pending ones, d those with a DLT.
"""

from __future__ import annotations

from typing import Final

CONDITIONS: Final[tuple[str, ...]] = (
    "Nobody has been dosed yet.",
    "Level 1 has more DLTs than permitted: no level is tolerated.",
    "A level L below C is not cleared and has fewer subjects than a cohort.",
    "A level L below C is not cleared: a full cohort, all windows closed, with a DLT.",
    "A level L below C is not cleared: more than a cohort, less than a full level, with a DLT.",
    "A level L below C is not cleared, and its open windows have to be awaited.",
    "A level is exceeded; C, the highest below it, is full, all windows closed, DLTs within the permitted.",
    "A level is exceeded; C, the highest below it, has to be filled to a cohort or to a full level.",
    "A level is exceeded; open windows at C have to be awaited.",
    "Accelerated titration, and nobody at C counts: all have left before evaluation.",
    "Accelerated titration, and the window of the one subject at C is open.",
    "Accelerated titration, the one subject at C is evaluable without a trigger, and there is a level above.",
    "Accelerated titration, the one subject at C is evaluable, and C is the highest level.",
    "The accelerated titration was ended by the only subject dosed at C: the cohort is filled.",
    "C has fewer subjects than a cohort, and the last dose was given below it: the higher level is resumed.",
    "C has fewer subjects than a cohort.",
    "C has a cohort with open windows.",
    "C has a cohort, all windows closed, with a DLT: the level is expanded.",
    "C is passed, there is a level above, and no window is open anywhere.",
    "C is passed and there is a level above, but a window is open elsewhere.",
    "C is passed and the highest level, but has fewer evaluable subjects than an MTD needs.",
    "C is passed and the highest level, with as many evaluable subjects as an MTD needs.",
    "C has more than a cohort and less than a full level, no DLT, and open windows.",
    "C has more than a cohort and less than a full level, with a DLT.",
    "C is full and has open windows.",
)


def condition_of(row: int) -> str:
    """Return the condition of a row of domain 1.2 as a sentence."""
    return CONDITIONS[row]
