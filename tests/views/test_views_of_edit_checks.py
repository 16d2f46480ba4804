"""Edit checks as people read them: the prompt, whom it asked, and what they then entered."""

from __future__ import annotations

from typing import Any

import pytest

from core.kernel import streams
from core.kernel.time import write_instant
from core.trial.edit_checks import EDIT_CHECKS
from core.trial.instance.events import CommandRefused
from core.trial.subject.adverse_events import AdverseEventReported
from tests.support.given import SC, SI, START, Member, Past, adverse_event, candidate, on
from tests.views.told import read_after

KEY = "S01"
ABOUT = streams.subject(KEY)
BEFORE = [*candidate(KEY), *candidate("S02")]


def prompt(code: str = "FUTURE_TIME", *, of: Member = SC, target: str | None = ABOUT) -> Past:
    """Return the refusal of an adverse event."""
    return Past(streams.REFUSALS, CommandRefused(code, "ReportAdverseEvent", of.id, target))


def entered(ae_id: str = "AE-1", *, by: Member = SC, key: str = KEY) -> Past:
    return on(key, AdverseEventReported(adverse_event(ae_id)), by=by)


def rows(*events: Past) -> list[dict[str, Any]]:
    return read_after([*BEFORE, *events], "edit-checks")


def answered(*events: Past) -> list[str | None]:
    """Return by which adverse event each prompt was answered."""
    trail = {one["position"]: one for one in read_after([*BEFORE, *events], "trail")}
    accepted = [one["next_accepted"] for one in rows(*events)]
    return [one and trail[one["position"]]["changes"][0]["new"] for one in accepted]


def test_a_prompt_says_what_was_checked_of_whom_and_waits_for_an_answer() -> None:
    [row] = rows(prompt())
    assert row.pop("position") == row.pop("signature") > 1
    assert row == {
        "recorded_at": write_instant(START),
        "code": "FUTURE_TIME",
        "check": "time",
        "prompt": "an instant or a day is out of order, or outside its window",
        "person": SC.id,
        "command": "ReportAdverseEvent",
        "target": ABOUT,
        "subject_key": KEY,
        "next_accepted": None,
    }


def test_the_next_command_of_the_same_kind_answers_all_that_wait_and_no_later_one_does() -> None:
    events = (prompt(), prompt("BAD_GRADE"), entered("AE-1"), entered("AE-2"), prompt(), entered("AE-3"))
    assert answered(*events[:2]) == [None, None]
    assert answered(*events) == ["AE-1", "AE-1", "AE-3"]


@pytest.mark.parametrize(
    "other", [entered(by=SI), entered(key="S02"), *candidate("S03")], ids=lambda past: past.stream
)
def test_nothing_of_another_person_record_or_kind_answers(other: Past) -> None:
    assert rows(prompt(), other)[0]["next_accepted"] is None


@pytest.mark.parametrize(
    ("code", "target"),
    [("NOT_AUTHORISED", ABOUT), ("FUTURE_TIME", "study"), ("FUTURE_TIME", None), ("WRONG_PASSWORD", ABOUT)],
)
def test_a_refusal_that_checks_no_data_is_no_prompt(code: str, target: str | None) -> None:
    assert rows(prompt(code, target=target), entered()) == []


@pytest.mark.parametrize("code", sorted(EDIT_CHECKS))
def test_every_check_has_its_prompt(code: str) -> None:
    [row] = rows(prompt(code))
    assert row["check"] in {"range", "unit", "time", "missing", "coding", "coherence"}
    assert row["prompt"] == EDIT_CHECKS[code]
