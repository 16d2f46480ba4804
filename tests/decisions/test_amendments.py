"""An amendment changes one thing from its position on; what was done before keeps its meaning."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.kernel import streams
from core.kernel.quantities import Quantity
from core.trial.study.commands import (
    ApproveAmendment,
    ApproveProtocolConfig,
    ProposeAmendment,
    ProposeProtocolConfig,
)
from core.trial.study.config import ConsentForm, DoseLevel, VisitWindow
from core.trial.study.events import (
    AmendmentProposed,
    ConsentFormApproved,
    DoseLevelAdded,
    ProtocolConfigProposed,
    SampleSizeAmended,
    VisitWindowsAmended,
)
from tests.support.given import MM, NCT05727722, PI, Past, digest, given, why

NOTHING: dict[str, Any] = {"max_subjects": None, "dose_level": None, "visits": None, "consent_form": None}
EXTRA = DoseLevel(3, Quantity(Decimal("1.0"), "10*9"))
VISITS = (VisitWindow(28, 20, 40, ("labs",)),)
FORM = ConsentForm("2.0", "zh-CN", "sha256:" + "1" * 64, date(2024, 6, 1), reconsent=True)
# Position of the proposal behind genesis, proposal and approval of the configuration.
PROPOSAL = digest(4)


def asked(**change: Any) -> ProposeAmendment:
    return ProposeAmendment("EC 2024-17", **{**NOTHING, **change})


def proposed(**change: Any) -> AmendmentProposed:
    return AmendmentProposed(2, "EC 2024-17", **{**NOTHING, **change})


def past(**change: Any) -> list[Past]:
    return [Past(streams.STUDY, proposed(**change), by=MM)]


CHANGES: dict[str, tuple[dict[str, Any], Any]] = {
    "sample size": ({"max_subjects": 16}, SampleSizeAmended(2, PROPOSAL, 16)),
    "dose level": ({"dose_level": EXTRA}, DoseLevelAdded(2, PROPOSAL, EXTRA)),
    "visit windows": ({"visits": VISITS}, VisitWindowsAmended(2, PROPOSAL, VISITS)),
    "consent form": ({"consent_form": FORM}, ConsentFormApproved(2, PROPOSAL, FORM)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_one_person_proposes_and_another_makes_it_count(change: str) -> None:
    fields, effect = CHANGES[change]
    given().when(asked(**fields), MM, reason=why()).then([proposed(**fields)])
    given(past(**fields)).when(ApproveAmendment(2), PI).then([effect])


@pytest.mark.parametrize("change", CHANGES)
def test_the_proposer_does_not_approve(change: str) -> None:
    given(past(**CHANGES[change][0])).when(ApproveAmendment(2), MM).refused("SOD_VIOLATION")


@pytest.mark.parametrize("change", CHANGES)
def test_a_proposal_changes_nothing_yet(change: str) -> None:
    study = given(past(**CHANGES[change][0])).trial.study
    assert (study.number, study.config) == (1, NCT05727722)


def effective(change: str) -> Any:
    fields, effect = CHANGES[change]
    return given([*past(**fields), Past(streams.STUDY, effect, by=PI)]).trial.study


def test_an_approved_sample_size_counts() -> None:
    study = effective("sample size")
    assert (study.number, study.config.escalation.max_subjects) == (2, 16)
    assert study.version(1).escalation.max_subjects == 10


def test_an_added_level_moves_the_ordinals_above_it_and_no_dose() -> None:
    study = effective("dose level")
    doses = [(level.level, str(level.cells.value)) for level in study.config.levels]
    assert doses == [(1, "0.15"), (2, "0.5"), (3, "1.0"), (4, "1.5"), (5, "4.5")]
    assert [study.level_now(1, level) for level in (1, 2, 3, 4)] == [1, 2, 4, 5]
    assert [study.level_now(2, level) for level in (1, 2, 3, 4, 5)] == [1, 2, 3, 4, 5]


def test_amended_visits_replace_the_schedule() -> None:
    assert effective("visit windows").config.visits == VISITS


def test_an_approved_form_is_added_to_those_before() -> None:
    assert [form.version for form in effective("consent form").config.consent_forms] == ["1.0", "2.0"]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "ONE_CHANGE"),
    "two changes at once": ({"max_subjects": 16, "visits": VISITS}, "ONE_CHANGE"),
    "what stands there": ({"max_subjects": 10}, "NO_CHANGE"),
    "nobody": ({"max_subjects": 0}, "ESCALATION_RULES_UNSUPPORTED"),
    "a level with a gap": ({"dose_level": replace(EXTRA, level=6)}, "BAD_CONFIG"),
    "a level out of order": ({"dose_level": replace(EXTRA, level=2)}, "BAD_CONFIG"),
    "a level in another unit": (
        {"dose_level": replace(EXTRA, cells=Quantity(Decimal("1.0"), "10*6"))},
        "BAD_CONFIG",
    ),
    "overlapping windows": (
        {"visits": (VisitWindow(3, 2, 7, ()), VisitWindow(7, 7, 8, ()))},
        "BAD_CONFIG",
    ),
    "a visit that asks for no known form": ({"visits": (VisitWindow(3, 2, 4, ("tea",)),)}, "BAD_CONFIG"),
    "a form twice": ({"consent_form": NCT05727722.consent_forms[0]}, "BAD_CONFIG"),
}


@pytest.mark.parametrize("defect", REFUSED)
def test_an_unsound_amendment_is_refused_when_it_is_proposed(defect: str) -> None:
    change, code = REFUSED[defect]
    given().when(asked(**change), MM, reason=why()).refused(code)


def test_an_amendment_needs_a_reason_and_an_ethics_approval() -> None:
    given().when(asked(max_subjects=16), MM).refused("REASON_REQUIRED")
    unapproved = replace(asked(max_subjects=16), ethics_approval=" ")
    given().when(unapproved, MM, reason=why()).refused("BAD_TEXT")


def test_without_a_configuration_there_is_nothing_to_amend() -> None:
    given(study=None).when(asked(max_subjects=16), MM, reason=why()).refused("NO_PROTOCOL_CONFIG")


@pytest.mark.parametrize("number", [1, 3])
def test_only_the_waiting_number_is_approved(number: int) -> None:
    given(past(max_subjects=16)).when(ApproveAmendment(number), PI).refused("NOTHING_TO_APPROVE")


def test_a_configuration_is_not_approved_as_an_amendment_nor_the_other_way_round() -> None:
    given(past(max_subjects=16)).when(ApproveProtocolConfig(2), PI).refused("NOTHING_TO_APPROVE")
    whole = [Past(streams.STUDY, ProtocolConfigProposed(2, NCT05727722), by=MM)]
    given(whole).when(ApproveAmendment(2), PI).refused("NOTHING_TO_APPROVE")


def test_a_later_version_keeps_study_zone_and_every_dose() -> None:
    for other in (
        replace(NCT05727722, study="NCT00000001"),
        replace(NCT05727722, zone="Europe/Berlin"),
        replace(NCT05727722, levels=NCT05727722.levels[:3]),
    ):
        story = given().when(ProposeProtocolConfig(other), MM, reason=why())
        story.refused("AMENDMENT_REWRITES_HISTORY")


def test_a_later_version_is_proposed_with_a_reason() -> None:
    other = replace(NCT05727722, dlt=replace(NCT05727722.dlt, days=21))
    story = given().when(ProposeProtocolConfig(other), MM, reason=why())
    story.then([ProtocolConfigProposed(2, other)])


def test_rules_that_this_program_does_not_have_are_refused() -> None:
    other = replace(NCT05727722, rules_version="dosetrail-rules/2")
    given(study=None).when(ProposeProtocolConfig(other), MM).refused("UNKNOWN_RULES")


@pytest.mark.parametrize(("added", "last"), [(1, 3), (2, 3), (3, 2)])
def test_the_titration_ends_at_the_same_dose_as_before(added: int, last: int) -> None:
    """A level put below its last one moves that one up; what one subject has cleared stays so."""
    titrated = replace(NCT05727722, escalation=replace(NCT05727722.escalation, atd_last_level=2))
    doses = {1: "0.1", 2: "0.3", 3: "1.0"}
    level = DoseLevel(added, Quantity(Decimal(doses[added]), "10*9"))
    event = DoseLevelAdded(2, PROPOSAL, level)
    story = given([*past(dose_level=level), Past(streams.STUDY, event, by=PI)], study=titrated)
    config = story.trial.study.config
    assert config is not None
    assert config.escalation.atd_last_level == last
    assert config.levels[last - 1].cells.value == Decimal("0.5")
