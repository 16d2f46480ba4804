"""Serious adverse events: declaration, clocks, follow-up, submission."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.trial.subject.adverse_events import (
    AdverseEventReported,
    Causality,
    SaeDeclared,
    SaeSubmitted,
    SafetyRecipient,
    Seriousness,
)
from core.trial.subject.commands import DeclareSae, SubmitSae
from tests.support.given import NCT05727722, PI, SC, Past, adverse_event, dosed, given, on

DOSED = dosed("S01")
AWARE = datetime(2024, 3, 4, 2, 30, tzinfo=UTC)
NOW = datetime(2024, 3, 10, 4, 0, tzinfo=UTC)
HOSPITAL = (Seriousness.HOSPITALISATION,)
THREAT = (Seriousness.LIFE_THREATENING,)
DEATH = (Seriousness.DEATH,)
SPONSOR, REGULATOR = SafetyRecipient.SPONSOR, SafetyRecipient.REGULATOR


def serious(criteria: tuple[Seriousness, ...] = HOSPITAL, grade: int = 3, **fields: Any) -> list[Past]:
    entry = replace(adverse_event(grade=grade), serious=True, seriousness_criteria=criteria, aware_at=AWARE)
    return [*DOSED, on("S01", AdverseEventReported(replace(entry, **fields)), by=SC)]


def declare(**fields: Any) -> DeclareSae:
    plain = DeclareSae("S01", "AE-1", HOSPITAL, AWARE, "admitted with fever on day 2", expected=True)
    return replace(plain, **fields)


def declared(regulator_days: int | None = None, **fields: Any) -> SaeDeclared:
    asked = declare(**fields)
    due = None if regulator_days is None else asked.aware_at + timedelta(days=regulator_days)
    return SaeDeclared(
        asked.ae_id,
        asked.criteria,
        asked.aware_at,
        asked.narrative,
        asked.expected,
        1,
        asked.aware_at + timedelta(hours=24),
        due,
    )


# -- declaring ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("criteria", "grade", "causality", "expected", "days"),
    [
        (HOSPITAL, 3, Causality.PROBABLE, False, 15),
        (HOSPITAL, 3, Causality.POSSIBLE, False, 15),
        (HOSPITAL, 3, Causality.PROBABLE, True, None),
        (HOSPITAL, 3, Causality.UNLIKELY, False, None),
        (THREAT, 4, Causality.PROBABLE, False, 7),
        ((*HOSPITAL, *THREAT), 4, Causality.PROBABLE, False, 7),
        (DEATH, 5, Causality.PROBABLE, False, 7),
        (DEATH, 5, Causality.PROBABLE, True, None),
        (DEATH, 5, Causality.UNRELATED, False, None),
    ],
)
def test_the_clocks_of_a_serious_adverse_event(
    criteria: tuple[Seriousness, ...],
    grade: int,
    causality: Causality,
    expected: bool,  # noqa: FBT001 - a case
    days: int | None,
) -> None:
    events = serious(criteria, grade, causality=causality)
    made = declared(days, criteria=criteria, expected=expected)
    given(events).when(declare(criteria=criteria, expected=expected), PI, at=NOW).then([made])


def test_the_procedure_alone_makes_it_suspected() -> None:
    events = serious(causality=Causality.UNLIKELY, procedure_causality=Causality.DEFINITE)
    given(events).when(declare(expected=False), PI, at=NOW).then([declared(15, expected=False)])


def test_the_clocks_are_configuration() -> None:
    safety = replace(NCT05727722.safety, sponsor_hours=12, susar_days=10)
    story = given(serious(), study=replace(NCT05727722, safety=safety))
    made = replace(
        declared(10, expected=False),
        sponsor_due=AWARE + timedelta(hours=12),
    )
    story.when(declare(expected=False), PI, at=NOW).then([made])


def test_the_order_of_the_criteria_does_not_matter() -> None:
    both = (*HOSPITAL, *THREAT)
    turned = both[::-1]
    given(serious(both, 4)).when(declare(criteria=turned), PI, at=NOW).then([declared(criteria=turned)])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (declare(subject_key="S99"), "UNKNOWN_SUBJECT"),
        (declare(ae_id="AE-9"), "UNKNOWN_AE"),
        (declare(criteria=THREAT), "SERIOUSNESS_DIFFERS"),
        (declare(criteria=()), "SERIOUSNESS_DIFFERS"),
        (declare(criteria=(*HOSPITAL, *THREAT)), "SERIOUSNESS_DIFFERS"),
        (declare(narrative=" "), "BAD_TEXT"),
        (declare(narrative="x" * 8001), "BAD_TEXT"),
        (declare(aware_at=NOW + timedelta(milliseconds=1)), "FUTURE_TIME"),
        (declare(aware_at=datetime(2024, 3, 2, 15, 59, tzinfo=UTC)), "BAD_AWARENESS"),
        (declare(aware_at=AWARE + timedelta(milliseconds=1)), "AWARENESS_DIFFERS"),
    ],
)
def test_a_bad_declaration_is_refused(asked: DeclareSae, code: str) -> None:
    given(serious()).when(asked, PI, at=NOW).refused(code)


def test_the_investigator_may_have_known_earlier() -> None:
    earlier = datetime(2024, 3, 2, 16, 0, tzinfo=UTC)  # midnight at the site: the day of onset begins
    given(serious()).when(declare(aware_at=earlier), PI, at=NOW).then([declared(aware_at=earlier)])


def test_what_meets_no_criterion_is_not_declared() -> None:
    events = [*DOSED, on("S01", AdverseEventReported(adverse_event()), by=SC)]
    given(events).when(declare(criteria=()), PI, at=NOW).refused("NOT_SERIOUS")


# -- following up -------------------------------------------------------------------------------------------

DECLARED = [*serious(), on("S01", declared())]


def test_the_same_is_not_declared_twice() -> None:
    given(DECLARED).when(declare(), PI, at=NOW).refused("ALREADY_DECLARED")


def test_a_follow_up_has_a_clock_of_its_own() -> None:
    later = {"aware_at": AWARE + timedelta(days=2), "expected": False}
    given(DECLARED).when(declare(**later), PI, at=NOW).then([declared(15, **later)])


def test_a_follow_up_may_tell_more_of_what_was_known_at_once() -> None:
    given(DECLARED).when(declare(narrative="discharged"), PI, at=NOW).then([declared(narrative="discharged")])


def test_a_follow_up_does_not_precede_what_it_follows() -> None:
    before = AWARE - timedelta(milliseconds=1)
    given(DECLARED).when(declare(aware_at=before), PI, at=NOW).refused("AWARENESS_DIFFERS")


# -- submitting ---------------------------------------------------------------------------------------------


def submit(to: SafetyRecipient = SPONSOR, at: datetime = NOW, **fields: Any) -> SubmitSae:
    return replace(SubmitSae("S01", "AE-1", to, at), **fields)


@pytest.mark.parametrize("to", SafetyRecipient)
@pytest.mark.parametrize("at", [AWARE, NOW])
def test_a_report_goes_out(to: SafetyRecipient, at: datetime) -> None:
    given(DECLARED).when(submit(to, at), PI, at=NOW).then([SaeSubmitted("AE-1", to, at)])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (submit(subject_key="S99"), "UNKNOWN_SUBJECT"),
        (submit(ae_id="AE-9"), "UNKNOWN_AE"),
        (submit(at=NOW + timedelta(milliseconds=1)), "FUTURE_TIME"),
        (submit(at=AWARE - timedelta(milliseconds=1)), "ILLEGAL_SEQUENCE"),
    ],
)
def test_a_bad_submission_is_refused(asked: SubmitSae, code: str) -> None:
    given(DECLARED).when(asked, PI, at=NOW).refused(code)


def test_what_is_not_declared_is_not_submitted() -> None:
    given(serious()).when(submit(), PI, at=NOW).refused("SAE_NOT_DECLARED")


def test_a_recipient_has_each_declaration_once() -> None:
    sent = [*DECLARED, on("S01", SaeSubmitted("AE-1", SPONSOR, AWARE))]
    given(sent).when(submit(), PI, at=NOW).refused("ALREADY_SUBMITTED")
    given(sent).when(submit(REGULATOR), PI, at=NOW).then([SaeSubmitted("AE-1", REGULATOR, NOW)])
    followed_up = [*sent, on("S01", declared(narrative="discharged"))]
    given(followed_up).when(submit(), PI, at=NOW).then([SaeSubmitted("AE-1", SPONSOR, NOW)])
