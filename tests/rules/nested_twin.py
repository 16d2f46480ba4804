"""A slow twin of the escalation table: a walk upwards through the levels, in nested ifs.

Written from the terms of domain 1.1 and the words of 1.2, in another shape and order than the product;
it shares only the input types with it. Overlays: sample size only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.rules.escalation import EscalationRules, Outcome


class Said(NamedTuple):
    decision: str
    level: int | None
    reason: str
    slots: int = 0
    mtd: int | None = None
    flags: tuple[str, ...] = ()


def twin(rules: EscalationRules, top: int, outcomes: Sequence[Outcome]) -> Said:
    return _limited(rules, len(outcomes), _unlimited(rules, top, outcomes))


def _limited(rules: EscalationRules, dosed: int, said: Said) -> Said:
    if rules.max_subjects is None or said.slots == 0 or dosed + said.slots <= rules.max_subjects:
        return said
    if dosed >= rules.max_subjects:
        flags = [*said.flags, "would_be:" + said.decision]
        return said._replace(decision="hold", reason="sample_size_limit", slots=0, flags=tuple(flags))
    flags = [*said.flags, "slots_capped_by_sample_size"]
    return said._replace(slots=rules.max_subjects - dosed, flags=tuple(flags))


def _letters(outcomes: Sequence[Outcome], level: int) -> str:
    letters = ""
    for one in outcomes:
        if one.level == level:
            letters += "T" if one.dlt else {"evaluable": "N", "pending": "P", "withdrawn": "W"}[one.status]
    return letters


def _end_of_titration(rules: EscalationRules, top: int, outcomes: Sequence[Outcome]) -> int:
    """Return the first level that is not titrated any more."""
    last = top if rules.atd_last_level is None else rules.atd_last_level
    moderate = 0
    for level in range(1, last + 1):
        here = [one for one in outcomes if one.level == level]
        moderate += len([one for one in here if one.max_related_grade > 1 and not one.dlt])
        if any(one.dlt for one in here) or moderate >= rules.grade2_trigger_count:
            return level
    return last + 1


def _unlimited(rules: EscalationRules, top: int, outcomes: Sequence[Outcome]) -> Said:
    three = rules.cohort_size
    end = _end_of_titration(rules, top, outcomes)
    if len(outcomes) == 0:
        return Said("enrol", 1, "first_subject", 1 if end > 1 else three)
    marks = {level: _letters(outcomes, level) for level in range(1, top + 1)}
    toxic = [level for level in marks if marks[level].count("T") >= rules.mtd_max_dlt + 1]
    if toxic and toxic[0] == 1:
        return Said("stop_no_mtd", None, "lowest_dose_too_toxic")
    place = toxic[0] - 1 if toxic else top
    while place > 1 and marks[place] == "":
        place -= 1
    last = outcomes[-1].level
    for level in range(1, place):
        said = _lower(rules, level, marks[level], last)
        if said is not None:
            return said
    here = marks[place]
    if toxic:
        return _below_toxic(rules, place, here, last)
    if place < end and len(here.replace("W", "")) < 2:
        return _single(rules, top, place, here, end)
    return _three_plus_three(
        rules, top, place, here, last, triggered=place == end and _may_titrate(rules, place)
    )


def _may_titrate(rules: EscalationRules, level: int) -> bool:
    return rules.atd_last_level is None or level <= rules.atd_last_level


def _lower(rules: EscalationRules, level: int, marks: str, last: int) -> Said | None:
    three, six = rules.cohort_size, rules.max_per_level
    flags = (f"hold_above_level_{level}",)
    toxic, clean, waiting = marks.count("T"), marks.count("N"), marks.count("P")
    n = toxic + clean + waiting
    if waiting == 0:
        if toxic == 0 and clean >= (1 if _may_titrate(rules, level) else three):
            return None
        if toxic + clean >= six:
            return None
    if n < three:
        kind = "expand" if toxic and last != level else "enrol"
        return Said(kind, level, "lower_level_reopened", three - n, None, flags)
    if toxic:
        if n == three and waiting == 0:
            return Said("expand", level, "lower_level_reopened", six - three, None, flags)
        if three < n < six:
            return Said("enrol", level, "lower_level_reopened", six - n, None, flags)
    return Said("wait", level, "open_window_lower_level", 0, None, flags)


def _below_toxic(rules: EscalationRules, place: int, marks: str, last: int) -> Said:
    three, six = rules.cohort_size, rules.max_per_level
    n, waiting = len(marks.replace("W", "")), marks.count("P")
    if n >= six:
        if waiting:
            return Said("wait", place, "cohort_window_open")
        return Said("declare_mtd", place, "mtd_confirmed", 0, place)
    if n == three and waiting:
        return Said("wait", place, "cohort_window_open")
    wanted = three - n if n < three else six - n
    kind = "deescalate" if last > place else ("expand" if n == three else "enrol")
    return Said(kind, place, "confirm_level_below_exceeded", wanted)


def _single(rules: EscalationRules, top: int, place: int, marks: str, end: int) -> Said:
    if "P" in marks:
        return Said("wait", place, "atd_window_open")
    if "N" not in marks:
        return Said("enrol", place, "replacement", 1)
    if place == top:
        return Said("expand", place, "top_dose_confirmation", rules.cohort_size - 1)
    return Said("escalate", place + 1, "atd_cleared", 1 if place + 1 < end else rules.cohort_size)


def _three_plus_three(  # noqa: C901, PLR0911, PLR0912 - nested on purpose, to differ from a table
    rules: EscalationRules, top: int, place: int, marks: str, last: int, *, triggered: bool
) -> Said:
    three, six = rules.cohort_size, rules.max_per_level
    toxic, waiting, gone = marks.count("T"), marks.count("P"), marks.count("W")
    n = len(marks) - gone
    filling = "replacement" if gone else "fill_cohort"
    if n < three:
        if triggered and len(marks) == 1:
            return Said("expand", place, "atd_trigger_dlt" if toxic else "atd_trigger_grade2", three - n)
        if last < place:
            return Said("escalate", place, "resume_higher_level", three - n)
        return Said("enrol", place, filling, three - n)
    if n == three:
        if waiting:
            return Said("wait", place, "cohort_window_open")
        if toxic:
            return Said("expand", place, "one_of_three", six - three)
        if place < top:
            return Said("escalate", place + 1, "zero_of_three", three)
        return Said("expand", place, "top_dose_confirmation", six - three)
    if n < six:
        if toxic:
            return Said("enrol", place, filling, six - n)
        if place == top:
            return Said("enrol", place, "top_dose_confirmation", six - n)
        if waiting:
            return Said("wait", place, "cohort_window_open")
        return Said("escalate", place + 1, "zero_of_three", three)
    if waiting:
        return Said("wait", place, "cohort_window_open")
    if place < top:
        return Said("escalate", place + 1, "at_most_one_of_six", three)
    return Said("declare_mtd", place, "top_dose_tolerated", 0, place)
